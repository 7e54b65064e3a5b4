"""Input that cannot be used stops a run and commits nothing; a bad row does not."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraudlake.batches import Batches
from fraudlake.errors import InputError, SchemaError, SettingsError
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.scorer import ScoreRequest, ScoreResult, score
from fraudlake.sources import InputPaths, open_sources
from fraudlake.spark_errors import corrupt_file
from fraudlake.tables import condition_schema

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

DAY = date(2025, 3, 10)
HEADER = "transaction_id,customer_id,transaction_ts,amount,currency"
NAME = "Zelda Quux"
PARTITION = "transactions/ingest_date=2025-03-10"
GOOD = {
    f"{PARTITION}/a.csv": f"{HEADER}\nT1,C1,2025-03-10T10:00:00Z,12.50,EUR\n",
    "customers/a.csv": f"customer_id,full_name,email\nC1,{NAME},zelda@example.com\n",
    "blacklist/a.csv": "blacklist_id,customer_id,full_name\nB1,C9,Other Person\n",
    "fx_rates/a.csv": "rate_date,currency,usd_per_unit\n2025-03-10,EUR,1.10\n",
}


@dataclass(frozen=True)
class Inputs:
    """Inputs of one batch that are good until a test spoils them."""

    root: Path

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @property
    def paths(self) -> InputPaths:
        tables = ("transactions", "customers", "blacklist", "fx_rates")
        return InputPaths(*(self.root / name for name in tables))

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    def open(self, spark: SparkSession, rules: Path | None = None) -> None:
        """All that a run looks at before its first row is cleansed."""
        sources = open_sources(spark, self.paths, read_rule_file(rules), DAY, DAY)
        sources.transactions_at(Batches((DAY,)))
        sources.people_at(DAY)

    def score(
        self, spark: SparkSession, first: date = DAY, last: date | None = None
    ) -> ScoreResult:
        request = ScoreRequest(
            paths=self.paths,
            lake=Lake(self.lake),
            book=read_rule_file(),
            first=first,
            last=last or first,
            is_backfill=last is not None,
        )
        return score(spark, request)

    def committed(self) -> list[Path]:
        return list(self.lake.glob("runs/**/*"))


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    good = Inputs(tmp_path)
    for name, content in GOOD.items():
        good.put(name, content)
    return good


def problem_of(spark: SparkSession, inputs: Inputs, rules: Path | None = None) -> str:
    """What a run says of the inputs before it starts."""
    with pytest.raises(InputError) as caught:
        inputs.open(spark, rules)
    assert caught.value.exit_code == 2
    assert NAME not in str(caught.value)
    assert "zelda" not in str(caught.value)
    return str(caught.value)


def test_good_inputs_are_no_problem(spark: SparkSession, inputs: Inputs) -> None:
    inputs.open(spark)


def test_every_broken_file_is_told_at_once(spark: SparkSession, inputs: Inputs) -> None:
    inputs.put(f"{PARTITION}/b.csv", "transaction_id,customer_id,transaction_ts,ammount,currency\n")
    inputs.put(f"{PARTITION}/c.csv", b"")
    inputs.put("customers/a.csv", f"customer,full_name\nC1,{NAME}\n")
    inputs.put("blacklist/a.csv", f"full_name\n{NAME} \u00e9\n".encode("latin-1"))
    inputs.put("fx_rates/a.csv", "rate_date,currency\n")
    problems = problem_of(spark, inputs).replace(f"{inputs.root}/", "").splitlines()
    found = "found the columns"
    misspelt = "lacks the column amount (is 'ammount' meant?); found the columns transaction_id, "
    no_id = "lacks the column customer_id (is 'customer' meant?)"
    assert problems == [
        f"transactions: {PARTITION}/b.csv {misspelt}customer_id, transaction_ts, ammount, currency",
        f"{PARTITION}/c.csv is empty, it has not even a header; deliver it again",
        f"fx_rates: fx_rates/a.csv lacks the column usd_per_unit; {found} rate_date, currency",
        f"customers: customers/a.csv {no_id}; {found} customer, full_name",
        "blacklist/a.csv, line 2: not UTF-8 (byte 0xe9); convert the file to UTF-8",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.csv", f"\ufeff{HEADER}\n".encode("utf-16-le"), "looks like UTF-16, convert the file"),
        (
            "b.csv.gz",
            gzip.compress(HEADER.encode() * 9)[:-9],
            r"b\.csv\.gz cannot be read: .*again",
        ),
        ("b.csv", f"{HEADER},currency\n".encode(), "has the column currency twice; remove one"),
        ("b.parquet", b"PAR1 no more", "is not readable as Parquet, perhaps cut off .*again"),
    ],
    ids=["UTF-16", "gzip cut off", "a column twice", "Parquet cut off"],
)
def test_a_file_that_cannot_be_read_is_named(
    spark: SparkSession, inputs: Inputs, name: str, content: bytes, message: str
) -> None:
    inputs.put(f"{PARTITION}/{name}", content)
    with pytest.raises(SchemaError, match=message) as caught:
        inputs.open(spark)
    assert str(inputs.root / PARTITION / name) in str(caught.value)


def test_a_broken_file_of_another_date_does_not_stop_the_batch(
    spark: SparkSession, inputs: Inputs
) -> None:
    inputs.put("transactions/ingest_date=2025-03-11/a.csv", b"")
    inputs.open(spark)


@pytest.mark.parametrize("table", ["transactions", "customers", "blacklist", "fx_rates"])
def test_a_folder_that_is_empty_or_not_there_is_named(
    spark: SparkSession, inputs: Inputs, table: str
) -> None:
    shutil.rmtree(inputs.root / table)
    assert f"{table}: {inputs.root / table} is not there" in problem_of(spark, inputs)
    (inputs.root / table).mkdir()
    assert f"{table}: {inputs.root / table} is empty" in problem_of(spark, inputs)


def test_loose_files_and_wrong_partition_dates_stop_a_run(
    spark: SparkSession, inputs: Inputs
) -> None:
    loose = inputs.put("transactions/loose.csv", HEADER)
    assert "move the loose files into a partition" in problem_of(spark, inputs)
    loose.unlink()
    inputs.put("transactions/ingest_date=10.03.2025/a.csv", HEADER)
    assert "is not named ingest_date=YYYY-MM-DD; rename it" in problem_of(spark, inputs)


def test_a_carried_column_that_no_file_has_is_named(spark: SparkSession, inputs: Inputs) -> None:
    rules = inputs.put("rules.yaml", _rules(settings="{cleansing: {carry: [device_id]}}"))
    message = problem_of(spark, inputs, rules)
    assert "no file has the carried column device_id; correct settings.cleansing.carry" in message


def test_every_rate_that_cannot_be_trusted_is_told(spark: SparkSession, inputs: Inputs) -> None:
    doubtful = {
        "soon,EUR,1.1": "EUR on no date lacks a date or currency",
        "2025-03-08,,1.1": "a row on 2025-03-08 lacks a date or currency",
        "2025-03-09,AUD,0": "AUD on 2025-03-09 is not above zero",
        "2025-03-09,CAD,-1.1": "CAD on 2025-03-09 is not above zero",
        '2025-03-09,GBP,"1,1"': "GBP on 2025-03-09 is not a number of at most 8.10 digits",
        "2025-03-09,JPY,NaN": "JPY on 2025-03-09 is not a number of at most 8.10 digits",
        "2025-03-10,EUR,1.20": "EUR on 2025-03-10 has two different values",
    }
    inputs.put("fx_rates/b.csv", "\n".join(["rate_date,currency,usd_per_unit", *doubtful]))
    *problems, advice = problem_of(spark, inputs).splitlines()
    start = f"fx_rates: {inputs.root / 'fx_rates'}: "
    assert [one.removeprefix(start) for one in problems] == list(doubtful.values())
    assert advice == "correct the rates that batch 2025-03-10 can use (2025-02-24 to 2025-03-10)"


def test_such_rates_on_dates_that_no_batch_can_use_stop_nothing(
    spark: SparkSession, inputs: Inputs
) -> None:
    outside = (DAY + timedelta(days=1), DAY - timedelta(days=15))
    lines = [f"{day},{rate}" for day in outside for rate in ("EUR,0", "USD,x", "GBP,1", "GBP,2")]
    inputs.put("fx_rates/b.csv", "\n".join(["rate_date,currency,usd_per_unit", *lines]))
    inputs.open(spark)


def test_a_rate_twice_with_one_value_and_cells_without_one_are_fine(
    spark: SparkSession, inputs: Inputs
) -> None:
    lines = ["2025-03-10,EUR,1.1000", "2025-03-10,GBP,N/A", "2025-03-10,SEK,"]
    inputs.put("fx_rates/b.csv", "\n".join(["rate_date,currency,usd_per_unit", *lines]))
    inputs.open(spark)


def test_a_date_without_a_partition_is_an_error_when_asked_for_alone(
    spark: SparkSession, inputs: Inputs
) -> None:
    with pytest.raises(InputError, match=r"no partition for 2025-03-11; there are 2025-03-10 to"):
        inputs.score(spark, DAY + timedelta(days=1))
    assert inputs.committed() == []


@pytest.mark.parametrize("table", ["customers", "blacklist"])
def test_too_many_ragged_lines_of_a_table_stop_a_run(
    spark: SparkSession, inputs: Inputs, table: str
) -> None:
    inputs.put(f"{table}/a.csv", GOOD[f"{table}/a.csv"] + f"C2,{NAME},x,y,z\n")
    message = problem_of(spark, inputs)
    assert f"{table}: {inputs.root / table} has 1 malformed lines of 2, more than 1.00%" in message


def test_parquet_damaged_in_the_middle_names_the_file(spark: SparkSession, inputs: Inputs) -> None:
    path = inputs.root / PARTITION / "with space.parquet"
    texts = [sha256(str(at).encode()).hexdigest() for at in range(5_000)]
    pq.write_table(pa.table(dict.fromkeys(HEADER.split(","), texts)), path, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[5_000:9_000] = b"\xff" * 4_000
    path.write_bytes(content)
    with pytest.raises(Exception, match="reading file") as caught:
        inputs.score(spark)
    assert corrupt_file(str(caught.value)) == str(path)
    assert inputs.committed() == []


def test_more_than_one_percent_of_ragged_lines_stops_a_run(
    spark: SparkSession, inputs: Inputs
) -> None:
    lines = [f"T{at},C1,2025-03-10T10:00:00Z,1,USD" for at in range(98)]
    ragged = [f"T98,{NAME}", f"T99,{NAME},x,1,USD,more"]
    inputs.put(f"{PARTITION}/a.csv", "\n".join([HEADER, *lines, *ragged]))
    with pytest.raises(InputError, match=r"2\.00% of the lines .* are malformed \(2 of") as caught:
        inputs.score(spark)
    assert NAME not in str(caught.value)
    assert inputs.committed() == []


def test_bad_rows_are_set_aside_and_the_run_commits(spark: SparkSession, inputs: Inputs) -> None:
    bad = {
        ",,,,": "MISSING_TRANSACTION_ID",
        "T2,C1,2025-03-10T10:00:00Z,NaN,USD": "INVALID_AMOUNT",
        "T3,C1,2025-03-10T10:00:00Z,Infinity,USD": "INVALID_AMOUNT",
        "T4,C1,2025-03-10T10:00:00Z,1e3,USD": "INVALID_AMOUNT",
        "T5,C1,soon,1,USD": "INVALID_TIMESTAMP",
        "T6,C1,2025-03-10T10:00:00Z,1,U\x00D": "INVALID_CURRENCY",
        "T7,\u3000 ,2025-03-10T10:00:00Z,1,USD": "MISSING_CUSTOMER_ID",
    }
    good = [f"G{at},C1,2025-03-10T10:00:00Z,1,USD" for at in range(100)]
    inputs.put(f"{PARTITION}/a.csv", "\n".join([HEADER, *good, *bad, "T8,ragged"]))
    (manifest,) = inputs.score(spark).manifests
    assert manifest.rows["read"] == 108
    assert manifest.rows["scored"] == 100
    found = manifest.rows["quarantined_by_reason"]
    assert {name: count for name, count in found.items() if count} == {
        "MALFORMED_ROW": 1,
        "MISSING_TRANSACTION_ID": 1,
        "MISSING_CUSTOMER_ID": 2,
        "INVALID_TIMESTAMP": 2,
        "INVALID_AMOUNT": 4,
        "INVALID_CURRENCY": 2,
    }


def _rules(settings: str = "{}", rules: str = "") -> str:
    first = (
        "- {id: LIMIT, title: Limit, description: Over it., kind: amount, over: 10, points: 50}\n"
    )
    return f"settings: {settings}\nrules:\n{first}{rules}"


def test_every_mistake_of_a_rule_file_is_told_with_its_line(
    spark: SparkSession, inputs: Inputs
) -> None:
    text = """categories: {high: 20, medium: 60}
rules:
- {id: A, title: t, description: d., kind: amuont, over: 10, points: 50}
- {id: B, title: t, description: d., kind: amount, over: 10, points: 101}
- {id: C, title: t, description: d., kind: window, measure: count, key: customer_id,
   duration: 31d, at_least: 2, points: 5}
- {id: D, title: t, description: d., kind: expression, condition: "amount_usd >", points: 5}
- {id: E, title: t, description: d., kind: expression, condition: "amuont > 1", points: 5}
"""
    path = inputs.put("rules.yaml", text)
    with pytest.raises(SettingsError) as caught:
        read_rule_file(path, lambda carry: spark.createDataFrame([], condition_schema(carry)))
    assert all(one.startswith(f"{path}, line ") for one in caught.value.problems)
    lines = {int(one.split("line ")[1].split(":")[0]) for one in caught.value.problems}
    assert lines == {1, 3, 4, 6, 7, 8}
    assert "amount" in next(one for one in caught.value.problems if "line 3:" in one)
