"""One more tree, to see where far rows lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array
from gbm_objectives._training.lagging import Grow

#: Nothing else of the user's: rounds and early stopping would be among it.
_KEPT = ("num_threads", "num_thread", "nthread", "nthreads", "n_jobs", "device_type", "device")
_OWN = {
    "num_leaves": 16, "learning_rate": 1.0, "min_sum_hessian_in_leaf": 5.0, "metric": "None", "verbosity": -1,
}  # fmt: skip

#: Enough rows to see what 1% of them have in common.
_SAMPLE = 10_000


def margins(booster: lgb.Booster) -> Array:
    """Raw predictions of the training rows, start included, of a booster that was kept for training."""
    seen: list[Array] = []

    def see(preds: Array, _: lgb.Dataset) -> tuple[str, float, bool]:
        seen.append(np.array(preds))
        return "seen", 0.0, False

    booster.eval_train(see)
    return seen[0]


def grower(params: Mapping[str, Any], data: lgb.Dataset) -> Grow:
    """Grows a small tree on the same rows; labels, weights and init_score of the data play no part."""

    def grow(gradient: NDArray[np.float32], hessian: NDArray[np.float32]) -> NDArray[np.intp]:
        before: list[Array] = []

        def objective(preds: Array, _: lgb.Dataset) -> tuple[Array, Array]:
            before.append(np.array(preds))
            return gradient, hessian

        kept = {name: params[name] for name in _KEPT if params.get(name) is not None}
        own = kept | _OWN | {"objective": objective}
        given = data.params  # to which LightGBM would add these
        booster = lgb.train(own, data, 1, keep_training_booster=True)
        data.params = given
        # Rows of one leaf moved by one number, but for its rounding.
        moved = np.round(margins(booster) - before[0], 6)
        return np.unique(moved, return_inverse=True)[1].reshape(-1)

    return grow


class Sample:
    """Every so many rows of an estimator's data, at most some ten thousand: its booster keeps none.

    Parameters
    ----------
    X : data that LightGBM's estimators take
    start : ndarray of shape (n_samples,) or float
        Where boosting started.
    categories : as ``categorical_feature``.
    count : int
        Rows.
    """

    def __init__(self, X: Any, start: Any, categories: Any, count: int) -> None:  # noqa: N803
        self.X, self.start, self.categories, self.count = X, start, categories, count
        self.step = 1 + count // _SAMPLE

    @property
    def rows(self) -> Any:
        """The features."""
        if self.step == 1:
            return self.X
        if hasattr(self.X, "column_names"):  # a table of pyarrow
            return self.X.take(np.arange(0, self.count, self.step))
        rows = np.asarray(self.X) if isinstance(self.X, list) else self.X
        return (rows.iloc if hasattr(rows, "iloc") else rows)[:: self.step]

    def margins(self, booster: lgb.Booster) -> Array:
        """Raw predictions, start included."""
        raw: Array = np.asarray(booster.predict(self.rows, raw_score=True))
        raw += np.broadcast_to(self.start, (self.count,))[:: self.step]
        return raw

    def grower(self, params: Mapping[str, Any]) -> Grow:
        """As `grower`."""

        def grow(gradient: NDArray[np.float32], hessian: NDArray[np.float32]) -> NDArray[np.intp]:
            data = lgb.Dataset(self.rows, hessian, categorical_feature=self.categories)
            return grower(params, data)(gradient, hessian)

        return grow
