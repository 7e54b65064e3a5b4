"""Who calls the local cloud: a key pair for each role, so that each call has a name to it."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import get_session

if TYPE_CHECKING:
    from collections.abc import Iterable

# The person at the keyboard; the deployment itself. Neither has policies in the templates.
OPERATOR = "operator"
DEPLOYER = "deployer"
SECRET = "local"  # noqa: S105 - the local cloud checks no signature
# The descriptions of AWS's services: to read them anew takes a client a tenth of a second.
_SERVICES = create_loader(os.environ.get("AWS_DATA_PATH"))


def access_key_id(role: str) -> str:
    """The access key id of a role: the same every time."""
    digest = hashlib.sha256(role.encode()).digest()
    return "LKIA" + base64.b32encode(digest).decode()[:16]


@dataclass(frozen=True)
class Actors:
    """How roles reach the local cloud at `endpoint` (http://127.0.0.1:port)."""

    endpoint: str
    region: str

    def client(self, service: str, role: str = OPERATOR) -> Any:  # noqa: ANN401 - any of boto3's
        """A boto3 client that calls as a role."""
        known = get_session()
        known.register_component("data_loader", _SERVICES)
        session: Any = boto3.session.Session(botocore_session=known)
        return session.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key_id(role),
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def environment(self, role: str) -> dict[str, str]:
        """The variables with which any AWS SDK in a process calls as a role, and only here."""
        return {
            "AWS_ACCESS_KEY_ID": access_key_id(role),
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


def roles_by_key(roles: Iterable[str]) -> dict[str, str]:
    """The name of a role by its access key id, the operator and the deployer included."""
    return {access_key_id(one): one for one in (*roles, OPERATOR, DEPLOYER)}
