"""The code that trains a candidate as the comparison did, for the library's ``train`` and for scikit-learn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates import Recipe
from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.distributed import Distributed
from gbm_objectives.compare.report.lines import (
    MAPS,
    arguments,
    each_level,
    forward,
    in_levels,
    mapped,
    probabilities,
    transformed,
    with_level,
)
from gbm_objectives.compare.report.statistics import Key
from gbm_objectives.compare.report.tuned import tuning_of
from gbm_objectives.compare.tasks import TASKS
from gbm_objectives.links import LOGIT, SOFTMAX, Cumulative, Sorted
from gbm_objectives.objective import Objective

#: Names of ``train`` by the names of the scikit-learn estimators.
_SKLEARN = {
    "eta": "learning_rate", "lambda": "reg_lambda", "lambda_l2": "reg_lambda", "min_data_in_leaf": "min_child_samples",
    "bagging_fraction": "subsample", "bagging_freq": "subsample_freq",
}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """How to train a candidate; ``recipe`` is None for a user's own function or model.

    ``X`` and ``y`` are the training rows, ``X_new`` the rows to predict. Classes are 0, 1, ... in ``y``.
    """

    name: str
    task: str
    rounds: int
    recipe: Recipe | None
    n_classes: int
    categorical: bool
    tau: float | Sequence[float] | None
    leaves: str
    objective: Objective | None

    @classmethod
    def of(cls, result: Frames, key: Key, rounds: int, fold: int | None = None) -> Code:
        """Of a candidate of the comparison; where it was tuned, with the parameters of all rows, or of one fold."""
        info = result.info
        recipes = (Recipe(**one) for one in info.get("recipes", ()))
        found = [one for one in recipes if (one.library, one.candidate) == key]
        recipe = found[0] if found else None
        objective = result.objectives.get(key.candidate)
        tuned = tuning_of(result, key, fold)
        if recipe is not None and tuned is not None and tuned["recipe"] is not None:
            if tuned["recipe"]["objective"] != recipe.objective:
                objective = None
            recipe = Recipe(**tuned["recipe"])
        if recipe is None or not recipe.ours:
            objective = None
        elif objective is None:
            objective = objective_of(recipe.objective)
        return cls(
            key.candidate, info["task"], rounds, recipe, len(info.get("classes") or ()),
            bool(info.get("categorical")), info.get("tau"), info.get("leaves", "auto"), objective,
        )  # fmt: skip

    @property
    def of_classes(self) -> bool:
        """Whether labels are class codes."""
        return TASKS[self.task].of_classes

    @property
    def by_level(self) -> bool:
        """Whether there is a model for each of several levels."""
        recipe = self.recipe
        if recipe is None or not isinstance(self.tau, Sequence):
            return False
        return recipe.library == "-" or recipe.objective == "quantile"

    @property
    def rounded(self) -> bool:
        """Whether it is a regression on class codes, whose predictions are rounded."""
        return self.recipe is not None and self.recipe.transform == "levels"

    @property
    def _one_score(self) -> bool:
        """Whether a row has one raw score, however many classes there are."""
        one = self.objective
        levels = one is not None and isinstance(one.link, Cumulative)
        return levels or self.rounded or self.task == "binary"

    @property
    def train(self) -> str:
        """Lines for the library's ``train``; empty for constants and a user's own."""
        recipe = self.recipe
        if (own := self._distributed) is not None:
            return own.train
        if recipe is None or recipe.library == "-":
            return ""
        xgboost = recipe.library == "xgboost"
        params = {**recipe.params, **({} if xgboost else {"verbosity": -1})}
        if self.n_classes and not self._one_score:
            params["num_class"] = self.n_classes
        lines = ["import xgboost as xgb" if xgboost else "import lightgbm as lgb", *self._imports()]
        y = "y"
        if recipe.transform and not self.rounded:
            lines += forward(recipe.transform)
            y = "labels"
        if self.by_level:
            given = with_level({"objective": recipe.objective, **params}, "alpha")
            lines += each_level(f"lgb.train({given}, lgb.Dataset(X, y), {self.rounds})", self.tau)
            return "\n".join(lines)
        categories = ", enable_categorical=True" if self.categorical else ""
        data = f"xgb.DMatrix(X, {y}{categories})" if xgboost else f"lgb.Dataset(X, {y})"
        new = f"xgb.DMatrix(X_new{categories})" if xgboost else "X_new"
        if recipe.ours:
            lines.insert(1, f"import gbm_objectives.{recipe.library}")
            leaves = f", leaves={self.leaves!r}" if self.leaves != "auto" else ""
            lines += [
                f"objective = {self._call}",
                f"model = gbm_objectives.{recipe.library}.train(",
                f"    {params!r}, {data}, {self.rounds}, objective=objective{leaves}",
                ")",
            ]
        else:
            params = {"objective": recipe.objective, **params}
            short = "xgb" if xgboost else "lgb"
            lines.append(f"model = {short}.train({params!r}, {data}, {self.rounds})")
        return "\n".join([*lines, *self._predict(new)])

    @property
    def sklearn(self) -> str:
        """Lines for scikit-learn; empty for a user's own."""
        recipe = self.recipe
        if (own := self._distributed) is not None:
            return own.sklearn
        if recipe is None:
            return ""
        if self.by_level:
            constant = recipe.library == "-"
            name = "DummyRegressor" if constant else self._class_name
            lines = [f"from {'sklearn.dummy' if constant else recipe.library} import {name}"]
            given = 'strategy="quantile", quantile=tau'
            if recipe.library != "-":
                given = f"**{with_level(self._params, 'alpha')}"
            return "\n".join([*lines, *each_level(f"{name}({given}).fit(X, y)", self.tau)])
        if recipe.library == "-":
            name = "DummyClassifier" if self.of_classes else "DummyRegressor"
            lines = [
                f"from sklearn.dummy import {name}",
                f"model = {name}({arguments(self._dummy)})",
            ]
        else:
            name = self._class_name
            lines = [f"from {recipe.library} import {name}"]
            call = f"{name}({arguments(self._params)})"
            if recipe.ours:
                wrapper = f"Objective{'Classifier' if self.of_classes else 'Regressor'}"
                lines += [*self._imports(), f"from gbm_objectives.sklearn import {wrapper}"]
                call = f"{wrapper}({call}, {self._call}{self._leaves})"
            elif recipe.transform and not self.rounded:
                lines.insert(0, "from sklearn.compose import TransformedTargetRegressor")
                if recipe.transform in MAPS:
                    forward, back = MAPS[recipe.transform]
                    lines.insert(0, "import numpy as np")
                    how = f"func={forward}, inverse_func={back}"
                else:
                    lines.append("from gbm_objectives.compare import NormalScores")
                    how = "transformer=NormalScores()"
                call = f"TransformedTargetRegressor({call}, {how})"
            lines.append(f"model = {call}")
        lines.append("model.fit(X, y)")
        if self.rounded:
            return "\n".join([*lines, *self._predict("X_new")])
        predict = "predict_proba" if self.of_classes else "predict"
        return "\n".join([*lines, f"prediction = model.{predict}(X_new)"])

    def estimator(self) -> Any:
        """What the lines for scikit-learn make, unfitted."""
        recipe = self.recipe
        if recipe is None or (recipe.ours and self.objective is None):
            instead = "Train it by your own code, which the comparison was given."
            raise ValueError(message("estimator", f"{self.name}, your own", "a candidate that can be made here", instead))  # fmt: skip
        if (own := self._distributed) is not None:
            return own.estimator()
        if self.by_level:
            instead = "Train the models of code.sklearn."
            raise ValueError(message("estimator", f"{self.name}, a model for each level", "a candidate that is one model", instead))  # fmt: skip
        if self.rounded:
            instead = "Round the predictions, as code.sklearn does."
            raise ValueError(message("estimator", f"{self.name}, a regression on class codes", "a candidate that is a classifier", instead))  # fmt: skip
        if recipe.library == "-":
            from sklearn import dummy

            kind = dummy.DummyClassifier if self.of_classes else dummy.DummyRegressor
            return kind(**self._dummy)
        from importlib import import_module

        model = getattr(import_module(recipe.library), self._class_name)(**self._params)
        if recipe.ours:
            from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

            if self.of_classes:
                assert self.objective is not None
                return ObjectiveClassifier(model, self.objective, **self._recover)
            return ObjectiveRegressor(model, self.objective, leaves=self.leaves)  # type: ignore[arg-type]
        return transformed(model, recipe.transform) if recipe.transform else model

    @property
    def _distributed(self) -> Distributed | None:
        """The same of a candidate that predicts distributions; None of others."""
        one = self.recipe
        if one is None or not one.family:
            return None
        made = ({}, "") if one.library == "-" else (self._params, self._class_name)
        return Distributed(one, self.objective, *made, self.rounds, self.categorical, self.leaves)

    @property
    def _params(self) -> dict[str, Any]:
        """Of the scikit-learn estimator."""
        assert self.recipe is not None
        given = {_SKLEARN.get(name, name): value for name, value in self.recipe.params.items()}
        params: dict[str, Any] = {"n_estimators": self.rounds, **given}
        if not self.recipe.ours:
            params = {"objective": self.recipe.objective, **params}
        if self.recipe.library == "lightgbm":
            params["verbosity"] = -1
        elif self.categorical:
            params["enable_categorical"] = True
        return params

    @property
    def _class_name(self) -> str:
        assert self.recipe is not None
        start = {"xgboost": "XGB", "lightgbm": "LGBM"}[self.recipe.library]
        classifies = self.of_classes and not self.rounded
        return f"{start}{'Classifier' if classifies else 'Regressor'}"

    @property
    def _dummy(self) -> dict[str, Any]:
        assert self.recipe is not None
        strategy = {"shares": "prior"}.get(self.recipe.objective, self.recipe.objective)
        given: dict[str, Any] = {"strategy": strategy}
        return given | {"quantile": self.tau} if strategy == "quantile" else given

    @property
    def _call(self) -> str:
        """What makes our objective; of a loss of the user's own the user knows it."""
        assert self.recipe is not None
        known = objective_of(self.recipe.objective) is not None
        return self.recipe.objective if known else f"...  # your own: {self.recipe.objective}"

    @property
    def _leaves(self) -> str:
        if self.of_classes:
            return "".join(f", {name}={value}" for name, value in self._recover.items())
        return f", leaves={self.leaves!r}" if self.leaves != "auto" else ""

    @property
    def _recover(self) -> dict[str, Any]:
        """Sums have no map from scores to probabilities that is known; the comparison takes the link's."""
        one = self.objective
        return {"recover_proba": False} if one is not None and not mapped(one) else {}

    def _imports(self) -> list[str]:
        """Of our factories."""
        assert self.recipe is not None
        if not self.recipe.ours or objective_of(self.recipe.objective) is None:
            return []
        called = sorted(set(re.findall(r"([a-z_0-9]+)\(", self.recipe.objective)))
        return [f"from gbm_objectives import {', '.join(called)}"]

    def _predict(self, new: str) -> list[str]:
        """From the model to predictions on the scale of the labels, or to probabilities."""
        recipe, one = self.recipe, self.objective
        assert recipe is not None
        if one is not None and isinstance(one.link, (Sorted, Cumulative)):
            return [f"prediction = objective.predict(model, {new})"]
        if self.rounded:
            return in_levels(f"model.predict({new})", self.n_classes)
        if recipe.transform:
            back = MAPS.get(recipe.transform, ("", "scores.inverse_transform"))[1]
            return [f"prediction = {back}(model.predict({new}))"]
        if one is not None and one.link in (LOGIT, SOFTMAX) and mapped(one):
            return probabilities(new, recipe.library, binary=one.link == LOGIT)
        lines = [f"prediction = model.predict({new})"]
        if recipe.objective == "multiclassova":
            lines.append("prediction /= prediction.sum(axis=1, keepdims=True)")
        return lines
