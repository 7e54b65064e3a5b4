"""What a bank delivers each day, put where the deployed system looks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fraudlake.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fraudlake.local.cloud import LocalCloud

FORM = (
    "transactions/ingest_date=D/, customers/snapshot_date=D/, blacklist/snapshot_date=D/, fx_rates/"
)


@dataclass(frozen=True)
class Delivery:
    """A folder of deliveries, laid out as `fraudlake sample-data` does.

    `transactions/ingest_date=D/`, `customers/snapshot_date=D/`, `blacklist/snapshot_date=D/` with
    the content of the source's table that day, `fx_rates/` with a file a year.
    """

    folder: Path

    @property
    def dates(self) -> list[date]:
        """The days for which there are transactions; InputError when there are none."""
        days = sorted(_days(self.folder / "transactions", "ingest_date"))
        if not days:
            raise InputError(f"{self.folder} has no transactions by date; lay it out as {FORM}")
        return days

    def deliver(self, cloud: LocalCloud, day: date) -> list[str]:
        """Bring a day's files to the raw bucket, and the day's blacklist into the source.

        Returns the keys that were put. Raises InputError when nothing is there for the day.
        """
        if day not in self.dates:
            raise InputError(f"{self.folder} has no transactions for {day}; it has {self._span()}")
        blacklist = self._newest("blacklist", day)
        if blacklist is not None:
            for file in sorted(blacklist.glob("*.csv")):
                cloud.database.load_blacklist(file)
        s3, bucket = cloud.actors.client("s3"), cloud.bucket_of("transactions")
        keys = []
        for file in self._files(day):
            key = file.relative_to(self.folder).as_posix()
            s3.upload_file(str(file), bucket, key)
            keys.append(key)
        return keys

    def _files(self, day: date) -> Iterator[Path]:
        customers = self._newest("customers", day)
        for folder in (
            self.folder / "transactions" / f"ingest_date={day}",
            *([customers] if customers else []),
            self.folder / "fx_rates",
        ):
            yield from sorted(one for one in folder.rglob("*") if one.is_file())

    def _newest(self, table: str, day: date) -> Path | None:
        """The snapshot of a day: the newest up to it, else the oldest."""
        days = sorted(_days(self.folder / table, "snapshot_date"))
        until = [one for one in days if one <= day] or days[:1]
        return self.folder / table / f"snapshot_date={until[-1]}" if until else None

    def _span(self) -> str:
        return f"{self.dates[0]} to {self.dates[-1]}"


def _days(folder: Path, key: str) -> Iterator[date]:
    for one in folder.glob(f"{key}=*"):
        try:
            yield date.fromisoformat(one.name.removeprefix(f"{key}="))
        except ValueError as error:
            raise InputError(f"{one} is not named {key}=YYYY-MM-DD; rename it") from error
