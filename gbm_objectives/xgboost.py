"""XGBoost with the traps removed: `train` and `cv` set intercept, link, metrics and guards.

They take the library's own arguments and return the library's own results.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from gbm_objectives._metric import Metric
from gbm_objectives._outputs import Labelled, number_of_outputs, numbered_labels
from gbm_objectives._training import (
    Guard,
    Start,
    as_list,
    check_family,
    checked,
    raise_alarm,
    refuse,
    with_link,
)
from gbm_objectives._validation import Array, message
from gbm_objectives._xgboost_guards import check_gains, check_trees, problem
from gbm_objectives.links import SOFTMAX, Link
from gbm_objectives.objective import Objective

__all__ = ["cv", "train"]

#: Parameters of built-in objectives: with a custom one XGBoost ignores them in silence.
CONTRADICTING = {
    "scale_pos_weight": "Give the rows of class 1 a sample weight, or focal an alpha.",
    "huber_slope": "Write pseudo_huber(delta=...).",
    "quantile_alpha": "Write quantile(tau).",
    "expectile_alpha": "It belongs to reg:expectileerror.",
    "tweedie_variance_power": "Write tweedie(power).",
}
_NUM_CLASS = ("num_class",)


def train(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    **arguments: Any,
) -> xgb.Booster:
    """`xgboost.train` with an objective of this package, right from its intercept to its saved model.

    The booster starts at the best constant for the loss and the weights, unless ``params`` has a base_score
    or ``xgb_model`` is given; a base_margin of the data is respected as ever. ``predict`` answers on the
    response scale (probabilities for `focal`), also after save and load where this package is not installed.

    Parameters
    ----------
    params : of XGBoost. ``objective`` is best left out.
    dtrain : with labels (n_samples,), or (n_samples, n_outputs) for several targets. For losses of classes
        num_class is found from the labels unless ``params`` has it.
    num_boost_round : rounds; 0 gives the best constant.
    objective : such as ``huber()``.
    custom_metric : a metric of `gbm_objectives.metrics`, a function, or a list of these; the last one
        decides early stopping, in its own direction. Metrics of this package get the objective's link.
        Default: the objective's own, or none where ``params`` has an eval_metric. Built-in metrics
        are on the response scale too.
    guard : what to do where no tree splits, a leaf is not finite, or the gradients are so small that
        XGBoost's floor under the gain, 1e-6, eats splits: "warn", "raise" or "ignore".
    **arguments : the other arguments of `xgboost.train`: evals, early_stopping_rounds, evals_result,
        verbose_eval, xgb_model, callbacks, maximize.

    Returns
    -------
    xgboost.Booster

    Raises
    ------
    TypeError, ValueError
        For labels, weights or parameters that don't go with the objective.
    TrainingError
        Where a guard is asked to raise.

    Warns
    -----
    TrainingWarning
        Where a guard is asked to warn.
    """
    checked(objective, guard)
    _refuse_own(arguments)
    data_sets = list({id(data): data for data, _ in arguments.get("evals") or ()}.values())
    data_sets = [dtrain, *(data for data in data_sets if data is not dtrain)]
    with numbered_labels(objective, data_sets) as numbered:
        return _train(
            params, dtrain, num_boost_round, numbered, objective, custom_metric, guard, arguments
        )


def _train(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int,
    objective: Objective,
    given: Objective,
    custom_metric: Any,
    guard: Guard,
    arguments: dict[str, Any],
) -> xgb.Booster:
    continued = arguments.get("xgb_model")
    prepared = _prepared(params, objective, given, continued)
    _set_outputs(prepared, dtrain, objective)
    trees = _grows_trees(prepared)
    if continued is None:
        prepared, start = _started(prepared, dtrain, objective)
        if trees:
            guard = check_gains(start, guard)
    booster = xgb.train(
        prepared,
        dtrain,
        num_boost_round,
        obj=objective,
        **_metrics(prepared, objective, given, custom_metric, arguments),
    )
    if trees and continued is None:
        check_trees(booster, start, guard)
    return booster


def cv(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    fpreproc: Callable[..., Any] | None = None,
    **arguments: Any,
) -> Any:
    """`xgboost.cv` with an objective of this package: each fold starts at the best constant of its own labels.

    Parameters
    ----------
    params, num_boost_round, objective, custom_metric, guard : as for `train`.
    dtrain : as for `train`, but no QuantileDMatrix.
    fpreproc : as in `xgboost.cv`; what it returns is what the fold's intercept is found from.
    **arguments : the other arguments of `xgboost.cv`: nfold, stratified, folds, metrics, seed ...

    Returns
    -------
    pandas.DataFrame or dict
        As from `xgboost.cv`.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `train`.
    """
    checked(objective, guard)
    _refuse_own(arguments)
    with numbered_labels(objective, [dtrain]) as numbered:
        return _cv(
            params,
            dtrain,
            num_boost_round,
            numbered,
            objective,
            custom_metric,
            guard,
            fpreproc,
            arguments,
        )


def _cv(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int,
    objective: Objective,
    given: Objective,
    custom_metric: Any,
    guard: Guard,
    fpreproc: Callable[..., Any] | None,
    arguments: dict[str, Any],
) -> Any:
    prepared = _prepared(params, objective, given, None)
    _set_outputs(prepared, dtrain, objective)
    starts: list[Callable[[], Start]] = []

    def started(train: xgb.DMatrix, test: xgb.DMatrix, fold: dict[str, Any]) -> Any:
        if fpreproc is not None:
            train, test, fold = fpreproc(train, test, fold)
        fold, start = _started(fold, train, objective)
        starts.append(start)
        return train, test, fold

    folds = _FoldGuard(starts, guard)
    callbacks = list(arguments.pop("callbacks", None) or [])
    if guard != "ignore" and _grows_trees(prepared):
        callbacks.append(folds)
    if arguments.get("metrics"):
        prepared["eval_metric"] = as_list(arguments["metrics"])
    result = xgb.cv(
        prepared,
        dtrain,
        num_boost_round,
        obj=objective,
        fpreproc=started,
        callbacks=callbacks,
        **_metrics(prepared, objective, given, custom_metric, arguments),
    )
    if folds.problems:
        raise_alarm(guard, f"In {len(folds.problems)} of {len(starts)} folds: {folds.problems[0]}")
    return result


class _FoldGuard(xgb.callback.TrainingCallback):
    """Looks at the gains and the trees of every fold; `xgboost.cv` returns no boosters."""

    def __init__(self, starts: list[Callable[[], Start]], guard: Guard) -> None:
        super().__init__()
        self.starts, self.guard = starts, guard
        self.problems: list[str] = []

    def before_training(self, model: Any) -> Any:
        """Look at the first fold's gains; the others' are of the same size."""
        self.guard = check_gains(self.starts[0], self.guard)
        return model

    def after_training(self, model: Any) -> Any:
        """Collect what is wrong with the folds."""
        found = (problem(fold.bst, s) for fold, s in zip(model.cvfolds, self.starts, strict=True))
        self.problems = [] if self.guard == "ignore" else [text for text in found if text]
        return model


def _grows_trees(params: Mapping[str, Any]) -> bool:
    return params.get("booster") != "gblinear"


def _refuse_own(arguments: Mapping[str, Any]) -> None:
    if "obj" in arguments:
        raise TypeError(message("obj", "an argument", "objective=, which takes its place"))


def _prepared(
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


def _set_outputs(params: dict[str, Any], data: xgb.DMatrix, objective: Objective) -> None:
    n_outputs = number_of_outputs(objective, params, _NUM_CLASS, _labels(data)[0])
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


def _labels(data: xgb.DMatrix) -> tuple[Array, Array | None]:
    """Labels, (n_samples,) or (n_samples, n_outputs), and weights."""
    y, weight = data.get_label(), data.get_weight()
    if not y.size:
        raise ValueError(message("dtrain", "a DMatrix without labels", "one with labels"))
    if y.ndim == 1 and len(y) != data.num_row():  # flat before XGBoost 3.2
        y = y.reshape(data.num_row(), -1)
    return y, weight if weight.size else None


def _started(
    params: dict[str, Any], data: xgb.DMatrix, objective: Objective
) -> tuple[dict[str, Any], Callable[[], Start]]:
    """The parameters with the intercept as base_score, and what the first tree will be given."""
    y, weight = _labels(data)
    n_outputs = params.get("num_class")
    intercept = np.asarray(objective.intercept(y, weight, n_outputs))
    margin = data.get_base_margin()
    raw = margin.reshape(len(y), *intercept.shape) if margin.size else intercept
    if params.get("base_score") is None:
        start = base_score(intercept, objective.link, shiftless=objective.vector)
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


def _metrics(
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
