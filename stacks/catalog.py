"""The tables of the lake as the Glue catalog describes them, columns from the core's schemas.

No crawler decides on a schema: each table is pinned here, and crawlers only add partitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk.aws_glue as glue
from pyspark.sql import types as t

from fraudlake import input_tables, tables
from fraudlake.tables import COUNT, DOUBLE, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_cdk import aws_s3 as s3

_HADOOP_TEXT = "org.apache.hadoop.mapred.TextInputFormat"
_HIVE_TEXT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_HIVE_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a table's objects are read: classification for Glue, SerDe for Athena."""

    classification: str
    input_format: str
    output_format: str
    serde: str
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


CSV = Format(
    classification="csv",
    input_format=_HADOOP_TEXT,
    output_format=_HIVE_TEXT,
    serde="org.apache.hadoop.hive.serde2.OpenCSVSerde",
    # A quote inside a field is doubled, which this SerDe reads whatever its escape is. It cannot be
    # told to have none, and not to have the quote itself: the backslash is the one character that
    # cleaning takes out of the texts that are written here.
    serde_parameters={"separatorChar": ",", "quoteChar": '"', "escapeChar": "\\"},
    parameters={"skip.header.line.count": "1", "delimiter": ","},
)
PARQUET = Format(
    classification="parquet",
    input_format=f"{_HIVE_PARQUET}.MapredParquetInputFormat",
    output_format=f"{_HIVE_PARQUET}.MapredParquetOutputFormat",
    serde=f"{_HIVE_PARQUET}.serde.ParquetHiveSerDe",
    serde_parameters={"serialization.format": "1"},
)
JSON_LINES = Format(
    classification="json",
    input_format=_HADOOP_TEXT,
    output_format=_HIVE_TEXT,
    # Unlike Hive's own, it takes an object for text where the column is text (`settings`).
    serde="org.openx.data.jsonserde.JsonSerDe",
    # Keys of maps are ids of rules and reasons, in capitals. A broken manifest fails the query.
    serde_parameters={"case.insensitive": "false", "ignore.malformed.json": "false"},
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its columns as Spark types, partition keys (all text), and its objects' format."""

    name: str
    description: str
    schema: t.StructType
    partition_keys: tuple[str, ...]
    format: Format

    @property
    def fields(self) -> list[t.StructField]:
        """Columns and partition keys, in the order in which Athena shows them."""
        return [*self.schema.fields, *(t.StructField(name, TEXT) for name in self.partition_keys)]

    def table_input(self, bucket: s3.IBucket) -> glue.CfnTable.TableInputProperty:
        """The table in its folder of a bucket."""
        return glue.CfnTable.TableInputProperty(
            name=self.name,
            description=self.description,
            table_type="EXTERNAL_TABLE",
            parameters={
                "EXTERNAL": "TRUE",
                "classification": self.format.classification,
                # Without it a crawl of the table succeeds and adds no partition.
                "compressionType": "none",
                "typeOfData": "file",
                **self.format.parameters,
            },
            partition_keys=glue_columns([t.StructField(one, TEXT) for one in self.partition_keys]),
            storage_descriptor=self._storage(bucket),
        )

    def _storage(self, bucket: s3.IBucket) -> glue.CfnTable.StorageDescriptorProperty:
        return glue.CfnTable.StorageDescriptorProperty(
            location=f"s3://{bucket.bucket_name}/{self.name}/",
            columns=glue_columns(self.schema.fields),
            input_format=self.format.input_format,
            output_format=self.format.output_format,
            compressed=False,
            serde_info=glue.CfnTable.SerdeInfoProperty(
                serialization_library=self.format.serde, parameters=self.format.serde_parameters
            ),
        )


def glue_columns(columns: list[t.StructField]) -> list[glue.CfnTable.ColumnProperty]:
    """Columns as the catalog writes them; a simple Spark type is called what Glue calls it."""
    return [
        glue.CfnTable.ColumnProperty(name=one.name, type=one.dataType.simpleString())
        for one in columns
    ]


_ATHENA_NAMES = {"string": "varchar", "int": "integer", "timestamp": "timestamp(3)"}


def athena_type(kind: t.DataType) -> str:
    """A type as Athena's SQL calls it."""
    if isinstance(kind, t.ArrayType):
        return f"array({athena_type(kind.elementType)})"
    if isinstance(kind, t.MapType):
        return f"map({athena_type(kind.keyType)}, {athena_type(kind.valueType)})"
    if isinstance(kind, t.StructType):
        parts = [f"{one.name} {athena_type(one.dataType)}" for one in kind.fields]
        return f"row({', '.join(parts)})"
    name = kind.simpleString()
    return _ATHENA_NAMES.get(name, name)


def struct(**columns: t.DataType) -> t.StructType:
    """A struct, or the columns of a table, by name."""
    return t.StructType([t.StructField(name, kind) for name, kind in columns.items()])


_TEXTS = t.ArrayType(TEXT)
_FACTS = t.MapType(TEXT, TEXT)
_COUNTS = t.MapType(TEXT, COUNT)

# Manifests, as JSON: all of a manifest but `moments`, whole numbers larger than a bigint may be.
# Objects whose keys are words of SQL (`from`, `table`) are maps, which hold their keys as text.
RUNS = struct(
    run_id=TEXT,
    started_at=TEXT,
    committed_at=TEXT,
    code_version=TEXT,
    rules_version=TEXT,
    settings=TEXT,
    input_roots=_FACTS,
    inputs=t.ArrayType(_FACTS),
    customers=struct(snapshot_date=TEXT, rows=COUNT, malformed=COUNT, duplicates=COUNT),
    blacklist=struct(
        snapshot_date=TEXT,
        rows=COUNT,
        malformed=COUNT,
        set_aside=COUNT,
        dates_unparsed=COUNT,
        is_later_than_batch=t.BooleanType(),
    ),
    fx_rates=_FACTS,
    rows=struct(
        read=COUNT,
        scored=COUNT,
        quarantined=COUNT,
        quarantined_by_reason=_COUNTS,
        late=COUNT,
        by_category=_COUNTS,
        by_rule=_COUNTS,
    ),
    total_amount_usd=_FACTS,
    customers_duplicates=COUNT,
    latest_transaction_ts=TEXT,
    profile=struct(days=COUNT, moved_from=TEXT, rebuilt_from=_TEXTS),
    built_on=_TEXTS,
    supersedes=TEXT,
    stale_successors=t.ArrayType(struct(batch_date=TEXT, run_id=TEXT)),
    changed_inputs=t.ArrayType(_FACTS),
    outputs=t.MapType(TEXT, struct(rows=COUNT, bytes=COUNT, files=_TEXTS)),
    durations=t.MapType(TEXT, DOUBLE),
    rows_per_second=DOUBLE,
    workflow_run=TEXT,
)

_SCHEMAS: Mapping[str, Callable[[tuple[str, ...]], t.StructType]] = {
    "scored_transactions": tables.scored_schema,
    "quarantine": tables.quarantine_schema,
    "flagged_customers": lambda _: tables.FLAGGED_CUSTOMERS,
    "customer_risk": lambda _: tables.CUSTOMER_RISK,
    "customer_profile": lambda _: tables.CUSTOMER_PROFILE,
}
_DESCRIPTIONS = {
    "scored_transactions": "One row an accepted transaction: features, score and its reasons.",
    "quarantine": "One row a rejected transaction: the raw text and every reason that holds.",
    "flagged_customers": "One row a customer of the batch who matches a blacklist entry.",
    "customer_risk": "One row a customer with accepted transactions in the batch.",
    "customer_profile": "One row a customer ever seen: the life so far, and the baseline.",
}
_RAW = (
    (input_tables.TRANSACTIONS, ("ingest_date",), "Transactions as delivered, one batch a day."),
    (input_tables.CUSTOMERS, ("snapshot_date",), "Customers as delivered, full snapshots."),
    (input_tables.BLACKLIST, ("snapshot_date",), "The blacklist, cleaned, one snapshot a night."),
    (input_tables.FX_RATES, (), "The ECB's reference rates in US dollars, one object a year."),
)


def raw_tables(carry: tuple[str, ...]) -> tuple[Table, ...]:
    """The inputs, every column text; transactions have the carried columns last.

    CSV is read by position: files of another order are refused by the scoring job.
    """
    carried = {input_tables.TRANSACTIONS.name: carry}
    return tuple(
        Table(
            name=one.name,
            description=description,
            schema=struct(**dict.fromkeys((*one.columns, *carried.get(one.name, ())), TEXT)),
            partition_keys=keys,
            format=CSV,
        )
        for one, keys, description in _RAW
    )


def curated_tables(carry: tuple[str, ...]) -> tuple[Table, ...]:
    """The outputs of every run, superseded ones included, and the manifests that commit them."""
    outputs = [
        Table(
            name=name,
            description=_DESCRIPTIONS[name],
            schema=_SCHEMAS[name](carry),
            partition_keys=("batch_date", "run_id"),
            format=PARQUET,
        )
        for name in tables.OUTPUT_TABLES
    ]
    runs = Table(
        name="runs",
        description="One row a committed run: what it read, decided and wrote.",
        schema=RUNS,
        partition_keys=("batch_date",),
        format=JSON_LINES,
    )
    return (*outputs, runs)
