from __future__ import annotations

from typing import Any

import pytest

from fraudlake.local.intrinsics import Resolver

TEMPLATES: dict[str, dict[str, Any]] = {
    "lake": {
        "Resources": {
            "Raw": {"Type": "AWS::S3::Bucket"},
            "Named": {"Type": "AWS::Glue::Crawler", "Properties": {"Name": "the-crawler"}},
            "Key": {"Type": "AWS::KMS::Key"},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Endpoint": {
                "Type": "AWS::EC2::VPCEndpoint",
                "Properties": {"ServiceName": "com.amazonaws.eu-west-1.glue"},
            },
        },
        "Outputs": {
            "RawArn": {
                "Value": {"Fn::GetAtt": ["Raw", "Arn"]},
                "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:raw"}},
            }
        },
    },
    "ingest": {
        "Parameters": {"Version": {"Type": "String", "Default": "1"}, "Open": {"Type": "String"}},
        "Resources": {},
    },
}
ENTRIES = {"Fn::GetAtt": ["Endpoint", "DnsEntries"]}
RESOLVER = Resolver(TEMPLATES, "eu-west-1", {"Open": "sesame"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (7, 7),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "Raw"}, "lake-raw"),
        ({"Ref": "Named"}, "the-crawler"),
        ({"Ref": "Topic"}, "arn:aws:sns:eu-west-1:123456789012:lake-Topic"),
        ({"Fn::GetAtt": ["Raw", "Arn"]}, "arn:aws:s3:::lake-raw"),
        ({"Fn::GetAtt": "Raw.Arn"}, "arn:aws:s3:::lake-raw"),
        ({"Fn::GetAtt": ["Raw", "DomainName"]}, "lake-raw.DomainName"),
        (
            {"Fn::Select": [1, {"Fn::Split": [":", {"Fn::Join": ["||", ENTRIES]}]}]},
            "lake-Endpoint.glue.eu-west-1.vpce.amazonaws.com",
        ),
        (
            {"Fn::Join": ["/", [{"Fn::GetAtt": ["Raw", "Arn"]}, "a", "*"]]},
            "arn:aws:s3:::lake-raw/a/*",
        ),
        ({"Fn::Sub": "${Raw}-${AWS::Region}-${!kept}"}, "lake-raw-eu-west-1-${kept}"),
        ({"Fn::Sub": ["${x}/${Raw.Arn}", {"x": {"Ref": "Raw"}}]}, "lake-raw/arn:aws:s3:::lake-raw"),
        ({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "eu-west-1b"),
        ({"Fn::Select": ["0", {"Fn::Split": [":", "a:b"]}]}, "a"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}, {"b": [1]}),
        ({"Ref": "Raw", "more": 1}, {"Ref": "Raw", "more": 1}),
    ],
)
def test_a_value_is_what_cloudformation_would_make_of_it(value: object, expected: object) -> None:
    assert RESOLVER.resolve("lake", value) == expected


def test_an_import_is_the_value_that_another_stack_exports() -> None:
    assert RESOLVER.resolve("ingest", {"Fn::ImportValue": "lake:raw"}) == "arn:aws:s3:::lake-raw"


def test_a_parameter_is_its_value_or_its_default() -> None:
    assert RESOLVER.resolve("ingest", [{"Ref": "Version"}, {"Ref": "Open"}]) == ["1", "sesame"]


def test_a_key_has_the_same_made_up_id_every_time() -> None:
    found = RESOLVER.resolve("lake", {"Fn::GetAtt": ["Key", "Arn"]})
    assert found == Resolver(TEMPLATES, "eu-west-1").arn("lake", "Key")
    assert found.startswith("arn:aws:kms:eu-west-1:123456789012:key/")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Ref": "Nothing"}, "stack lake has no resource Nothing"),
        ({"Fn::ImportValue": "other"}, "no template exports other"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2]}, "Fn::Cidr in stack lake cannot be resolved here"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        RESOLVER.resolve("lake", value)
