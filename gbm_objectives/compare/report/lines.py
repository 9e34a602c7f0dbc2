"""Pieces of a recommendation: of its code, and of its estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.objective import Objective

#: Of targets: how labels are transformed, and how predictions are transformed back.
MAPS = {"log": ("np.log", "np.exp"), "log1p": ("np.log1p", "np.expm1")}


def mapped(one: Objective) -> bool:
    """Whether the probabilities that its scores stand for are known."""
    if one.link not in (LOGIT, SOFTMAX):
        return True
    try:
        if one.link == LOGIT:
            one.log_odds(np.zeros(1))
        else:
            one.log_probabilities(np.zeros((1, 3)))
    except TypeError:
        return False
    return True


def with_level(params: dict[str, Any], name: str) -> str:
    """Parameters as text, with a level ``tau`` in its place."""
    return (
        "{"
        + ", ".join(f"{k!r}: {'tau' if k == name else repr(v)}" for k, v in params.items())
        + "}"
    )


def each_level(model: str, levels: Any) -> list[str]:
    """A model for each level, and their predictions side by side."""
    return [
        "import numpy as np", f"models = [{model} for tau in {list(levels)!r}]",
        "prediction = np.column_stack([model.predict(X_new) for model in models])",
    ]  # fmt: skip


def arguments(params: dict[str, Any]) -> str:
    """Arguments of a call."""
    return ", ".join(f"{name}={value!r}" for name, value in params.items())


def forward(transform: str) -> list[str]:
    """From labels ``y`` to transformed ones."""
    if transform in MAPS:
        return ["import numpy as np", f"labels = {MAPS[transform][0]}(y)"]
    return [
        "from gbm_objectives.compare import NormalScores", "scores = NormalScores().fit(y)",
        "labels = scores.transform(y)",
    ]  # fmt: skip


def probabilities(new: str, library: str, *, binary: bool) -> list[str]:
    """The probabilities that raw scores of one of our objectives stand for."""
    raw = "output_margin" if library == "xgboost" else "raw_score"
    function, axis = ("expit", "") if binary else ("softmax", ", axis=1")
    scores = "log_odds" if binary else "log_probabilities"
    return [
        f"from scipy.special import {function}", f"raw = model.predict({new}, {raw}=True)",
        f"prediction = {function}(objective.{scores}(raw){axis})",
    ]  # fmt: skip


def in_levels(predictions: str, n_classes: int) -> list[str]:
    """Predictions of a regression on class codes, as the nearest codes."""
    return [
        "import numpy as np",
        f"prediction = np.clip(np.rint({predictions}), 0, {n_classes - 1})",
    ]


def transformed(model: Any, transform: str) -> Any:
    """A regressor on a transformed target, unfitted."""
    from sklearn.compose import TransformedTargetRegressor

    from gbm_objectives.compare.normal_scores import NormalScores

    if transform == "log":
        return TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)
    if transform == "log1p":
        return TransformedTargetRegressor(model, func=np.log1p, inverse_func=np.expm1)
    return TransformedTargetRegressor(model, transformer=NormalScores())
