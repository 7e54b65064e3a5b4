"""The extract from its first read to its commit and the crawl that follows, on one screen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from fraudlake import __version__
from lambdas.blacklist_extract.crawl import start_crawl
from lambdas.blacklist_extract.read import Totals, read_table
from lambdas.blacklist_extract.snapshot import (
    Snapshot,
    check_size,
    control_key,
    find_rivals,
    key_of,
    put_manifest,
    put_rejects,
    put_snapshot,
)
from lambdas.json_logs import log_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_glue import GlueClient

    from lambdas.blacklist_extract.request import ExtractRequest
    from lambdas.blacklist_extract.settings import DatabaseSettings, ExtractSettings
    from lambdas.mysql import Login
    from lambdas.objects import Bucket


@dataclass(frozen=True)
class Services:
    """The world outside: the raw bucket, Glue, the database login, the time that is left."""

    bucket: Bucket
    glue: GlueClient
    new_login: Callable[[DatabaseSettings], Login]
    seconds_left: Callable[[], float]


def extract_blacklist(
    settings: ExtractSettings, request: ExtractRequest, services: Services, started: datetime
) -> dict[str, Any]:
    """Make the snapshot of a date, put it in force, and start the crawl that registers it.

    Returns the manifest, the crawler and the start of its crawl before this one (None if there
    was none). Whatever fails before the snapshot's PUT leaves the earlier snapshot in force.
    """
    bucket, day = services.bucket, request.snapshot_date
    rivals = find_rivals(bucket, day)
    with TemporaryFile() as entries, TemporaryFile() as rejects:
        totals = read_table(settings.database, services.new_login, entries, rejects)
        check_size(totals.entries, rivals, settings.max_shrink, allow_shrink=request.allow_shrink)
        manifest = _manifest(request, started, totals, rivals)
        put_rejects(bucket, manifest["rejects_key"], rejects)
        put_manifest(bucket, manifest["manifest_key"], manifest)
        put_snapshot(bucket, rivals, entries, manifest)
    log_event("snapshot_put", **manifest)
    previous = start_crawl(services.glue, settings.crawler, services.seconds_left)
    log_event("crawl_started", crawler=settings.crawler, previous_crawl_started=previous)
    return {
        "manifest": manifest,
        "crawler": settings.crawler,
        "previous_crawl_started": previous,
    }


def _manifest(
    request: ExtractRequest,
    started: datetime,
    totals: Totals,
    rivals: list[Snapshot],
) -> dict[str, Any]:
    day = request.snapshot_date
    extract_id = f"{started:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
    return {
        "extract_id": extract_id,
        "snapshot_date": day.isoformat(),
        "started_at": started.isoformat(timespec="microseconds"),
        "code_version": __version__,
        "snapshot_key": key_of(day),
        "sha256": totals.sha256,
        "bytes": totals.size,
        "rows": {
            "read": totals.entries + totals.rejects,
            "entries": totals.entries,
            "rejects": totals.rejects,
        },
        "dates_unparsed": dict(totals.dates_unparsed),
        "newest_listed_at": totals.newest_listed_at,
        "compared_with": [
            {"snapshot_date": one.snapshot_date.isoformat(), "entries": one.entries}
            for one in rivals
        ],
        "allow_shrink": request.allow_shrink,
        "rejects_key": control_key(day, extract_id, "rejects.csv"),
        "manifest_key": control_key(day, extract_id, "manifest.json"),
    }
