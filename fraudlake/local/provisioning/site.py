"""What the makers of resources work with, and how they refuse what they cannot make."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fraudlake.errors import FraudlakeError
from fraudlake.local.actors import DEPLOYER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource


class ProvisionError(FraudlakeError):
    """A resource of the templates that the local cloud cannot be given."""

    exit_code = 2


@dataclass
class Site:
    """An empty local cloud and the deployment that goes into it."""

    deployment: Deployment
    actors: Actors
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401 - any of boto3's
        """The deployer's client of a service; made once, as a client takes a while to make."""
        if service not in self._clients:
            self._clients[service] = self.actors.client(service, DEPLOYER)
        return self._clients[service]

    def database(self, name: str) -> str:
        """The catalog's name of a database, however a property names it."""
        return self._databases.get(name, name)

    @cached_property
    def _databases(self) -> dict[str, str]:
        """Where the resolver makes up a name, as for a Ref, the catalog knows another one."""
        return {
            one.name: str(one.properties["DatabaseInput"]["Name"])
            for one in self.deployment.resources("AWS::Glue::Database")
        }


def only(resource: Resource, known: Iterable[str]) -> Mapping[str, Any]:
    """The properties of a resource, when its maker knows all of them.

    Raises:
        ProvisionError: a property that would be passed over; all of them are named.
    """
    unknown = sorted(set(resource.properties) - set(known))
    if unknown:
        raise ProvisionError(
            f"{resource.type} {resource.name} has {', '.join(unknown)}, which its maker in "
            "fraudlake/local/ does not know; teach it, so that nothing is passed over"
        )
    return resource.properties
