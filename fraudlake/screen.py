"""What a person sees of results: tables (or JSON) on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from fraudlake.ecb import ImportSummary
    from fraudlake.places import Place
    from fraudlake.rules.book import RuleBook
    from fraudlake.rules.rule import Rule
    from fraudlake.runs import Manifest
    from fraudlake.sample_data import SampleSummary
    from fraudlake.scorer import ScoreResult

_WIDTH_OF_PIPES = 120


def out() -> Console:
    """The console of results."""
    return _console(stderr=False)


def err() -> Console:
    """The console of progress and remarks."""
    return _console(stderr=True)


def print_result(result: ScoreResult, lake: Place | str, *, as_json: bool) -> None:
    """Print what a command committed: runs, reasons, rejects, and what needs attention."""
    if as_json:
        _print_json(
            {
                "runs": [json.loads(one.to_json()) for one in result.manifests],
                "skipped": [day.isoformat() for day in result.skipped],
                "stale": [_named(one) for one in result.stale],
            }
        )
        return
    console = out()
    console.print(_runs_table(result.manifests))
    console.print(_counts_table("Rule", "by_rule", result.manifests))
    console.print(_counts_table("Set aside as", "quarantined_by_reason", result.manifests))
    for remark in _remarks(result):
        console.print(remark, highlight=False, soft_wrap=True)
    console.print(f"Tables and manifests: {lake}", highlight=False, soft_wrap=True)


def print_rules(book: RuleBook, *, as_json: bool) -> None:
    """Print a rule book as a table."""
    if as_json:
        _print_json({"rules_version": book.version, **book.as_mapping()})
        return
    table = _table("Rule", "Kind", "Fires when", ("Points", "right"))
    for rule in book.rules:
        points = str(rule.heading.points)
        table.add_row(rule.heading.id, rule.kind, _condition_text(rule), points)
    console = out()
    console.print(table)
    limits = book.categories
    console.print(f"High from {limits.high}, Medium from {limits.medium}, Low below.")
    console.print(f"Rules version {book.version}", highlight=False)


def print_check(book: RuleBook, file: Path, *, as_json: bool) -> None:
    """Print that a rule file is good."""
    if as_json:
        _print_json({"file": str(file), "rules": len(book.rules), "rules_version": book.version})
        return
    text = f"{file}: {len(book.rules)} rules, no problem found, version {book.version}"
    out().print(text, highlight=False, soft_wrap=True)


def print_sample(summary: SampleSummary, folder: Path, *, as_json: bool) -> None:
    """Print what sample data was written."""
    if as_json:
        _print_json(vars(summary))
        return
    table = _table("Table", ("Rows", "right"), ("MB", "right"))
    for name, rows in summary.rows.items():
        table.add_row(name, f"{rows:,}", f"{summary.bytes[name] / 1e6:,.1f}")
    console = out()
    console.print(table)
    planted = sum(summary.planted.values())
    text = f"{planted:,} planted rows of {len(summary.planted)} kinds are told in {folder}/truth"
    console.print(text, highlight=False, soft_wrap=True)


def print_import(summary: ImportSummary, folder: Path, *, as_json: bool) -> None:
    """Print what was imported from the ECB."""
    if as_json:
        values = {**vars(summary), "files": [str(one) for one in summary.files]}
        _print_json({name: _plain(value) for name, value in values.items()})
        return
    text = (
        f"{summary.rates:,} rates of {summary.currencies} currencies on {summary.days:,} days, "
        f"{summary.first} to {summary.last}, in {len(summary.files)} files below {folder}"
    )
    out().print(text, highlight=False, soft_wrap=True)


def print_top_risks(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the riskiest transactions with the sentences that explain them."""
    table = _table("Transaction", "Customer", ("USD", "right"), ("Score", "right"), "Why")
    for row in rows:
        why = "\n".join(one["text"] for one in row["evidence"])
        amount, score = f"{row['amount_usd']:,.2f}", str(row["risk_score"])
        table.add_row(row["transaction_id"], row["customer_id"], amount, score, why)
    out().print(table)


class _PipeConsole(Console):
    """A console whose reader may leave early (`| head`): what was done stays done, exit code 0."""

    def on_broken_pipe(self) -> None:
        """Print no more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _console(*, stderr: bool) -> Console:
    # File names may hold what Rich takes for markup.
    console = Console(stderr=stderr, markup=False)
    if console.is_terminal:
        return console
    return _PipeConsole(stderr=stderr, markup=False, width=_WIDTH_OF_PIPES)


def _table(*columns: str | tuple[str, str]) -> Table:
    table = Table(header_style="bold")
    for column in columns:
        name, justify = (column, "left") if isinstance(column, str) else column
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _runs_table(manifests: list[Manifest]) -> Table:
    numbers = ("Read", "Scored", "Set aside", "Late", "High", "Medium", "Low", "USD", "Rows/s")
    table = _table("Batch", *((name, "right") for name in numbers))
    for one in manifests:
        rows = one.rows
        counts = [rows["read"], rows["scored"], rows["quarantined"], rows["late"]]
        counts += [rows["by_category"][name] for name in ("High", "Medium", "Low")]
        total = f"{float(one.total_amount_usd['all']):,.2f}"
        speed = f"{one.rows_per_second:,.0f}"
        table.add_row(str(one.batch_date), *(f"{count:,}" for count in counts), total, speed)
    return table


def _counts_table(title: str, name: str, manifests: list[Manifest]) -> Table:
    counts: Counter[str] = Counter()
    for one in manifests:
        counts.update(one.rows[name])
    table = _table(title, ("Rows", "right"))
    for label, count in counts.items():
        table.add_row(label, f"{count:,}")
    return table


def _stretches(days: list[date]) -> list[str]:
    """Ascending dates as text, those in a row as `first to last`."""
    found: list[list[date]] = []
    for day in days:
        if found and day == found[-1][-1] + timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return [f"{one[0]} to {one[-1]}" if len(one) > 1 else str(one[0]) for one in found]


def _remarks(result: ScoreResult) -> list[str]:
    remarks = [f"No partition, skipped: {', '.join(_stretches(result.skipped))}"]
    remarks = remarks if result.skipped else []
    if result.stale:
        days = ", ".join(str(one.batch_date) for one in result.stale)
        remarks.append(f"Stale now, built before these runs: {days}; score them again")
    for one in result.manifests:
        remarks += [
            f"{change['table']}: {change['name']} {change['change']} after "
            f"{change['batch_date']} was scored; score that date again"
            for change in one.changed_inputs
        ]
        if one.blacklist["is_later_than_batch"]:
            used = one.blacklist["snapshot_date"]
            remarks.append(f"{one.batch_date}: no blacklist that old, {used} was used")
    return list(dict.fromkeys(remarks))


def _condition_text(rule: Rule) -> str:
    return ", ".join(f"{name} {_value_text(value)}" for name, value in rule.parameters().items())


def _value_text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _named(manifest: Manifest) -> dict[str, str]:
    return {"batch_date": manifest.batch_date.isoformat(), "run_id": manifest.run_id}


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | list) else str(value)


def _print_json(values: object) -> None:
    out().out(json.dumps(values, ensure_ascii=False), highlight=False)
