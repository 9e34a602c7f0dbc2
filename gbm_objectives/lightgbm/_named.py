"""LightGBM's own metrics, by name, of scores that are kept elsewhere: a booster without trees computes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.lightgbm._params import THREADS, first


class NamedMetrics:
    """Built-in metrics as one function, (preds, data) or (y_true, raw_prediction, sample_weight).

    Parameters
    ----------
    names : list of str
    params : dict
        Of the training.
    """

    def __init__(self, names: list[str], params: Mapping[str, Any]) -> None:
        threads = first(params, THREADS)
        shared = {} if threads is None else {"num_threads": threads}
        self._params = {**shared, "metric": names, "objective": "none", "verbosity": -1}

    def __call__(
        self, y_true: Any, raw_prediction: Any, sample_weight: Any = None
    ) -> list[tuple[str, float, bool]]:
        """Names, values and directions."""
        if hasattr(raw_prediction, "get_label"):
            data, raw_prediction = raw_prediction, y_true
            y_true, sample_weight = data.get_label(), data.get_weight()
        booster = lgb.Booster(self._params, self._scored(y_true, raw_prediction, sample_weight))
        return [_result(found) for found in booster.eval_train()]

    def _scored(self, y_true: Array, raw_prediction: Array, sample_weight: Any) -> lgb.Dataset:
        """Labels and weights, with the scores as where training would start."""
        rows = np.zeros((len(y_true), 1), dtype=np.float32)
        return lgb.Dataset(
            rows, y_true, weight=sample_weight, init_score=raw_prediction,
            params={"verbosity": -1, "feature_pre_filter": False},
        )  # fmt: skip


def _result(found: Any) -> tuple[str, float, bool]:
    """Name, value and direction; a tuple before LightGBM 4.7."""
    if hasattr(found, "metric_name"):
        return found.metric_name, found.metric_value, found.maximize
    return found[1], found[2], found[3]
