"""What the README says of the code, held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fraudlake.rules.file import read_rule_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _table_rows(first_header: str) -> list[list[str]]:
    lines = iter(README.splitlines())
    next(line for line in lines if line.startswith(f"| {first_header} |"))
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


def test_the_rule_table_is_that_of_the_default_rules() -> None:
    told = [(rule, kind, int(points)) for rule, kind, _, points in _table_rows("Rule")]
    rules = read_rule_file().rules
    assert told == [(one.heading.id, one.kind, one.heading.points) for one in rules]


def test_the_categories_told_are_those_of_the_default_rules() -> None:
    categories = read_rule_file().categories
    assert f"High from {categories.high}, Medium from {categories.medium}" in README


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_are_targets_of_the_makefile(target: str) -> None:
    assert f"make {target}" in README
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_path_of_the_layout_is_there() -> None:
    block = README.split("## Layout")[1].split("```")[1]
    paths = re.findall(r"^(\S+)", block, re.MULTILINE)
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert paths
    assert not missing


def test_every_link_of_the_papers_leads_somewhere() -> None:
    papers = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"]
    broken = [
        f"{paper.relative_to(ROOT)}: {link}"
        for paper in papers
        for link in re.findall(r"\]\(([^)#]+)\)", paper.read_text(encoding="utf-8"))
        if "://" not in link and not (paper.parent / link).exists()
    ]
    assert not broken
