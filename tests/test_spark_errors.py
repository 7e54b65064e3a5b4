from __future__ import annotations

import pytest

from fraudlake.spark_errors import corrupt_file, root_cause


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (
            "Encountered error while reading file file:///in/a%20b/c.parquet. Details:\n",
            "/in/a b/c.parquet",
        ),
        ("x\nCaused by: y while reading file file:/in/c.parquet.\n\tat z", "/in/c.parquet"),
        ("while reading file /in/c.parquet", "/in/c.parquet"),
        ("something else", None),
    ],
)
def test_the_file_of_a_spark_error_is_found(message: str, path: str | None) -> None:
    assert corrupt_file(message) == path


def test_the_innermost_cause_of_a_java_error_is_told() -> None:
    text = (
        "An error occurred while calling o1.x.\n: A: a\n\tat b\nCaused by: C: c\nCaused by: D: d\n"
    )
    assert root_cause(text) == "D: d"
    assert root_cause("plain\nmore") == "plain"
    assert root_cause("") == ""
