"""One more tree, to see where far rows lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array
from gbm_objectives._training.lagging import Grow

#: What data sets are binned by, and where.
_KEPT = ("device", "max_bin", "nthread", "n_jobs", "tree_method")


class LastMargins(xgb.callback.TrainingCallback):
    """Raw predictions of the training rows, kept when training ends: then the booster has them at hand.

    `xgboost.train` makes it forget them, and to walk through all trees again costs a tenth of the training.
    """

    def __init__(self, data: xgb.DMatrix) -> None:
        super().__init__()
        self._data, self._kept = data, np.empty(0)

    def after_training(self, model: Any) -> Any:
        """Keep them."""
        self._kept = np.asarray(model.predict(self._data, output_margin=True))
        return model

    def margins(self, data: xgb.DMatrix) -> Array:
        """Of the training rows."""
        return self._kept


def grower(params: Mapping[str, Any], data: xgb.DMatrix) -> Grow:
    """Grows a small tree on the same rows; labels, weights and base_margin of the data play no part."""
    kept = {name: params[name] for name in _KEPT if params.get(name) is not None}
    own = {"max_depth": 4, "eta": 1.0, "min_child_weight": 5.0, "base_score": 0.0, "verbosity": 0}

    def grow(gradient: NDArray[np.float32], hessian: NDArray[np.float32]) -> NDArray[np.intp]:
        booster = xgb.train(kept | own, data, 1, obj=lambda _, __: (gradient, hessian))
        return np.asarray(booster.predict(data, pred_leaf=True)).reshape(-1).astype(np.intp)

    return grow
