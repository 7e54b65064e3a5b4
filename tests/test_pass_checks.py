"""What stops a pass before anything of it is committed."""

from __future__ import annotations

from datetime import date

import pytest

from fraudlake.batches import Batches
from fraudlake.errors import RunError
from fraudlake.pass_checks import check_reread
from fraudlake.tally import BatchTally

BATCHES = Batches((date(2025, 3, 10), date(2025, 3, 11)))
FOUND = [BatchTally(read=10, scored=9), BatchTally(read=5, scored=5)]


@pytest.mark.parametrize("reread", [15, None])
def test_rows_that_were_read_and_scored_alike_are_trusted(reread: int | None) -> None:
    check_reread(BATCHES, FOUND, reread, 14)


@pytest.mark.parametrize(
    ("reread", "scored", "told"),
    [(16, 14, "16 and 14"), (14, 14, "14 and 14"), (15, 13, "15 and 13"), (None, 15, "15 and 15")],
)
def test_files_that_changed_between_two_readings_stop_the_pass(
    reread: int | None, scored: int, told: str
) -> None:
    with pytest.raises(RunError, match=f"15 rows were read and 14 accepted, but {told} when"):
        check_reread(BATCHES, FOUND, reread, scored)
