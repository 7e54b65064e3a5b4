"""Queries over the wire, by somebody who holds the analysts' policy and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fraudlake.local.actors import Actors
from fraudlake.local.api.front import Front
from tests.local.athena_lake import CURATED, RAW, WORKGROUP, Lake, put_a_day, scored
from tests.stacks.curated_lake import SAVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fraudlake.local.calls import Handler
    from fraudlake.local.deployment import Deployment

ANALYST = "fraudlake-dev-analyst"  # the managed policy; the templates give it no role
PARAMETERS = {"why_a_score": "'T1'", "customer_history": "'C1'"}


class Desk:
    """An analyst's Athena, and the record of what was asked in the analyst's name."""

    def __init__(self, front: Front, lake: Lake) -> None:
        self.front, self.lake = front, lake
        self.athena = lake.actors.client("athena", ANALYST)

    def ask(self, sql: str, *parameters: str, database: str = CURATED) -> dict[str, Any]:
        given: dict[str, Any] = {"ExecutionParameters": list(parameters)} if parameters else {}
        started = self.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=WORKGROUP,
            QueryExecutionContext={"Database": database},
            **given,
        )
        while True:
            found = self.athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
            execution: dict[str, Any] = found["QueryExecution"]
            if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return execution
            time.sleep(0.01)

    def rows(self, execution: dict[str, Any]) -> list[list[str | None]]:
        pages = self.athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution["QueryExecutionId"], PaginationConfig={"PageSize": 2}
        )
        return [
            [one.get("VarCharValue") for one in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]


@pytest.fixture(scope="module")
def desk(
    dev_deployment: Deployment,
    empty_moto: Callable[[], Actors],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    empty_moto()
    folder = tmp_path_factory.mktemp("athena")
    handlers: dict[tuple[str, str], Handler] = {}
    with Front(dev_deployment, handlers, folder / "calls.jsonl") as front:
        lake = Lake(dev_deployment, Actors(front.endpoint, "us-east-1"), folder)
        handlers.update(lake.athena.handlers())
        put_a_day(lake, [scored(1), scored(2), scored(3, "C2")])
        yield Desk(front, lake)


@pytest.mark.parametrize("query", SAVED)
def test_an_analyst_may_run_every_saved_query(desk: Desk, query: str) -> None:
    parameter = PARAMETERS.get(query, "'2025-01-31'")
    execution = desk.ask(SAVED[query], *[parameter] * SAVED[query].count("?"))

    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert desk.rows(execution)


def test_every_call_of_a_query_was_allowed_and_made_in_the_analysts_name(desk: Desk) -> None:
    desk.ask(SAVED["customer_history"], "'C1'")
    calls = [one for one in desk.front.calls() if one.role == ANALYST]
    made = {f"{one.service}:{one.operation}" for one in calls}

    assert {one.reason for one in calls if not one.allowed} == set()
    assert made >= {
        *("athena:StartQueryExecution", "athena:GetQueryExecution", "glue:GetDatabase"),
        *("glue:GetTable", "glue:GetPartitions", "s3:GetBucketLocation", "s3:ListObjectsV2"),
        *("s3:GetObject", "s3:PutObject"),
    }


def test_an_answer_comes_page_by_page(desk: Desk) -> None:
    execution = desk.ask("SELECT transaction_id FROM current_scored_transactions ORDER BY 1")

    assert desk.rows(execution) == [["transaction_id"], ["T1"], ["T2"], ["T3"]]


def test_an_analyst_does_not_reach_what_names_a_person(desk: Desk) -> None:
    for database in (RAW, CURATED):
        execution = desk.ask(f"SELECT * FROM {RAW}.customers", database=database)  # noqa: S608

        assert execution["Status"]["State"] == "FAILED"
        assert execution["Status"]["StateChangeReason"].startswith(
            "Insufficient permissions to execute the query."
        )


def test_an_analyst_has_one_workgroup(desk: Desk) -> None:
    with pytest.raises(ClientError) as refused:
        desk.athena.start_query_execution(QueryString="SELECT 1", WorkGroup="primary")

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_refused_statement_is_an_error_of_the_api(desk: Desk) -> None:
    with pytest.raises(desk.athena.exceptions.InvalidRequestException, match="mismatched input"):
        desk.athena.start_query_execution(QueryString="SELEC 1", WorkGroup=WORKGROUP)


def test_saved_queries_and_workgroups_are_told_over_the_wire(desk: Desk) -> None:
    listed = desk.athena.list_named_queries(WorkGroup=WORKGROUP)["NamedQueryIds"]
    found = desk.athena.batch_get_named_query(NamedQueryIds=listed)["NamedQueries"]
    group = desk.athena.get_work_group(WorkGroup=WORKGROUP)["WorkGroup"]

    assert sorted(one["QueryString"] for one in found) == sorted(SAVED.values())
    assert group["Configuration"]["EnforceWorkGroupConfiguration"] is True
