"""What the functions and the crawler of the ingest may do, and what they may not."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.stacks.feeding import (
    Fed,
    Resource,
    allowed,
    flat,
    function,
    listed,
    resources,
    stages,
    statements_of,
    the,
)

ALL = ("dev", "kept", "there", "secret")


def own(rights: dict[str, set[str]], *services: str) -> dict[str, set[str]]:
    """The rights on some services, without the stack that a resource comes from."""
    return {
        action: {one.rpartition(">")[2] for one in on}
        for action, on in rights.items()
        if action.partition(":")[0] in services
    }


def test_the_extract_writes_its_folders_and_no_other(dev: Fed, extract: Resource) -> None:
    rights = allowed(statements_of(dev.ingest, extract["Role"]))
    assert own(rights, "s3") == {
        "s3:GetObject": {"/blacklist/*"},
        "s3:ListBucket": {""},
        "s3:PutObject": {"/blacklist/*", "/control/blacklist/*"},
    }
    buckets = {on.partition(">")[0] for action in own(rights, "s3") for on in rights[action]}
    assert len(buckets) == 1
    assert "GetAttRaw" in buckets.pop()


def test_the_rates_write_their_folder_and_no_other(dev: Fed, rates: Resource) -> None:
    rights = allowed(statements_of(dev.ingest, rates["Role"]))
    assert own(rights, "s3") == {
        "s3:GetObject": {"/fx_rates/*"},
        "s3:ListBucket": {""},
        "s3:PutObject": {"/fx_rates/*"},
    }
    assert {action.partition(":")[0] for action in rights} == {"s3", "kms", "logs", "sqs"}


@pytest.mark.parametrize(
    ("name", "folder"), [("blacklist-extract", "blacklist"), ("fx-rates", "fx_rates")]
)
def test_a_function_lists_its_own_folder_only(dev: Fed, name: str, folder: str) -> None:
    role = function(dev.ingest, f"fraudlake-dev-{name}")["Role"]
    (listing,) = (
        one for one in statements_of(dev.ingest, role) if one["Action"] == "s3:ListBucket"
    )
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [f"{folder}/*"]}}


@pytest.mark.parametrize("name", ["blacklist-extract", "fx-rates"])
def test_a_function_uses_the_key_through_s3_only(dev: Fed, name: str) -> None:
    role = function(dev.ingest, f"fraudlake-dev-{name}")["Role"]
    uses = [one for one in statements_of(dev.ingest, role) if "kms:" in str(one["Action"])]
    assert uses
    for one in uses:
        service = one["Condition"]["StringEquals"]["kms:ViaService"]
        assert flat(service) == "s3.us-east-1.<AWS::URLSuffix>"


def test_the_extract_starts_its_own_crawler_only(dev: Fed, extract: Resource) -> None:
    rights = own(allowed(statements_of(dev.ingest, extract["Role"])), "glue")
    crawler = the(dev.ingest, "AWS::Glue::Crawler")["Name"]
    assert extract["Environment"]["Variables"]["CRAWLER_NAME"] == crawler
    expected = {f":crawler/{crawler}"}
    assert rights == {"glue:GetCrawler": expected, "glue:StartCrawler": expected}


@pytest.mark.parametrize("name", ALL)
def test_the_endpoint_lets_the_crawler_through_that_the_extract_starts(name: str) -> None:
    fed = stages()[name]
    crawler = the(fed.ingest, "AWS::Glue::Crawler")["Name"]
    policies = [
        one["Properties"]["PolicyDocument"]["Statement"]
        for one in resources(fed.network, "AWS::EC2::VPCEndpoint").values()
    ]
    (glue,) = (one for one in chain(*policies) if "glue:StartCrawler" in one["Action"])
    assert flat(glue["Resource"]).endswith(f":crawler/{crawler}")


@pytest.mark.parametrize(
    ("stack", "name"), [("ingest", "blacklist-extract"), ("source", "demo-source")]
)
def test_the_code_of_a_function_cannot_make_network_interfaces(
    dev: Fed, stack: str, name: str
) -> None:
    template = getattr(dev, stack)
    made = function(template, f"fraudlake-dev-{name}")
    statements = statements_of(template, made["Role"])
    (refused,) = (one for one in statements if one["Effect"] == "Deny")
    by = flat(refused["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"])
    assert by.endswith(f":function:{made['FunctionName']}")
    granted = {action for action in allowed(statements) if action.startswith("ec2:")}
    assert granted == set(refused["Action"])


def test_the_crawler_adds_partitions_of_the_blacklist_and_changes_no_table(dev: Fed) -> None:
    crawler = the(dev.ingest, "AWS::Glue::Crawler")
    (target,) = crawler["Targets"]["CatalogTargets"]
    assert target == {"DatabaseName": "fraudlake_dev_raw", "Tables": ["blacklist"]}
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    assert crawler["CrawlerSecurityConfiguration"] == "fraudlake-dev"
    assert "Schedule" not in crawler
    rights = allowed(statements_of(dev.ingest, crawler["Role"]))
    on_s3 = own(rights, "s3")
    assert on_s3.pop("s3:GetObject") <= {"/blacklist", "/blacklist/*"}
    assert set(on_s3) <= {"s3:ListBucket", "s3:GetBucketLocation"}
    tables = {one for on in own(rights, "glue").values() for one in on if ":table/" in one}
    assert tables == {":table/fraudlake_dev_raw/blacklist"}
    assert not {"glue:UpdateTable", "glue:CreateTable", "glue:DeleteTable"} & set(rights)


@pytest.mark.parametrize("name", ALL)
def test_no_statement_allows_everything(name: str) -> None:
    for template in stages()[name].all:
        for policy in resources(template, "AWS::IAM::Policy").values():
            for one in policy["Properties"]["PolicyDocument"]["Statement"]:
                assert not any("*" in action for action in listed(one["Action"]))
                everything = "*" in listed(one["Resource"])
                assert not everything or all(
                    action.startswith("ec2:") for action in listed(one["Action"])
                )
