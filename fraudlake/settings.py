"""The settings of the pipeline beside its rules, as frozen objects, one a part.

They are written in the rule file; `rules/default.yaml` holds the defaults. Each
part of the core is given only the object of its own part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from fraudlake.rules.form import Form

LONGEST_WINDOW_SECONDS = 30 * 86400


# Scored together; with the earlier batches in which repeats are sought, the marks of the batches
# that have a transaction fit into a long.
MOST_BATCHES = 31
_MOST_DEDUPED = 30


@dataclass(frozen=True, kw_only=True)
class CleansingSettings:
    """Which rows are set aside: late and early ones, repeats, malformed lines."""

    too_late_days: int
    future_hours: int
    malformed_share: Decimal
    dedupe_batches: int
    carry: tuple[str, ...]

    @classmethod
    def read(cls, form: Form) -> CleansingSettings:
        """Read the `cleansing` part of a rule file."""
        return cls(
            too_late_days=form.integer("too_late_days", 0, 365),
            future_hours=form.integer("future_hours", 0, 24),
            malformed_share=form.number("malformed_share", "0", "1"),
            dedupe_batches=form.integer("dedupe_batches", 0, _MOST_DEDUPED),
            carry=form.texts("carry"),
        )


@dataclass(frozen=True, kw_only=True)
class FxSettings:
    """How old a rate may be, in days before the transaction's date."""

    max_age_days: int

    @classmethod
    def read(cls, form: Form) -> FxSettings:
        """Read the `fx` part of a rule file."""
        return cls(max_age_days=form.integer("max_age_days", 0, 365))


@dataclass(frozen=True, kw_only=True)
class BlacklistSettings:
    """How alike two names must be (0 to 1), and how much a snapshot may shrink (share of rows)."""

    similarity_same_birth_date: Decimal
    similarity_unknown_birth_date: Decimal
    max_shrink: Decimal

    @classmethod
    def read(cls, form: Form) -> BlacklistSettings:
        """Read the `blacklist` part of a rule file; similarities under 0.8 match anybody."""
        return cls(
            similarity_same_birth_date=form.number("similarity_same_birth_date", "0.8", "1"),
            similarity_unknown_birth_date=form.number("similarity_unknown_birth_date", "0.8", "1"),
            max_shrink=form.number("max_shrink", "0", "1"),
        )


@dataclass(frozen=True, kw_only=True)
class BaselineSettings:
    """What counts as the past of a customer (days, transactions), and the floor of its spread."""

    days: int
    customer_min: int
    population_min: int
    batch_min: int
    sd_floor_share: Decimal
    sd_floor_usd: Decimal

    @classmethod
    def read(cls, form: Form) -> BaselineSettings:
        """Read the `baseline` part of a rule file."""
        return cls(
            days=form.integer("days", 1, 3650),
            customer_min=form.integer("customer_min", 1, 1_000_000),
            population_min=form.integer("population_min", 1, 1_000_000),
            batch_min=form.integer("batch_min", 1, 1_000_000),
            sd_floor_share=form.number("sd_floor_share", "0", "10"),
            sd_floor_usd=form.number("sd_floor_usd", "0.01", "1000000"),
        )


@dataclass(frozen=True, kw_only=True)
class VelocitySettings:
    """The window of the column velocity_count, in seconds."""

    window: int

    @classmethod
    def read(cls, form: Form) -> VelocitySettings:
        """Read the `velocity` part of a rule file."""
        return cls(window=form.duration("window", LONGEST_WINDOW_SECONDS))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings beside the rules and the categories."""

    cleansing: CleansingSettings
    fx: FxSettings
    blacklist: BlacklistSettings
    baseline: BaselineSettings
    velocity: VelocitySettings

    @classmethod
    def read(cls, form: Form) -> Settings:
        """Read the `settings` part of a rule file, problems kept in the form."""
        parts = {name: form.child(name) for name in cls.__dataclass_fields__}
        settings = cls(
            cleansing=CleansingSettings.read(parts["cleansing"]),
            fx=FxSettings.read(parts["fx"]),
            blacklist=BlacklistSettings.read(parts["blacklist"]),
            baseline=BaselineSettings.read(parts["baseline"]),
            velocity=VelocitySettings.read(parts["velocity"]),
        )
        for part in (*parts.values(), form):
            part.refuse_unread()
        return settings
