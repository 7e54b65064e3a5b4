"""What a committed run tells CloudWatch: that it committed, its rows, its risk, its duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

    from fraudlake.runs import Manifest

NAMESPACE = "fraudlake"
COMMITTED_RUNS = "CommittedRuns"
# By the metric's name: where a manifest has the number.
_ROWS = {"RowsRead": "read", "RowsScored": "scored", "RowsQuarantined": "quarantined"}
_CATEGORIES = {"HighRisk": "High", "MediumRisk": "Medium", "LowRisk": "Low"}
ROWS = tuple(_ROWS)
CATEGORIES = tuple(_CATEGORIES)
RUN_SECONDS = "RunSeconds"


def put_run_metrics(client: CloudWatchClient, manifest: Manifest, stage: str) -> None:
    """Put the metrics of a run, with the dimension Stage."""
    client.put_metric_data(Namespace=NAMESPACE, MetricData=list(_data(manifest, stage)))


def _data(manifest: Manifest, stage: str) -> Iterator[MetricDatumTypeDef]:
    rows = manifest.rows
    counts = {name: rows[key] for name, key in _ROWS.items()}
    risks = {name: rows["by_category"].get(key, 0) for name, key in _CATEGORIES.items()}
    for name, value in {COMMITTED_RUNS: 1, **counts, **risks}.items():
        yield _datum(name, value, "Count", stage)
    yield _datum(RUN_SECONDS, sum(manifest.durations.values()), "Seconds", stage)


def _datum(name: str, value: float, unit: str, stage: str) -> MetricDatumTypeDef:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "Stage", "Value": stage}],
        "Value": float(value),
        "Unit": unit,  # type: ignore[typeddict-item]
    }
