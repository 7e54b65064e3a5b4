"""Athena's API: states, pages, refusals, limits, and in whose name a query reads."""

from __future__ import annotations

import threading
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.athena.query import Reader
from fraudlake.local.athena.service import Athena
from fraudlake.local.calls import CallError
from tests.local.athena_lake import CURATED, NOW, WORKGROUP, Lake, reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fraudlake.local.actors import Actors

ANALYST = "analyst"
DAY = "batch_date=2025-01-31/run_id=new"


def start(lake: Lake, sql: str, **asked: Any) -> str:  # noqa: ANN401 - as the API's
    told = {"WorkGroup": WORKGROUP, "QueryExecutionContext": {"Database": CURATED}, **asked}
    return str(lake.call("StartQueryExecution", QueryString=sql, **told)["QueryExecutionId"])


def refusal(lake: Lake, operation: str, **asked: Any) -> str:  # noqa: ANN401 - as the API's
    with pytest.raises(CallError) as refused:
        lake.call(operation, **asked)
    assert refused.value.code == "InvalidRequestException"
    return refused.value.message


def stored(lake: Lake, place: str) -> bytes:
    bucket, key = place.removeprefix("s3://").split("/", 1)
    return bytes(lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def test_an_execution_tells_where_its_answer_is_and_what_it_scanned(lake: Lake) -> None:
    found = lake.run("SELECT customer_id FROM scored_transactions WHERE risk_score = ?", "0")
    output = found["ResultConfiguration"]["OutputLocation"]

    assert found["Status"]["State"] == "SUCCEEDED"
    assert (found["StatementType"], found["WorkGroup"]) == ("DML", WORKGROUP)
    assert found["ExecutionParameters"] == ["0"]
    assert found["QueryExecutionContext"] == {"Database": CURATED, "Catalog": "awsdatacatalog"}
    assert output.endswith(f"/athena/{found['QueryExecutionId']}.csv")
    assert 0 < found["Statistics"]["DataScannedInBytes"] < 1000
    assert stored(lake, output) == b'"customer_id"\n' + b'"C1"\n' * 4
    assert stored(lake, f"{output}.metadata")


def test_the_workgroup_decides_where_answers_go(lake: Lake) -> None:
    """A client's own place would escape the key and the rights of the bucket."""
    own = {"OutputLocation": "s3://elsewhere/"}
    found = lake.over(start(lake, "SELECT 1", ResultConfiguration=own))

    place = found["ResultConfiguration"]
    assert "elsewhere" not in place["OutputLocation"]
    assert place["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"


def test_an_answer_is_encrypted_as_the_workgroup_says(lake: Lake) -> None:
    place = lake.run("SELECT 1")["ResultConfiguration"]
    bucket, key = place["OutputLocation"].removeprefix("s3://").split("/", 1)
    head = lake.s3.head_object(Bucket=bucket, Key=key)

    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == place["EncryptionConfiguration"]["KmsKey"]


def test_a_workgroup_without_a_place_needs_one_from_the_caller(lake: Lake) -> None:
    asked = {"QueryString": "SELECT 1"}

    assert refusal(lake, "StartQueryExecution", **asked).startswith("No output location provided.")


def test_an_answer_is_read_page_by_page_its_header_first(lake: Lake) -> None:
    sql = "SELECT transaction_id AS id, fx_rate FROM scored_transactions ORDER BY 1"
    execution = lake.run(sql)["QueryExecutionId"]
    pages: list[Any] = []
    token: str | None = None
    while not pages or token:
        asked: dict[str, Any] = {"MaxResults": 2, **({"NextToken": token} if token else {})}
        page = lake.call(
            "GetQueryResults", QueryExecutionId=execution, **{"MaxResults": 2, **asked}
        )
        pages.append([row["Data"] for row in page["ResultSet"]["Rows"]])
        token = page.get("NextToken")

    assert pages == [
        [[{"VarCharValue": "id"}, {"VarCharValue": "fx_rate"}], [{"VarCharValue": "T1"}, {}]],
        [[{"VarCharValue": "T2"}, {}], [{"VarCharValue": "T3"}, {}]],
        [[{"VarCharValue": "T4"}, {}]],
    ]


def test_columns_are_described_in_athenas_words(lake: Lake) -> None:
    sql = "SELECT customer_id, amount_usd, transaction_ts FROM scored_transactions"
    execution = lake.run(sql)["QueryExecutionId"]
    page = lake.call("GetQueryResults", QueryExecutionId=execution)
    text, money, time = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]

    assert text == {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": "customer_id",
        "Label": "customer_id",
        "Type": "varchar",
        "Precision": 2147483647,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": True,
    }
    assert (money["Type"], money["Precision"], money["Scale"]) == ("decimal", 18, 2)
    assert (time["Type"], time["Precision"], time["CaseSensitive"]) == ("timestamp", 3, False)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"QueryExecutionId": "none"}, "QueryExecution none was not found"),
        ({"MaxResults": 1001}, "MaxResults is more than maximum allowed length 1000."),
        ({"NextToken": "99"}, "Invalid NextToken: 99"),
        ({"NextToken": "x"}, "Invalid NextToken: x"),
    ],
)
def test_a_page_that_there_is_not(lake: Lake, asked: dict[str, Any], told: str) -> None:
    execution = lake.run("SELECT 1")["QueryExecutionId"]

    assert refusal(lake, "GetQueryResults", **{"QueryExecutionId": execution, **asked}) == told


def test_a_failed_query_has_a_reason_and_no_answer(lake: Lake) -> None:
    found = lake.run("SELECT 1 / 0")
    told = refusal(lake, "GetQueryResults", QueryExecutionId=found["QueryExecutionId"])

    assert (found["Status"]["State"], reason(found)) == (
        "FAILED",
        "DIVISION_BY_ZERO: Division by zero",
    )
    assert found["Status"]["AthenaError"]["ErrorMessage"] == reason(found)
    assert told == "Query did not finish successfully. Final query state: FAILED"


def test_a_query_that_scans_more_than_the_workgroup_allows_is_cancelled(
    lake: Lake, tmp_path: Path
) -> None:
    """The column is 130 bytes or so, in the one object; a count reads none of it."""
    limited = with_athena(lake, with_limit(lake, 50, tmp_path))
    found = limited.run("SELECT transaction_id FROM scored_transactions")

    assert (found["Status"]["State"], reason(found)) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )
    assert limited.ask("SELECT count(*) AS n FROM scored_transactions") == [{"n": "4"}]


def with_athena(lake: Lake, athena: Athena) -> Lake:
    other = copy(lake)
    other.athena = athena
    return other


def with_limit(lake: Lake, limit: int, folder: Path) -> Athena:
    athena = Athena(lake.deployment, lake.actors, folder, now=lambda: NOW)
    group = athena._workgroups[WORKGROUP]
    configuration = {**group.configuration, "BytesScannedCutoffPerQuery": limit}
    athena._workgroups[WORKGROUP] = replace(group, configuration=configuration)
    return athena


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Queries wait before they read anything, until the event is set."""
    go, answer = threading.Event(), Reader.answer

    def waiting(self: Reader, *given: Any) -> Any:  # noqa: ANN401 - as the method's
        go.wait(10)
        return answer(self, *given)

    monkeypatch.setattr(Reader, "answer", waiting)
    yield go
    go.set()


def test_a_stopped_query_is_cancelled_and_stays_so(lake: Lake, held: threading.Event) -> None:
    execution = start(lake, "SELECT count(*) FROM runs")
    told = refusal(lake, "GetQueryResults", QueryExecutionId=execution)
    lake.call("StopQueryExecution", QueryExecutionId=execution)
    held.set()
    found = lake.over(execution)

    assert told.startswith("Query has not yet finished. Current state: ")
    assert (found["Status"]["State"], reason(found)) == (
        "CANCELLED",
        "Query was cancelled by user",
    )


def test_a_query_that_is_over_cannot_be_stopped(lake: Lake) -> None:
    execution = lake.run("SELECT 1")["QueryExecutionId"]
    lake.call("StopQueryExecution", QueryExecutionId=execution)

    assert lake.over(execution)["Status"]["State"] == "SUCCEEDED"


def test_a_query_reads_and_writes_in_the_name_of_who_asks(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In any other name, a missing right of the analysts' policy would not show."""
    asked: set[tuple[str, str]] = set()
    client = type(lake.actors).client

    def recorded(self: Actors, service: str, role: str) -> Any:  # noqa: ANN401 - any of boto3's
        asked.add((service, role))
        return client(self, service, role)

    monkeypatch.setattr(type(lake.actors), "client", recorded)
    athena = Athena(lake.deployment, lake.actors, tmp_path, now=lambda: NOW)
    other = with_athena(lake, athena)
    told = {"WorkGroup": WORKGROUP, "QueryExecutionContext": {"Database": CURATED}}
    sql = "SELECT count(*) AS n FROM scored_transactions"
    found = other.call("StartQueryExecution", role=ANALYST, QueryString=sql, **told)

    assert other.over(found["QueryExecutionId"])["Status"]["State"] == "SUCCEEDED"
    assert asked == {("glue", ANALYST), ("s3", ANALYST)}
