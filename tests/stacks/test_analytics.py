from __future__ import annotations

import base64
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks

from stacks.analytics import AnalyticsStack
from stacks.lake import LakeStack
from stacks.stage import Stage
from tests.stacks.curated_lake import SAVED, TABLES, VIEWS

CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]


@pytest.fixture(scope="module")
def stacks() -> dict[str, cdk.Stack]:
    app = cdk.App(context={name: CONTEXT[name] for name in CONTEXT if name != "stages"})
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stage = Stage.read("dev", CONTEXT["stages"])
    lake = LakeStack(app, stage)
    return {"lake": lake, "analytics": AnalyticsStack(app, stage, lake=lake)}


@pytest.fixture(scope="module")
def template(stacks: dict[str, cdk.Stack]) -> Template:
    """Synthesized with cdk-nag, which fails on what nobody gave a reason for."""
    return Template.from_stack(stacks["analytics"])


@pytest.fixture(scope="module")
def policy(template: Template) -> dict[str, Any]:
    [found] = template.find_resources("AWS::IAM::ManagedPolicy").values()
    return dict(found["Properties"]["PolicyDocument"])


def plain(value: Any) -> Any:  # noqa: ANN401, any JSON
    """A part of a policy with texts where the template has functions."""
    if not isinstance(value, dict):
        return [plain(one) for one in value] if isinstance(value, list) else value
    match list(value.items()):
        case [("Ref", name)]:
            return {"AWS::AccountId": "123456789012", "AWS::URLSuffix": "amazonaws.com"}[name]
        case [("Fn::Join", [separator, parts])]:
            return separator.join(plain(parts))
        case [("Fn::ImportValue", str(name))]:
            return arn_of(name)
    return {name: plain(one) for name, one in value.items()}


def arn_of(export: str) -> str:
    found = re.search("(Curated|Results|Raw|AccessLogs|Key)[0-9A-F]{8}Arn", export)
    assert found is not None
    if found[1] == "Key":
        return "arn:aws:kms:us-east-1:123456789012:key/k"
    return f"arn:aws:s3:::{found[1].lower()}"


def test_no_query_escapes_the_limit_or_the_encryption_of_its_answer(template: Template) -> None:
    """Settings of a client would win over a workgroup that does not enforce its own."""
    [group] = template.find_resources("AWS::Athena::WorkGroup").values()
    settings = group["Properties"]["WorkGroupConfiguration"]
    answers = settings["ResultConfiguration"]

    assert group["Properties"]["Name"] == "fraudlake-dev"
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["PublishCloudWatchMetricsEnabled"] is True
    assert settings["BytesScannedCutoffPerQuery"] == 10 * 1024**3
    assert settings["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    assert answers["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert "Key" in answers["EncryptionConfiguration"]["KmsKey"]["Fn::ImportValue"]
    assert "Results" in answers["OutputLocation"]["Fn::Join"][1][1]["Fn::ImportValue"]


def test_a_view_in_the_catalog_is_what_athena_expects(template: Template) -> None:
    """Athena reads the view from its JSON, and lists its columns from the catalog."""
    inputs = [
        one["Properties"]["TableInput"]
        for one in template.find_resources("AWS::Glue::Table").values()
    ]

    assert {one["Name"] for one in inputs} == set(VIEWS)
    for one in inputs:
        text = one["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
        view = json.loads(base64.b64decode(text, validate=True))
        columns = [column["Name"] for column in one["StorageDescriptor"]["Columns"]]
        assert one["TableType"] == "VIRTUAL_VIEW"
        assert one["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
        assert one["StorageDescriptor"]["SerdeInfo"]
        assert (view["catalog"], view["schema"]) == ("awsdatacatalog", "fraudlake_dev_curated")
        assert view["originalSql"] == VIEWS[one["Name"]].sql
        assert [column["name"] for column in view["columns"]] == columns


def test_every_question_is_saved_in_the_workgroup(template: Template) -> None:
    saved = [
        one["Properties"] for one in template.find_resources("AWS::Athena::NamedQuery").values()
    ]
    [group] = template.find_resources("AWS::Athena::WorkGroup")

    assert sorted(one["QueryString"] for one in saved) == sorted(SAVED.values())
    assert {one["Database"] for one in saved} == {"fraudlake_dev_curated"}
    assert {one["WorkGroup"]["Ref"] for one in saved} == {group}
    assert {"Riskiest customers of a day", "Bursts"} <= {one["Name"] for one in saved}


def test_analysts_reach_no_row_that_names_a_person(policy: dict[str, Any]) -> None:
    """Raw data and its database are in no statement, nor in what the key may decrypt."""
    resources = json.dumps(plain(policy))

    assert "curated" in resources
    assert "raw" not in resources
    assert "accesslogs" not in resources


def read_by(sql: str) -> set[str]:
    """The tables that a query reads, through views or not."""
    views = {name: view.sql for name, view in VIEWS.items()}
    known = {*views, *(one.name for one in TABLES)}
    named = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", sql)) & known
    return {
        table for name in named for table in (read_by(views[name]) if name in views else {name})
    }


@pytest.fixture(scope="module")
def places(stacks: dict[str, cdk.Stack]) -> dict[str, str]:
    """Where the objects of each curated table lie, as an ARN."""
    tables = Template.from_stack(stacks["lake"]).find_resources("AWS::Glue::Table").values()
    found = {}
    for one in (table["Properties"]["TableInput"] for table in tables):
        _, [scheme, bucket, folder] = one["StorageDescriptor"]["Location"]["Fn::Join"]
        if bucket["Ref"].startswith("Curated"):
            assert scheme == "s3://"
            found[one["Name"]] = f"arn:aws:s3:::curated{folder}"
    return found


@pytest.fixture(scope="module")
def readable(policy: dict[str, Any]) -> list[str]:
    """The objects that analysts may read."""
    statements = plain(policy)["Statement"]
    told = [one["Resource"] for one in statements if "s3:GetObject" in one["Action"]]
    return [arn for one in told for arn in (one if isinstance(one, list) else [one])]


@pytest.mark.parametrize("query", [*VIEWS, *SAVED])
def test_a_view_or_a_saved_query_that_an_analyst_may_not_run(
    query: str, places: dict[str, str], readable: list[str]
) -> None:
    tables = read_by(VIEWS[query].sql if query in VIEWS else SAVED[query])

    assert tables
    for table in tables:
        place = f"{places[table]}batch_date=2025-01-31/part.parquet"
        assert any(fnmatchcase(place, one) for one in readable), place


def test_analysts_read_the_tables_and_nothing_that_lies_beside_them(
    places: dict[str, str], readable: list[str]
) -> None:
    assert {one for one in readable if "curated" in one} == {f"{one}*" for one in places.values()}
    for beside in ("control/blacklist/rejects.csv", "manifest.json", "runs_of_old/x", "runs"):
        place = f"arn:aws:s3:::curated/{beside}"
        assert not any(fnmatchcase(place, one) for one in readable), place


def test_analysts_use_the_key_through_s3_and_for_two_buckets_only(policy: dict[str, Any]) -> None:
    """The raw bucket has the same key: without the context it would be half open."""
    statements = plain(policy)["Statement"]
    [statement] = [one for one in statements if "kms:Decrypt" in one["Action"]]

    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "StringLike": {
            "kms:EncryptionContext:aws:s3:arn": [
                "arn:aws:s3:::curated",
                "arn:aws:s3:::results",
                "arn:aws:s3:::curated/*",
                "arn:aws:s3:::results/*",
            ]
        },
    }


def test_analysts_write_answers_and_nothing_else(policy: dict[str, Any]) -> None:
    """Who can write to the curated bucket can commit a run."""
    writing = re.compile("s3:(Put|Delete|Abort)|glue:(Create|Update|Delete|Batch(Create|Delete))")
    writers = [
        one["Resource"]
        for one in plain(policy)["Statement"]
        if any(writing.match(action) for action in one["Action"])
    ]

    assert writers == ["arn:aws:s3:::results/athena/*"]


def test_every_action_of_the_policy_is_named(policy: dict[str, Any]) -> None:
    assert "*" not in json.dumps([one["Action"] for one in policy["Statement"]])
