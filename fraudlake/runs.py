"""The run protocol: run ids, manifests, which run is in force, and what follows from that.

A run happened when its manifest is there. Everything in this module is plain data and pure
functions; the clock and the folders are the caller's.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fraudlake.errors import RunError
from fraudlake.tables import Moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class ProfileSource:
    """What a run's customer_profile was made from.

    Either the profile of the run `moved_from` with this run's batch added, or `rebuilt_from` the
    customer_risk of all runs then in force. `days` is the reach of its moments.
    """

    days: int
    moved_from: str | None = None
    rebuilt_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run read, decided and wrote: the commit of the run, and its audit trail.

    Times are ISO 8601 in UTC with microseconds; money is text with two decimals; durations are
    seconds. `moments` holds the batch's exact baseline moments in cents; `workflow_run` is the
    run of a Glue workflow that the run was part of.
    """

    run_id: str
    batch_date: date
    started_at: str
    committed_at: str
    code_version: str
    rules_version: str
    settings: Mapping[str, Any]
    input_roots: Mapping[str, str]
    inputs: Sequence[Mapping[str, Any]]
    customers: Mapping[str, Any]
    blacklist: Mapping[str, Any]
    fx_rates: Mapping[str, Any]
    rows: Mapping[str, Any]
    total_amount_usd: Mapping[str, str]
    customers_duplicates: int
    moments: Moments
    latest_transaction_ts: str | None
    profile: ProfileSource
    built_on: Sequence[str]
    supersedes: str | None
    stale_successors: Sequence[Mapping[str, str]]
    changed_inputs: Sequence[Mapping[str, str]]
    outputs: Mapping[str, Mapping[str, Any]]
    durations: Mapping[str, float]
    rows_per_second: float
    workflow_run: str | None = None

    def to_json(self) -> str:
        """One line of JSON."""
        values = {**asdict(self), "batch_date": self.batch_date.isoformat()}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, where: str) -> Manifest:
        """The manifest in a line of JSON; unknown keys are left for newer versions.

        Raises RunError when it is not a manifest, naming `where` it was found.
        """
        try:
            values = json.loads(text)
            known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
            known["batch_date"] = date.fromisoformat(values["batch_date"])
            known["moments"] = Moments(**values["moments"])
            known["profile"] = _profile_source(values["profile"])
            return cls(**known)
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{where} is not a manifest of a run ({error!r}); restore it, or move it away: "
                "a run without manifest never happened"
            ) from error


def new_run_id(started: datetime, token: str) -> str:
    """An id that sorts by start time; the token tells attempts of one microsecond apart."""
    return f"{started:%Y%m%dT%H%M%S%fZ}-{token}"


def manifest_name(batch: date, run_id: str) -> str:
    """Where the manifest of a run lies below the output folder."""
    return f"runs/batch_date={batch.isoformat()}/{run_id}.json"


def table_folder(table: str, batch: date, run_id: str) -> str:
    """Where a run writes a table, below the output folder."""
    return f"{table}/batch_date={batch.isoformat()}/run_id={run_id}"


class RunLog:
    """Every committed run of an output folder, and which of them are in force."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        """Take the manifests in any order."""
        self.by_id = {one.run_id: one for one in manifests}
        ordered = sorted(self.by_id.values(), key=lambda one: (one.committed_at, one.run_id))
        self.in_force = {one.batch_date: one for one in ordered}

    def with_run(self, manifest: Manifest) -> RunLog:
        """The log after one more run committed."""
        return RunLog([*self.by_id.values(), manifest])

    def before(self, batch: date) -> list[Manifest]:
        """The runs in force of the earlier batches, newest first."""
        days = sorted((day for day in self.in_force if day < batch), reverse=True)
        return [self.in_force[day] for day in days]

    def since(self, first: date, batch: date) -> list[Manifest]:
        """The runs in force with `first <= batch_date < batch`, newest first."""
        return [one for one in self.before(batch) if one.batch_date >= first]

    def after(self, batch: date) -> list[Manifest]:
        """The runs in force of later batches, oldest first.

        Whatever they say of a customer's life includes this batch, so a new run of this batch
        makes each of them stale.
        """
        return [self.in_force[day] for day in sorted(self.in_force) if day > batch]

    def reached_by_window(self, oldest: datetime, batch: date) -> list[Manifest]:
        """The earlier runs in force that hold transactions later than `oldest`."""
        return [
            one
            for one in self.before(batch)
            if one.latest_transaction_ts is not None
            and datetime.fromisoformat(one.latest_transaction_ts) > oldest
        ]

    def population(self, first: date, batch: date) -> Moments:
        """The moments of all accepted transactions of the batches since `first`."""
        return sum((one.moments for one in self.since(first, batch)), Moments())

    def profile_to_move(self, batch: date, days: int) -> Manifest | None:
        """The run whose profile can be moved on to a batch, or None when it must be rebuilt.

        It is that of the newest earlier batch, if all that it was built from is still in force.
        """
        earlier = self.before(batch)
        if not earlier or earlier[0].profile.days != days:
            return None
        built_from = self._profile_runs(earlier[0])
        return earlier[0] if built_from == {one.run_id for one in earlier} else None

    def _profile_runs(self, manifest: Manifest) -> set[str] | None:
        """The runs whose transactions are in a run's profile, its own included."""
        found = {manifest.run_id}
        while manifest.profile.moved_from is not None:
            before = self.by_id.get(manifest.profile.moved_from)
            if before is None:
                return None
            manifest = before
            found.add(manifest.run_id)
        return found | set(manifest.profile.rebuilt_from)


def check_reconciled(rows: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RunError unless every row read was written once, scored or quarantined."""
    written = {name: table["rows"] for name, table in outputs.items()}
    problems = [
        f"{name}: {rows[counted]} rows were decided, {written[table]} were written"
        for name, counted, table in (
            ("scored", "scored", "scored_transactions"),
            ("quarantined", "quarantined", "quarantine"),
        )
        if rows[counted] != written[table]
    ]
    if rows["read"] != rows["scored"] + rows["quarantined"]:
        problems.append(
            f"{rows['read']} rows were read, {rows['scored']} scored and "
            f"{rows['quarantined']} quarantined"
        )
    problems += [
        f"{name}: nothing was written" for name, one in outputs.items() if not one["files"]
    ]
    if problems:
        raise RunError([f"the run does not add up and commits nothing: {one}" for one in problems])


def _profile_source(values: Mapping[str, Any]) -> ProfileSource:
    return ProfileSource(values["days"], values["moved_from"], tuple(values["rebuilt_from"]))
