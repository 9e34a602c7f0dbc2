"""Pieces of the code of a recommendation."""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.objective import Objective


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
