"""The one loop over rows that fills gradients and Hessians, and the mean of values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.rows import row_blocks
from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.objective import _compiled
from gbm_objectives.objective._blocks import Block, n_columns
from gbm_objectives.objective._terms import Term, derivatives
from gbm_objectives.objective._validation import reject_non_finite_data


def fill(
    terms: Sequence[Term],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> None:
    """Fill the two results of resolved terms block by block; raise on predictions that are not finite.

    One column, or all columns of losses of several outputs.
    """
    if _compiled.filled(terms, y_true, raw_prediction, sample_weight, gradient, hessian):
        return
    shift_invariant = all(term.loss.shift_invariant for term in terms)
    limit = min(term.loss.limit for term in terms)
    # A difference may overflow on its way to a capped result.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for rows in row_blocks(len(y_true), n_columns(raw_prediction)):
            block = Block.of(rows, y_true, raw_prediction, shift_invariant=shift_invariant)
            if not block.within(limit):
                reject_non_finite_data(y_true, raw_prediction)
                block = block.held(limit)
            g, h = derivatives(terms, block)
            if sample_weight is not None:
                w = sample_weight[rows].astype(np.float32)
                g, h = (g.T * w).T, (h.T * w).T
            gradient[rows], hessian[rows] = g, h
            if not _finite(g, h):
                raise _overflow(terms, sample_weight)


def _finite(g: Array, h: Array) -> bool:
    """Whether all numbers are finite. The sum of their products tells it in one pass, unless it overflows itself."""
    products = np.einsum("ij,ij" if g.ndim == 2 else "i,i", g, h)
    return bool(np.isfinite(products) or (np.isfinite(g).all() and np.isfinite(h).all()))


def _overflow(terms: Sequence[Term], sample_weight: Array | None) -> Exception:
    """The error for results that are not finite, where labels, predictions and weights are."""
    if sample_weight is None and all(t.coefficient == 1.0 and not t.weightings for t in terms):
        return invalid(
            "objective",
            given=f"gradients or Hessians of {'+'.join(t.loss.name for t in terms)} that are not finite",
            needed="formulas that are finite for all labels in the domain and all float32 predictions",
            hint="Give the loss a limit, the largest prediction that its formulas are given.",
            kind=FloatingPointError,
        )
    return invalid(
        "sample_weight or coefficient",
        given="gradients beyond the range of float32",
        needed="products below 3e38",
        hint="Scale the weights to a mean of 1.",
        kind=FloatingPointError,
    )


def mean_value(
    term: Term, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> float:
    """The weighted mean of the values of a resolved term, in float64; 0 without rows."""
    found = _compiled.mean_value(term, y_true, raw_prediction, sample_weight)
    if found is not None:
        return found
    total = weights = 0.0
    for rows in row_blocks(len(y_true), n_columns(raw_prediction)):
        raw = raw_prediction[rows].astype(np.float64)
        value = term.value(rows, y_true[rows].astype(np.float64), raw)
        weight = np.ones(len(raw)) if sample_weight is None else sample_weight[rows]
        total += float((weight * value).sum())
        weights += float(weight.sum(dtype=np.float64))
    return total / weights if weights else 0.0
