"""Planted rows that must be quarantined, each with exactly the reasons it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import cycle

from fraudlake.sample_data.planted_row import PlantedRow, print_moment
from fraudlake.sample_data.planting import Plant, Planting, PlantingDay
from fraudlake.sample_data.world import CURRENCY_WITHOUT_RATE

Spoil = Callable[[PlantedRow], PlantedRow]

MALFORMED = "MALFORMED_ROW"
DUPLICATE = "DUPLICATE_TRANSACTION"
NO_SUCH_TIMES = (
    "",
    "yesterday",
    "{day}",
    "{day}T10",
    "{day}T25:00:00Z",
    "{day}T10:61:00Z",
    "{day}T10:00:00+19:00",
    "{day} at 10:00",
    "2025-02-30T10:00:00Z",
    "06/01/2025 10:00:00",
    "1736157600",
)
NO_AMOUNTS = (
    "",
    "abc",
    "NaN",
    "1e3",
    "1,234.50",
    "$12.00",
    "12.",
    "--5.00",
    "0x1F",
    "1234567890123.00",
    "\u0661\u0662.\u0660\u0660",
)
NO_CURRENCIES = ("", "US", "EURO", "E1R", "\u20ac", "U$D")
WITHOUT_RATE = (CURRENCY_WITHOUT_RATE, "XXX")
# Later than the end of the batch date by over an hour; the pipeline allows exactly one.
FUTURE = (
    timedelta(days=1, hours=1, microseconds=1),
    timedelta(days=2),
    timedelta(days=400),
)
# The earliest date that is accepted lies seven days back.
TOO_LATE_DAYS = (8, 9, 30, 365)
LONG_AGO = timedelta(days=400)


def _plant_spoiled(label: str, reasons: tuple[str, ...], spoils: list[Spoil]) -> Plant:
    def plant(day: PlantingDay, events: int) -> list[PlantedRow]:
        rows = day.rows(label, events)
        forms = [spoils[(day.index + number) % len(spoils)] for number in range(events)]
        return [form(row).rejected(*reasons) for row, form in zip(rows, forms, strict=True)]

    return plant


def _with_each(column: str, texts: tuple[str, ...]) -> list[Spoil]:
    return [_with(column, text) for text in texts]


def _with(column: str, text: str) -> Spoil:
    return lambda row: row.with_values(**{column: text.replace("{day}", str(row.ingest_date))})


def _too_late(days: int) -> Spoil:
    return lambda row: _move(row, -timedelta(days=days))


def _too_early(ahead: timedelta) -> Spoil:
    return lambda row: _move(row, _until_midnight(row) + ahead)


def _until_midnight(row: PlantedRow) -> timedelta:
    return row.moment.replace(hour=0, minute=0, second=0, microsecond=0) - row.moment


def _move(row: PlantedRow, step: timedelta) -> PlantedRow:
    return row.with_values(transaction_ts=print_moment(row.moment + step)).at(row.moment + step)


def _cut_fields(row: PlantedRow) -> PlantedRow:
    return row.with_fields(*row.fields[:-3])


def _add_fields(row: PlantedRow) -> PlantedRow:
    return row.with_fields(*row.fields, "unexpected", "")


def _split_amount(row: PlantedRow) -> PlantedRow:
    head, amount, tail = row.fields[:3], row.fields[3], row.fields[4:]
    return row.with_fields(*head, "1", amount, *tail)


def _spoil_everything(row: PlantedRow) -> PlantedRow:
    return row.with_values(transaction_id="", transaction_ts="?", amount="?", currency="?")


def _late_refund(row: PlantedRow) -> PlantedRow:
    return _too_late(9)(row.with_values(customer_id="", amount="-15.00"))


def _late_without_rate(row: PlantedRow) -> PlantedRow:
    moved = _move(row, -LONG_AGO)
    return moved.with_values(currency="EUR")


SEVERAL: list[tuple[Spoil, tuple[str, ...]]] = [
    (
        _spoil_everything,
        ("MISSING_TRANSACTION_ID", "INVALID_TIMESTAMP", "INVALID_AMOUNT", "INVALID_CURRENCY"),
    ),
    (_late_refund, ("MISSING_CUSTOMER_ID", "TOO_LATE", "REFUND_OR_REVERSAL")),
    (_late_without_rate, ("TOO_LATE", "NO_FX_RATE")),
]


def plant_several(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Rows with several reasons at once."""
    rows = day.rows("SEVERAL_REASONS", events)
    forms = cycle([*SEVERAL[day.index % 3 :], *SEVERAL[: day.index % 3]])
    return [
        spoil(row).rejected(*reasons) for row, (spoil, reasons) in zip(rows, forms, strict=False)
    ]


def plant_duplicate(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Rows sent twice in one batch; the copy, seconds later by its own clock, is rejected."""
    originals = day.rows("DUPLICATE_ORIGINAL", events)
    copies = [_move(row, timedelta(seconds=7)).labelled(DUPLICATE) for row in originals]
    return [*originals, *(row.rejected(DUPLICATE) for row in copies)]


def plant_duplicate_of_yesterday(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Rows delivered again, unchanged, with the next day's batch."""
    if day.tomorrow is None:
        return []
    originals = day.rows("DUPLICATE_ORIGINAL_OF_TOMORROW", events)
    copies = [row.in_partition(day.tomorrow) for row in originals]
    label = "DUPLICATE_OF_YESTERDAY"
    return [*originals, *(row.labelled(label).rejected(DUPLICATE) for row in copies)]


def _plain(reason: str, spoils: list[Spoil]) -> Planting:
    return Planting(_plant_spoiled(reason, (reason,), spoils))


PLANTINGS = {
    MALFORMED: _plain(MALFORMED, [_cut_fields, _add_fields, _split_amount]),
    "MISSING_TRANSACTION_ID": _plain(
        "MISSING_TRANSACTION_ID", _with_each("transaction_id", ("", "  ", "\u00a0"))
    ),
    "MISSING_CUSTOMER_ID": _plain(
        "MISSING_CUSTOMER_ID", _with_each("customer_id", ("", "  ", "\u2003"))
    ),
    "INVALID_TIMESTAMP": _plain("INVALID_TIMESTAMP", _with_each("transaction_ts", NO_SUCH_TIMES)),
    "FUTURE_TIMESTAMP": _plain("FUTURE_TIMESTAMP", [_too_early(ahead) for ahead in FUTURE]),
    "TOO_LATE": _plain("TOO_LATE", [_too_late(days) for days in TOO_LATE_DAYS]),
    "INVALID_AMOUNT": _plain("INVALID_AMOUNT", _with_each("amount", NO_AMOUNTS)),
    "REFUND_OR_REVERSAL": _plain(
        "REFUND_OR_REVERSAL", _with_each("amount", ("-25.00", "-0.01", "-1999.99"))
    ),
    "ZERO_AMOUNT": _plain("ZERO_AMOUNT", _with_each("amount", ("0.00", "0", "-0.0", "0.00004"))),
    "INVALID_CURRENCY": _plain("INVALID_CURRENCY", _with_each("currency", NO_CURRENCIES)),
    "NO_FX_RATE": _plain("NO_FX_RATE", _with_each("currency", WITHOUT_RATE)),
    "SEVERAL_REASONS": Planting(plant_several),
    "DUPLICATE_ORIGINAL": Planting(plant_duplicate, rows_each=2),
    "DUPLICATE_ORIGINAL_OF_TOMORROW": Planting(plant_duplicate_of_yesterday, rows_each=2),
}
