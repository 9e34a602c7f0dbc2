"""LightGBM's parameters, with their aliases, beside an objective of this package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives._training.common import refuse
from gbm_objectives.links import IDENTITY, LOG, LOGIT, SORTED, Identity, Link
from gbm_objectives.objective import Objective

_OBJECTIVE = ("objective", "objective_type", "app", "application", "loss")
METRIC = ("metric", "metrics", "metric_types")
NUM_CLASS = ("num_class", "num_classes")
BOOSTING = ("boosting", "boosting_type", "boost")

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
_RANKS = {"auc", "average_precision", "none", "null", "na", "custom", ""}
#: What to write for a built-in metric that would read raw scores; by default log_loss.
_INSTEAD = {LOG: "rmse", SORTED: "pinball"}


def check_kept(params: Mapping[str, Any], objective: Objective) -> None:
    linear = params.get("linear_tree") or params.get("linear_trees")
    if not isinstance(objective.link, Identity) or linear or first(params, BOOSTING) == "dart":
        raise ValueError(
            message(
                "keep_training_booster", "True", "False for a link, linear_tree and dart",
                "Link and intercept are written into the finished model; go on with init_model=booster.",
            )
        )  # fmt: skip


def first(params: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first value that is given under any of these names."""
    return next((params[name] for name in names if params.get(name) is not None), None)


def prepare(params: Mapping[str, Any], objective: Objective) -> dict[str, Any]:
    """The parameters without their objective, or an error where they disagree with ours."""
    if first(params, BOOSTING) in ("rf", "random_forest"):
        raise ValueError(
            message(
                "params", 'boosting="rf"', '"gbdt", "dart" or data_sample_strategy="goss"',
                "LightGBM takes no custom objective for random forests; XGBRFRegressor does.",
            )
        )  # fmt: skip
    given = first(params, _OBJECTIVE)
    name = objective.link.lightgbm.split()[0]
    harmless = ("none", "custom", name, "multiclassova" if objective.link == LOGIT else name)
    if given is not None and given not in harmless and given != objective:
        raise ValueError(
            message(
                "params", f"objective={given!r} beside {objective.name}", "no objective in params"
            )
        )
    refuse(params, _CONTRADICTING)
    check_metrics(params, objective.link)
    prepared = {name: value for name, value in params.items() if name not in _OBJECTIVE}
    if first(prepared, METRIC) is None:
        prepared["metric"] = "None"
    return prepared


def check_metrics(params: Mapping[str, Any], link: Link) -> None:
    """Built-in metrics are given raw scores and would take them for responses."""
    names = first(params, METRIC) or []
    names = names.split(",") if isinstance(names, str) else list(names)
    wrong = [name for name in names if str(name).strip().lower() not in _RANKS]
    if link != IDENTITY and wrong:
        raise ValueError(
            message(
                "params", f"metric={wrong[0]!r}, which LightGBM would compute on raw scores",
                "a metric of gbm_objectives.metrics as feval, or auc or average_precision",
                f"Write feval=metrics.{_INSTEAD.get(link, 'log_loss')}(), for instance.",
            )
        )  # fmt: skip


def skip_reset(env: Any) -> None:
    """Keep LightGBM from resetting all parameters to say once more that the objective is custom.

    That reset draws the columns of feature_fraction anew, so that models differ from those of built-in
    objectives (microsoft/LightGBM#6053), fails where no feature can be split, and in older versions forgets verbosity.
    """
    for booster in getattr(env.model, "boosters", [env.model]):
        booster._Booster__set_objective_to_none = True


skip_reset.before_iteration = True  # type: ignore[attr-defined]
