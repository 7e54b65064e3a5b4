"""What holds for every batch, however nasty: nothing lost, scores explained, layout unseen."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake import tally
from fraudlake.aggregates import customer_days
from fraudlake.batches import Batches
from fraudlake.cleansing import REJECT_REASONS, filter_quarantined
from fraudlake.history import Past, PastRows
from fraudlake.kept import KeptFrames
from fraudlake.lake import Lake
from fraudlake.pipeline import (
    Facts,
    blacklist_matches,
    match_customers,
    named_customers,
    score_batches,
    summarise_batches,
    with_facts,
    with_past,
)
from fraudlake.profile import standings
from fraudlake.runs import RunLog
from fraudlake.sources import open_sources
from fraudlake.tables import History, Moments
from fraudlake.velocity import VELOCITY_KEYS, velocities
from tests.lakes import COLUMNS, Inputs, Row, Texts, book_with, in_order, score_days, tables
from tests.raw_transactions import cleansed_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.rules.book import RuleBook
    from fraudlake.scorer import ScoreResult
    from fraudlake.sources import Sources

DAY = date(2025, 3, 10)
ONE = Batches((DAY,))
# The carried number tells rows apart that agree in everything else.
CARRIED = (*COLUMNS, "line_no")
VALUES = {
    "transaction_id": ["T1", "T2", "T3", "T4", "T5", " T1 ", "", "\u00a0", 'T"6', "tee,7"],
    "customer_id": ["C1", "C1", "C2", "C3", "C4", "C5", "c1", " C2", "nobody", ""],
    "transaction_ts": [
        "2025-03-10T12:00:00Z",
        "2025-03-10T12:00:00.000001Z",
        "2025-03-10T12:00:59.999999Z",
        "2025-03-10 12:01",
        "2025-03-10T13:01:00+01:00",
        "2025-03-09T23:59:59.9999999",
        "2025-03-02T23:59:59Z",
        "2025-03-11T01:00:00.000001Z",
        "2025-02-30T00:00:00Z",
        "10/03/2025 12:00",
        "",
    ],
    "amount": [
        *("10.00", "10.00", "5000", "5000.01", "+0012.5", "0.005", "0.00004", "999999999999.99"),
        *("0", "-7.5", "1e3", "1,000", "NaN", "", "1234567890123"),
    ],
    "currency": ["USD", "USD", "eur", "JPY", "GBP", "XXX", "US", "", " usd\u2003"],
    "merchant_id": ["M1", "M2", ""],
    "channel": ["card", "cash", ""],
    "country": ["NP", " ", ""],
}
SEEDS = (3, 11)
MALFORMED = "T9,C1,too,few"


def seeded(seed: int) -> random.Random:
    """The same choices on every run."""
    return random.Random(seed)  # noqa: S311 - nothing is to be kept secret


def batch_of(chosen: random.Random, most: int, day: date = DAY) -> list[Texts]:
    """A numbered batch of 30 rows and more, two of three rows mostly good ones."""
    rows = [_row(chosen, is_good=chosen.random() < 2 / 3) for _ in range(chosen.randint(30, most))]
    for number, row in enumerate(rows):
        row["line_no"] = f"{day}-{number}"
        row["transaction_ts"] = row["transaction_ts"].replace(str(DAY), str(day))
    return rows


def _row(chosen: random.Random, *, is_good: bool) -> Texts:
    """The first half of the values are good ones."""
    share = 2 if is_good else 1
    return {name: chosen.choice(found[: -(-len(found) // share)]) for name, found in VALUES.items()}


@dataclass(frozen=True)
class Core:
    """The core on one batch without a past, free of the adapter's own choice of partitions."""

    spark: SparkSession
    book: RuleBook

    def tables(self, inputs: Inputs, partitions: int = 1) -> dict[str, list[Row]]:
        """All five tables of the batch, times as text."""
        self.spark.conf.set("spark.sql.shuffle.partitions", partitions)
        sources = open_sources(self.spark, inputs.paths, self.book, DAY, DAY)
        kept = KeptFrames()
        frames = self._frames(sources, self._past(inputs), kept)
        found = {name: _rows(frame) for name, frame in frames.items()}
        kept.release()
        return found

    def _past(self, inputs: Inputs) -> PastRows:
        past = Past(RunLog([]), self.book, DAY)
        return PastRows(self.spark, Lake(inputs.root / "none"), past, ONE)

    def _frames(self, sources: Sources, past: PastRows, kept: KeptFrames) -> dict[str, DataFrame]:
        book = self.book
        customers, entries = sources.people_at(DAY)
        opened = sources.transactions_at(ONE)
        cleansed = cleansed_rows(opened, past.accepted_ids(), book, ONE, kept)
        narrow = cleansed.narrow
        days = kept.keep(customer_days(narrow, ONE))
        found = tally.tallied(narrow, days, {"read_0": 0}, ONE)
        accounts = standings(past.profile(), days, past.leaving(), ONE, 90)
        named = named_customers(days, customers)
        matches = blacklist_matches(named, entries, book, ONE)
        people = match_customers(days, named.select("customer_id", "customer_known"), matches)
        people = kept.keep(with_past(people, accounts, book.settings.baseline))
        made = narrow.where("reject_mask = 0").select(*VELOCITY_KEYS)
        met = velocities(made, book.settings.velocity.window, kept.keep)
        informed = with_facts(cleansed.accepted, Facts(people, met))
        history = History([Moments()], [found[0].moments])
        scored = kept.keep(score_batches(informed, history, book, ONE))
        summary = summarise_batches(days, people, scored, accounts, book)
        tables = {
            "scored_transactions": scored,
            "quarantine": filter_quarantined(narrow),
            **vars(summary),
        }
        return {name: frame.drop("batch_at") for name, frame in tables.items()}


def _rows(frame: DataFrame) -> list[Row]:
    texts = [
        F.col(one.name).cast("string").alias(one.name)
        if isinstance(one.dataType, t.TimestampType)
        else F.col(one.name)
        for one in frame.schema.fields
    ]
    return in_order(row.asDict(recursive=True) for row in frame.select(*texts).collect())


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    settings = "{cleansing: {carry: [line_no]}, baseline: {batch_min: 5}}"
    return book_with(tmp_path_factory.mktemp("rules"), settings)


@pytest.fixture(scope="module")
def core(spark: SparkSession, book: RuleBook) -> Core:
    return Core(spark, book)


def write_with_malformed(
    inputs: Inputs, name: str, rows: list[Texts], columns: Sequence[str] = CARRIED
) -> None:
    """Write a CSV file that ends with a line of too few fields."""
    with inputs.write(name, rows, columns).open("a", encoding="utf-8") as stream:
        stream.write(f"{MALFORMED}\n")


@dataclass(frozen=True)
class Scored:
    """A nasty batch, and what the core makes of it as one file, one row after another."""

    rows: list[Texts]
    tables: dict[str, list[Row]]


@pytest.fixture(scope="module", params=SEEDS)
def scored(request: pytest.FixtureRequest, core: Core) -> Scored:
    rows = batch_of(seeded(request.param), most=120)
    with reference_inputs() as inputs:
        write_with_malformed(inputs, f"{WHOLE}.csv", rows)
        return Scored(rows, core.tables(inputs))


@contextmanager
def reference_inputs() -> Iterator[Inputs]:
    """Customers, blacklist and rates in a folder of one example."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        inputs.write("customers/customers.csv", PEOPLE, [*PEOPLE[1]])
        inputs.write("blacklist/blacklist.csv", LISTED, [*LISTED[0]])
        inputs.write_rates(("2025-03-07", "EUR", "1.0833"), ("2025-03-01", "JPY", "0.0067"))
        yield inputs


PEOPLE = [
    {"customer_id": "C1", "full_name": "Ana Maria Fernandez Lopez"},
    {
        "customer_id": "C2",
        "full_name": "Ben Ash",
        "email": "ben@example.org",
        "phone": "5551234567",
    },
    {"customer_id": "C3", "full_name": "Carol Birch"},
    {"customer_id": "C4", "full_name": "Dan Cedar"},
]
LISTED = [
    {
        "blacklist_id": "B1",
        "full_name": "Ana Maria Fernandes Lopez",
        "customer_id": "",
        "email": "",
    },
    {"blacklist_id": "B2", "email": "BEN@example.org"},
    {"blacklist_id": "B3", "customer_id": "C5"},
    {"blacklist_id": "B4", "customer_id": "C2"},
]
WHOLE = f"transactions/ingest_date={DAY}/part-0"


def test_every_row_is_scored_or_set_aside_and_every_score_is_explained(
    core: Core, scored: Scored
) -> None:
    found = scored.tables
    _check_nothing_is_lost(scored.rows, found["scored_transactions"], found["quarantine"])
    for row in found["scored_transactions"]:
        _check_explained(row, core.book)
    _check_totals(found)


def _check_nothing_is_lost(rows: list[Texts], scored: list[Row], rejected: list[Row]) -> None:
    whole = [row for row in rejected if row["raw_line"] is None]
    numbers = Counter(row["line_no"] for row in (*scored, *whole))
    assert numbers == Counter(row["line_no"] for row in rows)
    assert [row["raw_line"] for row in rejected if row["raw_line"]] == [MALFORMED]
    by_number = {row["line_no"]: row for row in rows}
    for row in whole:
        assert {name: row[name] or "" for name in CARRIED} == by_number[row["line_no"]]
    for row in scored:
        assert row["transaction_id"] == by_number[row["line_no"]]["transaction_id"].strip()
        assert row["customer_id"] == by_number[row["line_no"]]["customer_id"].strip()
    for row in rejected:
        reasons = row["reject_reasons"]
        assert reasons == [one for one in REJECT_REASONS if one in reasons] != []


def _check_explained(row: Row, book: RuleBook) -> None:
    points = {rule.heading.id: rule.heading.points for rule in book.rules}
    fired = row["risk_reasons"]
    assert fired == [one for one in points if one in fired]
    assert [one["rule"] for one in row["evidence"]] == fired
    assert [one["points"] for one in row["evidence"]] == [points[one] for one in fired]
    assert all(one["text"] for one in row["evidence"])
    score = min(100, sum(points[one] for one in fired))
    assert row["risk_score"] == score
    assert row["risk_category"] == ("High" if score >= 70 else "Medium" if score >= 30 else "Low")
    assert score < row["risk_rank"] < score + 1
    assert row["rules_version"] == book.version


def _check_totals(found: dict[str, list[Row]]) -> None:
    scored = found["scored_transactions"]
    pairs = Counter((row["customer_id"], row["transaction_id"]) for row in scored)
    assert set(pairs.values()) <= {1}
    counts = Counter(row["customer_id"] for row in scored)
    for name, count in (
        ("customer_risk", "transaction_count"),
        ("customer_profile", "lifetime_transaction_count"),
    ):
        assert {row["customer_id"]: row[count] for row in found[name]} == counts
    flagged = {row["customer_id"]: row["transaction_count"] for row in found["flagged_customers"]}
    assert flagged == {name: counts[name] for name in flagged}


def test_order_files_format_and_partitions_change_no_row(core: Core, scored: Scored) -> None:
    shuffled = seeded(1).sample(scored.rows, len(scored.rows))
    with reference_inputs() as inputs:
        write_with_malformed(inputs, f"{WHOLE}-0.csv", shuffled[0::3], CARRIED[2:] + CARRIED[:2])
        inputs.write(f"{WHOLE}-1.csv", shuffled[1::3], CARRIED[3:] + CARRIED[:3])
        inputs.write_parquet(f"{WHOLE}-2.parquet", shuffled[2::3], CARRIED[::-1])
        assert core.tables(inputs, partitions=7) == scored.tables


def test_entries_that_stand_many_times_on_the_blacklist_change_no_row(
    core: Core, scored: Scored
) -> None:
    with reference_inputs() as inputs:
        write_with_malformed(inputs, f"{WHOLE}.csv", scored.rows)
        inputs.write("blacklist/blacklist.csv", LISTED * 20, [*LISTED[0]])
        assert core.tables(inputs, partitions=3) == scored.tables
    assert scored.tables["flagged_customers"]


DAYS = ("2025-03-08", "2025-03-09", "2025-03-10")


def test_a_backfill_equals_single_runs_in_date_order_and_a_rerun_the_first_run(
    spark: SparkSession, book: RuleBook
) -> None:
    chosen = seeded(SEEDS[0])
    with reference_inputs() as inputs:
        for day in DAYS:
            rows = batch_of(chosen, most=90, day=date.fromisoformat(day))
            inputs.write_transactions(day, rows, CARRIED)
        at_once, singly = Lake(inputs.root / "at-once"), Lake(inputs.root / "singly")
        backfill = score_days(spark, inputs, at_once, DAYS[0], DAYS[-1], book=book)
        runs = [score_days(spark, inputs, singly, day, book=book) for day in DAYS]
        rerun = score_days(spark, inputs, at_once, DAYS[-1], book=book)
        expected = [_only_tables(singly, run) for run in runs]
        assert [tables(at_once, one) for one in backfill.manifests] == expected
        assert _only_tables(at_once, rerun) == expected[-1]
        assert all(day["scored_transactions"] and day["quarantine"] for day in expected)


def _only_tables(lake: Lake, result: ScoreResult) -> dict[str, list[Row]]:
    [manifest] = result.manifests
    return tables(lake, manifest)
