"""XGBoost's own scikit-learn estimators, fitted with an objective of this package."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost as xgb
from sklearn.base import is_classifier

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training import quantile_rules as _quantile_rules
from gbm_objectives._training.common import Guard, Start, refuse, with_link
from gbm_objectives._training.leaves import LeafRefit, check_beside
from gbm_objectives.links import IDENTITY, LOGIT, SOFTMAX
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost._guards import check_gains, check_trees
from gbm_objectives.xgboost._params import CONTRADICTING, base_score
from gbm_objectives.xgboost._refit import Refitting, check_refit


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
    params = estimator.get_xgb_params()
    own = type(estimator)().objective
    if params["objective"] not in (None, own, objective.link.xgboost):
        given = f"objective={params['objective']!r} beside {objective.name}"
        raise ValueError(message("estimator", given, "an estimator without an objective"))
    refuse(params, CONTRADICTING)
    placeholder = own if isinstance(own, str) else "reg:squarederror"
    if objective.of_classes and y.ndim == 1:
        placeholder = SOFTMAX.xgboost  # what XGBClassifier takes for more than two classes
    callbacks = estimator.callbacks
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.xgboost)
        forest = isinstance(estimator, xgb.XGBRFRegressor)
        check_beside({"XGBRFRegressor, which takes no callbacks": forest})
        check_refit(params, estimator.eval_metric, callbacks or [])
        refitting = Refitting(objective)
        estimator.set_params(callbacks=[refitting, *(callbacks or [])])
    intercept = np.asarray(objective.intercept(y, sample_weight))
    settings: dict[str, Any] = {"objective": objective, "disable_default_eval_metric": 1}
    if objective.n_outputs is not None:
        settings["num_class"] = objective.n_outputs
    if estimator.base_score is None and arguments.get("xgb_model") is None:
        links = (link for link in (objective.link, LOGIT) if link.xgboost == placeholder)
        natural = next(links, IDENTITY)  # the placeholder's link holds while training
        settings["base_score"] = base_score(intercept, natural, shiftless=objective.of_classes)
    metric = estimator.eval_metric
    settings["eval_metric"] = with_link(
        [objective.metric if metric is None else metric], objective
    )[0]
    estimator.set_params(**settings)
    trees = params.get("booster") != "gblinear" and arguments.get("xgb_model") is None

    def start() -> Start:
        margin = arguments.get("base_margin")
        raw = intercept if margin is None else np.reshape(margin, (len(y), *intercept.shape))
        return Start.of(objective, y, raw, sample_weight)

    if trees:
        guard = check_gains(start, guard)
    estimator.fit(X, y, sample_weight=sample_weight, eval_set=evaluations, **arguments)
    booster = estimator.get_booster()
    if refit_leaves:
        estimator.set_params(callbacks=callbacks)
        refitting.finish(booster)
    label_matrix = objective.of_classes and y.ndim == 2  # XGBoost's softmax has no place for one
    if placeholder != objective.link.xgboost and not label_matrix:
        # The wrappers choose the placeholder by their class; this one has the link.
        changed: dict[str, Any] = {"objective": objective.link.xgboost}
        if "base_score" in settings:
            changed["base_score"] = base_score(intercept, objective.link, objective.of_classes)
        booster.set_param(changed)
    if is_classifier(estimator) or (not intercept.ndim and objective.link not in (LOGIT, SOFTMAX)):
        # As XGBoost's own load_model does it, for converters to other formats: onnxmltools refuses estimators whose
        # objective has no name. Of regressors it would get several outputs and probabilities wrong: they get none.
        estimator.objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if trees:
        check_trees(booster, start, guard)
    return estimator


def raw_prediction(estimator: Any, X: Any, arguments: dict[str, Any]) -> Array:  # noqa: N803
    """Raw scores of a fitted estimator."""
    return np.asarray(estimator.predict(X, output_margin=True, **arguments))
