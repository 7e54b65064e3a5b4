"""What Athena tells of workgroups, executions, saved queries and the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.calls import CallError
from tests.local.athena_lake import CURATED, WORKGROUP, Lake
from tests.stacks.curated_lake import SAVED

if TYPE_CHECKING:
    from collections.abc import Callable

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment


@pytest.fixture(scope="module")
def lake(
    dev_deployment: Deployment,
    empty_moto: Callable[[], Actors],
    tmp_path_factory: pytest.TempPathFactory,
) -> Lake:
    return Lake(dev_deployment, empty_moto(), tmp_path_factory.mktemp("athena"))


def test_the_saved_queries_are_those_of_the_template(lake: Lake) -> None:
    ids = lake.call("ListNamedQueries", WorkGroup="fraudlake-dev")["NamedQueryIds"]
    found = lake.call("BatchGetNamedQuery", NamedQueryIds=[*ids, "unknown"])
    one = lake.call("GetNamedQuery", NamedQueryId=ids[0])["NamedQuery"]

    assert {named["Name"] for named in found["NamedQueries"]} == {
        text.splitlines()[0][3:].split(": ")[0] for text in SAVED.values()
    }
    assert found["UnprocessedNamedQueryIds"] == [{"NamedQueryId": "unknown"}]
    assert (one["Database"], one["WorkGroup"]) == (CURATED, "fraudlake-dev")
    assert lake.call("ListNamedQueries")["NamedQueryIds"] == []  # of the workgroup `primary`


def test_workgroups_are_those_of_the_template(lake: Lake) -> None:
    found = lake.call("GetWorkGroup", WorkGroup=WORKGROUP)["WorkGroup"]
    names = {one["Name"] for one in lake.call("ListWorkGroups")["WorkGroups"]}

    assert found["Configuration"]["EnforceWorkGroupConfiguration"] is True
    assert found["Configuration"]["BytesScannedCutoffPerQuery"] == 10 * 1024**3
    assert names == {"primary", WORKGROUP}
    for operation in ("GetWorkGroup", "StartQueryExecution"):
        with pytest.raises(CallError, match="WorkGroup none is not found"):
            lake.call(operation, QueryString="SELECT 1", WorkGroup="none")


def test_the_catalog_is_shown_as_athena_shows_it(lake: Lake) -> None:
    of = {"CatalogName": "AwsDataCatalog", "DatabaseName": CURATED}
    databases = lake.call("ListDatabases", CatalogName="AwsDataCatalog")["DatabaseList"]
    tables = lake.call("ListTableMetadata", **of)["TableMetadataList"]
    runs = lake.call("GetTableMetadata", **of, TableName="runs")["TableMetadata"]

    assert {one["Name"] for one in databases} >= {CURATED}
    assert {one["Name"] for one in tables} >= {"runs", "committed_runs"}
    assert (runs["Name"], [one["Name"] for one in runs["PartitionKeys"]]) == (
        "runs",
        ["batch_date"],
    )
    with pytest.raises(CallError, match="Table none not found"):
        lake.call("GetTableMetadata", **of, TableName="none")


def test_executions_are_listed_by_workgroup_newest_first(lake: Lake) -> None:
    ids = [lake.run("SELECT 1")["QueryExecutionId"] for _ in range(2)]
    listed = lake.call("ListQueryExecutions", WorkGroup=WORKGROUP)["QueryExecutionIds"]
    batch = lake.call("BatchGetQueryExecution", QueryExecutionIds=[*ids, "none"])

    assert listed[:2] == [*reversed(ids)]
    assert [one["QueryExecutionId"] for one in batch["QueryExecutions"]] == ids
    assert batch["UnprocessedQueryExecutionIds"] == [{"QueryExecutionId": "none"}]
