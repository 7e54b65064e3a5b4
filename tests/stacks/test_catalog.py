from __future__ import annotations

import csv
import io
from dataclasses import fields

import pytest
from pyspark.sql import types as t

from fraudlake import tables
from fraudlake.input_tables import BLACKLIST, CUSTOMERS, FX_RATES, TRANSACTIONS
from fraudlake.rules.file import read_rule_file
from fraudlake.runs import Manifest
from lambdas.blacklist_extract.clean import cleaned_rows
from stacks.catalog import (
    CSV,
    JSON_LINES,
    PARQUET,
    RUNS,
    Table,
    athena_type,
    curated_tables,
    glue_columns,
    raw_tables,
)
from tests.stacks.whole_app import Templates, resources

INPUTS = (TRANSACTIONS, CUSTOMERS, BLACKLIST, FX_RATES)
RAW = {one.name: one for one in raw_tables(carry=())}
CURATED = {one.name: one for one in curated_tables(carry=())}
EVERY_TABLE = [*RAW.values(), *CURATED.values()]


def names(table: Table) -> list[str]:
    return [one.name for one in table.schema.fields]


def glue_types(table: Table) -> dict[str, str]:
    return {one.name: one.type or "" for one in glue_columns(table.schema.fields)}


@pytest.mark.parametrize("delivered", INPUTS)
def test_raw_columns_stand_where_files_have_them_and_are_text(delivered: object) -> None:
    """CSV is read by position: another order would exchange columns, a type would lose rows."""
    table = RAW[delivered.name]  # type: ignore[attr-defined]

    assert names(table) == list(delivered.columns)  # type: ignore[attr-defined]
    assert set(glue_types(table).values()) == {"string"}
    assert table.format is CSV


def test_partition_keys_are_those_of_the_folders() -> None:
    assert {one.name: one.partition_keys for one in EVERY_TABLE} == {
        "transactions": ("ingest_date",),
        "customers": ("snapshot_date",),
        "blacklist": ("snapshot_date",),
        "fx_rates": (),
        **dict.fromkeys(tables.OUTPUT_TABLES, ("batch_date", "run_id")),
        "runs": ("batch_date",),
    }


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("scored_transactions", tables.scored_schema()),
        ("quarantine", tables.quarantine_schema()),
        ("flagged_customers", tables.FLAGGED_CUSTOMERS),
        ("customer_risk", tables.CUSTOMER_RISK),
        ("customer_profile", tables.CUSTOMER_PROFILE),
    ],
)
def test_curated_columns_are_what_scoring_writes(name: str, schema: t.StructType) -> None:
    """A column that the catalog does not know is lost to every query, without an error."""
    assert CURATED[name].schema == schema
    assert CURATED[name].format is PARQUET


def test_carried_columns_are_in_every_table_that_has_the_transaction() -> None:
    """Left out of the raw table, the last columns of every file would be read as nothing."""
    raw = {one.name: names(one) for one in raw_tables(carry=("terminal",))}
    curated = {one.name: names(one) for one in curated_tables(carry=("terminal",))}

    assert raw["transactions"] == [*TRANSACTIONS.columns, "terminal"]
    assert "terminal" in curated["scored_transactions"]
    assert "terminal" in curated["quarantine"]
    assert [name for name, columns in raw.items() if "terminal" in columns] == ["transactions"]


def test_types_are_spelled_as_glue_spells_them() -> None:
    scored = glue_types(CURATED["scored_transactions"])

    assert scored["transaction_ts"] == "timestamp"
    assert scored["amount"] == "decimal(16,4)"
    assert scored["fx_rate_date"] == "date"
    assert scored["customer_known"] == "boolean"
    assert scored["velocity_count"] == "bigint"
    assert scored["risk_score"] == "int"
    assert scored["risk_reasons"] == "array<string>"
    assert scored["evidence"] == "array<struct<rule:string,points:int,text:string>>"
    assert glue_types(CURATED["runs"])["durations"] == "map<string,double>"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (t.StringType(), "varchar"),
        (t.IntegerType(), "integer"),
        (t.LongType(), "bigint"),
        (t.DecimalType(18, 2), "decimal(18,2)"),
        (t.TimestampType(), "timestamp(3)"),
        (t.MapType(t.StringType(), t.LongType()), "map(varchar, bigint)"),
        (tables.EVIDENCE, "array(row(rule varchar, points integer, text varchar))"),
    ],
)
def test_types_are_spelled_as_athena_spells_them(kind: t.DataType, expected: str) -> None:
    """A view whose column types are not those of its query is "stale" and cannot be read."""
    assert athena_type(kind) == expected


def test_runs_have_everything_of_a_manifest_but_its_large_numbers() -> None:
    """A field that a manifest gains must be decided upon here."""
    of_manifest = {one.name for one in fields(Manifest)}

    assert {*RUNS.names, "batch_date", "moments"} == of_manifest
    assert CURATED["runs"].format is JSON_LINES


def test_keys_of_manifests_keep_their_capitals() -> None:
    """Rule ids and categories are keys of maps: lower-cased, `by_category['High']` is missing."""
    assert JSON_LINES.serde_parameters["case.insensitive"] == "false"


def test_the_three_characters_of_csv_differ() -> None:
    """OpenCSV refuses a separator, quote and escape of which two are the same."""
    assert len(set(CSV.serde_parameters.values())) == 3


def test_the_escape_character_is_in_no_text_that_is_written_here() -> None:
    """The SerDe would swallow it, and read a quote after it as a letter."""
    entry = ("B1", None, 'Ann "An\\"', "a@b.c", None, None, "a\\b", "list\\", None, None)
    cleaned = cleaned_rows([entry])
    written = io.StringIO()
    csv.writer(written).writerows(cleaned.entries.fillna("").to_numpy().tolist())

    assert '""' in written.getvalue()
    assert CSV.serde_parameters["escapeChar"] not in written.getvalue()


@pytest.mark.parametrize("table", EVERY_TABLE, ids=lambda one: one.name)
def test_names_are_as_the_catalog_folds_them(table: Table) -> None:
    """The catalog folds names to small letters; others would be found by nobody."""
    every = [one.name for one in table.fields]

    assert every == [name.lower() for name in every]
    assert len(set(every)) == len(every)


def test_a_column_of_the_template_that_the_core_names_types_or_orders_otherwise(
    whole_dev: Templates,
) -> None:
    carry = read_rule_file().settings.cleansing.carry
    raw = {one.name: dict.fromkeys(one.columns, "string") for one in INPUTS}
    raw["transactions"].update(dict.fromkeys(carry, "string"))
    curated = {
        "scored_transactions": tables.scored_schema(carry),
        "quarantine": tables.quarantine_schema(carry),
        "flagged_customers": tables.FLAGGED_CUSTOMERS,
        "customer_risk": tables.CUSTOMER_RISK,
        "customer_profile": tables.CUSTOMER_PROFILE,
        "runs": RUNS,  # its fields are compared with a manifest's above
    }
    spelled = {
        name: {one.name: one.dataType.simpleString() for one in schema.fields}
        for name, schema in curated.items()
    }

    found = columns_of_templates(whole_dev, "Columns")
    assert found == ordered({**raw, **spelled})
    assert len(found) == 10
    assert columns_of_templates(whole_dev, "PartitionKeys") == {
        one.name: [(key, "string") for key in one.partition_keys] for one in EVERY_TABLE
    }


def ordered(columns: dict[str, dict[str, str]]) -> dict[str, list[tuple[str, str]]]:
    return {name: list(types.items()) for name, types in columns.items()}


def columns_of_templates(templates: Templates, which: str) -> dict[str, list[tuple[str, str]]]:
    """Names and types of the columns of every table that is no view, or of its partition keys."""
    tables_of_glue = resources(templates, "AWS::Glue::Table")
    inputs = [one["Properties"]["TableInput"] for _, one in tables_of_glue]
    return {
        one["Name"]: [(column["Name"], column["Type"]) for column in columns]
        for one in inputs
        if one["TableType"] == "EXTERNAL_TABLE"
        for columns in [{**one["StorageDescriptor"], **one}.get(which, [])]
    }
