"""Links in XGBoost's terms: the placeholder, a built-in objective under which ``predict`` applies the link.

It stands beside our callback in training and stays in the saved model. So base_score, built-in metrics, checkpoints
and models to go on from are on the response scale from the first round on.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost as xgb
from scipy.special import logit

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.refusals import library_name, refuse_family
from gbm_objectives.links import SOFTMAX, Columns, Cumulative, Identity, Link, Log, Logit, Softmax
from gbm_objectives.objective import Objective

#: count:poisson has the log link too, but brings a max_delta_step of .7 into the trees.
_PLACEHOLDERS: dict[type[Link], str] = {
    Identity: "reg:squarederror",
    Logit: "binary:logistic",
    Softmax: "multi:softprob",
    Log: "reg:gamma",
}
#: Built-in objectives of one link; all others have the identity.
_FAMILIES = (
    {"binary:logistic", "reg:logistic"},
    {"count:poisson", "reg:gamma", "reg:tweedie"},
    {"multi:softprob", "multi:softmax"},
)
_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
#: From 3.4 on ``predict`` of reg:quantileerror sorts the outputs of a row.
SORTS = _VERSION >= (3, 4)
#: Before 3.1 a model has one base_score for all outputs.
_ONE_START = _VERSION < (3, 1)


def placeholder(link: Link) -> str:
    """The built-in objective of this link."""
    return library_name(link, _PLACEHOLDERS, "XGBoost")


def sorting(objective: Objective, n_outputs: int) -> dict[str, Any]:
    """The placeholder under which a booster sorts the levels of a row, also where this package is not installed.

    Its number of levels is that of quantile_alpha: ours, or as many even ones.
    """
    even = [(k + 1) / (n_outputs + 1) for k in range(n_outputs)]
    levels = objective.parameters.get("tau", even)
    return {"objective": "reg:quantileerror", "quantile_alpha": [float(level) for level in levels]}


def validate_model(model: Any, link: Link) -> None:
    """A model that is continued keeps its link, so it must be the objective's."""
    booster = model if isinstance(model, xgb.Booster) else xgb.Booster(model_file=model)
    name = json.loads(booster.save_config())["learner"]["objective"]["name"]
    refuse_family("xgb_model", name, placeholder(link), _FAMILIES)


def margins(given: Any, link: Link) -> Array:
    """A base_score as raw scores, one or one for each output."""
    response = np.asarray(json.loads(given) if isinstance(given, str) else given, dtype=np.float64)
    if isinstance(link, Logit):
        return np.asarray(logit(response))
    if isinstance(link, Log):
        with np.errstate(divide="ignore", invalid="ignore"):  # XGBoost says what is out of range
            return np.asarray(np.log(response))
    return response


def base_score(intercept: Array, objective: Objective) -> float | list[float]:
    """The intercept in XGBoost's terms: on the response scale, one number or one for each output.

    Of softmax it takes raw scores. Losses of classes only see differences of scores, so that one number for all, as
    XGBoost before 3.1 wants it, is a start without a preference.

    Raises
    ------
    NotImplementedError
        For several targets with XGBoost before 3.1.
    """
    link, several = objective.link, intercept.ndim > 0
    if objective.of_classes and _ONE_START:
        return 0.5
    raw = link == SOFTMAX or isinstance(link, (Columns, Cumulative))  # the placeholder applies none
    natural = intercept if raw else link.inverse(intercept)
    response = np.asarray(natural, dtype=np.float64)
    if isinstance(link, Logit):  # in float32 it must stay within (0, 1)
        response = np.clip(response, np.finfo(np.float32).tiny, np.nextafter(np.float32(1), 0))
    if several and _ONE_START:
        given = f"{len(response)} targets with XGBoost {xgb.__version__}"
        needed = "XGBoost 3.1, the first with an intercept for each output"
        hint = "Set base_score yourself, or train a model for each target."
        raise NotImplementedError(message("dtrain", given, needed, hint))
    value: float | list[float] = response.tolist()
    return value
