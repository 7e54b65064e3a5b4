from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.crawls.crawling import crawl
from fraudlake.local.provisioning.provision import provision

if TYPE_CHECKING:
    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource


@pytest.fixture
def provisioned(moto_actors: Actors, dev_deployment: Deployment) -> Actors:
    provision(dev_deployment, moto_actors)
    return moto_actors


def test_the_crawlers_of_the_templates_register_a_night_and_each_partition_once(
    provisioned: Actors, dev_deployment: Deployment
) -> None:
    crawlers = dev_deployment.resources("AWS::Glue::Crawler")
    tables = targets_of(provisioned, crawlers)
    added = dict.fromkeys(tables, 0)
    for table in tables.values():
        put_one(provisioned, table)
    for crawler in crawlers:
        role = dev_deployment.role_named(crawler.properties["Role"])
        for name, one in crawl(crawler, provisioned, role).tables.items():
            added[name] += len(one.added)
    assert added == dict.fromkeys(tables, 1)
    for table in tables.values():
        (found,) = provisioned.client("glue").get_partitions(
            DatabaseName=table["DatabaseName"], TableName=table["Name"]
        )["Partitions"]
        assert found["Values"] == [f"v{n}" for n, _ in enumerate(table["PartitionKeys"])]


def targets_of(actors: Actors, crawlers: list[Resource]) -> dict[str, dict[str, Any]]:
    """The tables of the catalog that any of the crawlers looks after."""
    return {
        f"{target['DatabaseName']}.{name}": actors.client("glue").get_table(
            DatabaseName=target["DatabaseName"], Name=name
        )["Table"]
        for crawler in crawlers
        for target in crawler.properties["Targets"]["CatalogTargets"]
        for name in target["Tables"]
    }


def put_one(actors: Actors, table: dict[str, Any]) -> None:
    """One object in one partition, hidden ones and a marker beside it."""
    starts = {"parquet": b"PAR1", "json": b'{"run_id": "r"}\n', "csv": b"a,b\n1,2\n"}
    bucket, _, prefix = table["StorageDescriptor"]["Location"][5:].partition("/")
    path = "".join(f"{key['Name']}=v{n}/" for n, key in enumerate(table["PartitionKeys"]))
    s3 = actors.client("s3")
    for key in (prefix, f"{prefix}{path}", f"{prefix}{path}_SUCCESS"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    body = starts[table["Parameters"]["classification"]]
    s3.put_object(Bucket=bucket, Key=f"{prefix}{path}part-0", Body=body)
