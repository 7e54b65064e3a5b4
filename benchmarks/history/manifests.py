"""Manifests of days that were computed by other means, as `fraudlake score` would write them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake import __version__
from fraudlake.changes import described_inputs
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.runs import Manifest, ProfileSource, RunLog, new_run_id
from fraudlake.sources import InputPaths, find_tables
from fraudlake.tables import Moments
from fraudlake.tally import CATEGORIES, BatchTally, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from benchmarks.data.write import Inputs

_COUNTS = Path(__file__).with_name("counts.sql").read_text(encoding="utf-8")
_HOUR_OF_NIGHT = 1


class ManifestWriter:
    """Commits one day after the other to a lake."""

    def __init__(self, inputs: Inputs, root: Path) -> None:
        """Find the inputs, whose files the manifests name."""
        self.book = read_rule_file()
        self._lake, self._log = Lake(root), RunLog([])
        self._paths = InputPaths(
            inputs.transactions, inputs.customers, inputs.blacklist, inputs.fx_rates
        )
        self._tables = find_tables(self._paths)
        self._plan = inputs.plan

    def run_id(self, day: date) -> str:
        """The id of the run of a day: it began in the night after it."""
        return new_run_id(_night_after(day), f"{day.toordinal():08x}")

    def commit(
        self,
        day: date,
        connection: duckdb.DuckDBPyConnection,
        outputs: Mapping[str, Mapping[str, Any]],
    ) -> Manifest:
        """Write the manifest of a day from the table `scored` of a database."""
        counts = connection.sql(_COUNTS)
        metrics = dict(zip(counts.columns, counts.fetchall()[0], strict=True))
        manifest = self._manifest(day, metrics, outputs)
        self._lake.commit(manifest)
        self._log = self._log.with_run(manifest)
        return manifest

    def _manifest(
        self, day: date, metrics: dict[str, Any], outputs: Mapping[str, Mapping[str, Any]]
    ) -> Manifest:
        started, latest = _night_after(day), moment(metrics["latest_micros"])
        rules = [rule.heading.id for rule in self.book.rules]
        found = _tally_of(metrics, rules)
        days = self.book.settings.baseline.days
        before = self._log.before(day)
        return Manifest(
            run_id=self.run_id(day),
            batch_date=day,
            started_at=started.isoformat(),
            committed_at=(started + timedelta(minutes=5)).isoformat(),
            code_version=__version__,
            rules_version=self.book.version,
            settings=self.book.as_mapping(),
            input_roots={name: str(path) for name, path in vars(self._paths).items()},
            inputs=described_inputs(self._files_of(day)),
            customers=_snapshot(self._plan.customers, duplicates=0),
            blacklist=_snapshot(
                self._plan.entries, set_aside=0, dates_unparsed=0, is_later_than_batch=False
            ),
            fx_rates={"from": metrics["fx_from"], "to": metrics["fx_to"]},
            rows=found.rows(rules),
            total_amount_usd=found.total_amount_usd(),
            customers_duplicates=0,
            moments=found.moments,
            latest_transaction_ts=latest.isoformat() if latest else None,
            profile=ProfileSource(days, moved_from=before[0].run_id if before else None),
            built_on=[one.run_id for one in before if one.batch_date >= day - timedelta(days)][
                ::-1
            ],
            supersedes=None,
            stale_successors=[],
            changed_inputs=[],
            outputs=outputs,
            durations={},
            rows_per_second=0.0,
        )

    def _files_of(self, day: date) -> dict[str, Any]:
        tables = {name: one.by_date.get(None, []) for name, one in self._tables.items()}
        return {**tables, "transactions": self._tables["transactions"].by_date[day]}


def _tally_of(metrics: Mapping[str, Any], rules: Sequence[str]) -> BatchTally:
    """The counts of a day on which nothing is rejected and nothing is late."""
    squares = metrics["sum_of_squares_cents"]
    sums = Moments(metrics["scored"], int(metrics["sum_cents"] or 0), int(squares or 0))
    return BatchTally(
        read=metrics["scored"],
        decided=metrics["scored"],
        scored=metrics["scored"],
        moments=sums,
        by_category=Counter({name: metrics[f"rows_{name}"] for name in CATEGORIES}),
        by_rule=Counter({name: metrics[f"rule_{name}"] for name in rules}),
        usd={name: Decimal(metrics[f"usd_{name}"] or 0) for name in CATEGORIES},
    )


def _snapshot(rows: int, **others: int) -> dict[str, Any]:
    return {"snapshot_date": None, "rows": rows, "malformed": 0, **others}


def _night_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(_HOUR_OF_NIGHT, tzinfo=UTC))
