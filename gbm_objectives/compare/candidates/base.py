"""Candidates: what is compared. Each learns from a split and predicts its test rows."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gbm_objectives._core.validation import Array, message
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.compare.tasks import Split

Kind = Literal["baseline", "built-in", "transformed", "ours", "user"]


class NotApplicable(Exception):  # noqa: N818 - a reason to skip, no error
    """The candidate can't learn from these labels, which is known before it is tried."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all models have in common.

    One thread: a few hundred rows gain nothing by a second, and two that wait for each other on a
    busy machine are many times slower. Workers are the better use of cores.

    Parameters
    ----------
    rounds : trees, at most where training stops early.
    early_stopping : rounds without an improvement of the metric on ``validation`` of the training rows, after which
        training stops; None for no such split and all the rounds.
    validation : the share of the training rows that is kept for early stopping.
    threads : of each model.
    """

    rounds: int = 200
    early_stopping: int | None = None
    validation: float = 0.15
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("rounds", "threads", "early_stopping"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(message(name, str(value), "a whole number >= 1"))
        if not 0 < self.validation < 1:
            raise ValueError(message("validation", str(self.validation), "a share between 0 and 1"))


@dataclass(slots=True)
class Fit:
    """A model's answers for the test rows.

    Parameters
    ----------
    predict : the predictions by the first so many trees, on the response scale.
    rounds : trees.
    times : the seconds after each of them, from the start of the fit; empty where that is unknown.
    """

    predict: Callable[[int], Array]
    rounds: int = 0
    times: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate(ABC):
    """A way to learn and predict."""

    name: str
    kind: Kind
    library: str

    @abstractmethod
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        """A model of the split's training rows; any exception is a failure.

        The metric is what training stops early by, where it does.
        """


@dataclass(frozen=True, slots=True)
class Constant(Candidate):
    """The same for every row: what a model has to beat."""

    name: str = "constant (median)"
    kind: Kind = "baseline"
    library: str = "-"
    of: Literal["median", "mean", "quantile", "shares"] = "median"

    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        """The median, mean, quantile or class shares of the training labels."""
        y, n = split.y_train, len(split.y_test)
        if self.of == "shares":
            shares = np.bincount(y.astype(int), minlength=split.n_classes) / len(y)
            value: Any = shares[1] if split.task == "binary" else shares
        elif self.of == "quantile":
            value = np.quantile(y, 0.5 if split.data.tau is None else split.data.tau)
        else:
            value = np.median(y) if self.of == "median" else y.mean()
        constant = np.broadcast_to(value, (n, *np.shape(value))).copy()
        return Fit(lambda _: constant)


@dataclass(frozen=True, slots=True)
class Estimator(Candidate):
    """A user's model: anything with ``fit(X, y)`` and ``predict(X)``, for classes ``predict_proba(X)``.

    Each fit is of a fresh copy. It is given frames with categories and missing values, class codes as labels.
    """

    estimator: Any = None

    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        """The user's fit."""
        model = copy.deepcopy(self.estimator)
        fitted = model.fit(split.x_train, split.y_train)
        model = model if fitted is None else fitted
        if split.n_classes and hasattr(model, "predict_proba"):
            prediction = self._of_classes(model, split)
        else:
            prediction = np.asarray(model.predict(split.x_test))
            if prediction.ndim == 2 and prediction.shape[1] == 1:
                prediction = prediction[:, 0]
            if split.task == "multiclass" and prediction.ndim == 1:
                prediction = np.equal.outer(prediction, np.arange(split.n_classes)).astype(float)
        if len(prediction) != len(split.y_test):
            given = f"{len(prediction)} predictions for {len(split.y_test)} rows"
            raise ValueError(message(self.name, given, "one a row"))
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
