"""Independent random streams of one seed."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def open_stream(seed: int, name: str, step: int = 0) -> np.random.Generator:
    """A generator of its own for one part (and day) of the sample.

    Parts with streams of their own stay the same when another part draws more or fewer numbers.
    """
    return np.random.default_rng([seed, crc32(name.encode()), step])
