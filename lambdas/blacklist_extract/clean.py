"""Cleans blacklist rows, as scoring does: identity, dates, and which rows are no entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fraudlake.identity import clean_date, clean_email, clean_phone, clean_text
from fraudlake.input_tables import BLACKLIST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

IDENTITY = ("customer_id", "email", "phone", "full_name")
DATES = ("date_of_birth", "listed_at", "expires_at")
NO_IDENTITY = "NO_IDENTITY"
UNSPECIFIED = "unspecified"
REJECT_COLUMNS = (*BLACKLIST.columns, "reject_reason")


@dataclass(frozen=True)
class CleanedRows:
    """Rows of src_blacklist after cleaning.

    `entries`: the columns of the blacklist as clean text, dates as YYYY-MM-DD, None where missing.
    `rejects`: rows that name nobody, as they were, with their `reject_reason`.
    `dates_unparsed`: by column, the dates that are there and cannot be read, of all rows.
    """

    entries: pd.DataFrame
    rejects: pd.DataFrame
    dates_unparsed: dict[str, int]

    @property
    def newest_listed_at(self) -> str | None:
        """The newest day on which an entry was listed, YYYY-MM-DD."""
        return max(self.entries["listed_at"].dropna(), default=None)


def cleaned_rows(rows: Sequence[tuple[str | bytes | None, ...]]) -> CleanedRows:
    """Clean rows of src_blacklist, in the order of the blacklist's columns."""
    texts = [tuple(_as_text(value) for value in row) for row in rows]
    raw = pd.DataFrame(texts, columns=list(BLACKLIST.columns), dtype="object")
    dates = {column: raw[column].map(clean_text, na_action="ignore") for column in DATES}
    cleaned = raw.assign(
        **{column: _cleaned(raw[column], cleaner) for column, cleaner in _CLEANERS.items()},
        **{column: _cleaned(text, _iso_date) for column, text in dates.items()},
    )
    names_someone = cleaned[list(IDENTITY)].notna().any(axis=1)
    cleaned["reason"] = cleaned["reason"].fillna(UNSPECIFIED)
    return CleanedRows(
        entries=cleaned[names_someone],
        rejects=raw[~names_someone].assign(reject_reason=NO_IDENTITY),
        dates_unparsed={
            column: int((text.notna() & cleaned[column].isna()).sum())
            for column, text in dates.items()
        },
    )


_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "blacklist_id": clean_text,
    "customer_id": clean_text,
    "full_name": clean_text,
    "email": clean_email,
    "phone": clean_phone,
    "reason": clean_text,
    "source": clean_text,
}


def _as_text(value: str | bytes | None) -> str | None:
    """Columns of a binary type come as bytes; what is not UTF-8 in them is marked as such."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _iso_date(text: str) -> str | None:
    day = clean_date(text)
    return day.isoformat() if day else None


def _cleaned(texts: pd.Series[str], cleaner: Callable[[str], str | None]) -> pd.Series[str]:
    return texts.map(cleaner, na_action="ignore")
