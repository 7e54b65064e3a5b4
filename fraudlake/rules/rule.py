"""What every kind of rule is: a condition over scored columns, points, and a sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a rule of any kind says of itself."""

    id: str
    title: str
    description: str
    points: int

    @classmethod
    def read(cls, form: Form) -> Heading:
        """Read the fields that all kinds share."""
        return cls(
            id=form.text("id"),
            title=form.text("title"),
            description=form.text("description"),
            points=form.integer("points", 0, 100),
        )


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """A rule that is data: each kind is a subclass, its parameters are the fields."""

    kind: ClassVar[str]
    heading: Heading

    @classmethod
    @abstractmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> Rule:
        """Read the parameters of this kind; problems are kept in the form."""

    @abstractmethod
    def fires(self) -> Column:
        """Whether the rule holds for a row; null counts as no."""

    @abstractmethod
    def sentence(self) -> Column:
        """Why the rule holds for a row, with the numbers in it."""

    def parameters(self) -> dict[str, object]:
        """The parameters of this kind as plain values, defaults filled in."""
        own = (one.name for one in fields(self) if one.name != "heading")
        return {name: plain(getattr(self, name)) for name in own if getattr(self, name) is not None}

    def as_mapping(self) -> dict[str, object]:
        """The rule as it would stand in a file."""
        return {**vars(self.heading), "kind": self.kind, **self.parameters()}


def plain(value: object) -> object:
    """A value as JSON knows it: 5000.00 and 5000 are the same number."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return list(value) if isinstance(value, tuple) else value


def money(amount: Column) -> Column:
    """An amount in USD as a reader writes it: `6,120.00 USD`."""
    return F.concat(F.format_number(amount, 2), F.lit(" USD"))


def money_text(amount: Decimal) -> str:
    """A limit in USD as a reader writes it, cents always shown."""
    return f"{amount:,.2f} USD"
