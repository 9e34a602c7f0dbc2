"""LightGBM's own scikit-learn estimators, fitted with an objective of this package."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from gbm_objectives._core.validation import Array
from gbm_objectives._training import quantile_rules as _quantile_rules
from gbm_objectives._training.common import Guard, raise_alarm, with_link
from gbm_objectives._training.leaves import LeafRefit
from gbm_objectives.lightgbm._model import finish, problem
from gbm_objectives.lightgbm._params import METRIC, first, prepare
from gbm_objectives.lightgbm._refit import Refitting, check_refit
from gbm_objectives.objective import Objective


def fit(
    estimator: Any,
    objective: Objective,
    X: Any,  # noqa: N803
    y: Array,
    sample_weight: Array | None,
    evaluations: list[tuple[Any, Any]] | None,
    guard: Guard,
    refit_leaves: bool,
    arguments: dict[str, Any],
) -> Any:
    """Fit ``estimator`` from the best constant, to a booster that answers on the response scale."""
    params = estimator.get_params()
    given = {name: value for name, value in params.items() if value is not None}
    prepare(given, objective)
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.lightgbm)
        check_refit(given, metric=arguments.get("eval_metric"))
        others = [x for x, labels in evaluations or [] if not (x is X and labels is y)]
        features = [np.asarray(x) if isinstance(x, list) else x for x in (X, *others)]
        refitting = Refitting(objective, [features])
        callbacks = [*(arguments.get("callbacks") or []), refitting]
        arguments = {**arguments, "callbacks": callbacks}
    weight = sample_weight
    if params.get("class_weight") is not None:
        balance = compute_sample_weight(params["class_weight"], y)
        weight = balance if weight is None else weight * balance
    continued = arguments.get("init_model") is not None
    user_start = continued or arguments.get("init_score") is not None
    start = None
    if not user_start and params.get("boost_from_average", True):
        start = np.atleast_1d(objective.intercept(y, weight))
        arguments = {**arguments, "init_score": np.repeat(start, len(y))}
        if evaluations is not None:
            scores = [np.repeat(start, len(labels)) for _, labels in evaluations]
            arguments["eval_init_score"] = scores
    metric = arguments.pop("eval_metric", None)
    settings: dict[str, Any] = {"objective": objective}
    if objective.targets is not None:
        settings["num_class"] = objective.targets.n_outputs
    if objective.n_outputs is not None:
        settings["num_class"] = objective.n_outputs
    if first(params, METRIC) is None:
        settings["metric"] = "None"
        metric = objective.metric if metric is None else metric
    if metric is not None:
        metrics = metric if isinstance(metric, list) else [metric]
        arguments["eval_metric"] = with_link(metrics, objective)
    estimator.set_params(**settings)
    estimator.fit(
        X, y, sample_weight=sample_weight, **_evaluations(estimator, evaluations), **arguments
    )
    booster = estimator.booster_
    if refit_leaves:
        refitting.finish()
    text = booster.model_to_string()
    if guard != "ignore" and not continued:
        found = problem(text, objective, y, weight, start)
        if found:
            raise_alarm(guard, found)
    finish(booster, text, start, objective.link)
    return estimator


def _evaluations(estimator: Any, pairs: list[tuple[Any, Any]] | None) -> dict[str, Any]:
    """In the form that this LightGBM takes: 4.7 deprecates eval_set."""
    if pairs is None:
        return {}
    if "eval_X" not in inspect.signature(estimator.fit).parameters:
        return {"eval_set": pairs}
    return {"eval_X": tuple(x for x, _ in pairs), "eval_y": tuple(labels for _, labels in pairs)}


def raw_prediction(estimator: Any, X: Any, arguments: dict[str, Any]) -> Array:  # noqa: N803
    """Raw scores of a fitted estimator."""
    return np.asarray(estimator.predict(X, raw_score=True, **arguments))
