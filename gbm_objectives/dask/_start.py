"""Where boosting starts on a cluster, and the objective and metrics that go out to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.starts import Start
from gbm_objectives.curvature import Unit
from gbm_objectives.dask._gather import pairs_of, sketches
from gbm_objectives.dask._labels import LIMIT, Labels
from gbm_objectives.objective import Objective
from gbm_objectives.objective._loss_metric import LossMetric
from gbm_objectives.objective._tasks import Task, of_output, tasks_of
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import refuse_groups

#: Row numbers of a table are not to be counted together.
_ROW_NUMBERS = 1 << 24


@dataclass(frozen=True)
class ClusterLabels:
    """The labels of all machines, by the sketches of their columns.

    Parameters
    ----------
    columns : list of Labels
        A sketch for each column of the labels.
    """

    columns: list[Labels]

    @property
    def shown(self) -> Array:
        """Labels that stand for all."""
        return self.columns[0].y_true

    def intercept(self, objective: Objective, n_outputs: int | None) -> float | NDArray[np.float64]:
        """As `Objective.intercept`."""
        found = [
            objective.intercept(labels.y_true, labels.weights, n_outputs) for labels in self.columns
        ]
        return found[0] if len(found) == 1 else np.asarray(found)

    def start(self, objective: Objective, scores: Array) -> Start:
        """What the first tree is given at these scores; of several columns the largest."""
        each = scores if len(self.columns) > 1 else scores[None]
        starts = [
            replace(
                Start.of(objective, labels.y_true, score, labels.weights),
                n_samples=labels.n_samples,
            )
            for labels, score in zip(self.columns, each, strict=True)
        ]
        gain_of_all = sum(start.gain_of_all for start in starts)
        return replace(max(starts, key=lambda start: start.gain), gain_of_all=gain_of_all)

    def metric(self, objective: Objective) -> LossMetric:
        """The objective's metric, at the scale of these labels: one for all machines and evaluation sets."""
        metric = objective.metric
        if len(self.columns) > 1 or objective.of_classes:
            return metric
        y, weights, rows = self.columns[0].y_true, self.columns[0].weights, objective.rows
        shape: tuple[int, ...] = np.shape(objective.labels(y))
        zeros = np.broadcast_to(
            0.0, shape if objective.n_outputs is None else (len(y), objective.n_outputs)
        )
        _, tasks = tasks_of(metric.terms, rows, y, zeros, weights, finite=True)
        several = len(tasks) > 1  # each output has a scale of its own
        terms = [
            replace(_at_scale(term, task), output=k if several else term.output).with_columns_of(
                own
            )
            for k, task in enumerate(tasks)
            for term, own in zip(task.terms, of_output(metric.terms, k), strict=True)
        ]
        return replace(metric, terms=tuple(terms), at_scale=True)


def _at_scale(term: Term, task: Task) -> Term:
    """The term at the scale of the labels of a task."""
    y, weight = task.y_true.astype(np.float64), task.sample_weight
    loss = term.loss.criterion.anchored(y, term.weighted(y, y, weight))
    return replace(term, loss=loss, curvature=Unit())


def of_pairs(client: Any, objective: Objective, pairs: list[tuple[Any, Any]]) -> ClusterLabels:
    """From the labels and weights of each partition, delayed."""
    if objective.rows is None:
        refuse_groups([term.loss for term in objective.terms])
    limit = LIMIT if objective.rows is None else _ROW_NUMBERS
    columns = sketches(client, pairs, limit)
    if objective.vector and len(columns) > 1:
        raise ValueError(
            message(
                "labels", f"a matrix of {len(columns)} columns for {objective.name}", "one column of labels",
                "Train on row numbers, with objective.with_rows(targets=matrix): the table goes to every machine.",
            )
        )  # fmt: skip
    return ClusterLabels(columns)


def of_collections(client: Any, objective: Objective, y: Any, sample_weight: Any) -> ClusterLabels:
    """From Dask collections."""
    return of_pairs(client, objective, pairs_of(y, sample_weight))
