"""Metrics as a training is given them: with the objective's link, its direction, and the labels that they are about."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.doors import is_data_set, labels_and_weights
from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import Array, message
from gbm_objectives.links import IDENTITY
from gbm_objectives.metrics import Metric
from gbm_objectives.metrics._metric import Score
from gbm_objectives.objective import Objective
from gbm_objectives.objective._loss_metric import LossMetric
from gbm_objectives.objective._multi_task import TaskMetric
from gbm_objectives.objective._rows import RowTable

_FACTORIES = "gbm_objectives.metrics."


def as_list(metrics: Any) -> list[Any]:
    """One metric or several, as a list; None is none."""
    if metrics is None:
        return []
    return list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]


def split_named(metrics: Any) -> tuple[list[str], list[Callable[..., Any]]]:
    """The built-in metrics of a list, which are names, and the functions."""
    given = as_list(metrics)
    named = [name for metric in given if isinstance(metric, str) for name in metric.split(",")]
    return named, [metric for metric in given if callable(metric)]


def bound(metrics: Sequence[Any], objective: Objective, *, numbered: bool = False) -> list[Any]:
    """Metrics that make the response themselves: with a custom objective they are given raw scores.

    Where labels are row numbers of a table, metrics of this package see the rows; all metrics do where the user
    does not know of the numbers (``numbered``).
    """
    for metric in metrics:
        # A function of a script that is run by exec has no module.
        if inspect.isfunction(metric) and (metric.__module__ or "").startswith(_FACTORIES):
            name = metric.__name__
            raise TypeError(message("metric", f"the function {name}", f"a metric, {name}()"))
    linked = [
        replace(metric, link=objective.link)
        if isinstance(metric, Metric)
        and not isinstance(metric, (LossMetric, TaskMetric))
        and metric.link == IDENTITY
        else metric
        for metric in metrics
    ]
    table = objective.rows
    for metric in metrics if objective.of_tasks else ():
        if isinstance(metric, Metric) and not isinstance(metric, (LossMetric, TaskMetric)):
            given = f"{metric.name}, of all targets of {objective.name}"
            needed = f"task_metric(objective, task, {metric.name}()), for the target of one task"
            raise ValueError(message("metric", given, needed))
    if table is None:
        return linked
    return [
        OnRows(m, table, split=not (objective.of_tasks or isinstance(m, TaskMetric)))
        if (numbered or isinstance(m, (Metric, OnResponse))) and not _knows(m, table)
        else m
        for m in linked
    ]


def _knows(metric: Any, table: RowTable) -> bool:
    """Whether a metric takes the row numbers of the table itself."""
    return isinstance(metric, LossMetric) and metric.rows == table


def higher_is_better(metrics: list[Any]) -> bool | None:
    """The direction of the metric that decides early stopping, the last one; None if it is not known."""
    return getattr(metrics[-1], "higher_is_better", None) if metrics else None


@dataclass(frozen=True)
class OnRows:
    """A metric whose labels are row numbers of a table: it is given the rows.

    Where labels are missing, it is the mean over the columns of the metric over the rows that have a label there.
    An exposure is added to the raw scores. Without ``split`` the metric is given the matrix with its NaN.
    """

    metric: Any
    table: RowTable
    split: bool = True

    @property
    def name(self) -> str:
        """The metric's name."""
        return getattr(self.metric, "name", type(self.metric).__name__)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def higher_is_better(self) -> bool | None:
        """The metric's direction."""
        return getattr(self.metric, "higher_is_better", None)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None) -> Any:
        """As the metric, at either door."""
        if not is_data_set(y_pred):
            calls = [
                self.metric(*part)
                for part in self._parts(y_true, np.asarray(y_pred), sample_weight)
            ]
            return _mean(calls)
        labels, weight = labels_and_weights(y_pred)
        parts = self._parts(labels, np.asarray(y_true), weight)
        return _mean([self.metric(raw, _Labelled(y_pred, y, w)) for y, raw, w in parts])

    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """As `Metric.over_machines`."""
        parts = self._parts(y_true, np.asarray(y_pred), sample_weight)
        return float(np.mean([self.metric.over_machines(*part, reduce) for part in parts]))

    def _parts(
        self, y_true: Any, raw: Array, sample_weight: Any
    ) -> list[tuple[Array, Array, Array | None]]:
        """Labels, raw scores and weights: of all outputs, or of each one's rows where labels are missing."""
        numbers = self.table.numbers(y_true)
        labels, offset = self.table.table[numbers], self.table.offset(numbers)
        if offset is not None:
            raw = (raw.T + offset).T
        if not (self.table.partial and self.split):
            return [(labels, raw, sample_weight)]
        given = sample_weight is not None and np.size(sample_weight) > 0
        weight = np.asarray(sample_weight) if given else None
        rows = ~np.isnan(labels)
        return [
            (
                labels[seen, k],
                raw[seen, k],
                None if weight is None else weight[seen],
            )
            for k, seen in enumerate(rows.T)
        ]


def _mean(calls: list[Any]) -> Any:
    """The mean of what one metric returned for several columns, in the form that it returned."""
    first = calls[0]
    if len(calls) == 1:
        return first
    if isinstance(first, Score):
        return Score(float(np.mean(calls)), first.name, first.higher_is_better)
    if isinstance(first, tuple):
        name, _, *direction = first
        return (name, float(np.mean([value for _, value, *_ in calls])), *direction)
    return float(np.mean(calls))


class _Labelled:
    """A data set as a metric would see it, with the labels that its row numbers stand for."""

    def __init__(self, data: Any, labels: Array, weight: Any) -> None:
        self._data, self._labels, self._weight = data, labels, weight

    def get_label(self) -> Any:
        """The labels themselves."""
        return self._labels

    def get_weight(self) -> Any:
        """Of the rows that the labels are of."""
        return self._weight

    def __getattr__(self, name: str) -> Any:
        return getattr(self._data, name)


class OnResponse:
    """A function of (y_true, y_pred), of weights too if it takes them, that is given the response.

    With a custom objective the libraries hand raw scores to functions such as scikit-learn's. It also answers as a
    function of (preds, data).
    """

    def __init__(self, function: Callable[..., Any], objective: Objective) -> None:
        self.function, self.objective = function, objective
        update_wrapper(self, function)  # the name, and the parameters by which LightGBM calls it

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, y_true: Any, y_pred: Any, *others: Any) -> Any:
        """The function's value; with a data set, named."""
        parameters = inspect.signature(self.function).parameters
        if not hasattr(y_pred, "get_label"):
            response = self._response(y_true, y_pred, others[0] if others else None)
            return self.function(y_true, response, *others[: len(parameters) - 2])
        preds, data = y_true, y_pred
        weight, labels = np.asarray(data.get_weight()), np.asarray(data.get_label())
        if labels.size > len(preds):  # flat before XGBoost 3.2
            labels = labels.reshape(len(preds), -1)
        named = {"sample_weight": weight} if "sample_weight" in parameters and weight.size else {}
        response = self._response(labels, preds, weight)
        return self.name, float(self.function(labels, response, **named))

    def _response(self, labels: Any, raw: Any, weight: Any) -> Array:
        """What is learned last, such as thresholds, is found on the rows at hand."""
        objective = self.objective
        if objective.learns:
            given = weight is not None and np.size(weight) > 0
            objective = objective.fixed(labels, raw, weight if given else None)
        return objective.response(raw)


def of_estimator(metric: Callable[..., Any], objective: Objective) -> Callable[..., Any]:
    """A metric as a user gives it to an estimator: functions other than ours are given the response."""
    return metric if isinstance(metric, Metric) else OnResponse(metric, objective)
