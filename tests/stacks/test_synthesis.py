from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks.synthesis import synthesized

if TYPE_CHECKING:
    from pathlib import Path


def test_a_synth_that_fails_says_why_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="there is no stage 'nowhere' in cdk"):
        synthesized("nowhere", tmp_path)
