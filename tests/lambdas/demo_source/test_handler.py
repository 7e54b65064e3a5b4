from __future__ import annotations

import pytest

from fraudlake.errors import RunError
from lambdas.demo_source import answer
from lambdas.demo_source import handler as module
from lambdas.demo_source.handler import handler
from tests.lambdas.demo_source.fakes import CloudFormation, Context, request

VARIABLES = {
    "DB_HOST": "db.test",
    "DB_NAME": "blacklist",
    "DB_SECRET_ID": "rds!db-1",
    "DB_CA_FILE": "/ca.pem",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    fake = CloudFormation()
    monkeypatch.setattr(answer, "urlopen", fake.urlopen)
    monkeypatch.setattr("boto3.client", lambda *_, **__: None)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return fake


@pytest.fixture
def schemas(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    run: list[str] = []

    def run_schema(settings: object, secrets: object, schema: str) -> int:
        run.append(schema)
        return 2

    monkeypatch.setattr(module, "run_schema", run_schema)
    return run


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_creating_and_updating_run_the_schema(
    kind: str, cloudformation: CloudFormation, schemas: list[str]
) -> None:
    handler(request(kind), Context())
    assert schemas == [request()["ResourceProperties"]["Schema"]]
    assert cloudformation.answer["Status"] == "SUCCESS"


def test_deleting_leaves_the_database_alone(
    cloudformation: CloudFormation, schemas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DB_HOST")
    handler(request("Delete"), Context())
    assert schemas == []
    assert cloudformation.answer["Status"] == "SUCCESS"


def test_a_missing_setting_is_an_answer(
    cloudformation: CloudFormation, schemas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DB_HOST")
    handler(request(), Context())
    assert cloudformation.answer["Status"] == "FAILED"
    assert "DB_HOST is not set" in cloudformation.answer["Reason"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RunError("MySQL is away"), "MySQL is away"), (ZeroDivisionError("row 7"), "a fault in the")],
)
def test_whatever_fails_is_an_answer_without_a_librarys_words(
    error: Exception,
    reason: str,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(module, "run_schema", fail)
    handler(request(), Context())
    assert cloudformation.answer["Status"] == "FAILED"
    assert reason in cloudformation.answer["Reason"]
    assert "row 7" not in cloudformation.answer["Reason"]


def test_a_request_without_a_schema_is_an_answer(
    cloudformation: CloudFormation, schemas: list[str]
) -> None:
    handler(request(ResourceProperties={}), Context())
    assert cloudformation.answer["Status"] == "FAILED"
