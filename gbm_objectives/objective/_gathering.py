"""What is global in a loss or a weighting: sums over blocks of rows, and over machines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.rows import row_blocks, sample
from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.loss import Loss
from gbm_objectives.objective._blocks import n_columns
from gbm_objectives.objective._validation import reject_non_finite_data
from gbm_objectives.weighting import Weighting

Statistics = Callable[[slice, Array, Array, Array | None], Array]
Weigh = Callable[[Array, Array, Array | None], Array | None]
Pending = TypeVar("Pending", Loss, Weighting)


def as_given(y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Array | None:
    """The sample weights."""
    return sample_weight


def gather(
    statistics: Statistics, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Array:
    """The sum of ``statistics`` over all blocks; of no rows the statistics of an empty block."""
    total: Any = None
    blocks = list(row_blocks(len(y_true), n_columns(raw_prediction))) or [slice(0, 0)]
    with np.errstate(over="ignore", invalid="ignore"):  # bad rows are reported
        for rows in blocks:
            weight = None if sample_weight is None else sample_weight[rows]
            sums = statistics(rows, y_true[rows], raw_prediction[rows], weight)
            if total is None or total.dtype != sums.dtype:
                total = sums.copy() if total is None else total + sums
            else:
                total += sums  # in place: a histogram may be as long as a block
    if not np.isfinite(total).all():
        reject_non_finite_data(y_true, raw_prediction)
        given = "numbers whose sums overflow"
        raise invalid("y_true or raw_prediction", given=given, needed="numbers below 1e150")
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
    # A sample counts for the rows it stands for beside other machines, which may not sample.
    times = n_samples / len(y_true) if n_samples else 1.0
    while part.pending:
        statistics = partial(statistics_of, part)
        sums = times * gather(statistics, y_true, raw_prediction, sample_weight)
        part = part.resolve(sums if reduce is None else reduce(sums))
    return part
