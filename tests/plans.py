"""Spark's physical plans, as tests look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py4j.java_gateway import JavaObject


def nodes(plan: JavaObject) -> Iterator[JavaObject]:
    """A plan and all that it is made of, but not how kept frames came about."""
    yield plan
    children = plan.children()
    for at in range(children.size()):
        yield from nodes(children.apply(at))
