"""The likeliest thresholds between ordered classes, for scores that are given as a histogram of each class."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, solveh_banded
from scipy.special import ndtri

from gbm_objectives._core.validation import Array

#: Bins of scores within +-SPAN; scores beyond are in the outermost ones. Each bin knows the mean of its scores.
BINS = 1024
SPAN = 32.0
#: Each class weighs this share at least, so that one without rows has a place.
_ABSENT = 1e-6
#: Thresholds are no nearer to each other.
_NEAREST = 1e-4


class _Likelihood(Protocol):
    @property
    def kind(self) -> str: ...

    def value_between(self, a: Array, b: Array) -> Array: ...

    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]: ...


def histogram(
    codes: NDArray[np.intp], raw: Array, sample_weight: Array | None, n_classes: int
) -> NDArray[np.float64]:
    """The weight of each bin of each class, and the weighted sum of its scores, one after the other."""
    # What is not finite is reported by the sums.
    scores = np.where(np.isfinite(raw), np.clip(raw.astype(np.float64), -1e6, 1e6), np.nan)
    places = np.nan_to_num((scores + SPAN) * (BINS / (2 * SPAN)))
    bins = np.clip(places, 0, BINS - 1).astype(np.intp)
    cells = codes * BINS + bins
    size = n_classes * BINS
    weights = np.bincount(cells, sample_weight, size)
    weighted = scores if sample_weight is None else scores * sample_weight
    return np.concatenate([weights, np.bincount(cells, weighted, size)]).astype(np.float64)


def thresholds_of(loss: _Likelihood, table: Array) -> NDArray[np.float64]:
    """By Newton's method: the negative log-likelihood is convex in the thresholds, with a tridiagonal Hessian.

    Parameters
    ----------
    loss : OrdinalLoss
        The likelihood of an interval.
    table : ndarray of shape (2, n_classes, BINS)
        Weights, and weighted sums of scores.
    """
    weights, sums = table
    n_classes = len(weights)
    total = weights.sum()
    level, place = np.nonzero(weights)
    weight = weights[level, place] / total
    score = sums[level, place] / weights[level, place]
    middle = float(weight @ score)
    # A few rows of each class, as far as the others are from the middle: no class is absent.
    level = np.concatenate([level, np.arange(n_classes)])
    score = np.concatenate([score, np.full(n_classes, middle)])
    weight = np.concatenate([weight, np.full(n_classes, _ABSENT)])
    shares = np.bincount(level, weight, n_classes)
    at = _start(loss.kind, shares / shares.sum(), score, weight)

    def ends(thresholds: NDArray[np.float64]) -> tuple[Array, Array]:
        upper, lower = np.append(thresholds, 1e30), np.append(-1e30, thresholds)
        return upper[level] - score, lower[level] - score

    def mean(thresholds: NDArray[np.float64]) -> float:
        with np.errstate(all="ignore"):
            value = float(weight @ loss.value_between(*ends(thresholds)))
        return value if np.isfinite(value) else np.inf

    best = mean(at)
    for _ in range(50):
        a, b = ends(at)
        slope_a, slope_b, bend_a, bend_b, cross = loss.by_thresholds(a, b)

        def summed(of_upper: Array, of_lower: Array) -> Array:
            upper = np.bincount(level, weight * of_upper, n_classes)[:-1]
            return upper + np.bincount(level, weight * of_lower, n_classes)[1:]

        gradient = summed(slope_a, slope_b)
        banded = np.zeros((2, n_classes - 1))
        banded[1] = summed(bend_a, bend_b)
        banded[1] += 1e-12 + 1e-10 * banded[1]
        banded[0, 1:] = np.bincount(level, weight * cross, n_classes)[1:-1]
        step = _solved(banded, gradient)
        size = 1.0
        for _ in range(40):
            tried = at - size * step
            if (np.diff(tried) > 0).all() and (value := mean(tried)) <= best:
                break
            size *= 0.5
        else:
            break
        moved, at, best = np.abs(tried - at).max(), tried, value
        if moved < 1e-9 * (1.0 + np.abs(at).max()):
            break
    return _apart(at)


def _solved(banded: Array, gradient: Array) -> Array:
    """Newton's step; that of a bound of the Hessian, twice its diagonal, where it is as good as singular."""
    if len(gradient) > 1:
        try:
            step: Array = solveh_banded(banded, gradient, check_finite=False)
            return step
        except LinAlgError:
            pass
    return gradient / (2.0 * banded[1] if len(gradient) > 1 else banded[1])


def _start(kind: str, shares: Array, score: Array, weight: Array) -> NDArray[np.float64]:
    """Those of scores that are all equal, stretched by the spread of the scores at hand."""
    middle = float(weight @ score / weight.sum())
    variance = float(weight @ (score - middle) ** 2 / weight.sum())
    below = np.clip(np.cumsum(shares)[:-1], 1e-12, 1 - 1e-12)
    if kind == "probit":
        found, unit = ndtri(below), 1.0
    elif kind == "logit":
        found, unit = np.log(below) - np.log1p(-below), np.pi**2 / 3
    else:
        found, unit = np.log(-np.log1p(-below)), np.pi**2 / 6
    return _apart(middle + found * np.sqrt(1.0 + variance / unit))


def _apart(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Increasing, with a distance that float32 tells."""
    steps = np.arange(len(thresholds)) * _NEAREST * (1.0 + np.abs(thresholds).max())
    apart: NDArray[np.float64] = np.maximum.accumulate(thresholds - steps) + steps
    return apart
