"""Where boosting starts: the best constant of a sum of terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from gbm_objectives._terms import Term
from gbm_objectives._validation import Array
from gbm_objectives.losses._base import Loss
from gbm_objectives.losses._vector import ClassLoss, VectorLoss, best_scores

Terms = tuple[Term, ...]


def constant(terms: Terms, y_true: Array, sample_weight: Array | None) -> float:
    """The best raw score of one output: the loss's own, or between those of the terms of a sum."""
    weights = [term.weighted(y_true, y_true, sample_weight) for term in terms]
    starts = [term.loss.intercept(y_true, w) for term, w in zip(terms, weights, strict=True)]
    low, high = min(starts), max(starts)
    if low == high:
        return float(low)
    # The minimum of a sum of convex functions lies between their minima; of others, a local one.
    anchored = [
        replace(term, loss=term.loss.anchored(y_true, w))
        for term, w in zip(terms, weights, strict=True)
    ]

    def total(score: float, of: Callable[[Loss, Array, Array], Array]) -> float:
        raw = np.full_like(y_true, score)
        sums = 0.0
        for term, w in zip(anchored, weights, strict=True):
            loss = term.resolved(y_true, raw, sample_weight, None).loss
            row = term.coefficient * of(loss, y_true, raw)
            sums += float((row if w is None else w * row).sum())
        return sums

    def slope(score: float) -> float:
        return total(score, lambda loss, y, raw: loss.gradient(y, raw))

    if slope(low) < 0 < slope(high):
        return float(brentq(slope, low, high, xtol=1e-9 * (high - low)))
    if all(term.loss.convex for term in terms):  # rounding can't tell them apart
        return float(0.5 * (low + high))
    return float(
        min((low, high), key=lambda score: total(score, lambda loss, y, raw: loss.value(y, raw)))
    )


def scores(
    terms: Terms, y_true: Array, sample_weight: Array | None, n_outputs: int
) -> NDArray[np.float64]:
    """The best scores of a loss of several outputs, (n_outputs,)."""
    raw = np.broadcast_to(0.0, (len(y_true), n_outputs))
    losses = [cast(VectorLoss, term.loss) for term in terms]
    if len(terms) == 1:
        weight = terms[0].weighted(y_true, raw, sample_weight)
        return losses[0].intercept(y_true, weight, n_outputs)
    known = [
        replace(term, loss=term.loss.criterion).with_label_weights(y_true, raw, sample_weight)
        for term in terms
    ]
    shares = losses[0].shares(y_true, sample_weight, n_outputs)
    rows, weights = y_true, sample_weight
    if isinstance(losses[0], ClassLoss):  # one row a class is enough
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

    return best_scores(sums, np.maximum(shares, 1e-6))
