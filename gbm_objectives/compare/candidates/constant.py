"""The best constant: what every model has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from gbm_objectives.compare.candidates.base import Candidate, Fit, Kind, Settings
from gbm_objectives.compare.candidates.recipe import Recipe
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.distributions import packed
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.compare.tasks import Constants
from gbm_objectives.factories import distribution


@dataclass(frozen=True, slots=True)
class Constant(Candidate):
    """The median, mean, quantile or class shares of the training labels for every row: what a model has to beat.

    Of a family the distribution of the highest likelihood.
    """

    name: str = "constant (median)"
    kind: Kind = "baseline"
    library: str = "-"
    of: Constants = "median"
    family: str = ""

    @property
    @override
    def recipe(self) -> Recipe:
        return Recipe(self.library, self.name, self.of, family=self.family)

    @override
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        y, n = split.y_train, len(split.y_test)
        if self.of == "distribution":
            objective = distribution(self.family)
            raw = np.reshape(objective.intercept(y), (1, -1))
            value: Any = packed(self.family, objective.link.inverse(raw))[0]
        elif self.of == "shares":
            shares = np.bincount(y.astype(int), minlength=split.n_classes) / len(y)
            value = shares[1] if split.task == "binary" else shares
        elif self.of == "quantile":
            value = np.quantile(y, 0.5 if split.data.tau is None else split.data.tau)  # or several
        else:
            value = np.median(y) if self.of == "median" else y.mean()
        constant = np.broadcast_to(value, (n, *np.shape(value))).copy()
        return Fit(lambda _: constant)
