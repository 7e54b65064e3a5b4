"""Objects that a query reads: which of them, and how often they are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.objects import Objects, StoredObject, split_uri

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.actors import Actors


@pytest.fixture
def s3(moto_actors: Actors) -> Any:  # noqa: ANN401 - a boto3 client
    client = moto_actors.client("s3")
    client.create_bucket(Bucket="lake")
    return client


def names(s3: Any, tmp_path: Path, location: str) -> list[str]:  # noqa: ANN401
    return [one.key for one in Objects(s3, tmp_path).below(location)]


def test_a_location_is_read_with_its_folders_and_nothing_beside_it(
    s3: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    for key in ("t/a=1/x", "t/a=1/b=2/y", "t2/x", "t/z", "tx"):
        s3.put_object(Bucket="lake", Key=key, Body=b"1")

    assert names(s3, tmp_path, "s3://lake/t") == ["t/a=1/b=2/y", "t/a=1/x", "t/z"]
    assert names(s3, tmp_path, "s3://lake/t/a=1/") == ["t/a=1/b=2/y", "t/a=1/x"]


def test_hidden_and_empty_objects_are_passed_over(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401
    for key in ("t/_SUCCESS", "t/.part.crc", "t/_temporary/0/x", "t/x"):
        s3.put_object(Bucket="lake", Key=key, Body=b"1")
    for key in ("t/", "t/empty", "t/a=1/"):
        s3.put_object(Bucket="lake", Key=key)

    assert names(s3, tmp_path, "s3://lake/t/") == ["t/x"]


def test_an_object_is_fetched_once_and_again_when_it_changed(
    s3: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    objects, asked = Objects(s3, tmp_path / "cache"), []
    s3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    for content in (b"old", b"old", b"newer"):
        s3.put_object(Bucket="lake", Key="t/x", Body=content)
        [stored] = objects.below("s3://lake/t/")
        assert objects.fetch(stored).read_bytes() == content

    read = [one for one in asked if one in {"GetObject", "HeadObject"}]
    assert read == ["GetObject", "HeadObject", "GetObject"]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_an_object_that_changed_after_the_listing_fails_the_query(
    s3: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    s3.put_object(Bucket="lake", Key="t/x", Body=b"newer")

    with pytest.raises(QueryFailed, match=r"^HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split"):
        Objects(s3, tmp_path).fetch(StoredObject("lake", "t/x", 3, '"etag"'))


def test_an_address_is_bucket_and_key() -> None:
    assert split_uri("s3://lake/t/a=1/x?y#z") == ("lake", "t/a=1/x?y#z")
    assert split_uri("s3://lake") == ("lake", "")
