"""When a schedule of AWS fires: `cron(30 2 * * ? *)`, six fields, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from aws_croniter import AwsCroniter  # type: ignore[import-untyped]

from fraudlake.errors import InputError, SettingsError

_MIDNIGHT = datetime.min.time()


def next_firing(schedule: str, after: datetime) -> datetime | None:
    """The first moment after an aware moment at which a schedule fires, in UTC.

    None when it never does again. Raises SettingsError for what is no schedule of AWS.
    """
    return _only(_cron(schedule).get_next(after.astimezone(UTC)))


def last_firing(schedule: str, at: datetime) -> datetime | None:
    """The last moment, up to and with an aware one, at which a schedule fired, in UTC.

    None when it never did. Raises SettingsError for what is no schedule of AWS.
    """
    return _only(_cron(schedule).get_prev(at.astimezone(UTC), inclusive=True))


def night_of(schedule: str, batch_date: date) -> datetime:
    """The moment at which a schedule starts the night of a batch date: on the UTC day after it.

    Raises:
        InputError: nothing starts on that day, so no night has this batch date.
        SettingsError: what is no schedule of AWS.
    """
    day = datetime.combine(batch_date + timedelta(days=1), _MIDNIGHT, tzinfo=UTC)
    found = _only(_cron(schedule).get_next(day, inclusive=True))
    if found is None or found.date() != day.date():
        raise InputError(
            f"{schedule} starts nothing on {day.date()}, so no night has the batch date "
            f"{batch_date}; score that date by a rerun, with --from and --to"
        )
    return found


def _cron(schedule: str) -> AwsCroniter:
    written = re.fullmatch(r"cron\((.+)\)", schedule)
    if written is None:
        raise SettingsError(f"{schedule!r} is no schedule; write one as in cron(30 2 * * ? *)")
    try:
        return AwsCroniter(written[1])
    except ValueError as error:
        raise SettingsError(f"{schedule!r} is no schedule that can be played: {error}") from error


def _only(found: list[datetime | None]) -> datetime | None:
    """The one moment that was asked for; the library has None where there is none."""
    return found[0]
