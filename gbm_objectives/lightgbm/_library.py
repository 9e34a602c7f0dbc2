"""LightGBM as the flow sees it: the functions of `gbm_objectives._training.flow.Library`.

The intercept goes in as init_score, which LightGBM leaves out of ``predict``, and when training ends into the leaves
of the first tree: where LightGBM puts that of its own objectives. The link goes into the header of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.refusals import refuse_contradicting, refuse_named_metrics
from gbm_objectives._training.starts import Start
from gbm_objectives.lightgbm._leaves import beside_leaves
from gbm_objectives.lightgbm._links import header, objective_name, validate_model
from gbm_objectives.lightgbm._model import diagnose
from gbm_objectives.lightgbm._model import finish as finished
from gbm_objectives.lightgbm._params import (
    BOOSTING,
    METRIC,
    NUM_CLASS,
    OBJECTIVE,
    first,
)
from gbm_objectives.lightgbm._params import named_metrics as _named
from gbm_objectives.lightgbm._quantiles import quantile
from gbm_objectives.links import IDENTITY, LOG, SORTED, Link
from gbm_objectives.objective import Objective

__all__ = [
    "NUM_CLASS",
    "beside_leaves",
    "diagnose",
    "finish",
    "foresee",
    "given_start",
    "grows_trees",
    "named_metrics",
    "prepare",
    "quantile",
    "read",
    "validate_model",
    "with_outputs",
    "with_start",
]

#: Parameters of built-in objectives: with a custom one LightGBM ignores them in silence.
_CONTRADICTING = {
    "scale_pos_weight": "Give the rows of class 1 a weight, or focal an alpha.",
    **dict.fromkeys(
        ("is_unbalance", "unbalance", "unbalanced_sets"),
        "Give the rows of the rare class a weight.",
    ),
    "alpha": "Write huber(delta) or quantile(tau).",
    "fair_c": "It belongs to fair.",
    "poisson_max_delta_step": 'Its default, .7, is in poisson(curvature="lightgbm").',
    "tweedie_variance_power": "Write tweedie(power).",
    "sigmoid": "Raw scores are logits.",
    "reg_sqrt": "Transform the target yourself.",
}
#: Metrics that need no more than an order, which raw scores have too.
_RANKS = {"auc", "average_precision"}
#: Metrics of probabilities, which raw scores on the identity are not.
_OF_PROBABILITIES = {
    "binary", "binary_logloss", "binary_error", "cross_entropy", "xentropy", "cross_entropy_lambda",
    "xentlambda", "kullback_leibler", "kldiv", "multi_logloss", "multiclass", "softmax",
}  # fmt: skip
#: What to write for a built-in metric that would read raw scores; by default log_loss.
_INSTEAD = {LOG: "rmse", SORTED: "pinball"}


def prepare(params: Mapping[str, Any], objective: Objective) -> dict[str, Any]:
    """The parameters without their objective, or an error where they disagree with ours."""
    if first(params, BOOSTING) in ("rf", "random_forest"):
        needed = '"gbdt", "dart" or data_sample_strategy="goss"'
        hint = "LightGBM takes no custom objective for random forests; XGBoost's num_parallel_tree does."
        raise ValueError(message("params", 'boosting="rf"', needed, hint))
    given = first(params, OBJECTIVE)
    names = {objective_name(objective.link, n) for n in (1, 2)}
    if given is not None and given not in {"none", "custom", *names} and given != objective:
        given = f"objective={given!r} beside {objective.name}"
        raise ValueError(message("params", given, "no objective in params"))
    refuse_contradicting(params, _CONTRADICTING)
    prepared = {name: value for name, value in params.items() if name not in OBJECTIVE}
    if first(prepared, METRIC) is None:
        prepared["metric"] = "None"
    return prepared


def with_outputs(params: dict[str, Any], objective: Objective, n_outputs: int) -> dict[str, Any]:
    """With num_class, under that name alone, where a header can say what the outputs are."""
    header(objective.link, n_outputs)
    if n_outputs == 1:
        return params
    others = {name: value for name, value in params.items() if name not in NUM_CLASS}
    return {**others, NUM_CLASS[0]: n_outputs}


def named_metrics(params: Mapping[str, Any], objective: Objective) -> list[str]:
    """Built-in metrics, which are given raw scores and would take them for responses."""
    names = _named(first(params, METRIC))
    refuse_raw_scores("metric", names, objective)
    return names


def refuse_raw_scores(given_as: str, names: list[str], objective: Objective) -> None:
    """Raise for built-in metrics that raw scores of this objective say nothing to."""
    link, wrong = objective.link, [n for n in names if n.strip().lower() not in _RANKS]
    if objective.rows is not None:
        why = "whose labels would be row numbers"
        refuse_named_metrics(given_as, names, why, "Write feval=metrics.mae(), say.")
    if link == IDENTITY:
        wrong = [name for name in wrong if name.strip().lower() in _OF_PROBABILITIES]
        why = f"which {objective.name} gives no probabilities for"
        refuse_named_metrics(given_as, wrong, why, "auc needs an order only.")
    else:
        instead = f"Write feval=metrics.{_INSTEAD.get(link, 'log_loss')}(), for instance."
        why = "which LightGBM would compute on raw scores"
        refuse_named_metrics(given_as, wrong, why, instead)


def given_start(params: Mapping[str, Any], link: Link) -> None:
    """No parameter says it."""


def with_start(params: dict[str, Any], intercept: Array, objective: Objective) -> dict[str, Any]:
    """As they are: the intercept goes into the data sets."""
    return params


def grows_trees(params: Mapping[str, Any]) -> bool:
    """Nothing but trees."""
    return True


def foresee(start: Start, params: Mapping[str, Any]) -> str:
    """Nothing: LightGBM has no floor under gains, and computes them in float64."""
    return ""


def read(booster: lgb.Booster) -> str:
    """The text of the model."""
    text: str = booster.model_to_string()
    return text


def finish(booster: lgb.Booster, model: str, intercept: Array | None, link: Link) -> lgb.Booster:
    """The booster with the intercept in its first trees and the link in its header."""
    return finished(booster, model, intercept, link)
