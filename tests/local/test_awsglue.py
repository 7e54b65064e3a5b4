"""What a job may do with awsglue, done by a script in a process of its own, on S3A and moto.

One start of Spark: the script tries everything and prints what came of it (`awsglue_probe.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from moto.server import ThreadedMotoServer

from fraudlake.local import glue_runtime
from fraudlake.local.actors import Actors
from fraudlake.local.jobs.jars import fetch_jars
from fraudlake.local.jobs.spark_defaults import UI_VARIABLE, write_spark_defaults
from fraudlake.session import default_driver_memory_mb
from tests.local import awsglue_catalog
from tests.local.awsglue_catalog import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
REGION = "eu-central-1"
TEXTS = "payment_id:string,customer_id:string,amount:string,note:string,batch_date:string"


@pytest.fixture(scope="module")
def actors() -> Iterator[Actors]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    yield Actors(endpoint, REGION)
    server.stop()


@pytest.fixture(scope="module")
def environment(actors: Actors, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A job's, in folders whose names have a blank and letters beyond ASCII."""
    work = tmp_path_factory.mktemp("a jöb")
    spark = write_spark_defaults(
        work / "conf",
        endpoint=actors.endpoint,
        jars=fetch_jars(),
        work=work / "work",
        ui=True,
        region=REGION,
    )
    runtime = str(Path(glue_runtime.__file__).parent)
    general = {"PATH": os.environ["PATH"], "PYTHONPATH": runtime, "LANG": "C.UTF-8"}
    return spark | actors.environment("score") | general


@pytest.fixture(scope="module")
def found(
    actors: Actors, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the script printed."""
    awsglue_catalog.build(actors)
    script = [sys.executable, str(HERE / "awsglue_probe.py")]
    arguments = ["--JOB_NAME", "probe", "--bucket", BUCKET, "--JOB_RUN_ID", "jr_1"]
    done = subprocess.run(
        [*script, *arguments],
        env=environment,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read | {"stderr": done.stderr}


def rows(shown: dict[str, Any], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in shown["rows"]]


def test_a_csv_table_is_read_by_position_with_its_keys_as_text(found: dict[str, Any]) -> None:
    assert found["first"]["schema"] == f"struct<{TEXTS}>"
    assert rows(found["first"], "payment_id", "amount", "batch_date") == [
        ("p1", "12.50", "2025-01-30"),
        ("p2", "9.99", "2025-01-30"),
        ("p3", "7", "2025-01-30"),
        ("p4", "100", "2025-01-31"),
        ("p5", "x", "2025-01-31"),
    ]


def test_a_quote_is_doubled_or_escaped_and_a_lone_backslash_is_lost(found: dict[str, Any]) -> None:
    notes = dict(rows(found["first"], "payment_id", "note"))
    assert notes["p1"] == 'Smith, "Al" & co'
    assert notes["p2"] == 'a "b", c\\d e'


def test_an_empty_field_is_empty_text_and_one_too_many_is_left_out(found: dict[str, Any]) -> None:
    fields = {one["payment_id"]: one for one in found["first"]["rows"]}
    assert fields["p3"]["customer_id"] == ""
    assert fields["p4"]["note"] == ""  # the line is short
    assert fields["p5"]["note"] == "one"


def test_a_folder_that_is_not_registered_is_not_read(found: dict[str, Any]) -> None:
    assert "2025-02-01" in awsglue_catalog.PAYMENTS
    assert "p6" not in dict(rows(found["first"], "payment_id", "note"))


def test_a_predicate_selects_partitions(found: dict[str, Any]) -> None:
    predicates = found["predicates"]
    assert {one for (one,) in rows(predicates["one"], "batch_date")} == {"2025-01-30"}
    assert predicates["span"] == 5
    assert predicates["in the catalog"] == 3


def test_a_predicate_that_matches_nothing_gives_a_frame_without_columns(
    found: dict[str, Any],
) -> None:
    assert found["predicates"]["none"] == {"schema": "struct<>", "rows": []}


def test_a_predicate_on_no_partition_key_fails_as_in_glue(found: dict[str, Any]) -> None:
    wrong, without_keys = (found["predicates"][one] for one in ("wrong", "unpartitioned"))
    assert "pyspark.errors.exceptions.base.AnalysisException" in wrong["kinds"]
    assert wrong["text"] == (
        "User's pushdown predicate: ingest_date = '2025-01-30' "
        "can not be resolved against partition columns: [batch_date]"
    )
    assert without_keys["text"].endswith("against partition columns: []")


def test_a_predicate_that_is_no_sql_is_told_by_its_own_fault(found: dict[str, Any]) -> None:
    assert "PARSE_SYNTAX_ERROR" in found["predicates"]["no SQL"]["text"]


def test_a_missing_table_is_an_error_of_the_jvm_that_names_the_entity(
    found: dict[str, Any],
) -> None:
    assert "py4j.protocol.Py4JJavaError" in found["missing table"]["kinds"]
    assert "EntityNotFoundException: Table nowhere not found" in found["missing table"]["text"]


def test_an_option_or_a_format_that_the_stand_in_lacks_is_refused(found: dict[str, Any]) -> None:
    assert "jdbcLogin" in found["unknown option"]["text"]
    assert "org.apache.thrift" in found["thrift"]["text"]


def test_a_table_without_partitions_is_read_whole_but_for_hidden_objects(
    found: dict[str, Any],
) -> None:
    assert found["rates"]["schema"] == "struct<currency:string,rate:double>"
    assert rows(found["rates"], "currency", "rate") == [("CHF", None), ("EUR", 1.1)]


@pytest.mark.parametrize("table", ["headers", "gone"])
def test_without_a_record_there_is_no_column(found: dict[str, Any], table: str) -> None:
    assert found[table] == {"schema": "struct<>", "rows": []}


def test_a_partitions_values_are_the_catalogs_whatever_its_folder_is_called(
    found: dict[str, Any],
) -> None:
    assert rows(found["odd"], "a", "batch_date") == [("1", "y/z"), ("2", "p/q")]
    assert rows(found["deep"], "a", "year", "month") == [("3", "2025", "01")]


def test_json_lines_are_read_with_the_declared_types(found: dict[str, Any]) -> None:
    assert found["notes"]["rows"] == [
        {"run_id": "r", "settings": '{"a":1}', "counts": {"R1": 2}, "batch_date": "a"}
    ]


def test_partitions_of_different_types_give_a_struct_of_both(found: dict[str, Any]) -> None:
    as_it_is = found["choices"]["as it is"]
    assert "code:struct<long:bigint,string:string>" in as_it_is["schema"]
    assert rows(as_it_is, "id", "code") == [
        ("a", {"long": None, "string": "x7"}),
        ("b", {"long": 7, "string": None}),
    ]
    assert found["choices"]["make_struct"] == as_it_is


@pytest.mark.parametrize("how", ["cast", "project", "match_catalog"])
def test_a_choice_is_settled_as_text(found: dict[str, Any], how: str) -> None:
    settled = found["choices"][how]
    assert settled["schema"] == "struct<id:string,code:string,batch_date:string>"
    assert rows(settled, "code") == [("x7",), ("7",)]


def test_a_spec_casts_what_can_be_cast(found: dict[str, Any]) -> None:
    assert rows(found["choices"]["by spec"], "id", "code") == [("a", None), ("b", 7)]


def test_a_choice_is_settled_as_a_column_a_type(found: dict[str, Any]) -> None:
    columns = rows(found["choices"]["make_cols"], "code_long", "code_string")
    assert columns == [(None, "x7"), (7, None)]


def test_resolve_choice_wants_one_known_action(found: dict[str, Any]) -> None:
    assert "exactly one of them" in found["choices"]["neither"]["text"]
    assert "'guess' is no action" in found["choices"]["unknown"]["text"]


def test_a_filter_drops_the_records_whose_function_fails(found: dict[str, Any]) -> None:
    # 9.99 and 7 lack the other field (KeyError); x is no number (ValueError).
    assert rows(found["filter"]["kept"], "payment_id") == [("p1",), ("p4",)]
    assert found["filter"]["all dropped"] == {"schema": "struct<>", "rows": []}
    assert found["filter"]["none kept count"] == 0


def test_a_filter_fails_with_any_other_error(found: dict[str, Any]) -> None:
    assert "ZeroDivisionError" in found["filter"]["other error"]["text"]


def test_a_filter_sees_the_value_of_a_choice(found: dict[str, Any]) -> None:
    assert rows(found["choices"]["filter sees"], "id") == [("b",)]


def test_the_transforms_join_and_map(found: dict[str, Any]) -> None:
    assert found["transforms"]["join"]["rows"] == [{"id": "a", "n": 1, ".id": "a", "name": "A"}]
    assert found["transforms"]["mapping"]["schema"] == "struct<count:bigint>"


def test_an_empty_data_frame_keeps_its_columns(found: dict[str, Any]) -> None:
    assert found["transforms"]["empty"] == {"schema": "struct<id:string,n:int>", "rows": []}


def test_what_is_written_through_s3a_reads_back(found: dict[str, Any]) -> None:
    written = found["written"]
    assert rows(written["by path"], "id", "customer_id") == [(n, str(n)) for n in range(5)]
    assert written["by s3a"] == 5
    assert written["by catalog"]["schema"] == (
        "struct<id:bigint,customer_id:string,batch_date:string>"
    )
    assert rows(written["by catalog"], "batch_date") == [("2025-01-31",)] * 5


def test_a_folder_is_not_written_twice(found: dict[str, Any]) -> None:
    assert "PATH_ALREADY_EXISTS" in found["written"]["again"]["text"]


def test_a_write_leaves_files_and_no_rest_of_the_committer(
    actors: Actors, found: dict[str, Any]
) -> None:
    assert found["written"]
    listed = actors.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="scored/")["Contents"]
    left = {one["Key"].rsplit("/", 1)[-1].split("-")[0] for one in listed}
    assert left <= {"part", ""}
    assert sum("/part-" in one["Key"] for one in listed) == 2


def test_a_write_is_committed_without_a_copy(actors: Actors, found: dict[str, Any]) -> None:
    assert found["written"]
    listed = actors.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="scored/")["Contents"]
    files = [one for one in listed if "/part-" in one["Key"]]
    # Of what was uploaded in parts; a copy has the sum of the whole.
    assert all(one["ETag"].strip('"').endswith("-1") for one in files)


def test_the_session_is_that_of_one_machine(
    found: dict[str, Any], environment: dict[str, str]
) -> None:
    assert found["conf"]["spark.sql.session.timeZone"] == "UTC"
    assert found["conf"]["spark.master"] == "local[*]"
    assert found["heap"] >= 0.9 * default_driver_memory_mb() * 1024 * 1024
    assert found["ui"] == environment[UI_VARIABLE]


def test_the_session_keeps_quiet_but_for_the_failure_that_was_asked_for(
    found: dict[str, Any],
) -> None:
    first = found["stderr"].splitlines()[0]
    assert " ERROR Executor: Exception in task" in first


def test_the_workers_of_spark_are_not_sent_to_a_checkout(
    found: dict[str, Any], environment: dict[str, str]
) -> None:
    path = found["worker path"]
    assert environment["PYTHONPATH"] in path
    # An editable install of the venv may add it, behind what the job brings.
    packages = next(at for at, one in enumerate(path) if one.endswith("site-packages"))
    assert str(HERE.parents[1]) not in path[:packages]


def test_credentials_come_from_the_environment_alone(
    found: dict[str, Any], environment: dict[str, str]
) -> None:
    secrets = {environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
    assert not secrets & set(found["conf"].values())
