"""Several targets of different kinds in one model: an objective for each output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import Array, invalid, positive
from gbm_objectives.metrics._metric import Metric
from gbm_objectives.objective._objective import Objective


def multi_task(
    objectives: Sequence[Objective], *, weights: Sequence[float] | None = None
) -> Objective:
    """Several targets of different kinds in one model: an objective for each column of the labels.

    ``multi_task([quantile(0.9), squared_error(), binary_cross_entropy()])`` is for labels (n_samples, 3). Each output
    keeps its own loss, curvature, link, scale and intercept. Labels may be missing, as NaN in the table of
    `Objective.with_rows` or in the labels of `ObjectiveRegressor`.

    Neither library can save several links, so models keep raw scores: ``objective.predict(booster, data)``,
    ``objective.response(raw)`` and `ObjectiveRegressor` give responses. The metric is the mean over the outputs of
    weight x loss; `task_metric` gives that of one.

    Parameters
    ----------
    objectives : sequence of Objective
        Two or more, of one output each; sums too.
    weights : sequence of float, or None, default None
        A factor > 0 for each objective; None: 1. It multiplies value, gradient and Hessian. Where each output has
        trees of its own, which is the default of both libraries, it matters beside limits on Hessians, lambda and
        in the metric. With XGBoost's vector leaves (``multi_strategy="multi_output_tree"``) it says how much each
        target has to say in the splits.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or `ObjectiveRegressor`.

    Raises
    ------
    TypeError, ValueError
        For fewer than two objectives, objectives of several outputs or with a table of rows, and weights that are
        not above 0.

    Examples
    --------
    >>> objective = multi_task([quantile(0.9), binary_cross_entropy()])
    >>> gradient, _ = objective([[2.0, 1.0]], [[3.0, 0.0]])
    >>> gradient.shape
    (1, 2)
    """
    parts = [objectives] if isinstance(objectives, Objective) else list(objectives)
    for k, part in enumerate(parts):
        found: object = part
        if not isinstance(found, Objective):
            given = f"a {type(part).__name__}"
            needed = "an objective of this package, such as huber()"
            raise invalid(f"objectives[{k}]", given=given, needed=needed, kind=TypeError)
        _validate_part(k, part)
    if len(parts) < 2:
        given = f"{len(parts)} objective{'s' * (len(parts) != 1)}"
        raise invalid(
            "objectives", given=given, needed="a list of two or more, one for each target"
        )
    factors = [1.0] * len(parts) if weights is None else list(weights)
    if len(factors) != len(parts):
        given = f"{len(factors)} for {len(parts)} objectives"
        raise invalid("weights", given=given, needed="one for each objective")
    factors = [positive(f"weights[{k}]", factor) for k, factor in enumerate(factors)]
    terms = tuple(
        replace(term, output=k)
        for k, (factor, part) in enumerate(zip(factors, parts, strict=True))
        for term in (factor * part).terms
    )
    return Objective(terms)


def _validate_part(k: int, part: Objective) -> None:
    """Raise for an objective that is no task of one output."""
    if part.vector or part.of_tasks:
        given = f"{part.name}, of several outputs"
        raise invalid(f"objectives[{k}]", given=given, needed="an objective of one output")
    if part.rows is not None:
        hint = "Write multi_task([...]).with_rows(targets=table)."
        raise invalid(f"objectives[{k}]", given="one with a table", needed="one without", hint=hint)
    if not any(term.loss.stands_alone for term in part.terms):
        given = f"{part.name} alone, whose gradient is the same in every row"
        raise invalid(f"objectives[{k}]", given=given, needed="a loss beside it")


def task_metric(objective: Objective, task: int, metric: Metric | None = None) -> TaskMetric:
    """A metric of one output of `multi_task`, over the rows that have a label there.

    Parameters
    ----------
    objective : Objective
        From `multi_task`.
    task : int
        The number of the output.
    metric : Metric or None, default None
        Of `gbm_objectives.metrics`. None: the loss of the output, without its weight.

    Returns
    -------
    Metric
        To pass as ``custom_metric``, ``feval`` or ``eval_metric`` to a training with that objective.

    Raises
    ------
    ValueError
        For an output that the objective does not have.
    """
    if not objective.of_tasks or not 0 <= task < (objective.n_outputs or 0):
        given = f"{task} of {objective.name}"
        needed = f"0 to {(objective.n_outputs or 0) - 1}" if objective.of_tasks else "a multi_task"
        raise invalid("task", given=given, needed=needed)
    terms = [replace(term, output=None) for term in objective.terms if term.output == task]
    own = Objective(tuple(terms)) * (1.0 / terms[0].coefficient)
    return TaskMetric(own.link, own.metric if metric is None else metric, task, metric is not None)


@dataclass(frozen=True, slots=True)
class TaskMetric(Metric):
    """A metric of one column of labels, (n_samples, n_outputs), over the rows whose label is not NaN.

    Parameters
    ----------
    metric : Metric
    task : int
        The column.
    of_response : bool
        Whether the metric is given the response, by the link; else raw scores.
    """

    metric: Metric | None = None
    task: int = 0
    of_response: bool = True

    @property
    def _metric(self) -> Metric:
        if self.metric is None:
            raise invalid("metric", given="None", needed="a metric")
        return self.metric

    @property
    def name(self) -> str:
        """The metric's, with the number of the task."""
        return f"task{self.task}_{self._metric.name}"

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """The metric's direction."""
        return self._metric.higher_is_better

    @override
    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        y, raw, weight = self._observed(y_true, y_pred, sample_weight)
        if not len(y):
            given = f"no label of task {self.task} in {len(np.asarray(y_true))} rows"
            raise invalid("y_true", given=given, needed="one at least")
        return self._linked.evaluate(y, raw, weight)

    @override
    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """The metric's own, of all machines' rows that have a label of the task: some may have none."""
        return self._linked.over_machines(*self._observed(y_true, y_pred, sample_weight), reduce)

    @property
    def _linked(self) -> Metric:
        return replace(self._metric, link=self.link) if self.of_response else self._metric

    def _observed(
        self, y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tuple[Array, Array, Array | None]:
        y, raw = np.asarray(y_true)[:, self.task], np.asarray(y_pred)[:, self.task]
        seen = ~np.isnan(y)
        weighted = sample_weight is not None and np.size(sample_weight) > 0
        return y[seen], raw[seen], np.asarray(sample_weight)[seen] if weighted else None

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return self._metric.compute(y_true, y_pred, sample_weight)
