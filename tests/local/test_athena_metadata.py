"""What Athena tells of workgroups, executions, saved queries and the catalog."""

from __future__ import annotations

import pytest

from fraudlake.local.calls import CallError
from tests.local.athena_lake import CURATED, WORKGROUP, Lake
from tests.stacks.curated_lake import SAVED


def test_the_saved_queries_are_those_of_the_template(empty_lake: Lake) -> None:
    ids = empty_lake.call("ListNamedQueries", WorkGroup="fraudlake-dev")["NamedQueryIds"]
    found = empty_lake.call("BatchGetNamedQuery", NamedQueryIds=[*ids, "unknown"])
    one = empty_lake.call("GetNamedQuery", NamedQueryId=ids[0])["NamedQuery"]

    assert {named["Name"] for named in found["NamedQueries"]} == {
        text.splitlines()[0][3:].split(": ")[0] for text in SAVED.values()
    }
    assert found["UnprocessedNamedQueryIds"] == [{"NamedQueryId": "unknown"}]
    assert (one["Database"], one["WorkGroup"]) == (CURATED, "fraudlake-dev")
    assert empty_lake.call("ListNamedQueries")["NamedQueryIds"] == []  # of the workgroup `primary`


def test_workgroups_are_those_of_the_template(empty_lake: Lake) -> None:
    found = empty_lake.call("GetWorkGroup", WorkGroup=WORKGROUP)["WorkGroup"]
    names = {one["Name"] for one in empty_lake.call("ListWorkGroups")["WorkGroups"]}

    assert found["Configuration"]["EnforceWorkGroupConfiguration"] is True
    assert found["Configuration"]["BytesScannedCutoffPerQuery"] == 10 * 1024**3
    assert names == {"primary", WORKGROUP}
    for operation in ("GetWorkGroup", "StartQueryExecution"):
        with pytest.raises(CallError, match="WorkGroup none is not found"):
            empty_lake.call(operation, QueryString="SELECT 1", WorkGroup="none")


def test_the_catalog_is_shown_as_athena_shows_it(empty_lake: Lake) -> None:
    of = {"CatalogName": "AwsDataCatalog", "DatabaseName": CURATED}
    databases = empty_lake.call("ListDatabases", CatalogName="AwsDataCatalog")["DatabaseList"]
    tables = empty_lake.call("ListTableMetadata", **of)["TableMetadataList"]
    runs = empty_lake.call("GetTableMetadata", **of, TableName="runs")["TableMetadata"]

    assert {one["Name"] for one in databases} >= {CURATED}
    assert {one["Name"] for one in tables} >= {"runs", "committed_runs"}
    assert (runs["Name"], [one["Name"] for one in runs["PartitionKeys"]]) == (
        "runs",
        ["batch_date"],
    )
    with pytest.raises(CallError, match="Table none not found"):
        empty_lake.call("GetTableMetadata", **of, TableName="none")


def test_executions_are_listed_by_workgroup_newest_first(empty_lake: Lake) -> None:
    ids = [empty_lake.run("SELECT 1")["QueryExecutionId"] for _ in range(2)]
    listed = empty_lake.call("ListQueryExecutions", WorkGroup=WORKGROUP)["QueryExecutionIds"]
    batch = empty_lake.call("BatchGetQueryExecution", QueryExecutionIds=[*ids, "none"])

    assert listed[:2] == [*reversed(ids)]
    assert [one["QueryExecutionId"] for one in batch["QueryExecutions"]] == ids
    assert batch["UnprocessedQueryExecutionIds"] == [{"QueryExecutionId": "none"}]
