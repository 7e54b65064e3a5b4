"""Makes what Athena and Lambda hold of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.provisioning.site import only

if TYPE_CHECKING:
    from fraudlake.local.deployment import Resource
    from fraudlake.local.provisioning.site import Site

_OF_A_WORKGROUP = {"Description", "Name", "RecursiveDeleteOption", "Tags", "WorkGroupConfiguration"}
_LEFT_OUT_OF_A_FUNCTION = {"Layers"}


def make_workgroup(resource: Resource, site: Site) -> None:
    """Make an Athena workgroup."""
    properties = only(resource, _OF_A_WORKGROUP)
    site.client("athena").create_work_group(
        Name=resource.name,
        Description=properties.get("Description", ""),
        Configuration=properties["WorkGroupConfiguration"],
        Tags=properties.get("Tags", []),
    )


def make_named_query(resource: Resource, site: Site) -> None:
    """Save an Athena query."""
    site.client("athena").create_named_query(**resource.properties)


def make_function(resource: Resource, site: Site) -> None:
    """Make a Lambda function that one may look at."""
    written = {**resource.properties, "FunctionName": resource.name}
    for name in _LEFT_OUT_OF_A_FUNCTION:
        written.pop(name, None)
    if "Tags" in written:
        written["Tags"] = {one["Key"]: one["Value"] for one in written["Tags"]}
    site.client("lambda").create_function(**written)
