"""XGBoost's own scikit-learn estimators, fitted by the flow of `train`."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import xgboost as xgb
from sklearn.base import is_classifier

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.flow import Request, run
from gbm_objectives._training.leaves import Leaves, by_loss
from gbm_objectives._training.metrics import of_estimator, split_named
from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost import _library
from gbm_objectives.xgboost._leaves import QUANTISED
from gbm_objectives.xgboost._links import placeholder
from gbm_objectives.xgboost._train import _Train
from gbm_objectives.xgboost._vector_leaves import with_vector_leaves

#: What users give an estimator to have it called: `clone` would hand on copies.
OBJECTS = ("callbacks", "eval_metric")
#: Deprecated in XGBoost 3.4: they will be gone one day.
_FORESTS = tuple(
    getattr(xgb, name) for name in ("XGBRFRegressor", "XGBRFClassifier") if hasattr(xgb, name)
)


def fit(
    estimator: Any,
    X: Any,  # noqa: N803
    y: Array,
    sample_weight: Array | None,
    evaluations: list[tuple[Any, Any]] | None,
    arguments: dict[str, Any],
    *,
    objective: Objective,
    guard: Any,
    leaves: Leaves,
    projections: int | None,
) -> Any:
    """Fit ``estimator``: its data as it would make them, its booster from `train`.

    The estimator's own ``fit`` trains under a placeholder of its class, with the identity's or logistic link; what
    meets the model in training (base_score, built-in metrics, checkpoints, a model to go on from) would be wrong.
    """
    params = with_vector_leaves(_params(estimator, objective), projections, leaves)
    given = _checked(estimator, arguments)
    named, functions = split_named(estimator.eval_metric)
    params["eval_metric"] = named or None
    metrics = [of_estimator(metric, objective) for metric in functions]
    continued = given.pop("xgb_model", None)
    if isinstance(continued, xgb.XGBModel):
        continued = continued.get_booster()
    history: dict[str, Any] = {}
    with xgb.config_context(verbosity=estimator.verbosity):
        own_leaves = leaves in ("step", "refit") or (leaves == "auto" and by_loss(objective))
        dtrain, evals = _matrices(
            estimator, X, y, sample_weight, evaluations, given, continued,
            quantised=QUANTISED or not own_leaves,
        )  # fmt: skip
        door = _Train(
            dtrain,
            estimator.get_num_boosting_rounds(),
            {
                "evals": evals,
                "early_stopping_rounds": estimator.early_stopping_rounds,
                "evals_result": history,
                "verbose_eval": given.get("verbose", True),
                "xgb_model": continued,
                "callbacks": estimator.callbacks,
            },
            projections,
        )
        request = Request(
            objective, params, guard, metrics or None, leaves, continued
        )  # no functions: the objective's own, unless there are names
        (booster,) = run(_library, door, request)
    estimator.set_params(objective=objective, disable_default_eval_metric=1)
    estimator._Booster = booster  # as XGBoost's own Dask and Spark estimators do it
    if history:
        estimator.evals_result_ = history
    y = np.asarray(objective.labels(y))
    several = y.ndim > 1 or objective.n_outputs is not None
    if is_classifier(estimator) or not (several or objective.link in (LOGIT, SOFTMAX)):
        # As XGBoost's own load_model does it, for converters to other formats: onnxmltools refuses estimators whose
        # objective has no name. Of regressors it would get several outputs and probabilities wrong: they get none.
        estimator.objective = placeholder(objective.link)
    if isinstance(estimator, xgb.XGBClassifier):
        estimator.n_classes_ = len(np.unique(y)) if y.ndim == 1 else 2
    return estimator


def _params(estimator: Any, objective: Objective) -> dict[str, Any]:
    """The estimator's parameters of the booster, without an objective of its own."""
    params: dict[str, Any] = estimator.get_xgb_params()
    own = type(estimator)().objective
    given = params.pop("objective", None)
    if given not in (None, own, placeholder(objective.link)) and given != objective:
        given = f"objective={given!r} beside {objective.name}"
        raise ValueError(message("estimator", given, "an estimator without an objective"))
    params = {name: value for name, value in params.items() if value is not None}
    if isinstance(estimator, _FORESTS):
        stops = estimator.early_stopping_rounds is not None
        if stops or estimator.callbacks is not None:
            given = f"a {type(estimator).__name__} with early stopping or callbacks"
            needed = "neither: a forest is grown in one round"
            raise NotImplementedError(message("estimator", given, needed))
    return params


def _checked(estimator: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``fit``, if they are this estimator's."""
    known = inspect.signature(estimator.fit).parameters
    for name in arguments:
        if name not in known:
            taken = f"{type(estimator).__name__}.fit() got an unexpected keyword argument {name!r}"
            hint = "; it is a parameter of the estimator" if name in estimator.get_params() else ""
            raise TypeError(taken + hint)
    return dict(arguments)


def _matrices(
    estimator: Any,
    X: Any,  # noqa: N803
    y: Array,
    sample_weight: Array | None,
    evaluations: list[tuple[Any, Any]] | None,
    given: dict[str, Any],
    continued: Any,
    *,
    quantised: bool,
) -> tuple[xgb.DMatrix, list[tuple[xgb.DMatrix, str]]]:
    """The training data and the evaluation sets, as XGBoost's estimators make them."""
    types = estimator.feature_types
    if types is None and hasattr(continued, "get_categories") and hasattr(X, "columns"):
        categories = continued.get_categories()  # codes of categories are those of the model
        types = None if categories.empty() else categories
    shared = {
        "missing": estimator.missing,
        "enable_categorical": estimator.enable_categorical,
        "feature_types": types,
        "nthread": estimator.n_jobs,
    }
    weights = given.get("feature_weights")
    if weights is None:
        weights = getattr(estimator, "feature_weights", None)
    margin = given.get("base_margin")
    dtrain = _matrix(
        estimator, X, None, quantised, label=y, weight=sample_weight, base_margin=margin,
        feature_weights=weights, **shared,
    )  # fmt: skip
    pairs = evaluations or []
    each = {
        name: _one_each(name, given.get(name), len(pairs))
        for name in ("sample_weight_eval_set", "base_margin_eval_set")
    }
    evals = []
    for i, (features, labels) in enumerate(pairs):
        weight, start = (each[name][i] for name in each)
        own = features is X and labels is y and weight is sample_weight and start is margin
        data = dtrain
        if not own:
            data = _matrix(
                estimator, features, dtrain, quantised,
                label=labels, weight=weight, base_margin=start, **shared,
            )  # fmt: skip
        evals.append((data, f"validation_{i}"))
    return dtrain, evals


def _matrix(
    estimator: Any,
    features: Any,
    reference: Any,
    quantised: bool,
    **meta: Any,
) -> xgb.DMatrix:
    """A QuantileDMatrix where the tree method takes one, as `XGBModel` decides it; it needs less memory."""
    device = estimator.device
    quantised = quantised and estimator.tree_method in ("hist", None, "auto")
    quantised = quantised and estimator.booster != "gblinear"
    if quantised and not str(device).startswith("sycl"):
        try:
            return xgb.QuantileDMatrix(features, ref=reference, max_bin=_bins(estimator), **meta)
        except TypeError:  # of fewer kinds of data than a DMatrix
            pass
    return xgb.DMatrix(features, **meta)


def _bins(estimator: Any) -> int | None:
    return None if estimator.max_bin is None else int(estimator.max_bin)


def _one_each(name: str, values: Any, count: int) -> list[Any]:
    if values is None:
        return [None] * count
    if len(values) != count:
        given = f"{len(values)} for {count} evaluation sets"
        raise ValueError(message(name, given, "one each, or None"))
    return list(values)


def raw_prediction(estimator: Any, X: Any, arguments: dict[str, Any]) -> Array:  # noqa: N803
    """Raw scores of a fitted estimator."""
    return np.asarray(estimator.predict(X, output_margin=True, **arguments))
