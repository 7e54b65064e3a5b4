"""Makes the Glue resources of a deployment: catalog, crawlers, jobs, workflows, triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fraudlake.local.provisioning.site import only

if TYPE_CHECKING:
    from fraudlake.local.deployment import Resource
    from fraudlake.local.provisioning.site import Site


def make_database(resource: Resource, site: Site) -> None:
    """Make a database of the catalog."""
    site.client("glue").create_database(**resource.properties)


def make_table(resource: Resource, site: Site) -> None:
    """Make a table or a view of the catalog."""
    written = {**resource.properties}
    written["DatabaseName"] = site.database(written["DatabaseName"])
    site.client("glue").create_table(**written)


def make_security_configuration(resource: Resource, site: Site) -> None:
    """Make a security configuration; CloudFormation and the API differ in one letter."""
    encryption = {**only(resource, {"EncryptionConfiguration", "Name"})["EncryptionConfiguration"]}
    if "S3Encryptions" in encryption:
        encryption["S3Encryption"] = encryption.pop("S3Encryptions")
    site.client("glue").create_security_configuration(
        Name=resource.name, EncryptionConfiguration=encryption
    )


def make_crawler(resource: Resource, site: Site) -> None:
    """Make a crawler."""
    written: dict[str, Any] = {**resource.properties, "Name": resource.name}
    if "Schedule" in written:
        written["Schedule"] = written["Schedule"]["ScheduleExpression"]
    site.client("glue").create_crawler(**written)


def make_job(resource: Resource, site: Site) -> None:
    """Make a job."""
    site.client("glue").create_job(**{**resource.properties, "Name": resource.name})


def make_workflow(resource: Resource, site: Site) -> None:
    """Make a workflow."""
    site.client("glue").create_workflow(**{**resource.properties, "Name": resource.name})


def make_trigger(resource: Resource, site: Site) -> None:
    """Make a trigger. moto stumbles over a predicate that does not spell how it joins."""
    written: dict[str, Any] = {**resource.properties, "Name": resource.name}
    if "Predicate" in written:
        written["Predicate"] = {"Logical": "AND", **written["Predicate"]}
    site.client("glue").create_trigger(**written)
