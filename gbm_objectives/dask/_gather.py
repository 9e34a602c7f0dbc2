"""From Dask collections to the sketch of their labels, where the labels are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from dask.delayed import delayed

from gbm_objectives._core.validation import Array, message
from gbm_objectives.dask._labels import LIMIT, Labels, merged, sketch

#: Parts that are merged by one task.
_FAN_IN = 8


def gathered(client: Any, parts: list[Any], merge: Callable[[list[Any]], Any]) -> Any:
    """What all delayed parts are together; no machine holds more than a few of them."""
    while len(parts) > 1:
        parts = [delayed(merge)(parts[i : i + _FAN_IN]) for i in range(0, len(parts), _FAN_IN)]
    return client.compute(parts[0]).result()


def sketches(client: Any, pairs: list[tuple[Any, Any]], limit: int = LIMIT) -> list[Labels]:
    """A sketch for each column of the labels, from (labels, weights or None) of each partition, delayed.

    Raises
    ------
    ValueError
        For labels that are missing or not finite, and weights that are below 0 or 0 everywhere.
    """
    parts: list[Any] = [delayed(_columns)(y, w, limit) for y, w in pairs]
    found: list[Labels] = gathered(client, parts, _merged)
    if not found or not found[0].n_samples:
        raise ValueError(message("y", "no rows", "at least one row"))
    if not all(len(labels.keys) for labels in found):
        raise ValueError(message("sample_weight", "zero for all rows", "at least one weight > 0"))
    return found


def pairs_of(y: Any, sample_weight: Any) -> list[tuple[Any, Any]]:
    """Labels and weights of each partition, delayed."""
    labels = partitions("y", y)
    if sample_weight is None:
        return [(part, None) for part in labels]
    weights = partitions("sample_weight", sample_weight)
    if len(weights) != len(labels):
        given = f"{len(weights)} partitions where y has {len(labels)}"
        raise ValueError(message("sample_weight", given, "the partitions of y"))
    return list(zip(labels, weights, strict=True))


def partitions(argument: str, collection: Any) -> list[Any]:
    """The partitions of a collection, delayed."""
    if not hasattr(collection, "to_delayed"):
        given = f"a {type(collection).__name__}"
        needed = "a Dask array, Series or DataFrame"
        raise TypeError(message(argument, given, needed, "Write dask.array.from_array(...)."))
    parts = np.asarray(collection.to_delayed(), dtype=object)
    if parts.ndim == 2 and parts.shape[1] > 1:
        given, needed = f"{parts.shape[1]} chunks of columns", "one chunk of columns"
        raise ValueError(message(argument, given, needed))
    return list(parts.reshape(-1))


def _columns(y: Any, weight: Any, limit: int) -> list[Labels]:
    if y is None:
        raise ValueError(message("dtrain", "no labels", "labels"))
    labels: Array = np.asarray(y)
    if labels.ndim != 2:
        labels = labels.reshape(-1, 1)
    weight = None if weight is None else np.asarray(weight)
    return [sketch(column, weight, limit) for column in labels.T]


def _merged(parts: list[list[Labels]]) -> list[Labels]:
    return [merged(list(columns)) for columns in zip(*parts, strict=True)]
