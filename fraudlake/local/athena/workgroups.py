"""The workgroups and saved queries of a deployment, as Athena's API shows them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fraudlake.local.athena.statement import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.deployment import Deployment, Resource

PRIMARY = "primary"  # every account has it; here without settings
ENGINE = {
    "SelectedEngineVersion": "Athena engine version 3",
    "EffectiveEngineVersion": "Athena engine version 3",
}


@dataclass(frozen=True)
class Workgroup:
    """A workgroup: what it lets a query scan, and where answers go."""

    name: str
    description: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scan_limit(self) -> int | None:
        """How many bytes a query may scan; None without a limit."""
        found = self.configuration.get("BytesScannedCutoffPerQuery")
        return None if found is None else int(found)

    def result_configuration(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Where and how a query's answer is kept: as the workgroup says when it insists on it.

        Raises CallError when neither the workgroup nor the call names a place.
        """
        own = self.configuration.get("ResultConfiguration", {})
        enforces = self.configuration.get("EnforceWorkGroupConfiguration", False)
        found = dict(own) if enforces or not asked.get("OutputLocation") else dict(asked)
        if not found.get("OutputLocation"):
            raise bad_request(
                "No output location provided. An output location is required either through the "
                "Workgroup result configuration setting or as an API input."
            )
        return found

    def as_summary(self) -> dict[str, Any]:
        """As ListWorkGroups shows it."""
        told = {"Name": self.name, "State": "ENABLED", "EngineVersion": ENGINE}
        return {**told, "Description": self.description}

    def as_api(self) -> dict[str, Any]:
        """As GetWorkGroup shows it."""
        told = {"Name": self.name, "State": "ENABLED", "Description": self.description}
        return {**told, "Configuration": {**self.configuration, "EngineVersion": ENGINE}}


def workgroups(deployment: Deployment) -> dict[str, Workgroup]:
    """The workgroups by name."""
    own = {
        one.name: Workgroup(
            one.name,
            one.properties.get("Description", ""),
            one.properties.get("WorkGroupConfiguration", {}),
        )
        for one in deployment.resources("AWS::Athena::WorkGroup")
    }
    return {PRIMARY: Workgroup(PRIMARY), **own}


def saved_queries(deployment: Deployment) -> dict[str, dict[str, str]]:
    """The saved queries by id, as the API shows them."""
    found = [_saved(one) for one in deployment.resources("AWS::Athena::NamedQuery")]
    return {one["NamedQueryId"]: one for one in found}


def _saved(resource: Resource) -> dict[str, str]:
    names = ("Name", "Description", "Database", "QueryString")
    return {
        **{name: resource.properties.get(name, "") for name in names},
        "WorkGroup": resource.properties.get("WorkGroup", PRIMARY),
        "NamedQueryId": str(uuid.uuid5(uuid.NAMESPACE_URL, resource.arn)),
    }
