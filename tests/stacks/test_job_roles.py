"""What roles of jobs and crawlers may do; each test is named after the defect that it catches."""

from __future__ import annotations

import pytest

from fraudlake.tables import OUTPUT_TABLES
from tests.stacks.scored import STAGE, Deployed, dev, flex, listed


@pytest.fixture(scope="module", name="dev")
def the_stage_dev() -> Deployed:
    return dev()


@pytest.fixture(scope="module", name="flex")
def the_flex_stage() -> Deployed:
    return flex()


def test_logs_that_glue_keeps_for_ever_because_they_have_another_name(dev: Deployed) -> None:
    ours = "fraudlake-dev"
    assert {one["LogGroupName"] for one in dev.all("Logs::LogGroup").values()} == {
        f"/aws-glue/python-jobs/{ours}-role/{ours}-extract-us-east-1/error",
        f"/aws-glue/python-jobs/{ours}-role/{ours}-extract-us-east-1/output",
        f"/aws-glue/jobs/{ours}-role/{ours}-score-us-east-1/error",
        f"/aws-glue/jobs/{ours}-role/{ours}-score-us-east-1/output",
        f"/aws-glue/crawlers-role/{ours}-crawl-raw-us-east-1-{ours}",
        f"/aws-glue/crawlers-role/{ours}-crawl-curated-us-east-1-{ours}",
    }


def test_logs_without_retention_or_key(dev: Deployed) -> None:
    for group in dev.all("Logs::LogGroup").values():
        assert group["RetentionInDays"] == STAGE.retention.log_days
        assert "Key" in group["KmsKeyId"]["Fn::ImportValue"]


def test_logs_of_a_stage_that_keeps_its_data_go_with_the_stack(flex: Deployed) -> None:
    groups = flex.template.find_resources("AWS::Logs::LogGroup").values()

    assert {one["DeletionPolicy"] for one in groups} == {"RetainExceptOnCreate"}


def test_a_role_that_may_write_other_logs_than_its_own(dev: Deployed) -> None:
    for role in ("extract", "score", "crawl-raw", "crawl-curated"):
        written = dev.resources(role, "logs:PutLogEvents")

        assert written
        assert all(f"fraudlake-dev-{role}-us-east-1" in group for group in written)
        assert written == dev.resources(role, "logs:AssociateKmsKey")


def test_a_crawler_that_reads_what_it_does_not_crawl(dev: Deployed) -> None:
    crawled = {"raw": ("customers", "transactions"), "curated": (*OUTPUT_TABLES, "runs")}
    for zone, tables in crawled.items():
        read = dev.resources(f"crawl-{zone}", "s3:GetObject")

        assert {*read} == {f"/{table}{end}" for table in tables for end in ("", "/*")}


def test_a_listing_that_is_not_held_to_folders(dev: Deployed) -> None:
    for role in ("score", "crawl-raw", "crawl-curated"):
        listings = [one for one in dev.statements(role) if "s3:ListBucket" in listed(one["Action"])]

        assert listings
        for one in listings:
            prefixes = one["Condition"]["StringLike"]["s3:prefix"]
            assert not {"", "*", "control", "control/*"} & {*prefixes}


def test_a_crawler_that_may_change_a_table_or_drop_a_partition(dev: Deployed) -> None:
    for role in ("crawl-raw", "crawl-curated"):
        changes = {
            action.removeprefix("glue:")
            for action in dev.actions(role)
            if action.startswith("glue:") and not action.startswith(("glue:Get", "glue:BatchGet"))
        }

        assert changes == {
            "CreatePartition",
            "BatchCreatePartition",
            "UpdatePartition",
            "BatchUpdatePartition",
        }


def test_a_crawler_that_reaches_tables_of_the_other_side(dev: Deployed) -> None:
    for zone, other in (("raw", "curated"), ("curated", "raw")):
        reached = "\n".join(dev.resources(f"crawl-{zone}", "glue:CreatePartition"))

        assert f"table/fraudlake_dev_{zone}/" in reached
        assert f"fraudlake_dev_{other}" not in reached


def test_a_manifest_that_scoring_may_delete(dev: Deployed) -> None:
    assert dev.resources("score", "s3:DeleteObject") == sorted(f"/{one}/*" for one in OUTPUT_TABLES)


def test_scoring_that_may_write_to_the_raw_side_or_read_rejects(dev: Deployed) -> None:
    outputs = {f"/{table}/*" for table in (*OUTPUT_TABLES, "runs")}
    inputs = {f"/{table}/*" for table in ("transactions", "customers", "blacklist", "fx_rates")}
    read = {one for one in dev.resources("score", "s3:GetObject") if one.endswith("*")}

    assert {*dev.resources("score", "s3:PutObject")} == outputs
    assert read == outputs | inputs


def test_a_use_of_the_key_that_is_wider_than_reading_and_writing(dev: Deployed) -> None:
    uses = {
        role: {one for one in dev.actions(role) if one.startswith("kms:")}
        for role in ("extract", "score", "crawl-raw", "crawl-curated")
    }

    assert uses == {
        "extract": set(),
        "score": {"kms:Decrypt", "kms:GenerateDataKey"},
        "crawl-raw": {"kms:Decrypt"},
        "crawl-curated": {"kms:Decrypt"},
    }


def test_a_condition_that_shuts_glue_s_own_calls_out_of_the_key(dev: Deployed) -> None:
    for role in ("score", "crawl-raw", "crawl-curated"):
        keys = [one for one in dev.statements(role) if "kms:Decrypt" in listed(one["Action"])]

        assert len(keys) == 1
        assert "Condition" not in keys[0]


def test_an_extract_job_that_may_do_more_than_its_script(dev: Deployed) -> None:
    assert {one for one in dev.actions("extract") if not one.startswith("logs:")} == {
        "s3:GetObject",
        "glue:GetWorkflowRun",
        "glue:PutWorkflowRunProperties",
        "glue:GetCrawler",
        "lambda:InvokeFunction",
    }
    assert dev.resources("extract", "glue:GetCrawler")[0].endswith(
        "crawler/fraudlake-dev-blacklist"
    )
    [workflow] = dev.resources("extract", "glue:PutWorkflowRunProperties")
    assert workflow.endswith("workflow/fraudlake-dev-nightly")
    assert len(dev.resources("extract", "lambda:InvokeFunction")) == 1


def test_a_job_that_reads_more_than_its_own_code_of_the_bootstrap_bucket(dev: Deployed) -> None:
    code = [one for one in dev.resources("extract", "s3:GetObject") if "*" not in one]

    assert len(code) == len(dev.resources("extract", "s3:GetObject")) == 1
    assert code[0].endswith(".py")


def test_an_action_with_a_wildcard(dev: Deployed) -> None:
    roles = ("extract", "score", "crawl-raw", "crawl-curated")

    assert not [one for role in roles for one in dev.actions(role) if "*" in one]


def test_a_role_that_others_than_glue_may_take(dev: Deployed) -> None:
    for role in dev.all("IAM::Role").values():
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]

        assert trust["Principal"] == {"Service": "glue.amazonaws.com"}
        assert "ManagedPolicyArns" not in role
