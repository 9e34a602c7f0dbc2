"""XGBoost's own metrics, by name, of margins that are kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost as xgb

from gbm_objectives._core.validation import Array
from gbm_objectives._training.metrics import split_named
from gbm_objectives.xgboost._data import labels_of


class NamedMetrics:
    """XGBoost's own metrics, by name, of margins kept here: a booster without trees computes them from a base_margin.

    Parameters
    ----------
    params : dict
        Of the training.
    """

    #: Parameters that such a booster shares with the one in training.
    _SHARED = ("objective", "num_class", "quantile_alpha", "nthread", "n_jobs", "device")

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._names, _ = split_named(params.get("eval_metric"))
        shared = {name: params[name] for name in self._SHARED if params.get(name) is not None}
        self._params = {**shared, "disable_default_eval_metric": 1, "base_score": 0.5}

    def __call__(self, data: xgb.DMatrix, margin: Array) -> list[tuple[str, float]]:
        """Names and values."""
        if not self._names:
            return []
        labels = labels_of(data)
        only = xgb.DMatrix(
            np.zeros((len(margin), 1), np.float32),
            labels.y_true,
            weight=labels.sample_weight,
            base_margin=margin,
        )
        params = [*self._params.items(), *(("eval_metric", name) for name in self._names)]
        found = xgb.Booster(params, [only]).eval_set([(only, "")])
        pairs = (part.removeprefix("-").rsplit(":", 1) for part in found.split("\t")[1:])
        return [(name, float(value)) for name, value in pairs]
