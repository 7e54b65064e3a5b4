"""Makes the keys, roles and policies of a deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.kms.models import kms_backends

from fraudlake.local.intrinsics import ACCOUNT
from fraudlake.local.provisioning.site import ProvisionError, only

if TYPE_CHECKING:
    from fraudlake.local.deployment import Resource
    from fraudlake.local.provisioning.site import Site

_OF_A_KEY = {"Description", "EnableKeyRotation", "KeyPolicy", "Tags"}
_OF_A_ROLE = {"AssumeRolePolicyDocument", "Description", "Path", "Policies", "RoleName", "Tags"}
_OF_A_MANAGED_POLICY = {"Description", "ManagedPolicyName", "Path", "PolicyDocument"}


def make_key(resource: Resource, site: Site) -> None:
    """Make a KMS key that has the id that the templates know it by."""
    properties = only(resource, _OF_A_KEY)
    kms = site.client("kms")
    made = kms.create_key(
        Description=properties.get("Description", ""), Policy=json.dumps(properties["KeyPolicy"])
    )
    _rename_key(made["KeyMetadata"]["KeyId"], resource, site.deployment.region)
    if tags := properties.get("Tags"):
        as_in_kms = [{"TagKey": one["Key"], "TagValue": one["Value"]} for one in tags]
        kms.tag_resource(KeyId=resource.name, Tags=as_in_kms)
    if properties.get("EnableKeyRotation"):
        kms.enable_key_rotation(KeyId=resource.name)


def make_alias(resource: Resource, site: Site) -> None:
    """Make an alias of a key."""
    site.client("kms").create_alias(**only(resource, {"AliasName", "TargetKeyId"}))


def make_role(resource: Resource, site: Site) -> None:
    """Make a role with the policies that are written into it."""
    properties = only(resource, _OF_A_ROLE)
    iam = site.client("iam")
    iam.create_role(
        RoleName=resource.name,
        AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
        **{
            name: properties[name] for name in ("Description", "Path", "Tags") if name in properties
        },
    )
    for policy in properties.get("Policies", ()):
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(
            RoleName=resource.name, PolicyName=policy["PolicyName"], PolicyDocument=document
        )


def make_policy(resource: Resource, site: Site) -> None:
    """Write a policy into the roles that it names."""
    properties = only(resource, {"PolicyDocument", "PolicyName", "Roles"})
    for role in properties["Roles"]:
        site.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=properties["PolicyName"],
            PolicyDocument=json.dumps(properties["PolicyDocument"]),
        )


def make_managed_policy(resource: Resource, site: Site) -> None:
    """Make a policy that people may be given."""
    properties = only(resource, _OF_A_MANAGED_POLICY)
    site.client("iam").create_policy(
        PolicyName=resource.name,
        PolicyDocument=json.dumps(properties["PolicyDocument"]),
        **{name: properties[name] for name in ("Description", "Path") if name in properties},
    )


def _rename_key(made_up: str, resource: Resource, region: str) -> None:
    """Give a new key its id in the templates: no call of KMS lets one choose it."""
    keys = kms_backends[ACCOUNT][region].keys
    if made_up not in keys:
        raise ProvisionError(
            "KMS keys get the ids of the templates only where the cloud runs in this process; "
            "provision it where it was started"
        )
    key = keys.pop(made_up)
    key.id, key.arn = resource.name, resource.arn
    keys[key.id] = key
