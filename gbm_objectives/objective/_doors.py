"""The arguments of a call, whichever library makes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives._core.doors import has_groups, is_data_set, labels_and_weights
from gbm_objectives._core.validation import invalid


def arguments_of_call(
    name: str, y_true: Any, raw_prediction: Any, sample_weight: Any, group: Any
) -> tuple[Any, Any, Any]:
    """Labels, predictions and weights, from these or from ``(preds, data)``; groups are refused."""
    if is_data_set(y_true):
        raise invalid(
            "y_true",
            given=f"a {type(y_true).__name__} as the first argument",
            needed="objective(preds, data) or objective(y_true, raw_prediction, sample_weight)",
            hint="Swap the arguments.",
            kind=TypeError,
        )
    grouped = group is not None and np.size(group) > 0
    if is_data_set(raw_prediction):
        preds, data = y_true, raw_prediction
        y_true, sample_weight = labels_and_weights(data)
        raw_prediction, grouped = preds, has_groups(data)
    if grouped:
        raise invalid(
            "group",
            given=f"query groups of rows, which {name} would ignore",
            needed="data without groups (group, qid)",
            hint="To rank, use an objective of the library, such as lambdarank or rank:ndcg.",
        )
    return y_true, raw_prediction, sample_weight
