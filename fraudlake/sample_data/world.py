"""The countries, currencies and channels that occur in a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

TRANSACTION_COLUMNS = (
    "transaction_id",
    "customer_id",
    "transaction_ts",
    "amount",
    "currency",
    "merchant_id",
    "channel",
    "country",
)


@dataclass(frozen=True)
class Country:
    """A home country: its currency, calling code, name table and share of the customers."""

    code: str
    currency: str
    calling_code: str
    names: str
    weight: float


COUNTRIES = (
    Country("US", "USD", "1", "english", 22),
    Country("DE", "EUR", "49", "german", 12),
    Country("FR", "EUR", "33", "french", 9),
    Country("ES", "EUR", "34", "spanish", 8),
    Country("GR", "EUR", "30", "greek", 3),
    Country("GB", "GBP", "44", "english", 11),
    Country("CH", "CHF", "41", "german", 4),
    Country("JP", "JPY", "81", "japanese", 7),
    Country("SE", "SEK", "46", "nordic", 5),
    Country("NO", "NOK", "47", "nordic", 3),
    Country("DK", "DKK", "45", "nordic", 3),
    Country("PL", "PLN", "48", "polish", 6),
    Country("CZ", "CZK", "420", "czech", 3),
    Country("CA", "CAD", "1", "french", 3),
    Country("AE", "USD", "971", "arabic", 1),
)

# USD per unit, as they stood around the turn of 2024 to 2025.
USD_PER_UNIT = {
    "EUR": 1.0389,
    "GBP": 1.2529,
    "CHF": 1.1038,
    "JPY": 0.006373,
    "SEK": 0.09066,
    "NOK": 0.08808,
    "DKK": 0.1393,
    "PLN": 0.2430,
    "CZK": 0.04125,
    "CAD": 0.6953,
    "AUD": 0.6210,
    "ISK": 0.007218,
}
# This currency has rates before the sample only, too old for any of its days.
CURRENCY_WITHOUT_RATE = "ISK"
CURRENCIES = ("USD", *(code for code in USD_PER_UNIT if code != CURRENCY_WITHOUT_RATE))
CURRENCIES_WITHOUT_CENTS = ("JPY",)

CHANNELS = ("card_present", "online", "atm", "transfer")
CHANNEL_WEIGHTS = (0.52, 0.33, 0.06, 0.09)
CHANNELS_WITH_MERCHANT = ("card_present", "online")
CASH = "cash"


def draw_weighted(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Integers:
    """`size` indices into `weights`, each as likely as its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn: Integers = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return drawn
