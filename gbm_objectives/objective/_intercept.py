"""Where boosting starts: the best constant of a sum of terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from gbm_objectives._core.validation import Array, numeric_array
from gbm_objectives.losses._classes import ABSENT, ClassScores, best_scores
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._tasks import tasks_of
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import validate_labels

Terms = tuple[Term, ...]


def best_constant(
    terms: Terms,
    rows: RowTable | None,
    y_true: ArrayLike,
    sample_weight: ArrayLike | None,
    n_outputs: int | None,
) -> float | NDArray[np.float64]:
    """See `Objective.intercept`; all arguments are validated here."""
    losses = [term.loss for term in terms]
    labels = numeric_array("y_true", y_true if rows is None else rows.labels(y_true))
    shape: tuple[int, ...] = labels.shape
    if losses[0].vector:
        validate_labels(losses, labels, None)  # before their number is read from class codes
        shape = (len(labels), losses[0].n_outputs or n_outputs or _n_classes(labels))
    zeros = np.broadcast_to(0.0, shape)
    _, tasks = tasks_of(terms, rows, y_true, zeros, sample_weight, finite=True)
    exposed = rows is not None and rows.log_exposure is not None
    if losses[0].vector:
        task = tasks[0]
        start = scores(task.terms, task.y_true, task.sample_weight, shape[1])
        if exposed:  # of the mean exposure: near the best for counts, and exact for `poisson`
            exposure = np.exp(task.raw_prediction[:, 0].astype(np.float64))
            start[0] -= np.log(np.average(exposure, weights=task.sample_weight))
        return start
    found = [
        constant(
            task.terms,
            task.y_true.astype(np.float64),
            task.sample_weight,
            task.raw_prediction.astype(np.float64) if exposed else None,
        )
        for task in tasks
    ]
    return np.array(found) if len(shape) == 2 else found[0]


def _n_classes(y_true: Array) -> int:
    """As many as columns of a distribution, or codes up to the largest."""
    return y_true.shape[1] if y_true.ndim == 2 else max(int(y_true.max()) + 1, 2)


def constant(
    terms: Terms, y_true: Array, sample_weight: Array | None, offset: Array | None = None
) -> float:
    """The best raw score of one output: the loss's own, or sought where several terms or weightings shape it.

    An ``offset``, the logarithm of the exposures, is added to the score of each row.
    """
    weights = [term.weighted(y_true, y_true, sample_weight) for term in terms]
    if offset is None:
        starts = [term.loss.intercept(y_true, w) for term, w in zip(terms, weights, strict=True)]
    else:  # of rates, weighted by exposure: the best for `poisson`, near it for others
        starts = [_rate(term, y_true, w, offset) for term, w in zip(terms, weights, strict=True)]
    low, high = min(starts), max(starts)
    exists = any(term.loss.has_best_constant for term in terms)
    known = all(term.loss.has_best_constant and not _shaping(term) for term in terms)
    known = known and offset is None
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
    if offset is None and not any(term.loss.n_rows for term in terms):
        y_true, sample_weight = _distinct(y_true, sample_weight)

    def total(score: float, gradient: bool) -> float:
        raw, sums = np.full_like(y_true, score), 0.0
        raw = raw if offset is None else raw + offset
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


def _rate(term: Term, y_true: Array, sample_weight: Array | None, offset: Array) -> float:
    """The best raw score of the rates y/exposure, weighted by exposure."""
    exposure = np.exp(offset)
    weight = exposure if sample_weight is None else sample_weight * exposure
    return float(term.loss.intercept(y_true / exposure, weight))


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
    own_rows = any(loss.n_rows is not None for loss in losses)
    if len(terms) == 1 and own_rows:
        return losses[0].intercept(y_true, terms[0].weighted(y_true, raw, sample_weight))
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
    if losses[0].labels == "class" and not own_rows:  # one row for each class is enough
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
