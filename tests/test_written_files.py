"""The files of a lake as any reader finds them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from fraudlake.tables import SINGULAR

if TYPE_CHECKING:
    from tests.lake_story import Story


def test_files_are_zstd_with_timestamps_in_microseconds(story: Story) -> None:
    stamps = set()
    for path in story.root.rglob("*.parquet"):
        meta = pq.read_metadata(path)
        groups = [meta.row_group(at) for at in range(meta.num_row_groups)]
        chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
        assert {chunk.compression for chunk in chunks} <= {"ZSTD"}
        columns = [meta.schema.column(at) for at in range(meta.num_columns)]
        stamps |= {
            (one.name, one.physical_type, str(one.logical_type))
            for one in columns
            if one.name.endswith("_ts") and path.parts[-4] != "quarantine"
        }
    assert {name for name, _, _ in stamps} >= {"transaction_ts", "last_transaction_ts"}
    assert {kind for _, kind, _ in stamps} == {"INT64"}
    assert all("isAdjustedToUTC=true, timeUnit=microseconds" in text for _, _, text in stamps)


def test_what_is_never_there_twice_has_no_dictionary(story: Story) -> None:
    encodings: defaultdict[str, set[str]] = defaultdict(set)
    for path in story.root.glob("scored_transactions/**/*.parquet"):
        meta = pq.read_metadata(path)
        for at in range(meta.num_columns if meta.num_row_groups else 0):
            chunk = meta.row_group(0).column(at)
            encodings[chunk.path_in_schema] |= set(chunk.encodings)
    coded = {name for name, found in encodings.items() if "RLE_DICTIONARY" in found}
    coded |= {name for name, found in encodings.items() if "PLAIN_DICTIONARY" in found}
    assert coded.isdisjoint(SINGULAR)
    assert {"customer_id", "currency"} <= coded


def test_no_name_mail_phone_or_birth_date_leaves_the_raw_zone(story: Story) -> None:
    columns: set[str] = set()
    for path in story.root.rglob("*.parquet"):
        columns |= set(pq.read_schema(path).names)
        values = repr(pq.ParquetFile(path).read().to_pylist())
        assert "Example" not in values
        assert "example.org" not in values
    assert not columns & {"full_name", "email", "phone", "date_of_birth", "birth_date"}
    for path in (story.root / "runs").rglob("*.json"):
        assert "example" not in path.read_text(encoding="utf-8").lower()
