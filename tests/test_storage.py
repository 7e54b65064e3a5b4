"""A folder of this machine and a folder of a bucket answer alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from fraudlake.errors import InputError, SettingsError
from fraudlake.places import place_named, storage_at
from fraudlake.s3 import S3Folder
from fraudlake.storage import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fraudlake.storage import Storage

FILES = {
    "a.csv": b"one",
    "day=1/x/deep.csv": b"two",
    "day=1/y.csv": b"three",
    "day=2/z.csv": b"",
}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Folder]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="lake")
        yield S3Folder("lake", "in/", client)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    found: Storage
    if request.param == "local":
        found = LocalFolder(tmp_path / "in")
    else:
        found = request.getfixturevalue("bucket")
    for name, content in FILES.items():
        found.put_new(name, content)
    return found


def test_it_lists_every_file_below_by_its_name(storage: Storage) -> None:
    assert [(one.name, one.size) for one in storage.files()] == [
        ("a.csv", 3),
        ("day=1/x/deep.csv", 3),
        ("day=1/y.csv", 5),
        ("day=2/z.csv", 0),
    ]
    assert [one.name for one in storage.files("day=1")] == ["day=1/x/deep.csv", "day=1/y.csv"]
    assert storage.files("day=3") == []


def test_a_folder_whose_name_begins_alike_is_another(storage: Storage) -> None:
    storage.put_new("day=11/other.csv", b"other")
    assert [one.name for one in storage.files("day=1")] == ["day=1/x/deep.csv", "day=1/y.csv"]


def test_it_lists_the_folders_directly_below(storage: Storage) -> None:
    assert storage.folders() == ["day=1", "day=2"]
    assert storage.folders("day=1") == ["x"]


def test_a_file_is_opened_at_any_place(storage: Storage) -> None:
    with storage.open("day=1/y.csv") as stream:
        assert stream.read(2) == b"th"
        assert stream.seek(-2, 2) == 3
        assert stream.read() == b"ee"
        assert stream.seek(0) == 0
        assert stream.read() == b"three"


def test_an_empty_file_reads_as_nothing(storage: Storage) -> None:
    with storage.open("day=2/z.csv") as stream:
        assert stream.read() == b""


def test_the_end_of_a_parquet_file_is_enough_to_count_its_rows(storage: Storage) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": range(1000)}), sink)
    storage.put_new("rows.parquet", sink.getvalue().to_pybytes())
    with storage.open("rows.parquet") as stream:
        assert pq.read_metadata(stream).num_rows == 1000


def test_one_file_is_told_from_a_folder(storage: Storage, tmp_path: Path) -> None:
    below = f"{storage.where}/day=1/y.csv"
    one = LocalFolder(tmp_path / "in/day=1/y.csv")
    if isinstance(storage, S3Folder):
        found = S3Folder("lake", "in/day=1/y.csv/", storage.client).single_file()
    else:
        found = one.single_file()
    assert found is not None
    folder, file = found
    assert (f"{folder.where}/{file.name}", file.size) == (below, 5)
    assert storage.single_file() is None


def test_what_is_not_there_is_no_folder(bucket: S3Folder, tmp_path: Path) -> None:
    assert not bucket.is_folder()
    assert not LocalFolder(tmp_path / "in").is_folder()
    bucket.put_new("a", b"")
    assert bucket.is_folder()


def test_empty_objects_that_stand_for_folders_are_no_files(bucket: S3Folder) -> None:
    bucket.client.put_object(Bucket="lake", Key="in/day=1/", Body=b"")
    assert bucket.files() == []
    assert bucket.folders() == ["day=1"]


def test_a_listing_goes_beyond_one_page(bucket: S3Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.settings.get_s3_default_max_keys", lambda: 2)
    for name in "abcde":
        bucket.put_new(name, b"")
    assert [one.name for one in bucket.files()] == list("abcde")


def test_an_object_carries_its_etag(bucket: S3Folder) -> None:
    bucket.put_new("a", b"one")
    before = bucket.files()[0].etag
    bucket.client.put_object(Bucket="lake", Key="in/a", Body=b"two")
    assert before is not None
    assert bucket.files()[0].etag != before


def test_an_object_that_changes_while_it_is_read_is_refused(bucket: S3Folder) -> None:
    bucket.put_new("a", b"one")
    with bucket.open("a") as stream:
        bucket.client.put_object(Bucket="lake", Key="in/a", Body=b"two")
        with pytest.raises(InputError, match=r"s3://lake/in/a: .*PreconditionFailed"):
            stream.read()


def test_what_s3_refuses_is_told_with_the_object(bucket: S3Folder) -> None:
    gone = S3Folder("nowhere", "", bucket.client)
    with pytest.raises(InputError, match=r"s3://nowhere/: .*NoSuchBucket.*see that the bucket"):
        gone.files()
    with pytest.raises(InputError, match=r"s3://lake/in/none: .*404"):
        bucket.open("none")


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    folder.put_new("a", b"one")
    with pytest.raises(FileExistsError):
        folder.put_new("a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert [one.name for one in folder.files()] == ["a"]


def test_an_option_names_a_path_or_a_bucket(bucket: S3Folder, tmp_path: Path) -> None:
    assert place_named(str(tmp_path)) == tmp_path
    assert place_named("s3://lake/in") == bucket
    assert place_named("s3://lake/in/") == bucket
    assert str(place_named("s3://lake")) == "s3://lake"
    assert storage_at(bucket) is bucket
    for wrong in ("gs://lake/in", "s3://", "s3:///in", "file:///in"):
        with pytest.raises(SettingsError, match="name a folder of this machine"):
            place_named(wrong)
