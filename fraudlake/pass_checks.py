"""What must be true of the rows of a pass before anything of it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.errors import InputError, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fraudlake.batches import Batches
    from fraudlake.sources import Sources
    from fraudlake.tally import BatchTally


def check_read(sources: Sources, batch: date, found: BatchTally) -> None:
    """Whether all rows of a batch were read, and few enough of its lines are malformed.

    Raises RunError when rows are missing, InputError when too many lines are malformed.
    """
    sources.check_complete(batch, found.read)
    allowed = sources.book.settings.cleansing.malformed_share
    malformed = found.by_reason["MALFORMED_ROW"]
    whole_source = sources.transactions.ragged_share
    share = whole_source if whole_source is not None else malformed / max(found.read, 1)
    if share > allowed:
        raise InputError(
            f"transactions: {share:.2%} of the lines of batch {batch} are malformed "
            f"({malformed} of {found.read}), more than {allowed:.2%}; check separator, "
            "quotes and line breaks of the files, or settings.cleansing.malformed_share"
        )


def check_reread(
    batches: Batches, found: Sequence[BatchTally], reread: int | None, scored: int
) -> None:
    """Whether the rows that were scored are those that were summed up before.

    `reread` is how many were read the second time, None when they were read once. Raises RunError.
    """
    expected = (sum(one.read for one in found), sum(one.scored for one in found))
    met = (expected[0] if reread is None else reread, scored)
    if met != expected:
        raise RunError(
            f"transactions: of batches {batches.first} to {batches.last} {expected[0]} rows were "
            f"read and {expected[1]} accepted, but {met[0]} and {met[1]} when they were scored; "
            "nothing of them is committed. See who writes to the files, and score again"
        )
