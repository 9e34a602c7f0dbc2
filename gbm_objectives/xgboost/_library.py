"""XGBoost as the flow sees it: the functions of `gbm_objectives._training.flow.Library`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xgboost as xgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.metrics import split_named
from gbm_objectives._training.refusals import refuse_contradicting, refuse_named_metrics
from gbm_objectives.links import SORTED, Identity, Link
from gbm_objectives.objective import Objective
from gbm_objectives.objective._learned import NAME, of_link
from gbm_objectives.xgboost._guards import diagnose, foresee
from gbm_objectives.xgboost._leaves import beside_leaves
from gbm_objectives.xgboost._links import (
    SORTS,
    base_score,
    margins,
    placeholder,
    sorting,
    validate_model,
)
from gbm_objectives.xgboost._quantiles import quantile

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

NUM_CLASS = ("num_class",)

#: Parameters of built-in objectives: with a custom one XGBoost ignores them in silence.
_CONTRADICTING = {
    "scale_pos_weight": "Give the rows of class 1 a sample weight, or focal an alpha.",
    "huber_slope": "Write pseudo_huber(delta=...).",
    "quantile_alpha": "Write quantile(tau).",
    "expectile_alpha": "Write expectile(tau).",
    "tweedie_variance_power": "Write tweedie(power).",
}
#: Metrics of probabilities: of margins they would be another thing.
_OF_PROBABILITIES = {"logloss", "error", "mlogloss"}


def prepare(params: Mapping[str, Any], objective: Objective) -> dict[str, Any]:
    """The parameters with the placeholder whose link is the objective's, or an error where they disagree."""
    prepared = dict(params)
    refuse_contradicting(prepared, _CONTRADICTING)
    if not grows_trees(prepared) and prepared.get("multi_strategy") == "multi_output_tree":
        both = 'multi_strategy="multi_output_tree" with booster="gblinear", which grows no trees'
        raise ValueError(message("params", both, "one of the two"))
    name, given = placeholder(objective.link), prepared.get("objective")
    if given is not None and given != name and given != objective:
        given = f"objective={given!r} beside {objective.name}"
        raise ValueError(message("params", given, "no objective in params"))
    prepared["objective"] = name
    prepared.setdefault("disable_default_eval_metric", 1)
    return prepared


def with_outputs(params: dict[str, Any], objective: Objective, n_outputs: int) -> dict[str, Any]:
    """With num_class; several levels with the placeholder that sorts them, where XGBoost has it."""
    if n_outputs == 1:
        return params
    if SORTS and objective.link == SORTED:
        others = {name: value for name, value in params.items() if name not in NUM_CLASS}
        return {**others, **sorting(objective, n_outputs)}
    return {**params, NUM_CLASS[0]: n_outputs}


def named_metrics(params: Mapping[str, Any], objective: Objective) -> list[str]:
    """The names in eval_metric: XGBoost gives them the response, unless there are no labels of their kind."""
    names, _ = split_named(params.get("eval_metric"))
    if objective.rows is not None:
        why = "whose labels would be row numbers"
        refuse_named_metrics("eval_metric", names, why, "Take a metric of gbm_objectives.metrics.")
    if objective.n_outputs is not None:
        why = f"which has no place for the {objective.n_outputs} outputs of a row"
        refuse_named_metrics("eval_metric", names, why, "Write metrics.pinball([...]), say.")
    if isinstance(objective.link, Identity):
        wrong = [name for name in names if name.partition("@")[0] in _OF_PROBABILITIES]
        why = f"which {objective.name} gives no probabilities for"
        refuse_named_metrics("eval_metric", wrong, why, "auc and merror need an order only.")
    return names


def given_start(params: Mapping[str, Any], link: Link) -> Array | None:
    """By base_score."""
    given = params.get("base_score")
    return None if given is None else margins(given, link)


def with_start(params: dict[str, Any], intercept: Array, objective: Objective) -> dict[str, Any]:
    """With base_score."""
    return {**params, "base_score": base_score(intercept, objective)}


def grows_trees(params: Mapping[str, Any]) -> bool:
    """All boosters but the linear one."""
    return params.get("booster") != "gblinear"


def read(booster: xgb.Booster) -> xgb.Booster:
    """The booster itself."""
    return booster


def finish(
    booster: xgb.Booster, model: xgb.Booster, intercept: Array | None, link: Link
) -> xgb.Booster:
    """Intercept and link have been in the model from the first round on; what is learned last is written now."""
    if (learned := of_link(link)) is not None:
        booster.set_attr(**{NAME: learned})
    return booster
