"""Callbacks: what LightGBM does to a custom objective in training, and what the user's callbacks see of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import lightgbm as lgb

from gbm_objectives._core.validation import Array
from gbm_objectives.lightgbm._model import completed
from gbm_objectives.links import Link


def skip_reset(env: Any) -> None:
    """Keep LightGBM from resetting all parameters to say once more that the objective is custom.

    That reset draws the columns of feature_fraction anew, so that models differ from those of built-in
    objectives (microsoft/LightGBM#6053), fails where no feature can be split, and in older versions forgets verbosity.
    """
    for booster in getattr(env.model, "boosters", [env.model]):
        booster._Booster__set_objective_to_none = True


skip_reset.before_iteration = True  # type: ignore[attr-defined]


class InTraining(lgb.Booster):
    """A booster in training as it will be when it is finished, for the user's callbacks.

    While LightGBM trains, the intercept is in its scores and not in its trees, and a custom objective leaves no link.
    What this booster tells of its trees, predicts and saves has both, so a checkpoint is a right model, one that
    training can go on from. All else, such as resetting parameters, goes to the booster in training.
    """

    __slots__ = ("_intercept", "_link", "_settle")

    def __init__(
        self,
        booster: lgb.Booster,
        intercept: Array | None,
        link: Link,
        settle: Callable[[], None],
    ) -> None:
        self.__dict__ = booster.__dict__  # one booster, seen in two ways
        self._intercept, self._link, self._settle = intercept, link, settle

    def __del__(self) -> None:
        """The trees belong to the booster in training."""

    def finished(self) -> lgb.Booster:
        """The model so far, complete."""
        self._settle()
        text = lgb.Booster.model_to_string(self, num_iteration=-1)
        found = lgb.Booster(model_str=completed(text, self._intercept, self._link))
        found.best_iteration = self.best_iteration
        return found

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickled as the library's own booster."""
        return self.finished().__reduce_ex__(protocol)


def _told_by_the_finished_model(name: str) -> Any:
    """A method of the finished model."""

    def method(self: InTraining, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.finished(), name)(*args, **kwargs)

    return method


for _name in (
    "dump_model",
    "get_leaf_output",
    "lower_bound",
    "model_to_string",
    "predict",
    "refit",
    "save_model",
    "trees_to_dataframe",
    "upper_bound",
):
    setattr(InTraining, _name, _told_by_the_finished_model(_name))


class _Seeing:
    """A user's callback, called with the model as it will be."""

    def __init__(self, callback: Any, views: Views) -> None:
        self._callback, self._views = callback, views
        self.before_iteration: bool = getattr(callback, "before_iteration", False)
        if hasattr(callback, "order"):
            self.order: int = callback.order

    def __call__(self, env: Any) -> None:
        """Call it."""
        self._callback(_with_model(env, self._views.of(env.model)))


class Views:
    """The boosters of a training as callbacks see them, one or one for each fold.

    Parameters
    ----------
    link : Link
    intercepts : sequence of ndarray or None
        One a model; filled while models begin.
    settle : callable or None, default None
        Sets the leaves of the last round, where LightGBM does not.
    """

    def __init__(
        self,
        link: Link,
        intercepts: Sequence[Array | None],
        settle: Callable[[], None] | None = None,
    ) -> None:
        self._link, self._intercepts = link, intercepts
        self._settle = settle or (lambda: None)
        self._seen: Any = None

    def of(self, model: Any) -> Any:
        """The view of a model: always the same one, so that what a callback leaves on it is found again."""
        if self._seen is None:
            self._seen = self._folds(model) if hasattr(model, "boosters") else self._one(model, 0)
        return self._seen

    def _folds(self, model: Any) -> Any:
        several = lgb.CVBooster()
        several.boosters = [self._one(booster, i) for i, booster in enumerate(model.boosters)]
        several.best_iteration = model.best_iteration
        return several

    def _one(self, booster: lgb.Booster, number: int) -> InTraining:
        return InTraining(booster, self._intercepts[number], self._link, self._settle)

    def given_to(self, callbacks: Iterable[Any]) -> list[Any]:
        """The user's callbacks, seeing these; LightGBM's own need no more than scores."""
        return [
            callback
            if type(callback).__module__.startswith("lightgbm.")
            else _Seeing(callback, self)
            for callback in callbacks
        ]


def _with_model(env: Any, model: Any) -> Any:
    """An environment with another model; a named tuple before LightGBM 4.7."""
    if dataclasses.is_dataclass(env):
        return dataclasses.replace(env, model=model)  # type: ignore[type-var]
    return env._replace(model=model)
