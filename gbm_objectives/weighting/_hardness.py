"""Weights that follow the predictions: by the density of gradients, or for the hardest rows alone.

Both are found from all rows at each call, so there is no state and no moving average. Rows are counted and
looked up in the same float32 arrays, those that the formulas are given: a row falls in the bin it was counted in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.numerics import lookup
from gbm_objectives._core.rows import as_residuals, in_float32
from gbm_objectives._core.validation import Array, invalid, number
from gbm_objectives.loss import Loss
from gbm_objectives.weighting._base import Weighting

_HALF = 1 << 16
_SIGN = np.uint32(1 << 31)
#: Losses that are fewer float32 numbers apart are equal: 4e-6 of them.
_TIES = 32


def _as_filled(loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
    """Labels and scores as the formulas are given them: in float32, and within the loss's limit."""
    with np.errstate(over="ignore"):
        shape = as_residuals if loss.shift_invariant else in_float32
        y_true, raw_prediction = shape(y_true, raw_prediction)
        if loss.limit < np.finfo(np.float32).max:
            raw_prediction = np.clip(raw_prediction, -loss.limit, loss.limit)
    return y_true, raw_prediction.astype(np.float32, copy=False)  # NumPy 1 makes it float64


@dataclass(frozen=True, slots=True)
class GradientHarmonizing(Weighting):
    """The inverse density of the gradient norm |g|/bound in [0, 1], (n,); of several outputs the largest.

    Li et al. (2019), "Gradient harmonized single-stage detector", https://arxiv.org/abs/1811.05181: many
    easy rows, and outliers, are as many as their neighbours in the gradient allow. The density is a weighted
    histogram whose rows are shared between the two nearest bins, and is read between them, so factors are
    continuous; bins are smoothed by (1, 2, 1)/4. The weighted mean of the factors is 1.

    Parameters
    ----------
    bins : int, default 30
        Of the histogram, at least 2.
    factors : tuple of float or None, default None
        At the centres of the bins, and one more beyond each end. Set by `resolve`.
    """

    bins: int = 30
    factors: tuple[float, ...] | None = field(default=None, repr=False)

    in_metric = False
    suited = "a loss of bounded gradient, such as a cross-entropy or pseudo_huber()"

    def __post_init__(self) -> None:
        bins: Any = self.bins
        if not isinstance(bins, (int, np.integer)) or isinstance(bins, bool) or bins < 2:
            raise invalid("bins", given=repr(bins), needed="a whole number >= 2")
        object.__setattr__(self, "bins", int(bins))

    @override
    def fits(self, loss: Loss) -> bool:
        return loss.gradient_bound is not None

    @property
    @override
    def pending(self) -> bool:
        return self.factors is None

    def _norm(self, loss: Loss, gradient: Array) -> Array:
        """|g|/bound of each row, at most 1, and 1 where it is NaN; a fresh array."""
        norm = np.abs(gradient)
        if norm.ndim == 2:
            norm = norm.max(axis=1)
        norm *= 1.0 / (loss.gradient_bound or 1.0)
        return np.fmin(norm, 1.0, out=norm)  # a row that isn't finite is reported by its gradient

    @override
    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The weight in each bin, and in one more beyond each end; rows are shared between the two nearest."""
        gradient = loss.gradient(*_as_filled(loss, y_true, raw_prediction))
        below, distance = self._place(loss, gradient)
        near: Array = 1.0 - distance
        if sample_weight is not None:
            near, distance = near * sample_weight, distance * sample_weight
        n_bins = self.bins + 2
        counts: Array = np.bincount(below, near, n_bins) + np.bincount(below + 1, distance, n_bins)
        return counts

    def _place(self, loss: Loss, gradient: Array) -> tuple[Array, Array]:
        """The lower of the two nearest bins, and the distance from it."""
        place = self._norm(loss, gradient)
        place *= self.bins
        place += 0.5
        below = np.clip(np.floor(place), 0, self.bins)
        place -= below
        return below.astype(np.intp), place

    @override
    def resolve(self, sums: Array) -> GradientHarmonizing:
        """The factors whose weighted mean over the rows is 1."""
        counts = sums.copy()
        # Beyond the ends there are no rows: what was shared with them belongs to the end bins.
        counts[1] += counts[0]
        counts[-2] += counts[-1]
        padded = np.pad(counts[1:-1], 1, mode="edge")
        density = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
        inverse = np.pad(1.0 / np.where(density > 0, density, np.inf), 1, mode="edge")
        mean = sums @ inverse
        return replace(self, factors=tuple((inverse * (sums.sum() / mean)).tolist()))

    @override
    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """The factors of the two nearest bins, in proportion."""
        if gradient is None:
            gradient = loss.gradient(*_as_filled(loss, y_true, raw_prediction))
        index, place = self._place(loss, gradient)
        factors = np.asarray(self.factors, dtype=place.dtype)
        place *= lookup(np.diff(factors, append=factors[-1]), index)
        place += lookup(factors, index)
        return place.astype(raw_prediction.dtype, copy=False)


@dataclass(frozen=True, slots=True)
class HardestShare(Weighting):
    """1 for the rows of largest loss that together have the share ``keep`` of the weight, 0 for others.

    Rows whose loss equals the threshold, up to the rounding of float32, share what is left for them, so that exactly
    ``keep`` is kept: all rows of a class tie in the first round. (Two processors, or compiled code and NumPy, may
    round the loss of such a row to different numbers.) The mean of factor x loss is keep x the mean of the upper
    tail, conditional value at risk: Rockafellar & Uryasev (2000), https://doi.org/10.21314/JOR.2000.038; and
    factor x gradient is its derivative, away from ties.

    Hessians have at least the factor ``keep``, the mean. A leaf moves all its rows, and those left out become the
    hardest ones when it moves too far: with their Hessians at 0, training at keep = .05 learns nothing.

    The threshold is found in two passes over the rows, above 2^19 over a sixteenth of them: a histogram of the upper 16 bits of the losses' float32 patterns, then
    one of the lower 16 bits within the bin that holds it.

    Parameters
    ----------
    keep : float, default 0.25
        In (0, 1].
    bin : int or None, default None
        The upper bits of the threshold. Set by `resolve`, as all that follow.
    left : float, default 0.0
        The weight that is to be kept in the bin.
    threshold : float or None, default None
        The loss above which rows are kept.
    least : float, default 0.0
        The loss below which no row is kept.
    share : float, default 1.0
        What is kept of the rows between the two.
    """

    sampled = True
    suited = "a loss of single rows, such as binary_cross_entropy() or huber()"

    keep: float = 0.25
    bin: int | None = field(default=None, repr=False)
    left: float = field(default=0.0, repr=False)
    threshold: float | None = field(default=None, repr=False)
    least: float = field(default=0.0, repr=False)
    share: float = field(default=1.0, repr=False)

    def __post_init__(self) -> None:
        needed = "a number > 0 and <= 1"
        object.__setattr__(self, "keep", number("keep", self.keep, lambda k: 0 < k <= 1, needed))

    @override
    def fits(self, loss: Loss) -> bool:
        return loss.has_best_constant and loss.stands_alone

    @property
    @override
    def pending(self) -> bool:
        return self.threshold is None

    @override
    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The weight at each pattern of the upper bits, or of the lower bits within the bin."""
        keys = _keys(loss.value(*_as_filled(loss, y_true, raw_prediction)))
        # Bins end between the round numbers that losses of many rows may have, so that ties are in one bin.
        keys += np.uint32(_HALF // 2)
        upper = keys >> np.uint32(16)
        if self.bin is not None:
            inside = np.flatnonzero(upper == self.bin)
            upper = keys[inside] & np.uint32(_HALF - 1)
            sample_weight = None if sample_weight is None else sample_weight[inside]
        return np.bincount(upper, sample_weight, _HALF)

    @override
    def resolve(self, sums: Array) -> HardestShare:
        """The bin, then the threshold within it."""
        first = self.bin is None
        target = self.keep * float(sums.sum()) if first else self.left
        kept = np.cumsum(sums[::-1])
        place = min(int(np.searchsorted(kept, target)), int(np.flatnonzero(sums[::-1])[-1]))
        found = _HALF - 1 - place
        left = target - float(kept[place] - sums[found])
        if first:
            return replace(self, bin=found, left=left)
        # Rows whose loss rounds to another number elsewhere are nearer to this one than to the next that rows have.
        others = np.flatnonzero(sums)
        gaps = np.abs(others[others != found] - found)
        reach = min(_TIES, int((gaps.min(initial=_HALF) - 1) // 2))
        key = (self.bin or 0) * _HALF - _HALF // 2 + found
        return replace(
            self,
            threshold=_value(key + reach),
            least=_value(key - reach),
            share=min(max(left / float(sums[found]), 0.0), 1.0),
        )

    @override
    def of_hessian(self, factor: Array) -> Array:
        """The factor, and at least ``keep``."""
        held: Array = np.maximum(factor, self.keep)
        return held

    @override
    def class_shares(self, shares: Array) -> Array:
        """The most even shares of which no class has more than share/keep: min(share/keep, level), summing to 1.

        The mean of the largest losses is the largest mean under weights of at most 1/keep, so its minimum is at the
        weights whose own minimum is largest: the most even ones, where the loss treats all classes alike.
        """
        most = np.sort(shares) / self.keep
        room = (1.0 - np.concatenate([[0.0], np.cumsum(most)[:-1]])) / np.arange(len(most), 0, -1)
        level = room[np.argmax(most >= room)]
        return np.asarray(np.minimum(shares / self.keep, level))

    @override
    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """1 above the threshold, 0 below, the share at it."""
        value = loss.value(*_as_filled(loss, y_true, raw_prediction))
        factor = (value > np.float32(self.threshold or 0.0)).astype(np.float32)
        ties = (value >= np.float32(self.least)).astype(np.float32)
        ties -= factor
        ties *= self.share
        factor += ties
        return factor.astype(raw_prediction.dtype, copy=False)


def _keys(values: Array) -> NDArray[np.uint32]:
    """Float32 as unsigned integers in the same order; both zeros alike."""
    patterns = values.view(np.uint32)
    keys: NDArray[np.uint32] = patterns | _SIGN
    if values.min(initial=0) < 0:
        np.copyto(keys, ~patterns, where=values < 0)
    return keys


def _value(key: int) -> float:
    """The float32 of a key."""
    sign = int(_SIGN)
    pattern = key ^ sign if key & sign else key ^ 0xFFFFFFFF
    return float(np.array([pattern], np.uint32).view(np.float32)[0])
