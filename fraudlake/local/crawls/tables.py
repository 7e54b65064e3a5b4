"""One table of a crawl: its folders in S3, its partitions in the catalog, what is to be added."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from fraudlake.local.crawls.errors import CrawlFailed, failure
from fraudlake.local.crawls.folders import Folder, Found, Listed, folders_below
from fraudlake.local.crawls.samples import SAMPLE_BYTES, is_as_declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fraudlake.local.crawls.crawl_log import CrawlLog

# Without these a crawl of a table that was not made by a crawler succeeds and adds nothing.
NEEDED_PARAMETERS = ("classification", "compressionType")
_OF_THE_TABLE_ALONE = frozenset({"EXTERNAL"})
_PARTITIONS_A_CALL = 100
_EXISTS = "AlreadyExistsException"
_MISMATCH = "Partition does not match table schema or has mismatch keys"


@dataclass(frozen=True)
class TableCrawl:
    """What a crawl did to a table: the values of each partition added, the folders passed over."""

    added: tuple[tuple[str, ...], ...] = ()
    skipped: tuple[str, ...] = ()


class Table(NamedTuple):
    """A table of the catalog, and where its objects lie (`prefix` ends in a slash)."""

    database: str
    name: str
    keys: tuple[str, ...]
    parameters: Mapping[str, str]
    storage: Mapping[str, Any]
    bucket: str
    prefix: str

    def __str__(self) -> str:
        """As results name it."""
        return f"{self.database}.{self.name}"


def read_table(glue: Any, database: str, name: str) -> Table:  # noqa: ANN401 - boto3's client
    """Read a target table. Raises CrawlFailed when it is not there, or lies nowhere in S3."""
    try:
        glue.get_database(Name=database)
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        raise failure("glue", error) from error
    location = found.get("StorageDescriptor", {}).get("Location", "")
    if not location.startswith("s3://"):
        raise CrawlFailed(f"table {database}.{name} has no location in S3: {location!r}")
    bucket, _, path = location.removeprefix("s3://").partition("/")
    return Table(
        database=database,
        name=name,
        keys=tuple(key["Name"] for key in found.get("PartitionKeys", ())),
        parameters=found.get("Parameters", {}),
        storage=found["StorageDescriptor"],
        bucket=bucket,
        prefix=path if path.endswith("/") or not path else f"{path}/",
    )


def crawl_table(table: Table, glue: Any, s3: Any, log: CrawlLog) -> TableCrawl:  # noqa: ANN401
    """Add the partitions of a table that are new. Raises CrawlFailed when a call is refused."""
    try:
        objects = [*_listed(s3, table)]
    except ClientError as error:
        raise failure("s3", error) from error
    if not table.keys:
        return TableCrawl()
    if missing := [name for name in NEEDED_PARAMETERS if name not in table.parameters]:
        log.write(f"WARN : Table {table} has no {' and no '.join(missing)}; no partition is added")
        return TableCrawl()
    found = folders_below(table.prefix, table.keys, objects)
    return _added(table, found, glue, s3, log)


def _listed(s3: Any, table: Table) -> Iterator[Listed]:  # noqa: ANN401
    """Every object below a table: one call a thousand, fewer than one a folder would be."""
    s3.get_bucket_location(Bucket=table.bucket)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=table.bucket, Prefix=table.prefix)
    for page in pages:
        yield from (Listed(one["Key"], one["Size"]) for one in page.get("Contents", ()))


def _added(table: Table, found: Found, glue: Any, s3: Any, log: CrawlLog) -> TableCrawl:  # noqa: ANN401
    registered = _registered(table, glue)
    new = {values: one for values, one in found.partitions.items() if values not in registered}
    like = {values: one for values, one in new.items() if _is_like_its_table(one, table, s3)}
    unlike = [one.prefix for values, one in new.items() if values not in like]
    _report(table, found, registered, unlike, log)
    before = _register(table, like, glue)
    added = tuple(values for values in like if values not in before)
    if added:
        listed = ", ".join(f"[{', '.join(values)}]" for values in added)
        log.write(f"INFO : Created partitions with values [{listed}] for table {table}")
    return TableCrawl(added=added, skipped=(*found.skipped, *unlike))


def _report(
    table: Table, found: Found, registered: set[tuple[str, ...]], unlike: list[str], log: CrawlLog
) -> None:
    """Say what is left alone, and why."""
    at = f"{table.bucket}/"
    other_keys = "Folder partition keys do not match table partition keys, skipped folder"
    vanished = sorted(registered - found.partitions.keys())
    log.write(
        *(f"WARN : {other_keys}: {at}{prefix}" for prefix in found.skipped),
        *(f"WARN : {_MISMATCH}: {at}{prefix}" for prefix in unlike),
        *(f"INFO : Partition {[*one]} of table {table} has no objects; kept" for one in vanished),
    )


def _registered(table: Table, glue: Any) -> set[tuple[str, ...]]:  # noqa: ANN401
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=table.database, TableName=table.name, ExcludeColumnSchema=True
    )
    try:
        return {tuple(one["Values"]) for page in pages for one in page["Partitions"]}
    except ClientError as error:
        raise failure("glue", error) from error


def _is_like_its_table(folder: Folder, table: Table, s3: Any) -> bool:  # noqa: ANN401
    """Whether a new folder's first object is what the table says; reading it takes the rights."""
    if folder.sample is None:
        return False
    try:
        found = s3.get_object(
            Bucket=table.bucket, Key=folder.sample, Range=f"bytes=0-{SAMPLE_BYTES - 1}"
        )
    except ClientError as error:
        raise failure("s3", error) from error
    with found["Body"] as body:
        return is_as_declared(body.read(), table.parameters)


def _register(
    table: Table,
    folders: Mapping[tuple[str, ...], Folder],
    glue: Any,  # noqa: ANN401
) -> set[tuple[str, ...]]:
    """Add partitions; gives the values of those that another crawl has added meanwhile."""
    before: set[tuple[str, ...]] = set()
    for batch in _batches(_input(table, values, one) for values, one in folders.items()):
        try:
            answer = glue.batch_create_partition(
                DatabaseName=table.database, TableName=table.name, PartitionInputList=batch
            )
        except ClientError as error:
            raise failure("glue", error) from error
        before |= _known_before(table, answer.get("Errors", ()))
    return before


def _input(table: Table, values: tuple[str, ...], folder: Folder) -> dict[str, Any]:
    """A partition that has everything but its location from its table."""
    parameters = {
        name: value for name, value in table.parameters.items() if name not in _OF_THE_TABLE_ALONE
    }
    location = f"s3://{table.bucket}/{folder.prefix}"
    storage = {**table.storage, "Location": location}
    return {"Values": [*values], "StorageDescriptor": storage, "Parameters": parameters}


def _batches(inputs: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(inputs)
    while batch := [*islice(left, _PARTITIONS_A_CALL)]:
        yield batch


def _known_before(table: Table, errors: Iterable[Mapping[str, Any]]) -> set[tuple[str, ...]]:
    """The values of partitions that exist already; any other error fails the crawl."""
    details = [(one["PartitionValues"], one["ErrorDetail"]) for one in errors]
    failed = [
        f"{values}: {detail.get('ErrorMessage', detail['ErrorCode'])}"
        for values, detail in details
        if detail["ErrorCode"] != _EXISTS
    ]
    if failed:
        raise CrawlFailed(f"partitions of table {table} cannot be added: {'; '.join(failed)}")
    return {tuple(values) for values, _ in details}
