"""Random draws without state: a function of a seed and of a checksum of the data at hand.

Boosting moves the predictions in every round, so a checksum of them makes another draw in each round,
the same on every machine, and the same again for the same call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array

_MASK = (1 << 32) - 1


def checksum(values: Array, sample_weight: Array | None = None) -> float:
    """The bits of float32 ``values`` added up over all rows and columns, modulo 2^32.

    As whole numbers sums are exact: their order, the size of blocks and the number of machines don't matter.
    Whole weights count as repeated rows.
    """
    bits = np.asarray(values, dtype=np.float32).view(np.uint32)
    if sample_weight is None:
        return float(bits.sum(dtype=np.uint32))
    rows = bits if bits.ndim == 1 else bits.sum(axis=1, dtype=np.uint32)
    whole = np.floor(sample_weight)
    rest = np.asarray(sample_weight - whole, dtype=np.float32).view(np.uint32)
    times = np.fmod(whole, 2.0**32).astype(np.uint32) + rest
    return float((rows * times).sum(dtype=np.uint32))


def key(seed: int, total: float) -> int:
    """What tells one draw from others, from the seed and a sum of checksums."""
    sequence = np.random.SeedSequence((seed, int(total) & _MASK))
    return int(sequence.generate_state(1, np.uint64)[0])


def hashes(draw: int, start: int, stop: int) -> NDArray[np.uint32]:
    """32 random bits for each number from ``start`` to ``stop``, of the draw with this key.

    A half of a 64-bit word each, of a generator that can begin anywhere in its stream: the bits of a number are
    the same in whatever block it comes.
    """
    generator = np.random.PCG64DXSM(draw)
    generator.advance(start // 2)
    before = start % 2
    words = generator.random_raw((before + stop - start + 1) // 2)
    return words.astype("<u8", copy=False).view("<u4")[before : before + stop - start]


def chances(draw: int, rows: slice, like: Array) -> Array:
    """The bits of consecutive rows, one number for each of ``like``."""
    given: Any = like
    if not isinstance(given, np.ndarray):  # a formula that is recorded to be compiled
        recorded: Array = given.drawn(draw)
        return recorded
    start = rows.start or 0
    return hashes(draw, start, start + len(given))


def inclusion(sizes: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Probabilities of being drawn that add up to ``count``, proportional to sizes and at most 1."""
    if count >= len(sizes):
        return np.ones(len(sizes))
    certain = np.zeros(len(sizes), dtype=bool)
    while True:
        rest = count - int(certain.sum())
        probability = np.where(certain, 1.0, rest * sizes / sizes[~certain].sum())
        if (probability <= 1.0).all():
            return probability
        certain = probability >= 1.0


def systematic(probability: NDArray[np.float64], draw: int) -> NDArray[np.intp]:
    """Numbers drawn without replacement, each with exactly its probability; as many as these add up to.

    Systematic sampling in a random order: Hartley (1966), https://doi.org/10.1080/01621459.1966.10480902.
    """
    n = len(probability)
    bits = hashes(draw, 0, n + 1)
    order = np.argsort(bits[:n], kind="stable")
    start = (int(bits[n]) + 0.5) / 2.0**32
    # The points start, start + 1, ... fall into the intervals of those that are drawn.
    ends = np.floor(np.cumsum(probability[order]) - start + 1.0)
    ends[-1] = round(float(probability.sum()))
    return np.sort(order[np.diff(ends, prepend=0.0) > 0])
