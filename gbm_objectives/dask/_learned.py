"""What a link learns from the scores of all machines' rows, such as the thresholds between ordered classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from dask.delayed import delayed

from gbm_objectives._core.validation import Array
from gbm_objectives._training.starts import Labels
from gbm_objectives.dask._gather import gathered
from gbm_objectives.dask._start import ClusterLabels
from gbm_objectives.links import Link
from gbm_objectives.loss import Loss
from gbm_objectives.objective import Objective


def learned(
    client: Any,
    objective: Objective,
    labels: Labels,
    parts: Sequence[tuple[Any, Any, Any]],
    scores: Callable[[Any], Array],
) -> Link:
    """The link with what it has learned: sums over the rows of each part, where these are.

    Parameters
    ----------
    client : distributed.Client
    objective : Objective
        Of one loss.
    labels : Labels
        They show the shares of the levels.
    parts : sequence of (features, labels, weights or None)
        Delayed.
    scores : callable
        Gives the raw predictions of features. It goes to the machines.
    """
    assert isinstance(labels, ClusterLabels)
    some = labels.columns[0]
    y = np.asarray(objective.labels(some.y_true), np.float64)
    loss = objective.loss.resolve(objective.loss.statistics(y, np.zeros(len(y)), some.weights))
    (given,) = client.scatter([(objective, loss, scores)], broadcast=True)
    sums = [delayed(_statistics)(given, *part) for part in parts]
    return loss.resolve(gathered(client, sums, _summed)).link


def _statistics(
    given: tuple[Objective, Loss, Callable[[Any], Array]], features: Any, y_true: Any, weight: Any
) -> Array:
    objective, loss, scores = given
    numbers = np.asarray(y_true).reshape(-1)
    if not len(numbers):
        return np.zeros(1)
    y = np.asarray(objective.labels(numbers), np.float64)
    weight = None if weight is None else np.asarray(weight, np.float64).reshape(-1)
    return loss.statistics(y, scores(features).reshape(-1), weight)


def _summed(parts: list[Array]) -> Array:
    total: Array = np.sum(np.broadcast_arrays(*parts), axis=0)
    return total
