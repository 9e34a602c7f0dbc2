"""Labels of a DMatrix: their shape, their weights, and label matrices as row numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import xgboost as xgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.outputs import has_columns, numbered
from gbm_objectives._training.starts import LocalLabels
from gbm_objectives.objective import Objective


def labels_of(data: xgb.DMatrix) -> LocalLabels:
    """Labels, (n_samples,) or (n_samples, n_outputs), and weights.

    Raises
    ------
    ValueError
        For data without labels, or with groups of rows, which no objective of this package heeds.
    """
    y, weight = _shaped(data), data.get_weight()
    if not y.size:
        raise ValueError(message("dtrain", "a DMatrix without labels", "one with labels"))
    groups = data.get_uint_info("group_ptr")
    if len(groups) > 1:
        given = f"{len(groups) - 1} groups of rows (qid or group)"
        instead = "Weights are then one for each group too: make a DMatrix without qid, with a weight for each row."
        raise ValueError(message("dtrain", given, "data without groups", instead))
    return LocalLabels(y, weight if weight.size else None)


def _shaped(data: xgb.DMatrix) -> Array:
    """Labels; before XGBoost 3.2 those of several columns are flat."""
    labels: Array = data.get_label()
    n_samples = data.num_row()
    return labels.reshape(n_samples, -1) if labels.size > n_samples else labels


@contextmanager
def numbered_rows(
    objective: Objective, data_sets: list[xgb.DMatrix], *, parted: bool = False
) -> Iterator[Objective]:
    """The objective with a table of rows, row numbers in the data; as they were afterwards.

    For label matrices of classes and of several tasks: XGBoost's softmax, under which a model predicts probabilities,
    takes labels of one column only. And for losses that have columns of the training rows, where these are ``parted``
    into folds.
    """
    columns = parted and objective.rows is None and has_columns(objective)
    several = (objective.of_classes or objective.of_tasks) and objective.rows is None
    matrices = [_shaped(data) for data in data_sets] if several or columns else []
    if not (columns or any(labels.ndim == 2 for labels in matrices)):
        yield objective
        return
    table, rows = numbered("evals", matrices)
    try:
        for data, numbers_of_rows in zip(data_sets, rows, strict=True):
            data.set_label(numbers_of_rows)
        yield objective.with_rows(table)
    finally:
        for data, labels in zip(data_sets, matrices, strict=True):
            data.set_label(labels)
