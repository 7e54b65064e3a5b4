"""The views that analysts query: runs in force, and what exactly these wrote."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_glue as glue
from pyspark.sql import types as t

from fraudlake.tables import COUNT, DOUBLE, TEXT, USD_TOTAL
from stacks.catalog import athena_type, glue_columns, struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stacks.catalog import Table

# The rule of fraudlake.runs.RunLog: the manifest with the newest committed time is in force.
_COMMITTED_RUNS = """\
SELECT
    run_id,
    started_at,
    committed_at,
    commits,
    code_version,
    rules_version,
    "rows"."read" AS rows_read,
    "rows".scored AS rows_scored,
    "rows".quarantined AS rows_quarantined,
    "rows".late AS rows_late,
    "rows".by_category['High'] AS rows_high,
    "rows".by_category['Medium'] AS rows_medium,
    "rows".by_category['Low'] AS rows_low,
    cast(total_amount_usd['all'] AS decimal(28,2)) AS total_amount_usd,
    customers.snapshot_date AS customers_snapshot_date,
    customers_duplicates,
    blacklist.snapshot_date AS blacklist_snapshot_date,
    blacklist.is_later_than_batch AS blacklist_is_later_than_batch,
    rows_per_second,
    supersedes,
    batch_date
FROM (
    SELECT
        runs.*,
        count(*) OVER (PARTITION BY batch_date) AS commits,
        row_number() OVER (PARTITION BY batch_date ORDER BY committed_at DESC, run_id DESC) AS place
    FROM runs
) AS placed
WHERE place = 1"""
_COMMITTED_RUNS_COLUMNS = struct(
    run_id=TEXT,
    started_at=TEXT,
    committed_at=TEXT,
    commits=COUNT,
    code_version=TEXT,
    rules_version=TEXT,
    rows_read=COUNT,
    rows_scored=COUNT,
    rows_quarantined=COUNT,
    rows_late=COUNT,
    rows_high=COUNT,
    rows_medium=COUNT,
    rows_low=COUNT,
    total_amount_usd=USD_TOTAL,
    customers_snapshot_date=TEXT,
    customers_duplicates=COUNT,
    blacklist_snapshot_date=TEXT,
    blacklist_is_later_than_batch=t.BooleanType(),
    rows_per_second=DOUBLE,
    supersedes=TEXT,
    batch_date=TEXT,
)


@dataclass(frozen=True, kw_only=True)
class View:
    """A view: its SQL, and the columns that it must answer with, in this order."""

    name: str
    description: str
    sql: str
    fields: list[t.StructField]

    def table_input(self, database: str) -> glue.CfnTable.TableInputProperty:
        """The view as Athena keeps one in the catalog; its tables are those of the database."""
        return glue.CfnTable.TableInputProperty(
            name=self.name,
            description=self.description,
            table_type="VIRTUAL_VIEW",
            parameters={"presto_view": "true", "comment": "Presto View"},
            view_original_text=f"/* Presto View: {self._encoded(database)} */",
            view_expanded_text="/* Presto View */",
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=glue_columns(self.fields),
                # Athena wants one to be there, and the CDK leaves out an empty one.
                serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library="-"),
            ),
        )

    def _encoded(self, database: str) -> str:
        columns = [{"name": one.name, "type": athena_type(one.dataType)} for one in self.fields]
        view = {
            "originalSql": self.sql,
            "catalog": "awsdatacatalog",
            "schema": database,
            "columns": columns,
        }
        return base64.b64encode(json.dumps(view).encode()).decode()


def analyst_views(tables: Iterable[Table]) -> list[View]:
    """`committed_runs`, and `current_<table>` for each table that runs write."""
    outputs = [one for one in tables if "run_id" in one.partition_keys]
    return [_committed_runs(), *map(_current, outputs)]


def _committed_runs() -> View:
    return View(
        name="committed_runs",
        description="The run in force of each batch: the one that committed last.",
        sql=_COMMITTED_RUNS,
        fields=_COMMITTED_RUNS_COLUMNS.fields,
    )


def _current(table: Table) -> View:
    columns = ",\n".join(f'    written."{one.name}"' for one in table.fields)
    return View(
        name=f"current_{table.name}",
        description=f"{table.description} Of the runs in force.",
        sql=(
            f"SELECT\n{columns}\nFROM {table.name} AS written\nJOIN committed_runs AS run\n"
            "    ON run.batch_date = written.batch_date AND run.run_id = written.run_id"
        ),
        fields=table.fields,
    )
