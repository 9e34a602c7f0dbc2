"""What a candidate is: it learns from a split and predicts its test rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.leaves import Leaves, validate_leaves
from gbm_objectives.compare.candidates.recipe import Recipe
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.objective import Objective

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
    rounds : int, default 200
        Trees, at most where training stops early.
    early_stopping : int, optional
        Training stops after so many rounds without an improvement of the metric on ``validation`` of the training
        rows. None: no rows are kept for that, and all the rounds are trained.
    validation : float, default 0.15
        The share of the training rows that is kept for early stopping.
    threads : int, default 1
        Threads of each model.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves of the models of this package; see `gbm_objectives.xgboost.train`.
    """

    rounds: int = 200
    early_stopping: int | None = None
    validation: float = 0.15
    threads: int = 1
    leaves: Leaves = "auto"

    def __post_init__(self) -> None:
        validate_leaves(self.leaves)
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
    predict : callable
        The predictions by the first so many trees, on the response scale.
    rounds : int, default 0
        The number of trees.
    times : list of float
        The seconds after each of them, from the start of the fit; empty where that is unknown.
    """

    predict: Callable[[int], Array]
    rounds: int = 0
    times: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate(ABC):
    """A way to learn and predict, known by its library and its name together."""

    name: str
    kind: Kind
    library: str

    @property
    def formula(self) -> Objective | None:
        """The objective of this package that it trains by; None where there is none."""
        return None

    @property
    def recipe(self) -> Recipe | None:
        """How to train it elsewhere; None for a user's own function or model."""
        return None

    @abstractmethod
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        """A model of the split's training rows; any exception is a failure.

        The metric is what training stops early by, where it does.
        """
