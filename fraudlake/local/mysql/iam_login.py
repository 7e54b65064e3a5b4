"""What RDS asks of an IAM login: a presigned address of the database, not a password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class IamLogin:
    """Who may come in where; `endpoint` is host:port as the client knows it."""

    endpoint: str
    user: str
    region: str

    def problems(self, token: str) -> list[str]:
        """What is wrong with a token; its signature is looked at, not computed."""
        address = urlsplit(f"https://{token}")
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        found = {"endpoint": address.netloc, "scope": _scope(query), **query}
        wrong = [name for name, value in self._expected().items() if found.get(name) != value]
        if not re.fullmatch("[0-9a-f]{64}", query.get("X-Amz-Signature", "")):
            wrong.append("X-Amz-Signature")
        return wrong if _is_current(query.get("X-Amz-Date", "")) else [*wrong, "X-Amz-Date"]

    def _expected(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "scope": f"{self.region}/rds-db/aws4_request",
            "Action": "connect",
            "DBUser": self.user,
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": str(int(LIFETIME.total_seconds())),
        }


def access_key_of(token: str) -> str:
    """The access key id that signed a token; empty when it names none."""
    query = parse_qs(urlsplit(f"https://{token}").query)
    return query.get("X-Amz-Credential", [""])[0].split("/")[0]


def _scope(query: dict[str, str]) -> str:
    """Region, service and kind of the credential, which is key/date/region/service/kind."""
    return "/".join(query.get("X-Amz-Credential", "").split("/")[2:])


def _is_current(signed: str) -> bool:
    try:
        time = datetime.strptime(signed, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return timedelta(seconds=-5) < datetime.now(UTC) - time < LIFETIME
