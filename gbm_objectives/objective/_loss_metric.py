"""The value of an objective as a metric."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.reduction import Reduce, weighed
from gbm_objectives._core.validation import Array, sample_weights
from gbm_objectives.curvature import Unit
from gbm_objectives.metrics._metric import Metric
from gbm_objectives.objective import _blocks
from gbm_objectives.objective._machines import no_rows
from gbm_objectives.objective._targets import Targets
from gbm_objectives.objective._terms import Term, checked


@dataclass(frozen=True, slots=True)
class LossMetric(Metric):
    """The value of an objective as a metric, on raw predictions.

    The scale of a loss with an automatic delta is found around the best constant of the labels at hand,
    so it is the same in every round; the value is divided by delta^2, so it is of order 1 whatever the
    units of the target. The smooth quantile objective is measured by the exact pinball loss. Terms
    that carry data of the training rows (groups) have no value on other rows and are left out.

    Parameters
    ----------
    terms, targets : of the objective.
    at_scale : whether the losses have a scale already: that of all machines' labels.
    """

    terms: tuple[Term, ...] = ()
    targets: Targets | None = None
    at_scale: bool = False

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return "+".join(term.loss.name for term in self.terms)

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The weighted mean loss over its unit, averaged over outputs."""
        return self._evaluate(y_true, y_pred, sample_weight, None)

    def _evaluate(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None,
        reduce: Reduce | None,
    ) -> float:
        labels = y_true if self.targets is None else self.targets.rows(y_true)
        y, raw, weight = checked(self.terms, labels, y_pred, sample_weight)
        if self.terms[0].loss.vector:
            return self.compute(y, raw, weight, reduce)
        columns = [(slice(None), *column) for column in np.ndindex(raw.shape[1:])]
        return float(np.mean([self.compute(y[one], raw[one], weight, reduce) for one in columns]))

    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """The mean loss of all rows, with what is global in it (an index, a tail) found over the machines.

        Scales that are still automatic are those of the machine's own labels, which differ a little.
        """
        raw, weight = np.asarray(y_pred), weighed(sample_weight)
        total = 0.0
        if len(raw):
            weight = sample_weights(weight, len(raw))
            total = float(len(raw) if weight is None else weight.sum(dtype=np.float64))
        else:
            y_true, raw, weight = no_rows(self, y_true, raw)
        value = self._evaluate(y_true, raw, weight, reduce)
        weights, sums = reduce(np.array([total, total * value])).tolist()
        return float(sums / weights)

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
            weight = term.weighted(y_true, y_pred, sample_weight)
            measured = replace(
                term,
                loss=term.loss if self.at_scale else term.loss.criterion.anchored(y_true, weight),
                curvature=Unit(),
                weightings=tuple(w for w in term.weightings if w.in_metric),
            ).resolved(y_true, y_pred, sample_weight, reduce)
            total += _blocks.mean_value(measured.value, y_true, y_pred, sample_weight)
            unit = max(unit, measured.loss.unit)
        return total / (unit or 1.0)
