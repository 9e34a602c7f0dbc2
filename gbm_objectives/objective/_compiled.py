"""Gradients and Hessians by compiled code: the formulas of the terms, recorded once and run in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gbm_objectives import engine
from gbm_objectives._core.validation import Array
from gbm_objectives.objective._blocks import n_columns
from gbm_objectives.objective._kernels import kernel_of
from gbm_objectives.objective._recording import of_derivatives, of_value
from gbm_objectives.objective._terms import Term


def filled(
    terms: Sequence[Term],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> bool:
    """Whether compiled code has filled the two results of resolved terms; if not, NumPy has to.

    NumPy also has to where predictions are not finite or beyond the limit of a loss, or results are not finite: it
    holds them, or raises the error.
    """
    if not engine.compiles(raw_prediction.size):
        return False
    if any(
        term.loss.n_rows is not None for term in terms
    ):  # the groups of rows lie outside the formulas
        return False
    from gbm_objectives.engine._run import run

    width = n_columns(raw_prediction) if raw_prediction.ndim == 2 else 0
    kernel = kernel_of(
        of_derivatives, _parts(terms), tuple(terms), y_true.ndim, width, sample_weight is not None
    )
    if kernel is None:
        return False
    inputs = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    outcome = run(kernel, inputs, (gradient, hessian), width)
    limit = min(term.loss.limit for term in terms)
    return outcome is not None and outcome.given <= limit and outcome.found < np.inf


def mean_value(
    term: Term, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> float | None:
    """The weighted mean of the values of a resolved term, in float64; None where NumPy has to compute it."""
    if not engine.compiles(raw_prediction.size) or term.loss.n_rows is not None:
        return None
    from gbm_objectives.engine._run import run

    width = n_columns(raw_prediction) if raw_prediction.ndim == 2 else 0
    kernel = kernel_of(
        of_value, _parts([term]), term, y_true.ndim, width, sample_weight is not None
    )
    if kernel is None:
        return None
    inputs = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    outcome = run(kernel, inputs, width=width)
    if outcome is None:
        return None
    total, *weights = outcome.sums.tolist()
    total_weight = weights[0] if weights else float(len(y_true))
    mean = total / total_weight if total_weight else 0.0
    return mean if np.isfinite(mean) else None


def _parts(terms: Sequence[Term]) -> list[object]:
    return [part for term in terms for part in (term.loss, term.policy, *term.weightings)]
