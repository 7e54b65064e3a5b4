"""Crawls as Glue's crawlers with catalog targets do: adds the partitions that have appeared.

Played are crawlers that only add: every crawl looks at everything, partitions inherit from their
table, and what has changed or vanished is left as it is. Any other crawler is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fraudlake.local.crawls.crawl_log import CrawlLog, handlers
from fraudlake.local.crawls.errors import CrawlFailed
from fraudlake.local.crawls.tables import TableCrawl, crawl_table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Resource

__all__ = ["CrawlFailed", "CrawlResult", "TableCrawl", "crawl", "handlers"]

_ADDS_ONLY = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
_EVERYTHING = "CRAWL_EVERYTHING"
_OF_A_TARGET = {"DatabaseName", "Tables"}


@dataclass(frozen=True)
class CrawlResult:
    """What a crawl did: partitions added in all, and by `database.table`; its log's lines."""

    added: int
    tables: Mapping[str, TableCrawl]
    log: tuple[str, ...]


def crawl(crawler: Resource, actors: Actors, role: str) -> CrawlResult:
    """Register the partitions that lie below the crawler's tables and are not registered yet.

    Args:
        crawler: the crawler as it was synthesized.
        actors: how the role reaches the local cloud.
        role: the name of the crawler's role; its rights decide.

    Raises:
        CrawlFailed: a table that is not there, a call that the role may not make, or a crawler of
            a kind that is not played here. Nothing is added unless every table was found.
    """
    log = CrawlLog(crawler, actors, role)
    log.write(f"BENCHMARK : Running Start Crawl for Crawler {crawler.name}")
    try:
        tables = _crawl_tables(crawler, actors, role, log)
    except CrawlFailed as error:
        log.write(f"ERROR : {error}")
        raise
    log.write("BENCHMARK : Crawler has finished running and is in state READY")
    added = sum(len(one.added) for one in tables.values())
    return CrawlResult(added=added, tables=tables, log=tuple(log.lines))


def _crawl_tables(
    crawler: Resource, actors: Actors, role: str, log: CrawlLog
) -> dict[str, TableCrawl]:
    _refuse_what_is_not_played(crawler)
    glue, s3 = actors.client("glue", role), actors.client("s3", role)
    tables = [read_table(glue, *names) for names in _targets(crawler)]
    return {str(table): crawl_table(table, glue, s3, log) for table in tables}


def _targets(crawler: Resource) -> Iterator[tuple[str, str]]:
    """Database and name of each table that the crawler looks after."""
    for target in crawler.properties["Targets"]["CatalogTargets"]:
        for table in target["Tables"]:
            yield target["DatabaseName"], table


def _refuse_what_is_not_played(crawler: Resource) -> None:
    problems = [*_unplayed(crawler.properties)]
    if problems:
        raise CrawlFailed(
            f"crawler {crawler.name} is of a kind that the local cloud does not play: "
            f"{'; '.join(problems)}"
        )


def _unplayed(properties: Mapping[str, Any]) -> Iterator[str]:
    targets = {name for name, given in properties["Targets"].items() if given}
    if targets != {"CatalogTargets"}:
        yield f"it has targets other than tables of the catalog: {', '.join(sorted(targets))}"
    elif any(one.keys() - _OF_A_TARGET for one in properties["Targets"]["CatalogTargets"]):
        yield "a target says more than its database and tables"
    if properties.get("SchemaChangePolicy") != _ADDS_ONLY:
        yield "its SchemaChangePolicy is not LOG for updates and for deletions"
    if properties.get("RecrawlPolicy", {}).get("RecrawlBehavior", _EVERYTHING) != _EVERYTHING:
        yield "it does not crawl everything"
    yield from _unplayed_configuration(json.loads(properties.get("Configuration", "{}")))


def _unplayed_configuration(configuration: Mapping[str, Any]) -> Iterator[str]:
    partitions = configuration.get("CrawlerOutput", {}).get("Partitions", {})
    if partitions.get("AddOrUpdateBehavior") != "InheritFromTable":
        yield "its partitions do not inherit from their table (InheritFromTable)"
    if configuration.get("Grouping", {}).get("TableGroupingPolicy") != "CombineCompatibleSchemas":
        yield (
            "it does not combine compatible schemas, and in AWS may skip a table: "
            "Multiple tables are found under location"
        )
