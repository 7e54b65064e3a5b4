"""Repeats of a transaction: suspected by a hash of its ids, then judged by all that it says.

Hardly any row is a repeat. So only a hash of each row's ids is brought together with the others;
the few rows that share one are compared as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.cleansing import Cleansed, bit_of, filter_accepted, narrow_rows
from fraudlake.input_tables import TRANSACTIONS
from fraudlake.joins import sized
from fraudlake.settings import MOST_BATCHES
from fraudlake.text import trimmed

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.settings import CleansingSettings

Keep = Callable[["DataFrame"], "DataFrame"]


@dataclass(frozen=True)
class Judged:
    """The rows of batches before repeats are looked for; the frames may be read one by one.

    `narrow` are the `narrow_rows` of all of them, `sound` those without any reason whole, and
    `whole` gives all that have one of a few hashes (`id_hash`) whole.
    """

    narrow: DataFrame
    sound: DataFrame
    whole: Callable[[DataFrame], DataFrame]


def with_id_hash(rows: DataFrame) -> DataFrame:
    """Add `id_hash`: equal where customer_id and transaction_id are, and rarely otherwise.

    Of raw rows too, so that those with a few hashes are found before anything else is done.
    """
    ids = (trimmed(F.col("customer_id")), trimmed(F.col("transaction_id")))
    return rows.withColumn("id_hash", F.xxhash64(*ids))


def filter_by_hash(rows: DataFrame, few: DataFrame) -> DataFrame:
    """The rows whose `id_hash` is one of a few."""
    return rows.join(few, "id_hash", how="left_semi")


def without_repeats(
    rows: Judged, accepted_ids: DataFrame, settings: CleansingSettings, keep: Keep
) -> Cleansed:
    """Give every repeat of a transaction the reason DUPLICATE_TRANSACTION.

    `accepted_ids` are as `with_duplicates_rejected` takes them. `keep` keeps a frame that is used
    more than once.
    """
    earlier = with_id_hash(accepted_ids)
    suspects = keep(_suspected(rows.narrow, earlier))
    count = suspects.count()
    if not count:
        return Cleansed(rows.narrow, rows.sound)
    few = sized(suspects, count)
    compared = keep(
        with_duplicates_rejected(
            rows.whole(few),
            earlier.join(few, "id_hash", how="left_semi"),
            settings.carry,
            settings.dedupe_batches,
        )
    )
    narrow = rows.narrow.join(few, "id_hash", how="left_anti")
    sound = rows.sound.join(few, "id_hash", how="left_anti")
    return Cleansed(
        narrow=narrow.unionByName(narrow_rows(compared, settings.carry)),
        accepted=sound.unionByName(filter_accepted(compared)),
    )


def _suspected(narrow: DataFrame, earlier: DataFrame) -> DataFrame:
    """The id_hash of whatever is there twice without a reason, or was accepted before."""
    own = narrow.where("reject_mask = 0").select("id_hash", F.lit(1).alias("own"))
    before = earlier.select("id_hash", F.lit(0).alias("own"))
    times = own.unionByName(before).groupBy("id_hash")
    counted = times.agg(F.max("own").alias("own"), F.count(F.lit(1)).alias("times"))
    return counted.where("own = 1 and times > 1").select("id_hash")


def with_duplicates_rejected(
    rows: DataFrame, accepted_ids: DataFrame, carry: tuple[str, ...], dedupe_batches: int
) -> DataFrame:
    """Give every repeat of a transaction the reason DUPLICATE_TRANSACTION.

    Of a batch's rows without another reason that share customer_id and transaction_id the first
    stays: by time, amount, currency, then the other columns in name order. It does not when one
    of the `dedupe_batches` before accepted the pair; `accepted_ids` (customer_id, transaction_id,
    batch_at) are those of earlier runs. Both come with their `id_hash`.
    """
    earlier = accepted_ids.withColumn("is_earlier", F.lit(True))
    both = rows.unionByName(earlier, allowMissingColumns=True).repartition("id_hash")
    ids = ("id_hash", "customer_id", "transaction_id")
    of_batch = Window.partitionBy(*ids, "batch_at").orderBy(*_order_of_repeats(carry))
    mark = F.call_function("shiftleft", F.lit(1).cast("long"), F.col("batch_at") + dedupe_batches)
    is_clean = F.col("reject_mask") == 0
    is_candidate = F.col("is_earlier").isNotNull() | (is_clean & (F.col("position") == 1))
    candidates = (
        both.withColumn("position", F.row_number().over(of_batch))
        .withColumn("mark", F.when(is_candidate, mark))
        .withColumn("marks", F.expr("bit_or(mark)").over(Window.partitionBy(*ids)))
    )
    return _without_repeats(candidates, dedupe_batches)


def _without_repeats(candidates: DataFrame, dedupe_batches: int) -> DataFrame:
    marks, mark = F.col("marks"), F.col("mark")
    is_single = marks == mark  # nearly always
    is_kept = F.when(is_single, True).otherwise(
        _accepted_marks(marks, dedupe_batches).bitwiseAND(mark) != 0
    )
    is_repeat = (F.col("reject_mask") == 0) & ~F.coalesce(is_kept, F.lit(False))
    mask = F.when(is_repeat, bit_of("DUPLICATE_TRANSACTION")).otherwise(F.col("reject_mask"))
    return (
        candidates.where("is_earlier is null")
        .withColumn("reject_mask", mask)
        .withColumn("raw", F.when(F.col("reject_mask") != 0, F.col("raw")))
        .drop("position", "mark", "marks", "is_earlier")
    )


def _accepted_marks(marks: Column, dedupe_batches: int) -> Column:
    """Of the batches that have a transaction, those that accept it: each looks at some before it.

    Batches of earlier runs, the lowest bits, did accept it.
    """

    def add(accepted: Column, at: Column) -> Column:
        mark = F.call_function("shiftleft", F.lit(1).cast("long"), at)
        seen_lately = F.call_function(
            "shiftleft", F.lit((1 << dedupe_batches) - 1).cast("long"), at - dedupe_batches
        )
        is_free = (at < dedupe_batches) | (accepted.bitwiseAND(seen_lately) == 0)
        is_there = marks.bitwiseAND(mark) != 0
        return F.when(is_there & is_free, accepted.bitwiseOR(mark)).otherwise(accepted)

    every = F.sequence(F.lit(0), F.lit(dedupe_batches + MOST_BATCHES - 1))
    return F.aggregate(every, F.lit(0).cast("long"), add)


def _order_of_repeats(carry: tuple[str, ...]) -> list[Column]:
    # Rows with a reason of their own come last, so that they never push out a good one. The raw
    # text decides last which of two otherwise equal rows is kept, so that reruns agree.
    others = sorted((*TRANSACTIONS.optional, *carry))
    columns = [F.col(name) for name in ("transaction_ts", "amount", "currency", *others)]
    is_rejected = F.col("reject_mask") != 0
    return [is_rejected.asc(), *(one.asc_nulls_first() for one in (*columns, F.col("raw")))]
