"""One batch in pandas and NumPy: convert it, judge it, give each transaction its score."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers import rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Exact = NDArray[np.object_]  # of Python's whole numbers

KEYS = ["customer_id", "transaction_id"]
MOMENTS = ("n", "s", "ss")
_E5, _E7, _HALF_E12 = 100_000, 10_000_000, 500_000_000_000
_STRIDE = 1 << 41  # microseconds between two customers on one line
_ORDER = ["transaction_ts", "amount_e4", "currency", "channel", "country", "merchant_id"]
_TEXTS = ("transaction_id", "customer_id", "merchant_id", "channel", "country")


def rate_days(rates: pd.DataFrame, last: date) -> pd.DataFrame:
    """currency, rate_day, fx_rate_date, rate_e10 (10^-10 USD): the rate in force on each day."""
    typed = rates.assign(rate_e10=rates["usd_per_unit"].map(lambda rate: int(rate.scaleb(10))))
    typed["rate_date"] = pd.to_datetime(typed["rate_date"])
    days = pd.date_range(typed["rate_date"].min(), pd.Timestamp(last))
    wide = typed.pivot_table(
        index="rate_date", columns="currency", values="rate_e10", aggfunc="first"
    )
    filled = wide.reindex(days).ffill(limit=rules.RATE_AGE_DAYS)
    filled["USD"] = 10**10
    long = (
        filled.rename_axis("rate_day").reset_index().melt("rate_day", None, "currency", "rate_e10")
    )
    days_with_rate: pd.DataFrame = long.dropna().astype({"rate_e10": "int64"})
    return days_with_rate


def converted(files: list[str], rates: pd.DataFrame, batch: date) -> pd.DataFrame:
    """The rows of a partition, typed, with day, amount_e4, rate_e10 and cents (null: no rate)."""
    table = pq.ParquetDataset(files, partitioning=None).read()
    rows = table.drop_columns(["amount"]).to_pandas()
    for name in _TEXTS:
        text = rows[name].str.strip()
        rows[name] = text.where(text != "")
    rows["currency"] = rows["currency"].str.strip().str.upper()
    scaled = pc.multiply(table["amount"], pa.scalar(10_000, pa.decimal128(5, 0)))
    rows["amount_e4"] = pc.cast(scaled, pa.int64()).to_numpy()
    rows["day"] = rows["transaction_ts"].dt.tz_localize(None).dt.floor("D").astype("datetime64[ns]")
    rows["rate_day"] = rows["day"].clip(upper=pd.Timestamp(batch))
    rows = rows.merge(rates, how="left", on=["currency", "rate_day"])
    rate, amount = rows["rate_e10"].fillna(0).astype("int64"), rows["amount_e4"]
    cents = (amount * (rate // _E5) + (amount * (rate % _E5) + _HALF_E12) // _E5) // _E7
    rows["cents"] = cents.where(rows["rate_e10"].notna(), 0)
    priced: pd.DataFrame = rows
    return priced


def reject_reasons(rows: pd.DataFrame, batch: date) -> pd.Series[Any]:
    """The reasons of the rows that have any, by the index of the row."""
    latest = datetime.combine(batch, time(tzinfo=UTC)) + timedelta(days=1, hours=1)
    is_currency = rows["currency"].str.fullmatch("[A-Z]{3}", na=False)
    has_time = rows["transaction_ts"].notna()
    oldest = pd.Timestamp(batch - timedelta(days=rules.TOO_LATE_DAYS))
    holds = {
        "MISSING_TRANSACTION_ID": rows["transaction_id"].isna(),
        "MISSING_CUSTOMER_ID": rows["customer_id"].isna(),
        "INVALID_TIMESTAMP": ~has_time,
        "FUTURE_TIMESTAMP": rows["transaction_ts"] > latest,
        "TOO_LATE": rows["day"] < oldest,
        "REFUND_OR_REVERSAL": rows["amount_e4"] < 0,
        "ZERO_AMOUNT": rows["amount_e4"] == 0,
        "INVALID_CURRENCY": ~is_currency,
        "NO_FX_RATE": is_currency & has_time & rows["rate_e10"].isna(),
    }
    return _names_of(pd.DataFrame(holds))


def without_repeats(good: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
    """The rows that are no repeats, in the batch or of the batch before."""
    twice = good.duplicated(KEYS, keep=False)
    firsts = good[twice].sort_values(_ORDER, na_position="first").drop_duplicates(KEYS)
    once = pd.concat([good[~twice], firsts])
    if previous is None:
        return once
    ids = previous["customer_id"] + "/" + previous["transaction_id"]
    return once[~(once["customer_id"] + "/" + once["transaction_id"]).isin(ids)]


def velocity(accepted: pd.DataFrame, earlier: list[pd.DataFrame]) -> Whole:
    """Rows of the same customer in the last 60 seconds: two searches in one sorted line."""
    columns = ["customer_id", "transaction_ts"]
    seen = pd.concat([accepted[columns], *(one[columns] for one in earlier)])
    micros = seen["transaction_ts"].astype("int64").to_numpy()
    codes = pd.factorize(seen["customer_id"])[0].astype(np.int64)
    line = codes * _STRIDE + (micros - micros.min() + rules.WINDOW_MICROS)
    own, line = line[: len(accepted)], np.sort(line)
    upto = np.searchsorted(line, own, side="right")
    counts: Whole = upto - np.searchsorted(line, own - (rules.WINDOW_MICROS - 1), side="left")
    return counts


def with_baseline(rows: pd.DataFrame, window: pd.DataFrame) -> pd.DataFrame:
    """Baseline columns and amount_zscore; `window` has n, s, ss (cents) by customer."""
    spread = _spread(*(window[name].to_numpy().astype(object) for name in MOMENTS))
    own = window.assign(spread=spread).reindex(rows["customer_id"])
    has_own = own["n"].to_numpy() >= rules.CUSTOMER_MIN
    name, *others = _others(rows["cents"].to_numpy(), window)
    n, s, spread = (
        np.where(has_own, own[column].to_numpy(), other)
        for column, other in zip(("n", "s", "spread"), others, strict=True)
    )
    least = np.maximum(s * 0.05, n * 100.0)
    return rows.assign(
        baseline_count=own["n"].fillna(0).astype("int64").to_numpy(),
        baseline_source=np.where(has_own, "customer", name),
        baseline_mean_usd=s / n / 100,
        baseline_sd_usd=spread / n / 100,
        amount_zscore=(n * rows["cents"] - s) / np.maximum(spread, least),
    )


def with_score(rows: pd.DataFrame) -> pd.DataFrame:
    """risk_score, category, rank, reasons and evidence."""
    match, cents = rows["blacklist_match_type"], rows["cents"]
    is_far = rows["amount_zscore"] > rules.OUTLIER_ZSCORE
    fires = {
        "AMOUNT_OVER_LIMIT": cents > rules.OVER_LIMIT_CENTS,
        "AMOUNT_OUTLIER": is_far & (cents > rules.OUTLIER_CENTS),
        "VELOCITY_BURST": rows["velocity_count"] >= rules.BURST,
        "BLACKLISTED_CUSTOMER": match.isin(rules.EXACT_MATCHES),
        "BLACKLIST_NAME_MATCH": match == "name",
        "UNKNOWN_CUSTOMER": ~rows["customer_known"],
    }
    points = sum(one.astype("int32") * rules.POINTS[rule] for rule, one in fires.items())
    score = np.minimum(points, rules.HIGHEST).astype("int32")
    levels = [score >= rules.HIGH, score >= rules.MEDIUM]
    unusual = np.arctan(rows["amount_zscore"].fillna(0.0)) / math.pi
    scored = rows.assign(
        amount_usd=cents / 100,
        risk_score=score,
        risk_category=np.select(levels, ["High", "Medium"], "Low"),
        risk_rank=score + 0.5 + 0.99 * unusual,
    )
    reasons = _names_of(pd.DataFrame(fires))
    fired = scored.loc[reasons.index].assign(risk_reasons=reasons)
    sentences = rules.evidence_of(cast("list[dict[str, Any]]", fired.to_dict("records")))
    evidence = pd.Series(np.array([*sentences, None], dtype=object)[:-1], fired.index)
    return scored.assign(
        risk_reasons=_lists(reasons, scored.index), evidence=_lists(evidence, scored.index)
    )


def _others(cents: Whole, window: pd.DataFrame) -> tuple[str, Any, Any, Any]:
    """The source of rows without an own past, its n and s, and n times its deviation."""
    everybody = [window[name].astype(object).sum() for name in MOMENTS]
    if everybody[0] >= rules.POPULATION_MIN:
        n, s, ss = (np.array([one], object) for one in everybody)
        return "population", float(n[0]), float(s[0]), _spread(n, s, ss)[0]
    if len(cents) - 1 >= rules.BATCH_MIN:
        exact = cents.astype(object)
        n = np.full(len(cents), len(cents) - 1, object)
        s, ss = exact.sum() - exact, (exact**2).sum() - exact**2
        return "batch", n.astype(float), s.astype(float), _spread(n, s, ss)
    return "none", math.nan, math.nan, math.nan


def _spread(n: Exact, s: Exact, ss: Exact) -> NDArray[np.float64]:
    """Gives n times the standard deviation in cents, from Python's whole numbers up to the root."""
    variance = (n * ss - s * s).astype(float)
    spread: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0.0))
    return spread


def _lists(some: pd.Series[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """The lists of some rows, an empty one for each of the others."""
    empty = np.empty(len(index), dtype=object)
    empty[:] = [[] for _ in range(len(index))]
    return some.reindex(index).combine_first(pd.Series(empty, index))


def _names_of(holds: pd.DataFrame) -> pd.Series[Any]:
    """Which columns hold, for the rows in which any does."""
    some = holds[holds.any(axis=1)]
    names = np.array(holds.columns)
    lists = [list(names[row]) for row in some.to_numpy()]
    return pd.Series(lists, some.index, dtype=object)
