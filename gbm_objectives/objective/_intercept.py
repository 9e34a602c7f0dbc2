"""Where boosting starts: the best constant of a sum of terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from gbm_objectives._core.validation import Array
from gbm_objectives.losses._classes import ABSENT, ClassScores, best_scores
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import validate_data, validate_labels

Terms = tuple[Term, ...]


def best_constant(
    terms: Terms, y_true: Array, sample_weight: ArrayLike | None, n_outputs: int | None
) -> float | NDArray[np.float64]:
    """See `Objective.intercept`; all arguments are validated here."""
    losses = [term.loss for term in terms]
    if losses[0].vector:
        validate_labels(losses, y_true, None)  # before their number is read from class codes
        n_outputs = losses[0].n_outputs or n_outputs or _n_classes(y_true)
        zeros = np.broadcast_to(0.0, (len(y_true), n_outputs))
        y, _, weight = validate_data(losses, y_true, zeros, sample_weight)
        return scores(terms, y, weight, n_outputs)
    zeros = np.broadcast_to(0.0, y_true.shape)
    y, _, weight = validate_data(losses, y_true, zeros, sample_weight)
    y = y.astype(np.float64)
    if y.ndim == 2:
        return np.array([constant(terms, column, weight) for column in y.T])
    return constant(terms, y, weight)


def _n_classes(y_true: Array) -> int:
    """As many as columns of a distribution, or codes up to the largest."""
    return y_true.shape[1] if y_true.ndim == 2 else max(int(y_true.max()) + 1, 2)


def constant(terms: Terms, y_true: Array, sample_weight: Array | None) -> float:
    """The best raw score of one output: the loss's own, or sought where several terms or weightings shape it."""
    weights = [term.weighted(y_true, y_true, sample_weight) for term in terms]
    starts = [term.loss.intercept(y_true, w) for term, w in zip(terms, weights, strict=True)]
    low, high = min(starts), max(starts)
    exists = any(term.loss.has_best_constant for term in terms)
    known = all(term.loss.has_best_constant and not _shaping(term) for term in terms)
    if low == high and (known or not exists):
        return float(low)
    anchored = [
        replace(
            term,
            loss=term.loss.anchored(y_true, w),
            weightings=tuple(weighting for weighting in term.weightings if weighting.in_metric),
        )
        for term, w in zip(terms, weights, strict=True)
    ]
    if not any(term.loss.n_rows for term in terms):
        y_true, sample_weight = _distinct(y_true, sample_weight)

    def total(score: float, gradient: bool) -> float:
        raw, sums = np.full_like(y_true, score), 0.0
        for term in anchored:
            found = term.resolved(y_true, raw, sample_weight, None)
            row = found.slope(y_true, raw) if gradient else found.value(slice(None), y_true, raw)
            sums += float((row if sample_weight is None else sample_weight * row).sum())
        return sums

    def slope(score: float) -> float:
        return total(score, gradient=True)

    if not known:
        low, high = _bracket(slope, low, high, min(term.loss.scale for term in anchored))
    # The minimum of a sum of convex functions lies between their minima; of others, a local one.
    if slope(low) < 0 < slope(high):
        return float(brentq(slope, low, high, xtol=1e-9 * (high - low)))
    if all(term.loss.convex for term in terms):  # rounding can't tell them apart
        return float(0.5 * (low + high))
    return float(min((low, high), key=lambda score: total(score, gradient=False)))


def _shaping(term: Term) -> bool:
    """Whether a weighting that is no function of labels is part of what is minimised."""
    return any(weighting.in_metric and not weighting.of_labels for weighting in term.weightings)


def _distinct(y_true: Array, sample_weight: Array | None) -> tuple[Array, Array | None]:
    """Rows of equal labels as one, where labels are few: the search then costs nothing."""
    values, inverse = np.unique(y_true, return_inverse=True)
    if 2 * len(values) > len(y_true):
        return y_true, sample_weight
    return values, np.bincount(inverse, sample_weight).astype(np.float64)


def _bracket(
    slope: Callable[[float], float], low: float, high: float, width: float
) -> tuple[float, float]:
    """Scores around a change of the slope's sign from - to +, sought outwards from a guess.

    The guess itself where there is none: a class without rows.
    """
    width, left, right = max(width, high - low), low, high
    for _ in range(50):
        if slope(right) < 0:
            left, right = right, right + width
        elif slope(left) > 0:
            left, right = left - width, left
        else:
            return left, right
        width *= 2.0
    return low, high


def scores(
    terms: Terms, y_true: Array, sample_weight: Array | None, n_outputs: int
) -> NDArray[np.float64]:
    """The best scores of a loss of several outputs, (n_outputs,)."""
    raw = np.broadcast_to(0.0, (len(y_true), n_outputs))
    losses = [cast(ClassScores, term.loss) for term in terms]
    if len(terms) == 1:
        weight = terms[0].weighted(y_true, raw, sample_weight)
        if losses[0].labels == "class":  # one row for each class, those without rows too
            shares = losses[0].shares(y_true, weight, n_outputs)
            if _shaping(terms[0]):
                for weighting in terms[0].weightings:
                    shares = weighting.class_shares(shares)
            y_true, weight = np.arange(n_outputs, dtype=np.float64), shares
        return losses[0].intercept(y_true, weight)
    known = [
        replace(term, loss=term.loss.criterion).with_label_weights(y_true, raw, sample_weight)
        for term in terms
    ]
    shares = losses[0].shares(y_true, sample_weight, n_outputs)
    rows, weights = y_true, sample_weight
    if losses[0].labels == "class":  # one row a class is enough
        rows, weights = np.arange(n_outputs, dtype=np.float64), shares

    def sums(score: Array) -> tuple[float, Array]:
        raw = np.asfortranarray(np.broadcast_to(score, (len(rows), n_outputs)))
        value: Any = 0.0
        gradient: Any = 0.0
        for term in known:
            w = term.weighted(rows, raw, weights)
            each = np.full(len(rows), 1.0) if w is None else w
            value += term.coefficient * (each @ term.loss.value(rows, raw))
            gradient += term.coefficient * (each @ term.loss.gradient(rows, raw))
        total = len(rows) if weights is None else weights.sum()
        return float(value / total), gradient / total

    return best_scores(sums, np.maximum(shares, ABSENT))
