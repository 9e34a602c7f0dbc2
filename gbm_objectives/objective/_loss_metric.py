"""The value of an objective as a metric."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.curvature import Unit
from gbm_objectives.loss import Loss
from gbm_objectives.metrics._metric import Metric
from gbm_objectives.objective._evaluation import mean_value
from gbm_objectives.objective._targets import Targets
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import validate_data


@dataclass(frozen=True, slots=True)
class LossMetric(Metric):
    """The value of an objective as a metric, on raw predictions.

    The scale of a loss with an automatic delta is found around the best constant of the labels at hand,
    so it is the same in every round; the value is divided by delta^2, so it is of order 1 whatever the
    units of the target. The smooth quantile objective is measured by the exact pinball loss. Terms
    that carry data of the training rows (groups) have no value on other rows and are left out.

    Parameters
    ----------
    terms : tuple of Term
        Of the objective.
    targets : Targets or None, default None
        Of the objective.
    at_scale : bool, default False
        Whether the losses have a scale already: that of all machines' labels.
    """

    terms: tuple[Term, ...] = ()
    targets: Targets | None = None
    at_scale: bool = False

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return "+".join(term.loss.name for term in self.terms)

    @override
    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        return self._mean(*self._arrays(y_true, y_pred, sample_weight), None)

    @override
    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """The mean loss of all rows, with what is global in it (an index, a tail) found over the machines.

        Scales that are still automatic are those of the machine's own labels, which differ a little.
        """
        y, raw, weight = self._arrays(y_true, y_pred, sample_weight, alone=False)
        total = float(len(y) if weight is None else weight.sum())
        if not total:  # rows that weigh nothing are as good as none
            y, raw, weight = y[:0], raw[:0], None
        value = self._mean(y, raw, weight, reduce)
        weights, sums = reduce(np.array([total, total * value])).tolist()
        if not weights:
            given = "zero for all rows of all machines"
            raise invalid("sample_weight", given=given, needed="at least one weight > 0")
        return float(sums / weights)

    def _arrays(
        self, y_true: Any, y_pred: Any, sample_weight: Any, *, alone: bool = True
    ) -> tuple[Array, Array, Array | None]:
        labels = y_true if self.targets is None else self.targets.rows(y_true)
        losses = [term.loss for term in self.terms]
        return validate_data(losses, labels, y_pred, sample_weight, alone=alone)

    def _mean(self, y: Array, raw: Array, weight: Array | None, reduce: Reduce | None) -> float:
        """The mean over outputs."""
        if self.terms[0].loss.vector:
            return self.compute(y, raw, weight, reduce)
        columns = [(slice(None), *column) for column in np.ndindex(raw.shape[1:])]
        return float(np.mean([self.compute(y[one], raw[one], weight, reduce) for one in columns]))

    @override
    def compute(
        self,
        y_true: Array,
        y_pred: Array,
        sample_weight: Array | None,
        reduce: Reduce | None = None,
    ) -> float:
        """The value of one output, or of one loss of several."""
        total = unit = 0.0
        for term in self.terms:
            if term.loss.n_rows is not None:
                continue
            measured = replace(
                term,
                loss=term.loss if self.at_scale else _anchored(term, y_true, y_pred, sample_weight),
                curvature=Unit(),
                weightings=tuple(w for w in term.weightings if w.in_metric),
            ).resolved(y_true, y_pred, sample_weight, reduce)
            total += mean_value(measured, y_true, y_pred, sample_weight)
            unit = max(unit, measured.loss.unit)
        return total / (unit or 1.0)


def _anchored(term: Term, y_true: Array, y_pred: Array, sample_weight: Array | None) -> Loss:
    """The loss at the scale of the labels. On a machine without rows nothing is measured: any label will do."""
    criterion = term.loss.criterion
    if not len(y_true):
        return criterion.anchored(np.ones((1, *y_true.shape[1:])), None)
    return criterion.anchored(y_true, term.weighted(y_true, y_pred, sample_weight))
