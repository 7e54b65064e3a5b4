"""The conditions of IAM policies: whether a block of them holds for a request.

What this module does not know, an operator, a key or a policy variable, is an error that names it:
a condition that is passed over would make a policy look wider, or narrower, than it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ARN_PARTS = 6


class PolicyProblem(Exception):  # noqa: N818 - what a verdict says, not a fault of the program
    """A policy cannot be judged: what stands in it, and where."""


@dataclass(frozen=True)
class Context:
    """The condition keys of a request, in lower case, each with its values.

    An empty tuple says that AWS does not send the key with this request. A key that is not here
    at all is one that the judge knows nothing of. `families` are beginnings of keys that are
    absent unless they are here.
    """

    keys: Mapping[str, tuple[str, ...]]
    families: tuple[str, ...] = ()

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a key; PolicyProblem when nothing is known of it."""
        name = key.lower()
        if name in self.keys:
            return self.keys[name]
        if name.startswith(self.families):
            return ()
        raise PolicyProblem(f"the condition key {key} is not one that is judged here")


def condition_holds(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every test of a Condition element holds; each is looked at, so that none hides."""
    tests = [
        _holds(operator, context.values(key), texts_of(wanted))
        for operator, keys in block.items()
        for key, wanted in keys.items()
    ]
    return all(tests)


def texts_of(written: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON value of a policy
    """The values of an element that may be written as one or as a list, as text."""
    values = written if isinstance(written, list) else [written]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)


def is_like(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern with IAM's wildcards `*` and `?`."""
    return _compiled(pattern).fullmatch(text) is not None


def is_arn_like(arn: str, pattern: str) -> bool:
    """Whether an ARN matches a pattern, in which a wildcard stays within its part of the ARN."""
    parts, patterns = arn.split(":", ARN_PARTS - 1), pattern.split(":", ARN_PARTS - 1)
    if len(parts) != len(patterns):
        return False
    return all(is_like(part, wanted) for part, wanted in zip(parts, patterns, strict=True))


def _holds(operator: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if name == "Null":
        return (not found) == (wanted == ("true",))
    matches, is_negated = _test_named(name, operator)
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise PolicyProblem(f"the condition operator {operator} is not one that is judged here")
    results = [any(matches(one, value) for value in wanted) != is_negated for one in found]
    if not found:
        return rest != name or quantifier == "ForAllValues" or (is_negated and not quantifier)
    needs_all = quantifier == "ForAllValues" or (is_negated and not quantifier)
    return all(results) if needs_all else any(results)


def _test_named(name: str, operator: str) -> tuple[Callable[[str, str], bool], bool]:
    """The test of an operator, and whether the operator is its negation."""
    if name in _TESTS:
        return _TESTS[name], False
    positive = name.replace("Not", "", 1)
    if "Not" in name and positive in _TESTS and not name.startswith("Bool"):
        return _TESTS[positive], True
    raise PolicyProblem(f"the condition operator {operator} is not one that is judged here")


def _is_bool(found: str, wanted: str) -> bool:
    return found.lower() == wanted.lower()


def _ignoring_case(found: str, wanted: str) -> bool:
    return found.casefold() == wanted.casefold()


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise PolicyProblem(f"{text!r} in a condition is not a number") from error


def _moment(text: str) -> Decimal:
    """A date of a policy as seconds of the epoch."""
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise PolicyProblem(f"{text!r} in a condition is not a date") from error
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return Decimal(str(aware.timestamp()))


def _ordered(read: Callable[[str], Decimal], *orders: int) -> Callable[[str, str], bool]:
    """A test by order: that the value read compares to the wanted one as -1, 0 or 1."""

    def matches(found: str, wanted: str) -> bool:
        left, right = read(found), read(wanted)
        return (left > right) - (left < right) in orders

    return matches


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    if "${" in pattern:
        raise PolicyProblem(f"the policy variable in {pattern} is not judged here")
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(one) or re.escape(one) for one in pattern), re.DOTALL)


_ORDERS = {
    "Equals": (0,),
    "LessThan": (-1,),
    "LessThanEquals": (-1, 0),
    "GreaterThan": (1,),
    "GreaterThanEquals": (1, 0),
}
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": is_like,
    "ArnLike": is_arn_like,
    "ArnEquals": is_arn_like,  # documented to be the same
    "Bool": _is_bool,
    **{f"Numeric{name}": _ordered(_number, *orders) for name, orders in _ORDERS.items()},
    **{f"Date{name}": _ordered(_moment, *orders) for name, orders in _ORDERS.items()},
}
