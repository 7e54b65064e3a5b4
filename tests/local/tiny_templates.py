"""Deployments of a few resources, written out in a test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fraudlake.local.calls import Call
from fraudlake.local.deployment import Deployment
from fraudlake.local.permissions.judge import Judge

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.judge import Verdict

Properties = dict[str, Any]
ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"


def deployment_of(folder: Path, **resources: tuple[str, Properties]) -> Deployment:
    """A deployment of one stack: resources by logical id, each a type and its properties."""
    written = {
        name: {"Type": kind, "Properties": given} for name, (kind, given) in resources.items()
    }
    (folder / "tiny.template.json").write_text(json.dumps({"Resources": written}))
    return Deployment(folder, "tiny", "us-east-1")


def role(name: str = "reader", **more: object) -> tuple[str, Properties]:
    trust = statement("sts:AssumeRole", principal={"Service": "lambda.amazonaws.com"})
    return "AWS::IAM::Role", {"RoleName": name, "AssumeRolePolicyDocument": trust, **more}


def policy(*statements: Properties, of: str = "reader") -> tuple[str, Properties]:
    document = {"Statement": [*statements]}
    return "AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": document, "Roles": [of]}


def allow(action: object, resource: object = "*", **more: object) -> Properties:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: object) -> Properties:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def statement(action: object, *, principal: object, **more: object) -> Properties:
    """A document of one statement for a resource, without saying which."""
    return {"Statement": {"Effect": "Allow", "Action": action, "Principal": principal, **more}}


def bucket(name: str = "lake", *, key: str | None = None) -> tuple[str, Properties]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    encryption = {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}} if key else {}
    return "AWS::S3::Bucket", {"BucketName": name, **encryption}


def function(*, subnet: str | None = None) -> tuple[str, Properties]:
    network = {"VpcConfig": {"SubnetIds": [subnet]}} if subnet else {}
    return "AWS::Lambda::Function", {"FunctionName": "f", "Role": ROLE, **network}


def key(*statements: Properties) -> tuple[str, Properties]:
    return "AWS::KMS::Key", {"KeyPolicy": {"Statement": [*statements]}}


def get(key: str = "a", caller: str = "reader") -> Call:
    asked = {"Bucket": "lake", "Key": key}
    return Call(role=caller, service="s3", operation="GetObject", parameters=asked)


def verdict(folder: Path, call: Call, **resources: tuple[str, Properties]) -> Verdict:
    return Judge(deployment_of(folder, Role=role(), Lake=bucket(), **resources)).judge(call)


READS = policy(allow("s3:GetObject", "arn:aws:s3:::lake/*"))
DELEGATING = allow("kms:*", Principal={"AWS": ROOT})
