"""The pages tell every setting of the functions, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambdas import blacklist_extract, fx_rates

INGEST = Path(__file__).parents[2] / "docs" / "ingest.md"
READ = re.compile(r'(?:environment\.\w+|_address)\((?:environment, )?"([A-Z_]+)"')


@pytest.mark.parametrize(
    ("function", "heading"),
    [(blacklist_extract, "## The blacklist"), (fx_rates, "## Currency rates")],
)
def test_every_setting_is_documented(function: object, heading: str) -> None:
    source = Path(str(getattr(function, "__file__", ""))).with_name("settings.py")
    read = set(READ.findall(source.read_text(encoding="utf-8"))) - {"AWS_REGION"}
    page = INGEST.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    told = {name for row in rows for name in re.findall("[A-Z]+(?:_[A-Z]+)+", row)}
    assert read
    assert told == read
