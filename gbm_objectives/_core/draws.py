"""Random draws without state: a function of a seed and of a checksum of the data at hand.

Boosting moves the predictions in every round, so a checksum of them makes another draw in each round,
the same on every machine, and the same again for the same call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array

_MASK = (1 << 32) - 1
_STRIDE = 0x9E3779B9  # 2^32 over the golden ratio, which spreads consecutive numbers


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
    found = np.array([seed & _MASK, seed >> 32, int(total) & _MASK], dtype=np.uint32)
    mixed = 0
    for part in found:
        mixed = int(_mix(np.array([part ^ np.uint32(mixed)]) + np.uint32(_STRIDE))[0])
    return mixed


def hashes(draw: int, start: int, stop: int) -> NDArray[np.uint32]:
    """32 random bits for each number from ``start`` to ``stop``, of the draw with this key."""
    numbers = np.arange(start, stop, dtype=np.uint64).astype(np.uint32)
    numbers *= np.uint32(_STRIDE)
    numbers ^= np.uint32(draw)
    return _mix(numbers)


def _mix(bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The finaliser of MurmurHash3 (Appleby, public domain), in place: each bit moves all others."""
    bits ^= bits >> np.uint32(16)
    bits *= np.uint32(0x85EBCA6B)
    bits ^= bits >> np.uint32(13)
    bits *= np.uint32(0xC2B2AE35)
    bits ^= bits >> np.uint32(16)
    return bits


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
