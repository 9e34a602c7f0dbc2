"""XGBoost with the traps removed: `train` and `cv` set intercept, link, metrics and guards.

They take the library's own arguments and return the library's own results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import xgboost as xgb

from gbm_objectives._training import quantile_rules as _quantile_rules
from gbm_objectives._training.common import (
    Guard,
    Start,
    as_list,
    checked,
    raise_alarm,
)
from gbm_objectives._training.leaves import LeafRefit
from gbm_objectives._training.outputs import numbered_labels
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost._guards import check_gains, check_trees, problem
from gbm_objectives.xgboost._params import prepare, refuse_own, set_outputs, start_of, with_metrics
from gbm_objectives.xgboost._refit import Refitting, check_refit

__all__ = ["cv", "train"]


def train(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    refit_leaves: bool = False,
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
    refit_leaves : put the exact minimiser of the loss over the rows of each leaf, times the learning rate, in the place
        of -G/(H + lambda): a quantile, a median, Huber's location. For one loss of the residual. `quantile` and
        `absolute_error` then also grow their trees on the exact loss, unless they are given a curvature: they equal
        the reg:quantileerror and reg:absoluteerror of XGBoost before 3.4. The rows are all of ``dtrain``, also
        where trees are grown on samples. Metrics must be functions; no dart, gblinear, monotone constraints.
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
    refuse_own(arguments)
    data_sets = list({id(data): data for data, _ in arguments.get("evals") or ()}.values())
    data_sets = [dtrain, *(data for data in data_sets if data is not dtrain)]
    with numbered_labels(objective, data_sets) as numbered:
        return _train(
            params,
            dtrain,
            num_boost_round,
            numbered,
            objective,
            custom_metric,
            guard,
            refit_leaves,
            arguments,
        )


def _train(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int,
    objective: Objective,
    given: Objective,
    custom_metric: Any,
    guard: Guard,
    refit_leaves: bool,
    arguments: dict[str, Any],
) -> xgb.Booster:
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.xgboost)
        refitting = _refitting(objective, params, params.get("eval_metric"), arguments)
    continued = arguments.get("xgb_model")
    prepared = prepare(params, objective, given, continued)
    set_outputs(prepared, dtrain, objective)
    trees = _grows_trees(prepared)
    if continued is None:
        prepared, start = start_of(prepared, dtrain, objective)
        if trees:
            guard = check_gains(start, guard)
    booster = xgb.train(
        prepared,
        dtrain,
        num_boost_round,
        obj=objective,
        **with_metrics(prepared, objective, given, custom_metric, arguments),
    )
    if refit_leaves:
        refitting.finish(booster)
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
    refit_leaves: bool = False,
    fpreproc: Callable[..., Any] | None = None,
    **arguments: Any,
) -> Any:
    """`xgboost.cv` with an objective of this package: each fold starts at the best constant of its own labels.

    Parameters
    ----------
    params, num_boost_round, objective, custom_metric, guard, refit_leaves : as for `train`.
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
    refuse_own(arguments)
    with numbered_labels(objective, [dtrain]) as numbered:
        return _cv(
            params,
            dtrain,
            num_boost_round,
            numbered,
            objective,
            custom_metric,
            guard,
            refit_leaves,
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
    refit_leaves: bool,
    fpreproc: Callable[..., Any] | None,
    arguments: dict[str, Any],
) -> Any:
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.xgboost)
        built_in = arguments.get("metrics") or params.get("eval_metric")
        _refitting(objective, params, built_in, arguments)
    prepared = prepare(params, objective, given, None)
    set_outputs(prepared, dtrain, objective)
    starts: list[Callable[[], Start]] = []

    def started(train: xgb.DMatrix, test: xgb.DMatrix, fold: dict[str, Any]) -> Any:
        if fpreproc is not None:
            train, test, fold = fpreproc(train, test, fold)
        fold, start = start_of(fold, train, objective)
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
        **with_metrics(prepared, objective, given, custom_metric, arguments),
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


def _refitting(
    objective: LeafRefit, params: Mapping[str, Any], metric: Any, arguments: dict[str, Any]
) -> Refitting:
    """The callback that refits, now among the arguments."""
    callbacks = list(arguments.get("callbacks") or [])
    check_refit(params, metric, callbacks)
    refitting = Refitting(objective)
    arguments["callbacks"] = [refitting, *callbacks]
    return refitting


def _grows_trees(params: Mapping[str, Any]) -> bool:
    return params.get("booster") != "gblinear"
