"""The log of a crawl in CloudWatch, written with the rights of the crawler's role."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fraudlake.local.actors import DEPLOYER
from fraudlake.local.crawls.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from fraudlake.local.actors import Actors
    from fraudlake.local.calls import Handlers
    from fraudlake.local.deployment import Resource

_PLAIN_GROUP = "/aws-glue/crawlers"
_EXISTS = "ResourceAlreadyExistsException"
_NOT_PLAYED = 500
_LINES_A_CALL = 1000


class CrawlLog:
    """The lines of one crawl; `lines` keeps them too. Glue fails a crawl that may not log."""

    def __init__(self, crawler: Resource, actors: Actors, role: str) -> None:
        """Open the crawler's stream in the group that Glue writes to.

        Raises:
            CrawlFailed: the role may not, in the service's words.
        """
        self.lines: list[str] = []
        self._id = uuid.uuid4()
        self._stream = crawler.name
        self._logs = actors.client("logs", role)
        self._group, key = _group_and_key(crawler, actors, role)
        self._make(self._logs.create_log_group, logGroupName=self._group)
        if key:
            self._encrypt(key)
        self._make(
            self._logs.create_log_stream, logGroupName=self._group, logStreamName=self._stream
        )

    def write(self, *lines: str) -> None:
        """Write lines such as `INFO : text`. Raises CrawlFailed when the role may not."""
        self.lines.extend(lines)
        for start in range(0, len(lines), _LINES_A_CALL):
            self._put(lines[start : start + _LINES_A_CALL])

    def _put(self, lines: tuple[str, ...]) -> None:
        at = int(time.time() * 1000)
        events = [{"timestamp": at, "message": f"[{self._id}] {line}"} for line in lines]
        try:
            self._logs.put_log_events(
                logGroupName=self._group, logStreamName=self._stream, logEvents=events
            )
        except ClientError as error:
            raise failure("logs", error) from error

    def _make(self, create: Callable[..., Any], **names: str) -> None:
        try:
            create(**names)
        except ClientError as error:
            if error.response["Error"]["Code"] != _EXISTS:
                raise failure("logs", error) from error

    def _encrypt(self, key: str) -> None:
        """Ask for the key of the security configuration; a bare moto does not know the call."""
        try:
            self._logs.associate_kms_key(logGroupName=self._group, kmsKeyId=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < _NOT_PLAYED:
                raise failure("logs", error) from error


def handlers() -> Handlers:
    """Answers to the calls of a crawl that moto lacks; they are judged and recorded as any."""
    return {("logs", "AssociateKmsKey"): lambda _: {}}


def _group_and_key(crawler: Resource, actors: Actors, role: str) -> tuple[str, str | None]:
    """The group that Glue logs to, and the key to encrypt it with, if any."""
    name = crawler.properties.get("CrawlerSecurityConfiguration")
    if not name:
        return _PLAIN_GROUP, None
    found = actors.client("glue", DEPLOYER).get_security_configuration(Name=name)
    encryption = found["SecurityConfiguration"]["EncryptionConfiguration"]
    key = encryption.get("CloudWatchEncryption", {}).get("KmsKeyArn")
    return (f"{_PLAIN_GROUP}-role/{role}-{name}", key) if key else (_PLAIN_GROUP, None)
