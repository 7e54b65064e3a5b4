from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.actors import DEPLOYER
from fraudlake.local.calls import Call
from fraudlake.local.crawls.crawling import CrawlFailed, handlers
from tests.local.crawled_lake import ROLE, Lake, a_crawler, calls_of

if TYPE_CHECKING:
    from fraudlake.local.actors import Actors


@pytest.fixture
def lake(moto_actors: Actors) -> Lake:
    return Lake(moto_actors)


def test_a_crawl_logs_as_glue_does_in_a_stream_of_the_crawler(lake: Lake) -> None:
    lake.put("payments/day=1/a.csv")
    result = lake.crawl()
    events = lake.actors.client("logs").get_log_events(
        logGroupName="/aws-glue/crawlers", logStreamName="c"
    )["events"]
    assert [one["message"].split("] ", 1)[1] for one in events] == [*result.log]
    assert "INFO : Created partitions with values [[1]] for table db.payments" in result.log


def test_a_failed_crawl_logs_why(lake: Lake) -> None:
    with pytest.raises(CrawlFailed):
        lake.crawl(a_crawler("gone"))
    events = lake.actors.client("logs").get_log_events(
        logGroupName="/aws-glue/crawlers", logStreamName="c"
    )["events"]
    assert "ERROR : Table gone not found." in events[-1]["message"]


def test_a_crawl_needs_the_rights_of_its_role_for_every_call_it_makes(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = calls_of(lake, monkeypatch)
    lake.put("payments/day=1/a.csv")
    made.clear()
    lake.crawl()
    assert {call for role, call in made if role == ROLE} == {
        "CreateLogGroup",
        "CreateLogStream",
        "PutLogEvents",
        "GetDatabase",
        "GetTable",
        "GetBucketLocation",
        "ListObjectsV2",
        "GetPartitions",
        "GetObject",
        "BatchCreatePartition",
    }
    assert {role for role, _ in made} == {ROLE}


@pytest.mark.parametrize(
    "denied",
    ["PutLogEvents", "GetTable", "ListObjectsV2", "GetPartitions", "GetObject", "CreateLogStream"],
)
def test_a_call_that_the_role_may_not_make_fails_the_crawl_in_the_services_words(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    lake.put("payments/day=1/a.csv")
    calls_of(lake, monkeypatch, deny=denied)
    with pytest.raises(CrawlFailed, match=f"not authorized to perform: {denied}.*AccessDenied"):
        lake.crawl()
    monkeypatch.undo()
    assert not lake.partitions()


def test_the_log_of_a_secured_crawler_has_the_name_that_glue_gives_it_and_its_key(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    encryption = {"CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": key}}
    lake.glue.create_security_configuration(Name="s", EncryptionConfiguration=encryption)
    made = calls_of(lake, monkeypatch, deny="AssociateKmsKey")
    with pytest.raises(CrawlFailed, match="AssociateKmsKey"):
        lake.crawl(a_crawler("payments", CrawlerSecurityConfiguration="s"))
    assert (DEPLOYER, "GetSecurityConfiguration") in made
    groups = lake.actors.client("logs").describe_log_groups()["logGroups"]
    assert [one["logGroupName"] for one in groups] == [f"/aws-glue/crawlers-role/{ROLE}-s"]


def test_the_call_that_moto_lacks_is_answered() -> None:
    answer = handlers()[("logs", "AssociateKmsKey")]
    call = Call(role=ROLE, service="logs", operation="AssociateKmsKey")
    assert answer(call) == {}
