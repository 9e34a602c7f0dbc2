"""A mergeable sketch of labels: what an intercept needs of labels that are spread over machines.

Labels are counted by their float32 bits, which are also how both libraries hold them. So labels of few distinct
values, classes and counts among them, are known exactly. Where there are more values than a limit, neighbours are
counted together: keys lose their last bits, one after the other, until few enough are left. A key stands for the
mean of its labels, so means stay exact, and other locations are found to within a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.validation import Array, numeric_array, reject_non_finite, sample_weights

#: Distinct values that are kept; a sketch is then of at most 1.3 MB.
LIMIT = 1 << 16
_SIGN = np.uint32(1 << 31)


@dataclass(frozen=True)
class Labels:
    """Sums of weights and labels by key, keys in ascending order.

    Parameters
    ----------
    n_samples : rows.
    shift : how many bits the keys have lost.
    keys, weights, sums : (n_keys,): of the labels, the weights of their rows, and of weights x labels.
    limit : of the number of keys.
    """

    n_samples: int
    limit: int
    shift: int
    keys: NDArray[np.uint32]
    weights: NDArray[np.float64]
    sums: NDArray[np.float64]

    @property
    def y_true(self) -> NDArray[np.float64]:
        """Labels that stand for all, (n_keys,), with ``weights`` of theirs; in float32, as the libraries hold them."""
        return (self.sums / self.weights).astype(np.float32).astype(np.float64)

    def merged(self, other: Labels) -> Labels:
        """The sketch of both."""
        shift = max(self.shift, other.shift)
        parts = (self, other)
        keys = np.concatenate([part.keys >> np.uint32(shift - part.shift) for part in parts])
        weights, sums = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("weights", "sums")
        )
        rows = self.n_samples + other.n_samples
        return _limited(Labels(rows, self.limit, shift, keys, weights, sums))


def sketch(y_true: ArrayLike, sample_weight: ArrayLike | None, limit: int = LIMIT) -> Labels:
    """The sketch of one column of labels, of which there may be none; rows without weight are left out.

    Raises
    ------
    TypeError, ValueError
        For labels or weights that are no finite numbers, and weights below 0.
    """
    y = np.asarray(y_true)
    if not y.size:
        return Labels(0, limit, 0, np.zeros(0, np.uint32), np.zeros(0), np.zeros(0))
    with np.errstate(over="ignore"):  # reported as inf
        y = numeric_array("y_true", y).reshape(-1).astype(np.float32)
    reject_non_finite("y_true", y)
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    weight = weight.reshape(-1)
    if len(weight) != len(y) or weight.any():
        sample_weights(weight, len(y))
    weighing, n_samples = weight > 0, len(y)
    y, weight = y[weighing], weight[weighing]
    return _limited(Labels(n_samples, limit, 0, _keys(y), weight, weight * y))


def merged(sketches: list[Labels]) -> Labels:
    """The sketch of all rows, in the order of the list."""
    return reduce(Labels.merged, sketches)


def _keys(values: Array) -> NDArray[np.uint32]:
    """Float32 as unsigned integers in the same order."""
    patterns = (values + np.float32(0.0)).view(np.uint32)  # -0 as 0
    return np.where(patterns & _SIGN, ~patterns, patterns | _SIGN)


def _limited(labels: Labels) -> Labels:
    """Equal keys as one, and keys shortened until there are no more than the limit."""
    shift = labels.shift
    keys, place = np.unique(labels.keys, return_inverse=True)
    while len(keys) > labels.limit:
        shift += 1
        keys, shorter = np.unique(keys >> np.uint32(1), return_inverse=True)
        place = shorter[place]
    weights, sums = (
        np.bincount(place, a, len(keys)).astype(np.float64) for a in (labels.weights, labels.sums)
    )
    return replace(labels, shift=shift, keys=keys, weights=weights, sums=sums)
