"""XGBoost's parameters and arguments as `train` and `cv` complete them: placeholder, intercept, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.common import Start, as_list, check_family, refuse, with_link
from gbm_objectives._training.outputs import Labelled, number_of_outputs
from gbm_objectives.links import SOFTMAX, Link
from gbm_objectives.metrics._metric import Metric
from gbm_objectives.objective import Objective

#: Parameters of built-in objectives: with a custom one XGBoost ignores them in silence.
CONTRADICTING = {
    "scale_pos_weight": "Give the rows of class 1 a sample weight, or focal an alpha.",
    "huber_slope": "Write pseudo_huber(delta=...).",
    "quantile_alpha": "Write quantile(tau).",
    "expectile_alpha": "It belongs to reg:expectileerror.",
    "tweedie_variance_power": "Write tweedie(power).",
}
_NUM_CLASS = ("num_class",)


def refuse_own(arguments: Mapping[str, Any]) -> None:
    if "obj" in arguments:
        raise TypeError(message("obj", "an argument", "objective=, which takes its place"))


def prepare(
    params: Mapping[str, Any], objective: Objective, own: Objective, continued: Any
) -> dict[str, Any]:
    """The parameters with the placeholder whose link is the objective's, or an error where they disagree."""
    prepared = dict(params)
    placeholder = objective.link.xgboost
    refuse(prepared, CONTRADICTING)
    given = prepared.get("objective")
    if given is not None and given != placeholder and given != own:
        raise ValueError(
            message(
                "params", f"objective={given!r} beside {objective.name}", "no objective in params"
            )
        )
    if continued is not None:
        _check_link(continued, objective)
    prepared["objective"] = placeholder
    prepared.setdefault("disable_default_eval_metric", 1)
    return prepared


def set_outputs(params: dict[str, Any], data: xgb.DMatrix, objective: Objective) -> None:
    n_outputs = number_of_outputs(objective, params, _NUM_CLASS, labels_of(data)[0])
    if n_outputs > 1:
        params["num_class"] = n_outputs


#: Built-in objectives of one link; all others have the identity.
_FAMILIES = (
    {"binary:logistic", "reg:logistic"},
    {"count:poisson", "reg:gamma", "reg:tweedie"},
    {"multi:softprob", "multi:softmax"},
)


def _check_link(model: Any, objective: Objective) -> None:
    """A model that is continued keeps its link, so it must be the objective's."""
    booster = model if isinstance(model, xgb.Booster) else xgb.Booster(model_file=model)
    name = json.loads(booster.save_config())["learner"]["objective"]["name"]
    check_family("xgb_model", name, objective.link.xgboost, _FAMILIES)


def labels_of(data: xgb.DMatrix) -> tuple[Array, Array | None]:
    """Labels, (n_samples,) or (n_samples, n_outputs), and weights."""
    y, weight = data.get_label(), data.get_weight()
    if not y.size:
        raise ValueError(message("dtrain", "a DMatrix without labels", "one with labels"))
    if y.ndim == 1 and len(y) != data.num_row():  # flat before XGBoost 3.2
        y = y.reshape(data.num_row(), -1)
    return y, weight if weight.size else None


def start_of(
    params: dict[str, Any], data: xgb.DMatrix, objective: Objective
) -> tuple[dict[str, Any], Callable[[], Start]]:
    """The parameters with the intercept as base_score, and what the first tree will be given."""
    y, weight = labels_of(data)
    n_outputs = params.get("num_class")
    intercept = np.asarray(objective.intercept(y, weight, n_outputs))
    margin = data.get_base_margin()
    raw = margin.reshape(len(y), *intercept.shape) if margin.size else intercept
    if params.get("base_score") is None:
        start = base_score(intercept, objective.link, shiftless=objective.of_classes)
        params = {**params, "base_score": start}
    return params, lambda: Start.of(objective, y, raw, weight)


def base_score(intercept: Array, link: Link, shiftless: bool = False) -> float | list[float]:
    """The intercept in XGBoost's terms: on the response scale, one number or one an output.

    Of softmax it takes raw scores. Losses of classes (``shiftless``) only see differences of scores, so
    that one number for all, as XGBoost before 3.1 wants it, is a start without a preference.
    """
    several = intercept.ndim > 0
    old = tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1)
    if shiftless and old:
        return 0.5
    natural = intercept if link == SOFTMAX else link.inverse(intercept)
    response = np.asarray(natural, dtype=np.float64)
    if link.xgboost == "binary:logistic":  # in float32 it must stay within (0, 1)
        response = np.clip(response, np.finfo(np.float32).tiny, np.nextafter(np.float32(1), 0))
    if several and old:
        raise NotImplementedError(
            message(
                "dtrain", f"{len(response)} targets with XGBoost {xgb.__version__}",
                "XGBoost 3.1, the first with an intercept for each output",
                "Set base_score yourself, or train a model for each target.",
            )
        )  # fmt: skip
    value: float | list[float] = response.tolist()
    return value


def with_metrics(
    params: Mapping[str, Any],
    objective: Objective,
    own: Objective,
    custom_metric: Any,
    arguments: dict[str, Any],
) -> dict[str, Any]:
    """The arguments with the metrics as one function, and the direction of the one that stops early.

    Where label matrices were numbered, metrics are given the matrices.
    """
    if custom_metric is None and params.get("eval_metric"):
        return arguments
    chosen = own.metric if custom_metric is None else custom_metric
    metrics = with_link(as_list(chosen), objective)
    direction: dict[str, Any] = {}
    if metrics and isinstance(metrics[-1], Metric):
        direction = {"maximize": metrics[-1].higher_is_better}

    def evaluate(preds: NDArray[Any], data: xgb.DMatrix) -> list[tuple[str, float]]:
        results: list[tuple[str, float]] = []
        numbered = objective is not own and objective.targets is not None
        seen: Any = Labelled(data, objective.targets) if numbered and objective.targets else data
        for metric in metrics:
            found = metric(preds, seen)
            results += found if isinstance(found, list) else [found]
        return results

    return {**direction, **arguments, "custom_metric": evaluate if metrics else None}
