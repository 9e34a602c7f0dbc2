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
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._tasks import Task, name_of, tasks_of
from gbm_objectives.objective._terms import Term


@dataclass(frozen=True, slots=True)
class LossMetric(Metric):
    """The value of an objective as a metric, on raw predictions.

    The scale of a loss with an automatic delta is found around the best constant of the labels at hand,
    so it is the same in every round; the value is divided by delta^2, so it is of order 1 whatever the
    units of the target. The smooth quantile objective is measured by the exact pinball loss. Terms
    that carry data of the training rows (groups), and no table of rows, have no value on other rows and are left out.

    Parameters
    ----------
    terms : tuple of Term
        Of the objective.
    rows : RowTable or None, default None
        Of the objective.
    at_scale : bool, default False
        Whether the losses have a scale already: that of all machines' labels.
    """

    terms: tuple[Term, ...] = ()
    rows: RowTable | None = None
    at_scale: bool = False

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return name_of(self.terms)

    @override
    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        tasks = self._tasks(y_true, y_pred, sample_weight)
        return float(np.mean([self._of_task(task, None) for task in tasks]))

    @override
    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """The mean loss of all rows, with what is global in it (an index, a tail) found over the machines.

        Scales that are still automatic are those of the machine's own labels, which differ a little.
        """
        sums = []
        for task in self._tasks(y_true, y_pred, sample_weight, alone=False):
            y, raw, weight = task.y_true, task.raw_prediction, task.sample_weight
            total = float(len(y) if weight is None else weight.sum())
            if not total:  # rows that weigh nothing are as good as none
                terms = tuple(term.take(slice(0, 0)) for term in task.terms)
                task = replace(task, terms=terms, y_true=y[:0], raw_prediction=raw[:0])
                task = replace(task, sample_weight=None)
            sums.append((total, total * self._of_task(task, reduce)))
        totals = reduce(np.array(sums).ravel()).reshape(-1, 2)
        if not totals[:, 0].all():
            given = "zero for all rows of all machines"
            raise invalid("sample_weight", given=given, needed="at least one weight > 0")
        return float(np.mean(totals[:, 1] / totals[:, 0]))

    def _tasks(
        self, y_true: Any, y_pred: Any, sample_weight: Any, *, alone: bool = True
    ) -> list[Task]:
        """Of the terms that have a value on these rows."""
        terms = self.terms
        if self.rows is None and any(term.loss.n_rows is None for term in terms):
            terms = tuple(term for term in terms if term.loss.n_rows is None)
        return tasks_of(terms, self.rows, y_true, y_pred, sample_weight, alone=alone, finite=True)[
            1
        ]

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The value of one output, or of one loss of several."""
        return self._of_task(Task(self.terms, y_true, y_pred, sample_weight, slice(None)), None)

    def _of_task(self, task: Task, reduce: Reduce | None) -> float:
        """The mean loss of the rows of a task, over the square of its unit."""
        y, raw, weight = task.y_true, task.raw_prediction, task.sample_weight
        total = unit = 0.0
        for term in task.terms:
            measured = replace(
                term,
                loss=term.loss if self.at_scale else _anchored(term, y, raw, weight),
                curvature=Unit(),
                weightings=tuple(w for w in term.weightings if w.in_metric),
            ).resolved(y, raw, weight, reduce)
            total += mean_value(measured, y, raw, weight)
            unit = max(unit, measured.loss.unit)
        return total / (unit or 1.0)


def _anchored(term: Term, y_true: Array, y_pred: Array, sample_weight: Array | None) -> Loss:
    """The loss at the scale of the labels. On a machine without rows nothing is measured: any label will do."""
    criterion = term.loss.criterion
    if not len(y_true):
        return criterion.anchored(np.ones((1, *y_true.shape[1:])), None)
    return criterion.anchored(y_true, term.weighted(y_true, y_pred, sample_weight))
