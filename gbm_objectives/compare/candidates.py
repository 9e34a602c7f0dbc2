"""Candidates: what is compared. Each learns from a split and predicts its test rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from gbm_objectives._validation import Array, message
from gbm_objectives.compare.tasks import Split
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES

Kind = Literal["baseline", "built-in", "ours"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What all models have in common: boosting rounds and threads.

    One thread: a few hundred rows gain nothing by a second, and two that wait for each other on a
    busy machine are many times slower.
    """

    rounds: int = 200
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("rounds", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(message(name, str(getattr(self, name)), "a whole number >= 1"))


@dataclass(frozen=True, slots=True)
class Candidate(ABC):
    """A way to learn and predict."""

    name: str
    kind: Kind
    library: str

    @abstractmethod
    def predict(self, split: Split, settings: Settings) -> Array:
        """Predictions of shape (n_test,) after training on the split; any exception is a failure."""


@dataclass(frozen=True, slots=True)
class Constant(Candidate):
    """The median of the training labels: what a model has to beat."""

    name: str = "constant (median)"
    kind: Kind = "baseline"
    library: str = "-"

    def predict(self, split: Split, settings: Settings) -> Array:
        """The median, for every row."""
        return np.full(len(split.y_test), np.median(split.y_train))


@dataclass(frozen=True, slots=True)
class Boosted(Candidate):
    """A booster with one of its library's own objectives, by name, or one of ours."""

    trees: ClassVar[dict[str, float]]

    objective: str | Objective


class XGBoost(Boosted):
    """Trees of XGBoost, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"eta": 0.1, "max_depth": 4}

    def predict(self, split: Split, settings: Settings) -> Array:
        """Train and predict."""
        import xgboost

        params: dict[str, Any] = {**self.trees, "nthread": settings.threads}
        train = xgboost.DMatrix(split.x_train, split.y_train, nthread=settings.threads)
        test = xgboost.DMatrix(split.x_test, nthread=settings.threads)
        if isinstance(self.objective, Objective):
            from gbm_objectives.xgboost import train as train_ours

            booster = train_ours(params, train, settings.rounds, objective=self.objective)
        else:
            params["objective"] = self.objective
            booster = xgboost.train(params, train, settings.rounds)
        prediction: Array = booster.predict(test)
        return prediction


class LightGBM(Boosted):
    """Trees of LightGBM, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"learning_rate": 0.1, "num_leaves": 15}

    def predict(self, split: Split, settings: Settings) -> Array:
        """Train and predict."""
        import lightgbm

        params = {
            **self.trees,
            "num_threads": settings.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        train = lightgbm.Dataset(split.x_train, split.y_train)
        if isinstance(self.objective, Objective):
            from gbm_objectives.lightgbm import train as train_ours

            booster = train_ours(params, train, settings.rounds, objective=self.objective)
        else:
            booster = lightgbm.train(
                {**params, "objective": self.objective}, train, settings.rounds
            )
        prediction: Array = np.asarray(booster.predict(split.x_test))
        return prediction


#: For each library: the class of its candidates, and its own objectives for regression.
LIBRARIES: dict[str, tuple[type[Boosted], tuple[str, ...]]] = {
    "xgboost": (XGBoost, ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror")),
    "lightgbm": (LightGBM, ("regression", "regression_l1", "huber", "fair")),
}
#: Names in the registry, and arguments.
OURS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("huber", ()),
    ("pseudo_huber", ()),
    ("log_cosh", ()),
    ("quantile", (0.5,)),
)


def candidates(libraries: Sequence[str] = tuple(LIBRARIES)) -> list[Candidate]:
    """The baseline, and for each library its own objectives and ours."""
    found: list[Candidate] = [Constant()]
    for library in libraries:
        booster, built_in = LIBRARIES[library]
        found += [booster(name, "built-in", library, name) for name in built_in]
        for name, arguments in OURS:
            call = f"{name}({', '.join(map(str, arguments))})"
            found.append(booster(f"ours: {call}", "ours", library, OBJECTIVES[name](*arguments)))
    return found
