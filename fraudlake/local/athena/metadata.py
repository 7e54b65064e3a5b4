"""Calls of Athena that look at workgroups, saved queries and the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fraudlake.local.athena.catalog import Catalog
from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.statement import bad_request
from fraudlake.local.athena.workgroups import PRIMARY, saved_queries, workgroups
from fraudlake.local.calls import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.actors import Actors
    from fraudlake.local.calls import Call, Handler
    from fraudlake.local.deployment import Deployment

_OF_A_TABLE = ("Name", "TableType", "Parameters", "PartitionKeys")


class MetadataCalls:
    """The calls, answered from the template and, for tables, from Glue as the calling role."""

    def __init__(self, deployment: Deployment, actors: Actors) -> None:
        """Take what is deployed, and how its roles reach Glue."""
        self._actors = actors
        self._workgroups = workgroups(deployment)
        self._saved = saved_queries(deployment)

    def handlers(self) -> dict[str, Handler]:
        """What answers which call."""
        return {
            "GetNamedQuery": self._saved_query,
            "BatchGetNamedQuery": self._saved_queries,
            "ListNamedQueries": self._list_saved,
            "GetWorkGroup": self._workgroup,
            "ListWorkGroups": lambda _: {
                "WorkGroups": [one.as_summary() for one in self._workgroups.values()]
            },
            "ListDatabases": self._databases,
            "GetDatabase": self._database,
            "ListTableMetadata": self._tables,
            "GetTableMetadata": self._table,
        }

    def _saved_query(self, call: Call) -> Mapping[str, Any]:
        asked = call.parameters["NamedQueryId"]
        if asked not in self._saved:
            raise bad_request(f"NamedQuery {asked} was not found")
        return {"NamedQuery": self._saved[asked]}

    def _saved_queries(self, call: Call) -> Mapping[str, Any]:
        asked = call.parameters["NamedQueryIds"]
        return {
            "NamedQueries": [self._saved[one] for one in asked if one in self._saved],
            "UnprocessedNamedQueryIds": [
                {"NamedQueryId": one} for one in asked if one not in self._saved
            ],
        }

    def _list_saved(self, call: Call) -> Mapping[str, Any]:
        workgroup = call.parameters.get("WorkGroup", PRIMARY)
        found = [name for name, one in self._saved.items() if one["WorkGroup"] == workgroup]
        return {"NamedQueryIds": found}

    def _workgroup(self, call: Call) -> Mapping[str, Any]:
        name = call.parameters["WorkGroup"]
        if name not in self._workgroups:
            raise bad_request(f"WorkGroup {name} is not found.")
        return {"WorkGroup": self._workgroups[name].as_api()}

    def _databases(self, call: Call) -> Mapping[str, Any]:
        return {"DatabaseList": [_database(one) for one in self._of_glue(call, "databases")]}

    def _database(self, call: Call) -> Mapping[str, Any]:
        name = call.parameters["DatabaseName"]
        for one in self._of_glue(call, "databases"):
            if one["Name"] == name:
                return {"Database": _database(one)}
        raise CallError("MetadataException", f"Database {name} not found.")

    def _tables(self, call: Call) -> Mapping[str, Any]:
        found = self._of_glue(call, "tables", call.parameters["DatabaseName"])
        return {"TableMetadataList": [_table(one) for one in found]}

    def _table(self, call: Call) -> Mapping[str, Any]:
        name = call.parameters["TableName"]
        for one in self._of_glue(call, "tables", call.parameters["DatabaseName"]):
            if one["Name"] == name:
                return {"TableMetadata": _table(one)}
        raise CallError("MetadataException", f"Table {name} not found.")

    def _of_glue(self, call: Call, what: str, *names: str) -> list[dict[str, Any]]:
        catalog = Catalog(self._actors.client("glue", call.role))
        try:
            found: list[dict[str, Any]] = getattr(catalog, what)(*names)
        except QueryFailed as failure:
            raise CallError("MetadataException", failure.reason) from failure
        return found


def _database(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("Name", "Description", "Parameters") if name in found}


def _table(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in _OF_A_TABLE if name in found}
    return {**told, "Columns": found.get("StorageDescriptor", {}).get("Columns", [])}
