"""The answers of queries: kept in S3 as the role that asked, and told page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.objects import split_uri
from fraudlake.local.athena.statement import bad_request
from fraudlake.local.athena.values import csv_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.athena.engine import Answer, Column
    from fraudlake.local.athena.executions import Execution

LARGEST_PAGE = 1000
_TEXTS = frozenset({"varchar", "char", "string"})


def keep(execution: Execution, answer: Answer, s3: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Write an answer, and a description of its columns beside it, to where they are to go.

    Raises QueryFailed when the role may not write there.
    """
    columns = json.dumps([_column_info(one) for one in answer.columns])
    bucket, key = split_uri(execution.output)
    for name, content in ((key, _written(execution, answer)), (f"{key}.metadata", columns)):
        body = {"Bucket": bucket, "Key": name, "Body": content.encode()}
        try:
            s3.put_object(**body, **_protection(execution.results))
        except ClientError as error:
            raise QueryFailed(
                f"Access denied when writing output to url: s3://{bucket}/{name} . Please ensure "
                f"you are allowed to access the S3 bucket: {error}"
            ) from error


def _written(execution: Execution, answer: Answer) -> str:
    if execution.has_header:
        return csv_text([one.name for one in answer.columns], answer.rows)
    return "".join("\t".join(map(str, row)) + "\n" for row in answer.rows)


def check_output(execution: Execution, s3: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Raise CallError when the bucket of the answers is not to be found, as Athena looks first."""
    bucket, _ = split_uri(execution.output)
    try:
        s3.get_bucket_location(Bucket=bucket)
    except ClientError as error:
        raise bad_request(f"Unable to verify/create output bucket {bucket}: {error}") from error


def page_of(execution: Execution, asked: Mapping[str, Any], s3: Any) -> dict[str, Any]:  # noqa: ANN401
    """One page of an answer, which its reader must have the right to read from S3.

    Raises CallError when there is no answer, no such page, or no right to read it.
    """
    rows = execution.rows()
    begin, size = _place(asked.get("NextToken"), len(rows)), _page_size(asked)
    _check_readable(execution, s3)
    columns = [_column_info(one) for one in execution.answer.columns] if execution.answer else []
    page: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": [_row(one) for one in rows[begin : begin + size]],
            "ResultSetMetadata": {"ColumnInfo": columns},
        },
    }
    return {**page, "NextToken": str(begin + size)} if begin + size < len(rows) else page


def _check_readable(execution: Execution, s3: Any) -> None:  # noqa: ANN401 - a boto3 client
    bucket, key = split_uri(execution.output)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise bad_request(f"Could not find results at {execution.output}: {error}") from error


def _place(token: str | None, count: int) -> int:
    if token is None:
        return 0
    if not token.isdecimal() or not 0 < int(token) < count:
        raise bad_request(f"Invalid NextToken: {token}")
    return int(token)


def _page_size(asked: Mapping[str, Any]) -> int:
    size = int(asked.get("MaxResults", LARGEST_PAGE))
    if not 1 <= size <= LARGEST_PAGE:
        raise bad_request(f"MaxResults is more than maximum allowed length {LARGEST_PAGE}.")
    return size


def _row(values: tuple[str | None, ...]) -> dict[str, Any]:
    return {"Data": [{} if one is None else {"VarCharValue": one} for one in values]}


def _column_info(column: Column) -> dict[str, Any]:
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": column.type,
        "Precision": column.precision,
        "Scale": column.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": column.type in _TEXTS,
    }


def _protection(results: Mapping[str, Any]) -> dict[str, str]:
    """How S3 is asked to keep an answer."""
    asked = {}
    encryption = results.get("EncryptionConfiguration", {})
    if encryption.get("EncryptionOption") == "SSE_KMS":
        asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption["KmsKey"]}
    if owner := results.get("ExpectedBucketOwner"):
        asked["ExpectedBucketOwner"] = owner
    return asked
