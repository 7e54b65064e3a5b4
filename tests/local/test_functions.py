"""Functions invoked as Lambda does: small ones for each rule, and the extract of the templates."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from fraudlake.errors import SettingsError
from fraudlake.local.actors import DEPLOYER
from fraudlake.local.deployment import Resource
from fraudlake.local.functions.invoke import Invocation, invoke
from fraudlake.local.mysql.database import Database, SourceDatabase
from tests.local.running import runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment

ARN = "arn:aws:lambda:us-east-1:123456789012:function:small"
PANDAS = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python313:5"


class Small(Protocol):
    def __call__(self, body: str, payload: str = ..., **properties: Any) -> Invocation: ...  # noqa: ANN401


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("functions")


@pytest.fixture
def small(tmp_path: Path, work: Path) -> Small:
    """Invoke a function of a few lines: `event` and `context` are those of Lambda."""

    def call(body: str, payload: str = '{"a": 1}', **properties: Any) -> Invocation:  # noqa: ANN401
        code = tmp_path / "small.zip"
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app/main.py", body)
        environment = {"AWS_REGION": "us-east-1", "PLACE": "the caller"}
        function = resource(**properties)
        return invoke(function, payload.encode(), code=code, environment=environment, work=work)

    return call


def resource(**properties: Any) -> Resource:  # noqa: ANN401
    given = {"Handler": "app.main.handler", "Runtime": "python3.13", "Timeout": 30, **properties}
    return Resource(
        stack="s",
        logical_id="Small",
        type="AWS::Lambda::Function",
        name="small",
        arn=ARN,
        properties=given,
    )


def handler(line: str, before: str = "") -> str:
    return f"import os, sys, time\n{before}\ndef handler(event, context):\n    {line}\n"


def failure(invocation: Invocation) -> dict[str, Any]:
    assert invocation.error == "Unhandled"
    found: dict[str, Any] = json.loads(invocation.payload)
    return found


def test_a_function_gets_its_event_and_answers(small: Small) -> None:
    invocation = small(handler("return {'twice': event['a'] * 2}"))
    assert (json.loads(invocation.payload), invocation.error) == ({"twice": 2}, None)


def test_the_context_is_lambda_s(small: Small) -> None:
    asked = "context.function_name, context.memory_limit_in_mb, context.invoked_function_arn"
    own = "context.aws_request_id, context.get_remaining_time_in_millis()"
    invocation = small(handler(f"return [{asked}, {own}]"), MemorySize=512)
    name, memory, arn, request_id, left = json.loads(invocation.payload)
    assert (name, memory, arn) == ("small", "512", ARN)
    assert f"START RequestId: {request_id} Version: $LATEST\n" in invocation.log
    assert 20_000 < left <= 30_000


def test_the_environment_is_lambda_s_the_template_s_and_the_caller_s_and_no_more(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_PLAYER", "1")
    told = {"PLACE": "the template", "CA_FILE": "/var/task/app/ca.pem", "LIMIT": 5}
    invocation = small(
        handler("return [dict(os.environ), os.getcwd(), time.tzname[0]]"),
        Environment={"Variables": told},
    )
    found, folder, zone = json.loads(invocation.payload)
    assert found["PLACE"] == "the caller"
    assert found["CA_FILE"] == f"{folder}/app/ca.pem"
    assert (found["LIMIT"], found["AWS_EXECUTION_ENV"], zone) == (
        "5",
        "AWS_Lambda_python3.13",
        "UTC",
    )
    assert found["LAMBDA_TASK_ROOT"] == folder
    assert not {"OF_THE_PLAYER", "HOME", "PYTHONPATH", "VIRTUAL_ENV"} & set(found)


def test_only_the_zip_and_the_runtime_can_be_imported(small: Small) -> None:
    names = ["fraudlake", "lambdas", "stacks", "tests", "pymysql", "moto", "pandas", "boto3"]
    looked = handler(f"return [name for name in {names} if find_spec(name)]")
    found = small("from importlib.util import find_spec\n" + looked)
    assert json.loads(found.payload) == ["boto3"]


def test_a_layer_brings_its_packages(small: Small) -> None:
    found = small(
        handler("return [pandas.__name__, awswrangler.__name__]", "import pandas, awswrangler"),
        Layers=[PANDAS],
        MemorySize=1024,
    )
    assert json.loads(found.payload) == ["pandas", "awswrangler"]


def test_an_exception_is_told_as_lambda_tells_it(small: Small) -> None:
    invocation = small(handler("raise KeyError('no\\nkey')"))
    found = failure(invocation)
    assert (found["errorType"], found["errorMessage"]) == ("KeyError", "'no\\nkey'")
    assert "line 4, in handler" in found["stackTrace"][0]
    assert (
        "[ERROR] KeyError: 'no\\nkey'\nTraceback (most recent call last):\n  File" in invocation.log
    )


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (handler("return {1}"), "Runtime.MarshalError", "Unable to marshal response: .*set"),
        ("import nowhere", "Runtime.ImportModuleError", "Unable to import module 'app.main': No"),
        ("def other(): pass", "Runtime.HandlerNotFound", "'handler' missing on module 'app.main'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app.main'"),
        (handler("os._exit(3)"), "Runtime.ExitError", "exited with error: exit status 3"),
        (handler("os._exit(0)"), "Runtime.ExitError", "exited without providing a reason"),
        (handler("return 'x' * 6_291_556"), "Function.ResponseSizeTooLarge", "6291556 bytes"),
    ],
)
def test_what_is_no_answer_fails_under_lambda_s_name_for_it(
    small: Small, body: str, kind: str, message: str
) -> None:
    found = failure(small(body))
    assert found["errorType"] == kind
    assert re.search(message, found["errorMessage"])


def test_a_payload_that_is_no_json_fails(small: Small) -> None:
    found = failure(small(handler("return 1"), payload="{"))
    assert found["errorType"] == "Runtime.UnmarshalError"


# Tells its number, and that of a process that it starts.
CHILD = """
import os, subprocess, time
print(os.getpid())
print(subprocess.Popen(["sleep", "60"]).pid)
"""


@pytest.mark.parametrize("body", [handler("time.sleep(60)", CHILD), CHILD + "time.sleep(60)"])
def test_out_of_time_is_killed_with_all_that_it_started(
    small: Small, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "handler" not in body:
        monkeypatch.setattr("fraudlake.local.functions.ends.INIT_SECONDS", 3)
    invocation = small(body, Timeout=1)
    found = failure(invocation)
    assert found["errorType"] == "Sandbox.Timedout"
    assert found["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")
    assert invocation.seconds == 1
    assert "Task timed out after 1.00 seconds\nEND" in invocation.log
    assert invocation.log.endswith("\tStatus: timeout\n")
    numbers = [int(line) for line in invocation.log.splitlines() if line.isdigit()]
    assert [runs(pid) for pid in numbers] == [False, False]


def test_more_memory_than_the_template_grants_is_fatal(small: Small) -> None:
    invocation = small(handler("x = b'1' * 400_000_000; time.sleep(60)"), MemorySize=256)
    assert failure(invocation)["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert "Memory Size: 256 MB\tMax Memory Used: 256 MB" in invocation.log


def test_the_log_has_lambda_s_lines_in_order(small: Small) -> None:
    lines = small(handler("print('during')", "print('before')")).log.splitlines()
    assert [line.split(" ")[0].split(":")[0] for line in lines] == [
        *("before", "START", "during", "END", "REPORT")
    ]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Runtime": "nodejs24.x"}, r"small runs on nodejs24\.x"),
        ({"Layers": ["arn:aws:lambda:us-east-1:1:layer:Other:2"]}, "layer Other is not known"),
    ],
)
def test_what_cannot_be_played_is_refused(
    small: Small, properties: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        small("", **properties)


@pytest.fixture
def database(dev_deployment: Deployment, tmp_path: Path) -> Iterator[Database]:
    with Database(SourceDatabase.of(dev_deployment), tmp_path / "database") as running:
        yield running


def test_the_extract_of_the_templates_lands_a_snapshot(
    dev_deployment: Deployment, moto_actors: Actors, database: Database, work: Path, tmp_path: Path
) -> None:
    function = dev_deployment.find("AWS::Lambda::Function", "fraudlake-dev-blacklist-extract")
    told = function.properties["Environment"]["Variables"]
    make_cloud(moto_actors, told["RAW_BUCKET"], told["CRAWLER_NAME"])
    blacklist = tmp_path / "blacklist.csv"
    blacklist.write_text("blacklist_id,full_name,listed_at\nB7,Ana Lima,2024-05-01\n")
    database.load_blacklist(blacklist)
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    invocation = invoke(
        function,
        json.dumps({"snapshot_date": day}).encode(),
        code=zip_of(dev_deployment, function),
        environment={
            **moto_actors.environment(dev_deployment.role_named(function.properties["Role"])),
            "DB_HOST": database.host,
            "DB_PORT": str(database.port),
            "DB_CA_FILE": str(database.ca_file),
        },
        work=work,
    )
    assert invocation.error is None, invocation.log
    answer = json.loads(invocation.payload)
    assert (answer["crawler"], answer["manifest"]["rows"]["entries"]) == (told["CRAWLER_NAME"], 1)
    snapshot = moto_actors.client("s3").get_object(
        Bucket=told["RAW_BUCKET"], Key=answer["manifest"]["snapshot_key"]
    )
    assert "Ana Lima" in snapshot["Body"].read().decode()
    assert database.logins == 1


def zip_of(deployment: Deployment, function: Resource) -> Path:
    code = function.properties["Code"]
    return deployment.asset(f"s3://{code['S3Bucket']}/{code['S3Key']}")


def make_cloud(actors: Actors, bucket: str, crawler: str) -> None:
    actors.client("s3", DEPLOYER).create_bucket(Bucket=bucket)
    glue = actors.client("glue", DEPLOYER)
    glue.create_database(DatabaseInput={"Name": "raw"})
    targets = {"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["blacklist"]}]}
    glue.create_crawler(Name=crawler, Role="crawler", DatabaseName="raw", Targets=targets)
