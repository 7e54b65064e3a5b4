"""Who plays what: customers reserved for planting, and the ordinary rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fraudlake.sample_data.labels import LABEL_SHARE, PLANTINGS
from fraudlake.sample_data.plant_amounts import OUTLIER
from fraudlake.sample_data.plant_people import MATCHED, NOT_MATCHED, UNKNOWN, UNKNOWN_LISTED
from fraudlake.sample_data.streams import open_stream

if TYPE_CHECKING:
    from fraudlake.sample_data.plan import SamplePlan
    from fraudlake.sample_data.planting import Cast
    from fraudlake.sample_data.world import Integers

RESERVED_SHARE = 0.2
# Listed people have names of their own, of which there are a few thousand.
MOST_LISTED_PER_LABEL = 600
OUTLIER_SHARE = 0.1
# Of the blacklist, each listed label takes this part; the rest are strangers and noise.
ENTRIES_PER_LABEL = 1 / 15
FIRST_UNKNOWN = 90_000_000
LISTED_UNKNOWN = 95_000_000
MANY_UNKNOWN = 500


@dataclass(frozen=True)
class Roles:
    """`cast` holds customer ids per label, `indices` their numbers in the customers table.

    `ordinary` are the numbers of the customers with ordinary payments: all who are not
    reserved, and those with a planted outlier, who need small payments beside it.
    """

    cast: Cast
    indices: dict[str, Integers]
    ordinary: Integers


def assign_roles(plan: SamplePlan) -> Roles:
    """Reserve customers for every label, at random over the table, each for one label only."""
    order = open_stream(plan.seed, "roles").permutation(plan.customers)
    indices, start = {}, 0
    for label, size in _sizes(plan).items():
        indices[label] = order[start : start + size]
        start += size
    ordinary = np.sort(np.concatenate([order[start:], indices[OUTLIER]]))
    cast = {label: tuple(map(name_customer, part.tolist())) for label, part in indices.items()}
    return Roles({**cast, **_unknown(plan)}, indices, ordinary)


def name_customer(number: int) -> str:
    """The id of the customer with this number in the table."""
    return f"C{number:08d}"


def _sizes(plan: SamplePlan) -> dict[str, int]:
    spare = int(plan.customers * RESERVED_SHARE) // len(PLANTINGS)
    sizes = {label: max(planting.actors, spare) for label, planting in PLANTINGS.items()}
    listed = max(1, min(spare, _listed_size(plan)))
    sizes |= dict.fromkeys([*MATCHED, *NOT_MATCHED], listed)
    wanted = int(plan.transactions * LABEL_SHARE)
    sizes[OUTLIER] = max(plan.days, min(wanted, int(plan.customers * OUTLIER_SHARE)))
    return {label: size for label, size in sizes.items() if label not in (UNKNOWN, UNKNOWN_LISTED)}


def _unknown(plan: SamplePlan) -> dict[str, tuple[str, ...]]:
    listed = max(1, _listed_size(plan))
    return {
        UNKNOWN: tuple(name_customer(FIRST_UNKNOWN + n) for n in range(MANY_UNKNOWN)),
        UNKNOWN_LISTED: tuple(name_customer(LISTED_UNKNOWN + n) for n in range(listed)),
    }


def _listed_size(plan: SamplePlan) -> int:
    return min(MOST_LISTED_PER_LABEL, int(plan.blacklist_entries * ENTRIES_PER_LABEL))
