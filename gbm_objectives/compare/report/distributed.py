"""The code that trains a candidate of the task "distribution"; it ends with a frozen distribution of `scipy.stats`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates import Recipe
from gbm_objectives.compare.candidates.naming import named
from gbm_objectives.compare.report.lines import arguments
from gbm_objectives.factories import distribution
from gbm_objectives.objective import Objective

#: The rows that tell a spread are those that the comparison takes, where rows are neither in groups nor in time.
_HELD_OUT = (
    "X_train, X_held, y_train, y_held = train_test_split(X, y, test_size=0.15, random_state=0)"
)


@dataclass(frozen=True, slots=True)
class Distributed:
    """How to train a candidate that predicts distributions.

    Parameters
    ----------
    recipe : Recipe
        Of a family.
    objective : Objective or None
        Ours; None of a library's own and of a constant.
    params : dict
        Of the scikit-learn estimator.
    class_name : str
        Of the scikit-learn estimator.
    rounds : int
        Trees.
    categorical : bool
        Whether there are categories.
    leaves : str
        As in the comparison.
    """

    recipe: Recipe
    objective: Objective | None
    params: dict[str, Any]
    class_name: str
    rounds: int
    categorical: bool
    leaves: str

    @property
    def train(self) -> str:
        """Lines for the library's ``train``; empty for a constant."""
        if self.recipe.library == "-":
            return ""
        xgboost = self.recipe.library == "xgboost"
        short = "xgb" if xgboost else "lgb"
        quiet = {} if xgboost else {"verbosity": -1}
        categories = ", enable_categorical=True" if self.categorical else ""

        def matrix(x: str) -> str:
            return f"xgb.DMatrix({x}{categories})" if xgboost else x

        def labelled(x: str, y: str) -> str:
            return matrix(f"{x}, {y}") if xgboost else f"lgb.Dataset({x}, {y})"

        lines = [f"import {self.recipe.library} as {short}"]
        if self.recipe.ours:
            leaves = f", leaves={self.leaves!r}" if self.leaves != "auto" else ""
            params = {**self.recipe.params, **quiet}
            return "\n".join([
                *lines,
                f"import gbm_objectives.{self.recipe.library}",
                "from gbm_objectives import distribution",
                f"objective = {self.recipe.objective}",
                f"model = gbm_objectives.{self.recipe.library}.train(",
                f"    {params!r}, {labelled('X', 'y')}, {self.rounds}, objective=objective{leaves}",
                ")",
                f"prediction = objective.loss.frozen(objective.predict(model, {matrix('X_new')}))",
            ])  # fmt: skip
        params = {"objective": self.recipe.objective, **self.recipe.params, **quiet}
        return "\n".join(lines + self._around(
            lambda x, y: f"model = {short}.train({params!r}, {labelled(x, y)}, {self.rounds})",
            matrix,
        ))  # fmt: skip

    @property
    def sklearn(self) -> str:
        """Lines for scikit-learn."""
        recipe = self.recipe
        if recipe.library == "-":
            return "\n".join([
                "import numpy as np",
                "from gbm_objectives import distribution",
                f"objective = distribution({recipe.family!r})",
                "raw = np.tile(objective.intercept(y), (len(X_new), 1))",
                "prediction = objective.loss.frozen(objective.response(raw))",
            ])  # fmt: skip
        lines = [f"from {recipe.library} import {self.class_name}"]
        call = f"{self.class_name}({arguments(self.params)})"
        if not recipe.ours:
            lines.append(f"model = {call}")
            return "\n".join(lines + self._around(lambda x, y: f"model.fit({x}, {y})", str))
        plain = self._plain
        if plain is not None:
            given = "".join(f", {name}={value!r}" for name, value in plain.items())
            return "\n".join([
                *lines,
                "from gbm_objectives.sklearn import DistributionRegressor",
                f"model = DistributionRegressor({call}, {recipe.family!r}{given})",
                "model.fit(X, y)",
                "prediction = model.predict_distribution(X_new)",
            ])  # fmt: skip
        return "\n".join([
            *lines,
            "from gbm_objectives import distribution",
            "from gbm_objectives.sklearn import ObjectiveRegressor",
            f"objective = {recipe.objective}",
            f"model = ObjectiveRegressor({call}, objective, leaves={self.leaves!r})",
            "model.fit(X, y)",
            "prediction = objective.loss.frozen(model.predict(X_new))",
        ])  # fmt: skip

    def estimator(self) -> Any:
        """A `DistributionRegressor`, unfitted."""
        plain = self._plain
        if plain is None:
            given, needed = self.recipe.candidate, "a candidate that is one estimator"
            raise ValueError(message("estimator", given, needed, "Use the lines of code.sklearn."))
        from gbm_objectives.sklearn import DistributionRegressor

        model = getattr(import_module(self.recipe.library), self.class_name)(**self.params)
        return DistributionRegressor(model, self.recipe.family, **plain)

    @property
    def _plain(self) -> dict[str, Any] | None:
        """What a `DistributionRegressor` is given beside the family; None where it can't make this candidate."""
        if self.objective is None or self.leaves != "auto":
            return None
        family, curvature = self.recipe.family, named(self.objective.terms[0].curvature)
        if distribution(family) == self.objective:
            return {}
        same = distribution(family, curvature=curvature) == self.objective
        return {"curvature": curvature} if same else None

    def _around(self, train: Any, rows: Any) -> list[str]:
        """A model of the mean and distributions around it; a spread is that of rows which a first model does not know."""
        family = self.recipe.family
        if family != "normal":
            new = f"model.predict({rows('X_new')})"
            return [
                "from scipy import stats",
                train("X", "y"),
                f"prediction = stats.{family}({new})",
            ]
        return [
            "import numpy as np",
            "from scipy import stats",
            "from sklearn.model_selection import train_test_split",
            _HELD_OUT,
            train("X_train", "y_train"),
            f"spread = np.sqrt(np.mean((y_held - model.predict({rows('X_held')})) ** 2))",
            train("X", "y"),
            f"prediction = stats.norm(model.predict({rows('X_new')}), spread)",
        ]
