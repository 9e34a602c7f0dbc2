"""The roles that the benchmarks share with `gbm_objectives.compare`: a task, a candidate for it, and a metric.

The candidates go through the libraries' own doors, so that the objectives are measured without our `train`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from gbm_objectives.metrics import Metric
from gbm_objectives.objective import Objective

Array = NDArray[np.float64]
LIBRARIES = ("XGBoost", "LightGBM")
BUILT_IN = {
    "XGBoost": {
        "L2": "reg:squarederror",
        "L1": "reg:absoluteerror",
        "pseudo-Huber": "reg:pseudohubererror",
    },
    "LightGBM": {"L2": "regression", "L1": "regression_l1", "huber": "huber", "fair": "fair"},
}


@dataclass
class Model:
    """A booster of either library, trained with an objective of ours or of the library's own."""

    library: str
    objective: Objective | str
    rounds: int
    parameters: dict[str, Any] = field(default_factory=dict)
    start: float = 0.0
    booster: Any = None

    def fit(self, X: Array, y: Array) -> Model:
        """Train, from the intercept where the objective is ours."""
        custom = None if isinstance(self.objective, str) else self.objective
        self.start = float(custom.intercept(y)) if custom else 0.0
        parameters = {**self.parameters, "verbosity": 0 if self.library == "XGBoost" else -1}
        if self.library == "XGBoost":
            parameters |= {"base_score": self.start} if custom else {"objective": self.objective}
            self.booster = xgb.train(parameters, xgb.DMatrix(X, y), self.rounds, obj=custom)
        else:
            start = np.full(len(y), self.start) if custom else None
            parameters["objective"] = self.objective
            self.booster = lgb.train(parameters, lgb.Dataset(X, y, init_score=start), self.rounds)
        return self

    def predict(self, X: Array) -> Array:
        """On the scale of the target."""
        if self.library == "XGBoost":
            return np.asarray(self.booster.predict(xgb.DMatrix(X)), dtype=np.float64)
        return np.asarray(self.booster.predict(X)) + self.start

    def first_split(self) -> float:
        """The number of the first tree that splits; inf where none does."""
        if self.library == "XGBoost":
            splits = ["yes=" in tree for tree in self.booster.get_dump()]
        else:
            splits = [tree["num_leaves"] > 1 for tree in self.booster.dump_model()["tree_info"]]
        return 1.0 + splits.index(True) if any(splits) else math.inf


def sized(library: str, depth: int, leaves: int) -> dict[str, Any]:
    """The size of the trees, and the learning rate, in a library's words."""
    if library == "XGBoost":
        return {"max_depth": depth, "eta": 0.1}
    return {"num_leaves": leaves, "learning_rate": 0.1}


def read(path: Path, target: str, leaks: Sequence[str] = ()) -> tuple[Array, Array]:
    """Features with text columns one-hot, and the target; without columns that give it away."""
    frame = pd.read_csv(path).drop(columns=list(leaks), errors="ignore")
    if "total_bedrooms" in frame:
        frame["total_bedrooms"] = frame["total_bedrooms"].fillna(frame["total_bedrooms"].median())
    X = pd.get_dummies(frame.drop(columns=target)).to_numpy(dtype=np.float64)
    return X, frame[target].to_numpy(dtype=np.float64)


@dataclass(frozen=True)
class Task:
    """Rows to train on and rows to test on."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array

    @classmethod
    def of(cls, X: Array, y: Array, test_size: float = 0.25, seed: int = 0) -> Task:
        """A random share of the rows is for the test."""
        X, X_test, y, y_test = train_test_split(X, y, test_size=test_size, random_state=seed)
        return cls(X, y, X_test, y_test)

    def score(self, model: Model, metric: Metric) -> float:
        """Train the model; its metric on the test rows."""
        return metric.evaluate(self.y_test, model.fit(self.X, self.y).predict(self.X_test))

    def of_median(self, metric: Metric) -> float:
        """The metric of the median of the training labels."""
        return metric.evaluate(self.y_test, np.full_like(self.y_test, np.median(self.y)))
