"""What is global in a loss or a weighting: sums over blocks of rows, and over machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.rows import row_blocks, sample
from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.loss import Loss
from gbm_objectives.objective._blocks import n_columns
from gbm_objectives.objective._sums import compiled_sums
from gbm_objectives.objective._validation import reject_non_finite_data
from gbm_objectives.weighting import Weighting

Pending = TypeVar("Pending", Loss, Weighting)


@dataclass(frozen=True, slots=True)
class LabelWeights:
    """Sample weights times the factors that follow labels alone.

    Parameters
    ----------
    weightings : tuple of Weighting, default ()
        Resolved ones; those of labels count.
    loss : Loss or None, default None
        That they weigh.
    """

    weightings: tuple[Weighting, ...] = ()
    loss: Loss | None = None

    def __call__(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array | None:
        """The weights of a block."""
        for weighting in self.weightings:
            if weighting.of_labels and self.loss is not None:
                factor = weighting.factor(self.loss, slice(None), y_true, raw_prediction)
                sample_weight = factor if sample_weight is None else sample_weight * factor
        return sample_weight


#: The sample weights themselves.
AS_GIVEN = LabelWeights()


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is summed for a loss, or for a weighting of a loss."""

    part: Loss | Weighting
    loss: Loss
    weigh: LabelWeights

    @property
    def parts(self) -> tuple[object, ...]:
        """All whose formulas are in it."""
        return (self.part, self.loss, *self.weigh.weightings)

    @property
    def n_rows(self) -> int | None:
        """Of data that the loss carries."""
        return self.loss.n_rows

    def __call__(
        self, rows: slice, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """Of a block."""
        loss = self.loss.take(rows)
        weight = self.weigh(y_true, raw_prediction, sample_weight)
        if isinstance(self.part, Weighting):
            return self.part.statistics(loss, y_true, raw_prediction, weight)
        return loss.statistics(y_true, raw_prediction, weight)


def gather(
    statistics: Statistics, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Array:
    """The sum of ``statistics`` over all blocks; of no rows the statistics of an empty block."""
    total: Any = compiled_sums(statistics, y_true, raw_prediction, sample_weight)
    if total is None:
        total = _over_blocks(statistics, y_true, raw_prediction, sample_weight)
    if not np.isfinite(total).all():
        reject_non_finite_data(y_true, raw_prediction)
        given = "numbers whose sums overflow"
        raise invalid("y_true or raw_prediction", given=given, needed="numbers below 1e150")
    return np.asarray(total, dtype=np.float64)


def _over_blocks(
    statistics: Statistics, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Any:
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
    return total


def resolve(
    loss: Loss,
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None = None,
    weigh: LabelWeights = AS_GIVEN,
) -> Loss:
    """The loss with everything global found in these rows, and in others by ``reduce``."""

    def statistics(loss: Loss) -> Statistics:
        return Statistics(loss, loss, weigh)

    return _resolved(loss, statistics, y_true, raw_prediction, sample_weight, reduce)


def resolve_weighting(
    weighting: Weighting,
    loss: Loss,
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None = None,
    weigh: LabelWeights = AS_GIVEN,
) -> Weighting:
    """The weighting of a loss with everything global found, as `resolve`."""

    def statistics(weighting: Weighting) -> Statistics:
        return Statistics(weighting, loss, weigh)

    return _resolved(weighting, statistics, y_true, raw_prediction, sample_weight, reduce)


def _resolved(
    part: Pending,
    statistics: Callable[[Pending], Statistics],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    reduce: Reduce | None,
) -> Pending:
    """A loss or weighting after as many passes over the rows as it asks for."""
    n_samples = len(y_true)
    if part.pending and part.sampled and statistics(part).n_rows is None:
        y_true, raw_prediction, sample_weight = sample(y_true, raw_prediction, sample_weight)
    # A sample counts for the rows it stands for beside other machines, which may not sample.
    times = n_samples / len(y_true) if n_samples else 1.0
    while part.pending:
        sums = times * gather(statistics(part), y_true, raw_prediction, sample_weight)
        part = part.resolve(sums if reduce is None else reduce(sums))
    return part
