"""Candidates that boost trees: a library's own objective, a transformed target, one of ours, a user's function."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates import Candidate, Fit, NotApplicable, Settings
from gbm_objectives.compare.functions import Plain
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.compare.staged import Staged, link_of
from gbm_objectives.compare.tasks import Split
from gbm_objectives.compare.transforms import Transform
from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.objective import Objective


@dataclass(frozen=True, slots=True)
class Boosted(Candidate):
    """A booster with one of its library's own objectives, by name, one of ours, or a user's function.

    Parameters
    ----------
    objective : a name of the library's, an objective of this package, or a function.
    params : that the built-in objective needs.
    least : labels below it are not for this objective; those equal to it neither where ``above``.
    transform : of the labels, undone on the predictions.
    """

    trees: ClassVar[dict[str, float]]

    objective: str | Objective | Plain = ""
    params: dict[str, Any] = field(default_factory=dict)
    least: float = -np.inf
    above: bool = False
    transform: Transform | None = None

    def fit(self, split: Split, settings: Settings, metric: Metric) -> Fit:
        """Train."""
        self._check(split)
        transform = self.transform.fitted(split.y_train) if self.transform else None
        y = transform.forward(split.y_train) if transform else split.y_train
        inverse = transform.inverse if transform else _identity
        x, valid = split.matrix_train, None
        if settings.early_stopping is not None:
            train, inner = split.inner(settings.validation)
            x, y, valid = x[train], y[train], (x[inner], y[inner])

        def value(labels: Array, predictions: Array) -> float:
            return metric.evaluate(inverse(labels), inverse(self._response(predictions)))

        stop = _Stop(settings.early_stopping, metric.higher_is_better, value)
        times: list[float] = []
        params = {**self.trees, **self.params}
        if split.task == "multiclass":
            params["num_class"] = split.n_classes
        job = Training(
            params, x, y, valid, split.matrix_test, split.data.categorical, settings, stop, times
        )
        predict, rounds = self.train(job)
        return Fit(lambda trees: inverse(predict(trees)), rounds, times)

    def _check(self, split: Split) -> None:
        ours, y = self.objective, split.y_train
        classes = split.task in ("binary", "multiclass")
        if classes and isinstance(ours, Objective) and ours.link not in (LOGIT, SOFTMAX):
            raise NotApplicable("it gives margins, and classes are compared by their probabilities")
        bad = y <= self.least if self.above else y < self.least
        if bad.any():
            needed = f"labels {'above' if self.above else 'not below'} {self.least:g}"
            raise NotApplicable(f"{needed} needed, {np.count_nonzero(bad)} of {len(y)} are not")

    def _response(self, predictions: Array) -> Array:
        """What the library gives a metric in training: raw scores for callables, else the response."""
        if isinstance(self.objective, str):
            return _proportions(predictions)
        return _of_raw(self.objective, np.asarray(predictions))

    @abstractmethod
    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        """Train; returns the predictions for x_test by the first so many rounds, and the number of rounds."""


@dataclass(frozen=True, slots=True)
class _Stop:
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


def _identity(values: Array) -> Array:
    return values


def _proportions(response: Array) -> Array:
    """Probabilities of classes that sum to 1; those of multiclassova don't."""
    if response.ndim < 2:
        return response
    proportions: Array = response / response.sum(axis=1, keepdims=True)
    return proportions


def _of_raw(objective: Objective | Plain, raw: Array) -> Array:
    """The response that raw scores stand for: calibrated, where a loss draws its scores together."""
    raw = raw.astype(np.float64)
    if isinstance(objective, Plain):
        return objective.link.inverse(raw)
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
    params : of the library.
    x, y, valid, x_test : rows to train on, to stop by where that is wanted, and to predict.
    categorical : the columns of x that are codes.
    settings, stop : when training ends.
    times : to which the seconds since the start are appended after every round.
    """

    params: dict[str, Any]
    x: Array
    y: Array
    valid: tuple[Array, Array] | None
    x_test: Array
    categorical: tuple[int, ...]
    settings: Settings
    stop: _Stop
    times: list[float]


class XGBoost(Boosted):
    """Trees of XGBoost, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"eta": 0.1, "max_depth": 4}

    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        """Train with XGBoost."""
        import xgboost

        params, settings, stop, valid = job.params, job.settings, job.stop, job.valid
        types = ["c" if i in job.categorical else "q" for i in range(job.x.shape[1])]

        class Clock(xgboost.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                job.times.append(perf_counter() - started)
                return False

        def matrix(x: Array, y: Array | None = None) -> xgboost.DMatrix:
            return xgboost.DMatrix(
                x, y, nthread=settings.threads, feature_types=types, enable_categorical=True
            )

        started = perf_counter()
        params["nthread"] = settings.threads
        arguments: dict[str, Any] = {"callbacks": [Clock()], "verbose_eval": False}
        data, test = matrix(job.x, job.y), matrix(job.x_test)
        matrices = [data, test]
        if valid is not None:
            matrices.append(matrix(*valid))
            params["disable_default_eval_metric"] = True
            arguments["evals"] = [(matrices[-1], "valid")]
            arguments["custom_metric"] = stop.of
            early = xgboost.callback.EarlyStopping(
                rounds=stop.patience, metric_name="stop", data_name="valid", maximize=stop.maximize
            )
            arguments["callbacks"].append(early)
        ours = self.objective
        if isinstance(ours, Objective):
            from gbm_objectives.xgboost import train as train_ours

            booster = train_ours(params, data, settings.rounds, objective=ours, **arguments)
        elif isinstance(ours, Plain):
            callback, start = ours.begun(job.y, params.get("num_class", 0), "xgboost")
            for one in matrices:
                one.set_base_margin(np.tile(start, (one.num_row(), 1)))
            arguments["obj"] = lambda preds, data: callback(data.get_label(), preds)
            booster = xgboost.train(params, data, settings.rounds, **arguments)
        else:
            booster = xgboost.train(
                params | {"objective": ours}, data, settings.rounds, **arguments
            )
        rounds = booster.num_boosted_rounds() if valid is None else booster.best_iteration + 1

        def predict(trees: int) -> Array:
            # Of the same matrix and more trees than before XGBoost adds the new ones only.
            limit = (0, trees)
            if isinstance(ours, Plain) or (
                isinstance(ours, Objective) and ours.link in (LOGIT, SOFTMAX)
            ):
                raw = booster.predict(test, output_margin=True, iteration_range=limit)
                return _of_raw(ours, raw)
            found: Array = booster.predict(test, iteration_range=limit)
            return found

        if isinstance(ours, Plain):
            callback.warn(predict(rounds))
        return predict, rounds


class LightGBM(Boosted):
    """Trees of LightGBM, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"learning_rate": 0.1, "num_leaves": 15}

    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        """Train with LightGBM."""
        import lightgbm

        params, settings, stop, valid = job.params, job.settings, job.stop, job.valid

        def clock(_: Any) -> None:
            job.times.append(perf_counter() - started)

        started = perf_counter()
        params |= {
            "num_threads": settings.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            "metric": "None",
        }
        data = lightgbm.Dataset(job.x, job.y, categorical_feature=list(job.categorical))
        sets = [data]
        arguments: dict[str, Any] = {"callbacks": [clock]}
        if valid is not None and stop.patience is not None:
            sets.append(lightgbm.Dataset(*valid, reference=data))
            arguments["valid_sets"] = sets[1:]
            arguments["feval"] = stop.with_direction
            arguments["callbacks"].append(lightgbm.early_stopping(stop.patience, verbose=False))
        ours, start = self.objective, np.zeros(1)
        if isinstance(ours, Objective):
            from gbm_objectives.lightgbm import train as train_ours

            booster = train_ours(params, data, settings.rounds, objective=ours, **arguments)
        elif isinstance(ours, Plain):
            callback, start = ours.begun(job.y, params.get("num_class", 0), "lightgbm")
            data.set_init_score(np.repeat(start, len(job.y)))
            if valid is not None:
                sets[-1].set_init_score(np.repeat(start, len(valid[1])))
            params["objective"] = lambda preds, data: callback(data.get_label(), preds)
            booster = lightgbm.train(params, data, settings.rounds, **arguments)
        else:
            booster = lightgbm.train(
                params | {"objective": ours}, data, settings.rounds, **arguments
            )
        rounds = booster.best_iteration if valid is not None else booster.current_iteration()
        staged = Staged(booster, job.x_test, start, settings.threads)

        def predict(trees: int) -> Array:
            if isinstance(ours, str):
                return _proportions(link_of(ours).inverse(staged(trees)))
            return _of_raw(ours, staged(trees))

        rounds = rounds or settings.rounds
        if isinstance(ours, Plain):
            callback.warn(predict(rounds))
        return predict, rounds
