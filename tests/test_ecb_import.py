from __future__ import annotations

import gzip
import io
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudlake import ecb
from fraudlake.ecb import import_rates, open_rates_file, unpack_lines
from fraudlake.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

# Twelve unchanged days of the ECB's euro foreign exchange reference rates.
HISTORY = Path(__file__).parent / "fixtures" / "ecb" / "eurofxref-hist.csv"
YEARS = (1999, 2004, 2005, 2012, 2022, 2025, 2026)


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_a_file_is_told_apart_by_its_first_bytes(tmp_path: Path) -> None:
    plain = HISTORY.read_bytes()
    contents = [plain, gzip.compress(plain), zipped(history=plain), b"\xef\xbb\xbf" + plain]
    path = tmp_path / "rates.bin"
    for content in contents:
        path.write_bytes(content)
        assert list(open_rates_file(path)) == plain.decode().splitlines()


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"Date,USD")[:-9], zipped(history=b"Date,USD")[:-9], b"Date,USD\n\xff\xfe"],
    ids=["cut gzip", "cut zip", "not UTF-8"],
)
def test_a_broken_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"rates\.zip: broken, or not UTF-8 .*unchanged"):
        unpack_lines(data, "rates.zip")


def test_a_zip_of_several_files_is_refused() -> None:
    with pytest.raises(InputError, match=r"rates\.zip: 2 files in the zip, expected 1"):
        unpack_lines(zipped(a=b"", b=b""), "rates.zip")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rates\.csv: cannot be read \(No such file"):
        open_rates_file(tmp_path / "rates.csv")


def test_an_import_writes_a_sorted_file_a_year(tmp_path: Path) -> None:
    summary = import_rates(HISTORY, tmp_path / "fx")
    assert summary.files == tuple(tmp_path / "fx" / f"fx_rates_{year}.csv" for year in YEARS)
    assert sorted((tmp_path / "fx").iterdir()) == list(summary.files)
    text = summary.files[-1].read_bytes().decode()
    header, *rows = text.removesuffix("\n").split("\n")
    assert header == "rate_date,currency,usd_per_unit"
    assert rows == sorted(rows)
    assert rows[0] == "2026-01-02,AUD,0.6694653873"
    assert "\r" not in text


def test_an_import_counts_what_it_wrote(tmp_path: Path) -> None:
    summary = import_rates(HISTORY, tmp_path)
    lines = [line for file in summary.files for line in file.read_text("utf-8").splitlines()]
    assert summary.rates == len(lines) - len(YEARS)
    assert (summary.days, summary.currencies) == (12, 42)
    assert (summary.first, summary.last) == (date(1999, 1, 4), date(2026, 4, 13))


def test_an_import_can_be_cut_to_days_both_ends_included(tmp_path: Path) -> None:
    summary = import_rates(HISTORY, tmp_path, first=date(2025, 12, 31), last=date(2026, 4, 10))
    assert [file.name for file in summary.files] == ["fx_rates_2025.csv", "fx_rates_2026.csv"]
    assert (summary.days, summary.first, summary.last) == (
        3,
        date(2025, 12, 31),
        date(2026, 4, 10),
    )


def test_a_second_import_gives_the_same_bytes(tmp_path: Path) -> None:
    first = import_rates(HISTORY, tmp_path)
    before = [file.read_bytes() for file in first.files]
    again = import_rates(HISTORY, tmp_path)
    assert again == first
    assert [file.read_bytes() for file in again.files] == before


def test_a_refused_file_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    import_rates(HISTORY, tmp_path / "fx")
    before = {file: file.read_bytes() for file in (tmp_path / "fx").iterdir()}
    broken = tmp_path / "broken.csv"
    broken.write_text("Date,USD\n2026-01-02,1.2\n2026-01-05,x\n", "utf-8")
    with pytest.raises(InputError, match="line 3"):
        import_rates(broken, tmp_path / "fx")
    assert {file: file.read_bytes() for file in (tmp_path / "fx").iterdir()} == before


def test_days_outside_the_file_are_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match="no rates from 2027-01-01 to the end; it has 1999-01-04 to 2026-04-13",
    ):
        import_rates(HISTORY, tmp_path / "fx", first=date(2027, 1, 1))
    assert not (tmp_path / "fx").exists()


def test_a_file_with_a_header_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("Date,USD,\n", "utf-8")
    with pytest.raises(InputError, match="no rates from the start to the end; it has none"):
        import_rates(tmp_path / "rates.csv", tmp_path / "fx")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(history=data), bytes])
def test_a_file_of_more_bytes_than_the_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    text = HISTORY.read_bytes()
    monkeypatch.setattr(ecb, "UNPACKED_MOST", len(text))
    assert list(unpack_lines(pack(text), "rates.zip")) == text.decode().splitlines()
    with pytest.raises(InputError, match=rf"rates\.zip: more than {len(text)} bytes unpacked"):
        unpack_lines(pack(text + "ü".encode()), "rates.zip")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_in_another_way_than_the_ecbs_is_refused(kind: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", kind) as archive:
        archive.writestr("history", "Date,USD")
    with pytest.raises(InputError, match=r"rates\.zip: a zip that is not deflated"):
        unpack_lines(data.getvalue(), "rates.zip")


@given(place=st.integers(min_value=4), byte=st.integers(0, 255), compress=st.sampled_from([0, 8]))
def test_a_damaged_zip_is_refused_or_gives_its_lines(place: int, byte: int, compress: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compress) as archive:
        archive.writestr("history", "Date,USD\n" * 9)
    damaged = bytearray(data.getvalue())
    damaged[4 + place % (len(damaged) - 4)] = byte
    with suppress(InputError):
        assert list(unpack_lines(bytes(damaged), "rates.zip")) == ["Date,USD"] * 9
