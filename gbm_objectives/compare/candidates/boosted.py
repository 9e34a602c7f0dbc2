"""Candidates that boost trees: a library's own objective, a transformed target, one of ours, a user's function."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates.base import Candidate, Fit, NotApplicable, Settings
from gbm_objectives.compare.candidates.functions import Plain
from gbm_objectives.compare.candidates.naming import name_of
from gbm_objectives.compare.candidates.recipe import Recipe
from gbm_objectives.compare.candidates.transforms import Transform
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.distributions import family_of, packed
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.compare.tasks import TASKS
from gbm_objectives.links import LOGIT, SOFTMAX, Cumulative, Logit, Softmax
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.objective import Objective


@dataclass(frozen=True, slots=True)
class Boosted(Candidate):
    """A booster with one of its library's own objectives, by name, one of ours, or a user's function.

    Parameters
    ----------
    objective : str, Objective or Plain
        A name of the library's, an objective of this package, or a user's function.
    params : dict
        What the built-in objective needs.
    least : float, default -inf
        Labels below it are not for this objective.
    above : bool, default False
        Whether labels equal to ``least`` are not for it either.
    transform : Transform, optional
        Of the labels, undone on the predictions.
    family : str, default ""
        The family whose parameters it predicts; empty where the task is not "distribution". A built-in objective
        predicts the first one alone: a second is the spread of rows that it is not trained on.
    """

    trees: ClassVar[dict[str, float]]

    objective: str | Objective | Plain = ""
    params: dict[str, Any] = field(default_factory=dict)
    least: float = -np.inf
    above: bool = False
    transform: Transform | None = None
    family: str = ""

    @property
    @override
    def formula(self) -> Objective | None:
        return self.objective if isinstance(self.objective, Objective) else None

    @property
    @override
    def recipe(self) -> Recipe | None:
        if isinstance(self.objective, Plain):
            return None
        ours = isinstance(self.objective, Objective)
        text = name_of(self.objective) if isinstance(self.objective, Objective) else self.objective
        transform = self.transform.name if self.transform else ""
        params = {**self.trees, **self.params}
        return Recipe(self.library, self.name, text, ours, params, transform, self.family)

    @override
    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        self._check(split)
        transform = self.transform.fitted(split.y_train) if self.transform else None
        y = transform.forward(split.y_train) if transform else split.y_train
        inverse = transform.inverse if transform else _identity
        x, valid = split.matrix_train, None
        if settings.early_stopping is not None:
            train, inner = split.inner(settings.validation)
            x, y, valid = x[train], y[train], (x[inner], y[inner])

        def value(labels: Array, predictions: Array) -> float:
            response = self._response(predictions, labels)
            if self.family:
                response = self._distributed(response, spread(labels, response))
            return metric.evaluate(inverse(labels), inverse(response))

        stop = Stop(settings.early_stopping, metric.higher_is_better, value)
        times: list[float] = []
        params = {**self.trees, **self.params}
        one_score = self.scores_levels or transform or split.task == "binary"
        if split.n_classes and not one_score:
            params["num_class"] = split.n_classes
        job = Training(
            params, x, y, valid, split.matrix_test, split.data.categorical, settings, stop, times
        )
        predict, rounds = self.train(job)
        if self.family:
            around = self._spread(split, job, rounds)
            return Fit(
                lambda trees: self._distributed(predict(trees), around(trees)), rounds, times
            )
        return Fit(lambda trees: inverse(predict(trees)), rounds, times)

    def _distributed(self, response: Array, spread: float) -> Array:
        """Parameters of the family as the task compares them."""
        if self.point:
            response = np.column_stack([response, np.full(len(response), spread)])
        return packed(self.family, response)

    @property
    def point(self) -> bool:
        """Whether it predicts only the first of two parameters."""
        return isinstance(self.objective, str) and len(FAMILIES[self.family].parameters) > 1

    def _spread(self, split: Split, job: Training, rounds: int) -> Callable[[int], float]:
        """The spread, after so many rounds, of rows that a model of the others does not know."""
        if not self.point:
            return lambda _: 1.0
        train, inner = split.inner(job.settings.validation)
        x, y = split.matrix_train, split.y_train
        other = replace(
            job, params={**self.trees, **self.params}, x=x[train], y=y[train], valid=None, x_test=x[inner],
            settings=replace(job.settings, rounds=rounds, early_stopping=None), times=[],
        )  # fmt: skip
        predict, _ = self.train(other)
        return lambda trees: spread(y[inner], predict(trees))

    def _check(self, split: Split) -> None:
        ours, y, task = self.objective, split.y_train, TASKS[split.task]
        if self.scores_levels and not task.ordered:
            raise NotApplicable("its labels are ordered classes, which are the task ordinal")
        margins = isinstance(ours, Objective) and not isinstance(
            ours.link, (Logit, Softmax, Cumulative)
        )
        if task.of_classes and margins:
            raise NotApplicable("it gives margins, and classes are compared by their probabilities")
        family = family_of(ours)
        if family and not self.family and len(FAMILIES[family].parameters) > 1:
            raise NotApplicable('it predicts distributions, which task="distribution" compares')
        bad = y <= self.least if self.above else y < self.least
        if bad.any():
            needed = f"labels {'above' if self.above else 'not below'} {self.least:g}"
            raise NotApplicable(f"{needed} needed, {np.count_nonzero(bad)} of {len(y)} are not")

    @property
    def scores_levels(self) -> bool:
        """Whether a raw score is that of ordered classes, whose thresholds the training rows tell."""
        ours = self.objective
        return isinstance(ours, Objective) and isinstance(ours.link, Cumulative)

    def _response(self, predictions: Array, labels: Array) -> Array:
        """What the library gives a metric in training: raw scores for callables, else the response."""
        if isinstance(self.objective, str):
            several = self.objective == "reg:quantileerror"
            return np.asarray(predictions) if several else proportions(predictions)
        return response_of(self.objective, np.asarray(predictions), lambda: (labels, predictions))

    @abstractmethod
    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        """Train; returns the predictions for x_test by the first so many rounds, and the number of rounds."""


@dataclass(frozen=True, slots=True)
class Stop:
    """When training stops early: rounds to wait, direction, and the metric of labels and predictions."""

    patience: int | None
    maximize: bool
    value: Callable[[Array, Array], float]

    def of(self, predictions: Any, data: Any) -> tuple[str, float]:
        """As XGBoost calls a metric."""
        return "stop", self.value(data.get_label(), predictions)

    def with_direction(self, predictions: Any, data: Any) -> tuple[str, float, bool]:
        """As LightGBM calls it."""
        return *self.of(predictions, data), self.maximize


def spread(y: Array, prediction: Array) -> float:
    """The standard deviation around predictions; above 0, for a density needs that."""
    return max(float(np.sqrt(np.mean((y - prediction.reshape(len(y), -1)[:, 0]) ** 2))), 1e-30)


def _identity(values: Array) -> Array:
    return values


def proportions(response: Array) -> Array:
    """Probabilities of classes that sum to 1; those of multiclassova don't."""
    if response.ndim < 2:
        return response
    return np.asarray(response / response.sum(axis=1, keepdims=True))


def response_of(
    objective: Objective | Plain, raw: Array, seen: Callable[[], tuple[Array, Array]]
) -> Array:
    """The response that raw scores stand for: calibrated, where a loss draws its scores together.

    ``seen`` gives labels and raw scores of rows by which thresholds between ordered classes are found.
    """
    raw = raw.astype(np.float64)
    if isinstance(objective, Plain):
        return objective.link.inverse(raw)
    if objective.learns:
        return objective.fixed(*seen()).response(raw)
    try:
        if objective.link == LOGIT:
            return LOGIT.inverse(objective.log_odds(raw))
        if objective.link == SOFTMAX:
            return SOFTMAX.inverse(objective.log_probabilities(raw))
    except TypeError:  # no such map: sums
        pass
    return objective.link.inverse(raw)


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What a library is given.

    Parameters
    ----------
    params : dict
        Of the library.
    x, y, valid, x_test : ndarray
        Rows to train on, to stop by where that is wanted, and to predict.
    categorical : tuple of int
        The columns of x that are codes.
    settings, stop : Settings, Stop
        When training ends.
    times : list of float
        The seconds since the start are appended to it after every round.
    """

    params: dict[str, Any]
    x: Array
    y: Array
    valid: tuple[Array, Array] | None
    x_test: Array
    categorical: tuple[int, ...]
    settings: Settings
    stop: Stop
    times: list[float]
