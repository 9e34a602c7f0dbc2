"""Labels of classifiers: matrices of 0 and 1, and classes that are ordered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from gbm_objectives._core.validation import message
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn._base import has_missing


def indicator(argument: str, y: Any) -> NDArray[Any]:
    """A matrix of labels 0 and 1, dense; NaN is a label that is missing."""
    if has_missing(y):
        matrix = np.asarray(y)
        missing = np.isnan(matrix)
        return np.where(missing, np.nan, indicator(argument, np.where(missing, 0.0, matrix)))
    dense: NDArray[Any] = check_array(y, accept_sparse=True, input_name=argument)
    return dense.toarray() if hasattr(dense, "toarray") else dense


def of_levels(objective: Objective) -> bool:
    """Whether classes are ordered."""
    return objective.terms[0].loss.labels == "level"


def levels_of(y: Any) -> NDArray[Any] | None:
    """The categories of an ordered categorical of pandas; None for numbers; an error for what has no order."""
    dtype: Any = getattr(y, "dtype", None)
    if getattr(dtype, "ordered", False):
        return np.asarray(dtype.categories)
    values = np.asarray(y)
    if hasattr(dtype, "categories") or values.dtype.kind not in "biuf":
        given = (
            f"labels of type {values.dtype if dtype is None else dtype}, whose order is not known"
        )
        needed = "numbers, or an ordered categorical of pandas"
        raise ValueError(message("y", given, needed))
    return None


def codes_of(levels: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.intp]:
    """The place of each label among the levels, each of which is one."""
    order = np.argsort(levels)
    codes: NDArray[np.intp] = order[np.searchsorted(levels, labels, sorter=order)]
    return codes
