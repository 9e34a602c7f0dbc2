"""A user's own estimator as a candidate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, message
from gbm_objectives.compare.candidates.base import Candidate, Fit, Settings
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.distributions import packed
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.compare.tasks import TASKS


@dataclass(frozen=True, slots=True)
class Estimator(Candidate):
    """A user's model: anything with ``fit(X, y)`` and ``predict(X)``, for classes ``predict_proba(X)``.

    For distributions a `DistributionRegressor`, or an ``NGBRegressor`` of a family that this package has.

    Each fit is of a fresh copy. It is given frames with categories and missing values, class codes as labels.
    """

    estimator: Any = None

    @override
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        model = copy.deepcopy(self.estimator)
        fitted = model.fit(split.x_train, split.y_train)
        model = model if fitted is None else fitted
        if split.task == "distribution":
            prediction = distributions_of(model, split.x_test)
        elif split.n_classes and hasattr(model, "predict_proba"):
            prediction = self._of_classes(model, split)
        else:
            prediction = np.asarray(model.predict(split.x_test))
            if prediction.ndim == 2 and prediction.shape[1] == 1:
                prediction = prediction[:, 0]
            if TASKS[split.task].ordered and prediction.ndim == 1:  # those of a regressor too
                prediction = np.clip(np.rint(prediction), 0, split.n_classes - 1)
            if split.task != "binary" and split.n_classes and prediction.ndim == 1:
                prediction = np.equal.outer(prediction, np.arange(split.n_classes)).astype(float)
        if len(prediction) != len(split.y_test):
            given = f"{len(prediction)} predictions for {len(split.y_test)} rows"
            raise ValueError(message(self.name, given, "one for each row"))
        return Fit(lambda _: prediction)

    def _of_classes(self, model: Any, split: Split) -> Array:
        """Probabilities of all classes, 0 of those that the training rows lack; of class 1 where there are two."""
        p = np.asarray(model.predict_proba(split.x_test))
        known = np.asarray(getattr(model, "classes_", np.arange(split.n_classes)))
        if p.shape[1:] == known.shape and len(known) < split.n_classes:
            every = np.zeros((len(p), split.n_classes))
            every[:, known.astype(int)] = p
            p = every
        if p.shape[1:] != (split.n_classes,):
            given = f"probabilities of shape {p.shape}"
            raise ValueError(message(self.name, given, f"{split.n_classes} columns"))
        return p[:, 1] if split.task == "binary" else p


#: For distributions of ngboost, by their names: our family, and its parameters made of theirs.
_NGBOOST: dict[str, tuple[str, Callable[[dict[str, Array]], Sequence[Array]]]] = {
    "Normal": ("normal", lambda p: (p["loc"], p["scale"])),
    "Laplace": ("laplace", lambda p: (p["loc"], p["scale"])),
    "LogNormal": ("lognormal", lambda p: (np.log(p["scale"]), p["s"])),
    "Poisson": ("poisson", lambda p: (p["mu"],)),
}


def distributions_of(model: Any, x: Any) -> Array:
    """The distributions that a model predicts, packed."""
    if hasattr(model, "predict_parameters") and hasattr(model, "family_"):
        return packed(model.family_, model.predict_parameters(x))
    bases = [one.__name__ for one in getattr(getattr(model, "Dist", None), "__mro__", ())]
    name = next((one for one in bases if one in _NGBOOST), bases[0] if bases else "")
    if hasattr(model, "pred_dist") and name in _NGBOOST:
        family, parameters = _NGBOOST[name]
        return packed(family, np.column_stack(parameters(model.pred_dist(x).params)))
    given = f"{type(model).__name__} {name}".strip()
    needed = f"a DistributionRegressor, or an NGBRegressor of {', '.join(_NGBOOST)}"
    raise TypeError(message("candidates", given, needed))
