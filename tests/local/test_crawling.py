from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.crawls import tables as crawling_tables
from fraudlake.local.crawls.crawling import CrawlFailed
from tests.local.crawled_lake import PARAMETERS, STORAGE, Lake, a_crawler, calls_of

if TYPE_CHECKING:
    from fraudlake.local.actors import Actors


@pytest.fixture
def lake(moto_actors: Actors) -> Lake:
    return Lake(moto_actors)


def test_a_crawl_adds_the_partitions_that_have_appeared(lake: Lake) -> None:
    lake.put("payments/day=1/a.csv", "payments/day=2/a.csv", "other/day=3/a.csv")
    result = lake.crawl()
    assert result.added == 2
    assert result.tables["db.payments"].added == (("1",), ("2",))
    assert lake.partitions().keys() == {"1", "2"}


def test_a_second_crawl_adds_only_what_is_new(lake: Lake) -> None:
    lake.put("payments/day=1/a.csv")
    lake.crawl()
    lake.put("payments/day=1/late.csv", "payments/day=2/a.csv")
    assert lake.crawl().tables["db.payments"].added == (("2",),)
    assert lake.crawl().added == 0


def test_what_is_registered_is_neither_read_nor_sent_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put("payments/day=1/a.csv")
    lake.crawl()
    made = calls_of(lake, monkeypatch)
    lake.crawl()
    assert not {"GetObject", "BatchCreatePartition"} & {call for _, call in made}


def test_a_partition_has_all_but_its_location_from_its_table(lake: Lake) -> None:
    lake.put("payments/day=10%3A30/a.csv")
    lake.crawl()
    found = lake.partitions()["10:30"]
    assert found["StorageDescriptor"] == {
        **STORAGE,
        "Location": "s3://raw/payments/day=10%3A30/",
    }
    assert found["Parameters"] == {k: v for k, v in PARAMETERS.items() if k != "EXTERNAL"}


def test_a_registered_partition_is_left_as_it_is_and_a_vanished_one_is_kept(lake: Lake) -> None:
    elsewhere = {**STORAGE, "Location": "s3://raw/elsewhere/"}
    for day in ("1", "2"):
        written = {"Values": [day], "StorageDescriptor": elsewhere}
        lake.glue.create_partition(DatabaseName="db", TableName="payments", PartitionInput=written)
    lake.put("payments/day=1/a.csv")
    result = lake.crawl()
    assert result.added == 0
    locations = {one["StorageDescriptor"]["Location"] for one in lake.partitions().values()}
    assert locations == {"s3://raw/elsewhere/"}
    assert any("['2'] of table db.payments has no objects" in line for line in result.log)


def test_a_location_without_a_slash_at_its_end_takes_in_no_neighbour(lake: Lake) -> None:
    lake.make_table("pay", StorageDescriptor={**STORAGE, "Location": "s3://raw/pay"})
    lake.put("pay/day=1/a.csv", "payments/day=2/a.csv")
    assert lake.crawl(a_crawler("pay")).tables["db.pay"].added == (("1",),)
    location = lake.partitions("pay")["1"]["StorageDescriptor"]["Location"]
    assert location == "s3://raw/pay/day=1/"


def test_a_table_may_fill_its_bucket(lake: Lake) -> None:
    lake.make_table("all", StorageDescriptor={**STORAGE, "Location": "s3://raw"})
    lake.put("day=1/a.csv")
    lake.crawl(a_crawler("all"))
    assert lake.partitions("all")["1"]["StorageDescriptor"]["Location"] == "s3://raw/day=1/"


def test_an_unpartitioned_table_gets_nothing(lake: Lake) -> None:
    lake.make_table("rates", PartitionKeys=[])
    lake.put("rates/2026.csv")
    assert lake.crawl(a_crawler("rates")).added == 0


@pytest.mark.parametrize("parameter", ["classification", "compressionType"])
def test_a_table_without_the_parameters_of_a_crawler_gets_nothing_and_nothing_fails(
    lake: Lake, parameter: str
) -> None:
    without = {name: value for name, value in PARAMETERS.items() if name != parameter}
    lake.make_table("bare", Parameters=without)
    lake.put("bare/day=1/a.csv")
    result = lake.crawl(a_crawler("bare"))
    assert result.added == 0
    assert any(f"has no {parameter}" in line for line in result.log)


def test_folders_of_other_keys_and_loose_objects_are_skipped_in_glues_words(lake: Lake) -> None:
    lake.put("payments/day=1/a.csv", "payments/loose.csv", "payments/day=2/hour=3/a.csv")
    result = lake.crawl()
    assert result.tables["db.payments"].added == (("1",),)
    assert result.tables["db.payments"].skipped == ("payments/", "payments/day=2/hour=3/")
    said = "Folder partition keys do not match table partition keys, skipped folder: raw/payments/"
    assert f"WARN : {said}" in result.log


@pytest.mark.parametrize("body", [b"PAR1\x15\x04", b"\x1f\x8b\x08", b""])
def test_a_folder_of_another_format_or_without_content_is_skipped(lake: Lake, body: bytes) -> None:
    lake.put("payments/day=1/a.csv", body=body)
    lake.put("payments/day=2/a.csv")
    result = lake.crawl()
    assert result.tables["db.payments"].added == (("2",),)
    assert result.tables["db.payments"].skipped == ("payments/day=1/",)
    assert any("Partition does not match table schema" in line for line in result.log)


def test_a_table_that_is_not_there_fails_the_crawl_before_anything_is_added(lake: Lake) -> None:
    lake.put("payments/day=1/a.csv")
    with pytest.raises(CrawlFailed) as failed:
        lake.crawl(a_crawler("payments", "gone"))
    assert str(failed.value) == (
        "Table gone not found. "
        "(Service: AWSGlue; Status Code: 400; Error Code: EntityNotFoundException)"
    )
    assert not lake.partitions()


def test_a_view_cannot_be_crawled(lake: Lake) -> None:
    lake.make_table("view", StorageDescriptor={"Columns": []}, TableType="VIRTUAL_VIEW")
    with pytest.raises(CrawlFailed, match=r"db\.view has no location in S3"):
        lake.crawl(a_crawler("view"))


def test_a_bucket_that_is_not_there_fails_the_crawl_in_the_words_of_s3(lake: Lake) -> None:
    lake.make_table("lost", StorageDescriptor={**STORAGE, "Location": "s3://gone/x/"})
    with pytest.raises(CrawlFailed, match=r"\(Service: Amazon S3; .*Error Code: NoSuchBucket\)"):
        lake.crawl(a_crawler("lost"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Targets": {"S3Targets": [{"Path": "s3://raw/x"}]}}, "S3Targets"),
        (
            {"Targets": {"CatalogTargets": [{"DatabaseName": "db", "Tables": [], "Queue": "q"}]}},
            "a target says more",
        ),
        ({"SchemaChangePolicy": {"UpdateBehavior": "LOG"}}, "SchemaChangePolicy"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}}, "crawl everything"),
        ({"Configuration": "{}"}, "InheritFromTable"),
        ({"Configuration": "{}"}, "Multiple tables are found under location"),
    ],
)
def test_a_crawler_of_another_kind_fails_and_says_what_is_not_played(
    lake: Lake, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(CrawlFailed, match=said):
        lake.crawl(a_crawler("payments", **changed))


def test_an_error_of_one_partition_fails_the_crawl(lake: Lake) -> None:
    table = crawling_tables.read_table(lake.glue, "db", "payments")
    detail = {"ErrorCode": "InternalServiceException", "ErrorMessage": "no luck"}
    with pytest.raises(CrawlFailed, match=r"db\.payments cannot be added: \['2'\]: no luck$"):
        crawling_tables._known_before(table, [{"PartitionValues": ["2"], "ErrorDetail": detail}])


def test_a_partition_that_another_crawl_has_added_meanwhile_is_not_counted(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put("payments/day=1/a.csv", "payments/day=2/a.csv")
    lake.glue.create_partition(
        DatabaseName="db",
        TableName="payments",
        PartitionInput={"Values": ["1"], "StorageDescriptor": STORAGE},
    )
    monkeypatch.setattr(crawling_tables, "_registered", lambda *_: set())
    assert lake.crawl().tables["db.payments"].added == (("2",),)


def test_many_partitions_and_objects_are_taken_in_pages_and_batches(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put(*(f"payments/day={day:02}/{part}.csv" for day in range(25) for part in range(3)))
    monkeypatch.setattr(crawling_tables, "_PARTITIONS_A_CALL", 10)
    made = calls_of(lake, monkeypatch, objects_a_page=30)
    assert lake.crawl().added == 25
    called = [call for _, call in made]
    assert called.count("ListObjectsV2") == 3
    assert called.count("BatchCreatePartition") == 3
    assert called.count("GetObject") == 25
