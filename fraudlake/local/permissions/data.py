"""What calls of Glue and Athena need: for a table, rights on all that lies above it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.permissions.needs import Need, named, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.calls import Call
    from fraudlake.local.permissions.resource_facts import ResourceFacts

_TABLES = frozenset(
    {
        *("GetTable", "UpdateTable", "DeleteTable", "GetTableVersions"),
        *("GetPartition", "GetPartitions", "BatchGetPartition", "GetPartitionIndexes"),
        *("CreatePartition", "BatchCreatePartition", "UpdatePartition", "BatchUpdatePartition"),
        *("DeletePartition", "BatchDeletePartition"),
    }
)
# What is named by one parameter: the kind of its ARN, and the parameters that may name it.
_NAMED = {
    "GetCrawler": ("crawler", ("Name",)),
    "StartCrawler": ("crawler", ("Name",)),
    "StopCrawler": ("crawler", ("Name",)),
    "ListCrawls": ("crawler", ("CrawlerName",)),
    "GetJob": ("job", ("JobName",)),
    "GetJobRun": ("job", ("JobName",)),
    "GetJobRuns": ("job", ("JobName",)),
    "StartJobRun": ("job", ("JobName",)),
    "BatchStopJobRun": ("job", ("JobName",)),
    "GetTrigger": ("trigger", ("Name",)),
    "StartTrigger": ("trigger", ("Name",)),
    "StopTrigger": ("trigger", ("Name",)),
    "GetWorkflow": ("workflow", ("Name",)),
    "GetWorkflowRun": ("workflow", ("Name",)),
    "GetWorkflowRuns": ("workflow", ("Name",)),
    "GetWorkflowRunProperties": ("workflow", ("Name",)),
    "PutWorkflowRunProperties": ("workflow", ("Name",)),
    "StartWorkflowRun": ("workflow", ("Name",)),
    "StopWorkflowRun": ("workflow", ("Name",)),
}
_LISTS = frozenset({"ListWorkGroups", "ListDataCatalogs"})
_OF_WORKGROUPS = frozenset(
    {
        *("BatchGetNamedQuery", "BatchGetQueryExecution", "GetNamedQuery", "GetQueryExecution"),
        *("GetQueryResults", "GetQueryRuntimeStatistics", "GetWorkGroup", "ListNamedQueries"),
        *("ListQueryExecutions", "StartQueryExecution", "StopQueryExecution"),
    }
)
_OF_CATALOGS = frozenset(
    {
        *("GetDataCatalog", "GetDatabase", "GetTableMetadata", "ListDatabases"),
        "ListTableMetadata",
    }
)


def glue_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of Glue needs."""
    if call.operation in _NAMED:
        kind, names = _NAMED[call.operation]
        return _on(call, facts, f"{kind}/{named(call, *names)}")
    return _on(call, facts, *_catalog_paths(call))


def athena_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of Athena needs.

    What a query reads and writes are calls of Glue and S3 of their own, by the same caller.
    """
    if call.operation in _LISTS:
        return [Need(f"athena:{call.operation}", "*")]
    if call.operation in _OF_WORKGROUPS:
        return _on(call, facts, f"workgroup/{_workgroup(call, facts)}")
    if call.operation in _OF_CATALOGS:
        catalog = call.parameters.get("CatalogName", call.parameters.get("Name", "AwsDataCatalog"))
        return _on(call, facts, f"datacatalog/{catalog}")
    raise unknown(call)


def _on(call: Call, facts: ResourceFacts, *paths: str) -> list[Need]:
    action = f"{call.service}:{call.operation}"
    return [Need(action, facts.arn(call.service, path)) for path in paths]


def _catalog_paths(call: Call) -> list[str]:
    """What Glue checks of the catalog: the thing asked for, and all that lies above it."""
    if call.operation == "GetDatabases":
        return ["catalog", "database/*"]
    if call.operation in ("GetDatabase", "UpdateDatabase"):
        return ["catalog", f"database/{named(call, 'Name')}"]
    database = call.parameters.get("DatabaseName")
    if call.operation in _TABLES:
        table = _table(call.parameters) or named(call, "TableName", "Name")
        return ["catalog", f"database/{database}", f"table/{database}/{table}"]
    if call.operation == "GetTables":
        return ["catalog", f"database/{database}", f"table/{database}/*"]
    raise unknown(call)


def _table(parameters: Mapping[str, object]) -> str:
    return str(parameters.get("TableName") or parameters.get("Name") or "")


def _workgroup(call: Call, facts: ResourceFacts) -> str:
    """The workgroup of a call; those that name an execution or a saved query leave it open."""
    if call.operation == "GetWorkGroup":
        return named(call, "WorkGroup")
    if call.operation in ("StartQueryExecution", "ListQueryExecutions", "ListNamedQueries"):
        return str(call.parameters.get("WorkGroup", "primary"))
    return facts.workgroup()
