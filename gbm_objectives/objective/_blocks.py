"""The one loop over rows: casting, weights, finiteness, output buffers.

Formulas are plain NumPy expressions; on blocks that stay in cache they run at the speed of the memory.
Float32 inside, whatever comes in; for losses of the residual the difference is taken first, in the
precision of the data, so targets with a large offset lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.numerics import residual
from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.rows import row_blocks, sample
from gbm_objectives._core.validation import Array, message, reject_non_finite
from gbm_objectives.loss import Loss
from gbm_objectives.weighting import Weighting

_ZERO = np.zeros((), dtype=np.float32)

Derivatives = Callable[[slice, Array, Array], tuple[Array, Array]]
Statistics = Callable[[slice, Array, Array, Array | None], Array]
Weigh = Callable[[Array, Array, Array | None], Array | None]


def as_given(y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Array | None:
    """The sample weights."""
    return sample_weight


def _reject_non_finite(y_true: Array, raw_prediction: Array) -> None:
    reject_non_finite("y_true", y_true)
    instead = (
        "In training a leaf of the last tree is not finite: rescale the target, set lambda to 1."
    )
    reject_non_finite("raw_prediction", raw_prediction, instead)


def gather(
    statistics: Statistics, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Array:
    """The sum of ``statistics`` over all blocks."""
    total: Any = None
    with np.errstate(over="ignore", invalid="ignore"):  # bad rows are reported by `fill`
        for rows in row_blocks(len(y_true), _n_outputs(raw_prediction)):
            y, raw = y_true[rows], raw_prediction[rows]
            weight = None if sample_weight is None else sample_weight[rows]
            sums = statistics(rows, y, raw, weight)
            if total is None or total.dtype != sums.dtype:
                total = sums.copy() if total is None else total + sums
            else:
                total += sums  # in place: a histogram may be as long as a block
    if not np.isfinite(total).all():
        _reject_non_finite(y_true, raw_prediction)
        raise ValueError(
            message(
                "y_true or raw_prediction", "numbers whose sums overflow", "numbers below 1e150"
            )
        )
    return np.asarray(total, dtype=np.float64)


def resolve(
    loss: Loss,
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None = None,
    weigh: Weigh = as_given,
) -> Loss:
    """The loss with everything global found in these rows, and in others by ``reduce``.

    ``weigh`` gives the weights of a block from its labels, predictions and sample weights.
    """

    def statistics(loss: Loss, rows: slice, y: Array, raw: Array, w: Array | None) -> Array:
        return loss.take(rows).statistics(y, raw, weigh(y, raw, w))

    return _resolved(loss, statistics, y_true, raw_prediction, sample_weight, reduce)


def resolve_weighting(
    weighting: Weighting,
    loss: Loss,
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None = None,
    weigh: Weigh = as_given,
) -> Weighting:
    """The weighting of a loss with everything global found, as `resolve`."""

    def statistics(
        weighting: Weighting, rows: slice, y: Array, raw: Array, w: Array | None
    ) -> Array:
        return weighting.statistics(loss.take(rows), y, raw, weigh(y, raw, w))

    return _resolved(weighting, statistics, y_true, raw_prediction, sample_weight, reduce)


Pending = TypeVar("Pending", Loss, Weighting)


def _resolved(
    part: Pending,
    statistics_of: Callable[[Pending, slice, Array, Array, Array | None], Array],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None,
) -> Pending:
    """A loss or weighting after as many passes over the rows as it asks for."""
    n_samples = len(y_true)
    if part.pending and part.sampled:
        y_true, raw_prediction, sample_weight = sample(y_true, raw_prediction, sample_weight)
    while part.pending:
        statistics = partial(statistics_of, part)
        # A sample counts for the rows it stands for beside other machines, which may not sample.
        sums = gather(statistics, y_true, raw_prediction, sample_weight) * (n_samples / len(y_true))
        part = part.resolve(sums if reduce is None else reduce(sums))
    return part


def mean_value(
    value_of: Callable[[slice, Array, Array], Array],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
) -> float:
    """The weighted mean of the values of rows, in float64."""
    total = weights = 0.0
    for rows in row_blocks(len(y_true), _n_outputs(raw_prediction)):
        raw = raw_prediction[rows].astype(np.float64)
        value = value_of(rows, y_true[rows].astype(np.float64), raw)
        weight = np.ones(len(raw)) if sample_weight is None else sample_weight[rows]
        total += float((weight * value).sum())
        weights += float(weight.sum(dtype=np.float64))
    return total / weights


def _working(y: Array, raw: Array, shift_invariant: bool) -> tuple[Array, Array]:
    """A block in float32: labels and predictions; or a zero without dimensions and the difference.

    Outputs are columns, contiguous ones, so that a sum over outputs adds whole columns.
    """
    if shift_invariant:
        if raw.ndim == 2:  # several levels of one label
            y, raw = y[:, None], np.asfortranarray(raw)
        return _ZERO, residual(y, raw)
    return np.asfortranarray(y, dtype=np.float32), np.asfortranarray(raw, dtype=np.float32)


def _n_outputs(raw_prediction: Array) -> int:
    return raw_prediction.shape[1] if raw_prediction.ndim == 2 else 1


def fill(
    derivatives: Derivatives,
    losses: tuple[Loss, ...],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> None:
    """Fill the two results block by block; raise on labels and predictions that are bad.

    One column, or all columns of losses of several outputs.
    """
    shift = all(loss.shift_invariant for loss in losses)
    limit = min(loss.limit for loss in losses)

    def check(y: Array, raw: Array) -> None:
        _reject_non_finite(y_true, raw_prediction)
        for loss in losses:
            if not (shift or loss.check_labels(y)):
                loss.reject_labels(y_true, raw_prediction)

    # A difference may overflow on its way to a capped result.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for rows in row_blocks(len(y_true), _n_outputs(raw_prediction)):
            y, raw = _working(y_true[rows], raw_prediction[rows], shift)
            if not np.abs(raw).max() <= limit:  # NaN too
                check(y, raw)
                raw = np.clip(raw, -limit, limit)
            # Those of classes, used as an index, have been looked at before.
            if not all(shift or loss.vector or loss.check_labels(y) for loss in losses):
                check(y, raw)
            g, h = derivatives(rows, y, raw)
            if sample_weight is not None:
                w = sample_weight[rows].astype(np.float32)
                g, h = ((a.T * w).T for a in (g, h))
            gradient[rows], hessian[rows] = g, h
            if not (np.isfinite(g).all() and np.isfinite(h).all()):
                raise FloatingPointError(
                    message(
                        "sample_weight or coefficient", "gradients beyond the range of float32",
                        "products below 3e38", "Scale the weights to a mean of 1.",
                    )
                )  # fmt: skip
