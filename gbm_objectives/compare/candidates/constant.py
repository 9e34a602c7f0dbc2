"""The best constant: what every model has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from typing_extensions import override

from gbm_objectives.compare.candidates.base import Candidate, Fit, Kind, Settings
from gbm_objectives.compare.candidates.recipe import Recipe
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.scoring import Metric


@dataclass(frozen=True, slots=True)
class Constant(Candidate):
    """The median, mean, quantile or class shares of the training labels for every row: what a model has to beat."""

    name: str = "constant (median)"
    kind: Kind = "baseline"
    library: str = "-"
    of: Literal["median", "mean", "quantile", "shares"] = "median"

    @property
    @override
    def recipe(self) -> Recipe:
        return Recipe(self.library, self.name, self.of)

    @override
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        y, n = split.y_train, len(split.y_test)
        if self.of == "shares":
            shares = np.bincount(y.astype(int), minlength=split.n_classes) / len(y)
            value: Any = shares[1] if split.task == "binary" else shares
        elif self.of == "quantile":
            value = np.quantile(y, 0.5 if split.data.tau is None else split.data.tau)  # or several
        else:
            value = np.median(y) if self.of == "median" else y.mean()
        constant = np.broadcast_to(value, (n, *np.shape(value))).copy()
        return Fit(lambda _: constant)
