"""LightGBM with the traps removed: `train` and `cv` set intercept, link, metrics and guards.

They take the library's own arguments and return the library's own results. The intercept goes in as
init_score, which LightGBM leaves out of ``predict``, and when training ends into the leaves of the first
tree: where LightGBM puts that of its own objectives. The link goes into the header of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from gbm_objectives._core.validation import Array, message, numeric_array, reject_non_finite
from gbm_objectives._training import quantile_rules as _quantile_rules
from gbm_objectives._training.common import Guard, as_list, checked, raise_alarm, with_link
from gbm_objectives._training.leaves import LeafRefit
from gbm_objectives._training.outputs import number_of_outputs
from gbm_objectives.lightgbm._model import add_to_leaves, check_link, finish, problem
from gbm_objectives.lightgbm._params import (
    METRIC,
    NUM_CLASS,
    check_kept,
    check_metrics,
    first,
    prepare,
    skip_reset,
)
from gbm_objectives.lightgbm._refit import Refitting, check_refit, raw_data
from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.objective import Objective

__all__ = ["cv", "train"]


def train(
    params: Mapping[str, Any],
    train_set: lgb.Dataset,
    num_boost_round: int = 100,
    *,
    objective: Objective,
    feval: Any = None,
    guard: Guard = "warn",
    refit_leaves: bool = False,
    **arguments: Any,
) -> lgb.Booster:
    """`lightgbm.train` with an objective of this package, right from its intercept to its saved model.

    The booster starts at the best constant for the loss and the weights, which is in its first tree, unless
    ``train_set`` has an init_score, ``init_model`` is given or boost_from_average is False. ``predict``
    answers on the response scale (probabilities for `focal`), also after save and load where this package
    is not installed.

    Parameters
    ----------
    params : of LightGBM. ``objective`` is best left out.
    train_set : with labels (n_samples,). It is as it was when training ends. For losses of classes num_class is
        found from the labels unless ``params`` has it; label matrices: see `Objective.with_targets`.
    num_boost_round : rounds, at least 1.
    objective : such as ``huber()``.
    feval : a metric of `gbm_objectives.metrics`, a function, or a list of these. Metrics of this package
        get the objective's link. Default: the objective's own, or none where ``params`` has a metric.
    guard : what to do where no tree splits or a leaf is not finite: "warn", "raise" or "ignore".
    refit_leaves : put the exact minimiser of the loss over the rows of each leaf, times the learning rate, in the place
        of -G/(H + lambda): a quantile, a median, Huber's location. For one loss of the residual. `quantile` and
        `absolute_error` then also grow their trees on the exact loss, unless they are given a curvature: they equal
        LightGBM's own. The rows are all of ``train_set``, also where trees are grown on samples. Metrics must be
        functions, and the features must be there: in data sets that are not constructed yet, or made with
        free_raw_data=False. No dart, linear_tree, monotone constraints, keep_training_booster.
    **arguments : the other arguments of `lightgbm.train`: valid_sets, valid_names, init_model, callbacks,
        keep_training_booster (for the identity link).

    Returns
    -------
    lightgbm.Booster

    Raises
    ------
    TypeError, ValueError
        For labels, weights or parameters that don't go with the objective; boosting="rf" among them, for
        which LightGBM takes no custom objective.
    TrainingError
        Where a guard is asked to raise.

    Warns
    -----
    TrainingWarning
        Where a guard is asked to warn.
    """
    objective = checked(objective, guard)
    prepared = prepare(params, objective)
    keep = bool(arguments.pop("keep_training_booster", False))
    if keep:
        check_kept(prepared, objective)
    init_model = arguments.get("init_model")
    valid_sets = arguments.get("valid_sets") or []
    valid_sets = [valid_sets] if isinstance(valid_sets, lgb.Dataset) else list(valid_sets)
    callbacks = [*(arguments.pop("callbacks", None) or []), skip_reset]
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.lightgbm)
        check_refit(prepared, keep)
        data_sets = [train_set, *(data for data in valid_sets if data is not train_set)]
        refitting = Refitting(objective, [[raw_data(data) for data in data_sets]])
        callbacks.append(refitting)
    if init_model is not None:
        check_link(init_model, objective.link)
    _construct_files(train_set, valid_sets, prepared)
    _set_outputs(prepared, train_set, objective)
    for data in valid_sets:
        _labels(data)  # looked at
    start = None
    if init_model is None and prepared.get("boost_from_average", True):
        start = _intercept(objective, train_set, valid_sets, prepared)
    with _starting_at(start, [train_set, *valid_sets]):
        booster = lgb.train(
            {**prepared, "objective": objective},
            train_set,
            num_boost_round,
            feval=_metrics(prepared, objective, feval),
            keep_training_booster=True,
            callbacks=callbacks,
            **arguments,
        )
    if refit_leaves:
        refitting.finish()
    text = booster.model_to_string()
    if guard != "ignore" and init_model is None:
        found = problem(text, objective, *_labels(train_set), start)
        if found:
            raise_alarm(guard, found)
    if keep:
        add_to_leaves(booster, start)
        return booster
    return finish(booster, text, start, objective.link).free_dataset()


def cv(
    params: Mapping[str, Any],
    train_set: lgb.Dataset,
    num_boost_round: int = 100,
    *,
    objective: Objective,
    feval: Any = None,
    guard: Guard = "warn",
    refit_leaves: bool = False,
    fpreproc: Callable[..., Any] | None = None,
    stratified: bool | None = None,
    return_cvbooster: bool = False,
    **arguments: Any,
) -> dict[str, Any]:
    """`lightgbm.cv` with an objective of this package: each fold starts at the best constant of its own labels.

    Parameters
    ----------
    params, train_set, num_boost_round, objective, feval, guard, refit_leaves : as for `train`.
    fpreproc : as in `lightgbm.cv`; what it returns is what the fold's intercept is found from.
    stratified : as in `lightgbm.cv`. Default: for classes, not for numbers.
    return_cvbooster : the boosters of the folds too, complete as those of `train`.
    **arguments : the other arguments of `lightgbm.cv`: nfold, folds, shuffle, metrics, seed, callbacks ...

    Returns
    -------
    dict
        As from `lightgbm.cv`.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `train`.
    """
    objective = checked(objective, guard)
    prepared = prepare(params, objective)
    init_model = arguments.get("init_model")
    if init_model is not None:
        check_link(init_model, objective.link)
    if arguments.get("metrics"):
        prepared["metric"] = arguments["metrics"]
        check_metrics(prepared, objective.link)
    _construct_files(train_set, [], prepared)
    _set_outputs(prepared, train_set, objective)
    folds: list[tuple[lgb.Dataset, Array | None]] = []
    features: list[list[Any]] = []
    callbacks = [*(arguments.pop("callbacks", None) or []), skip_reset]
    if refit_leaves:
        objective = LeafRefit.for_leaves_of(objective, _quantile_rules.lightgbm)
        check_refit(prepared)
        raw_data(train_set)
        callbacks.append(refitting := Refitting(objective, features))

    def started(train: lgb.Dataset, test: lgb.Dataset, fold: dict[str, Any]) -> Any:
        if fpreproc is not None:
            train, test, fold = fpreproc(train, test, fold)
        start = None
        if init_model is None and fold.get("boost_from_average", True):
            train.construct(), test.construct()
            start = _intercept(objective, train, [test], fold)
            if start is not None:  # these are the fold's own data sets
                _set_init_scores(start, [train, test])
        if refit_leaves:
            features.append([raw_data(data.construct()) for data in (train, test)])
        folds.append((train, start))
        return train, test, fold

    with _features_kept(train_set, refit_leaves):
        results: dict[str, Any] = lgb.cv(
            {**prepared, "objective": objective},
            train_set,
            num_boost_round,
            feval=_metrics(prepared, objective, feval),
            fpreproc=started,
            stratified=objective.link in (LOGIT, SOFTMAX) and objective.targets is None
            if stratified is None
            else stratified,
            return_cvbooster=True,
            callbacks=callbacks,
            **arguments,
        )
    if refit_leaves:
        refitting.finish()
    boosters = (
        results["cvbooster"].boosters if return_cvbooster else results.pop("cvbooster").boosters
    )
    problems = []
    for booster, (data, start) in zip(boosters, folds, strict=True):
        text = booster.model_to_string(num_iteration=-1)
        if guard != "ignore" and init_model is None:
            problems.append(problem(text, objective, *_labels(data), start))
        if return_cvbooster:
            finish(booster, text, start, objective.link).free_dataset()
    problems = [found for found in problems if found]
    if problems:
        raise_alarm(guard, f"In {len(problems)} of {len(folds)} folds: {problems[0]}")
    return results


@contextmanager
def _features_kept(data: lgb.Dataset, keep: bool) -> Iterator[None]:
    """A data set whose features outlive its construction, for its folds, and are then freed as they would have been."""
    if not (keep and data.free_raw_data):
        yield
        return
    data.free_raw_data = False
    try:
        yield
    finally:
        data.free_raw_data = True
        if data._handle is not None:
            data.data = None


def _metrics(params: Mapping[str, Any], objective: Objective, feval: Any) -> list[Any] | None:
    if feval is None:
        given = first(params, METRIC)
        return [objective.metric] if given == "None" else None
    return with_link(as_list(feval), objective)


def _labels(data: lgb.Dataset) -> tuple[Array, Array | None]:
    """Labels and weights in LightGBM's float32, before or after the data set is constructed."""
    label, weight = _field(data, "label"), _field(data, "weight")
    if label is None:
        raise ValueError(message("Dataset", "no labels", "labels"))
    y = _in_float32("y_true", label)
    if y.size != len(y):
        raise ValueError(
            message(
                "Dataset", f"labels of shape {y.shape}", "one column of labels",
                "Train on a matrix with objective.with_targets(matrix) and row numbers as labels.",
            )
        )  # fmt: skip
    return y.reshape(len(y)), None if weight is None else _in_float32("sample_weight", weight)


def _in_float32(argument: str, values: Any) -> Array:
    """Looked at before LightGBM makes 0 of NaN, and a large number of inf."""
    with np.errstate(over="ignore"):
        found: Array = numeric_array(argument, values).astype(np.float32)
    reject_non_finite(argument, found)
    return found


def _field(data: lgb.Dataset, name: str) -> Any:
    """Of the data set if it is constructed, else what the user gave."""
    return getattr(data, name) if data._handle is None else data.get_field(name)


def _intercept(
    objective: Objective,
    train_set: lgb.Dataset,
    valid_sets: list[lgb.Dataset],
    params: Mapping[str, Any],
) -> Array | None:
    """The intercept, or None where the user has an init_score."""
    if _field(train_set, "init_score") is not None:
        return None
    others = [data for data in valid_sets if data is not train_set]
    if any(_field(data, "init_score") is not None for data in others):
        raise ValueError(
            message(
                "valid_sets", "an init_score where train_set has none", "both or neither",
                "The intercept needs none: it is found from the labels.",
            )
        )  # fmt: skip
    n_outputs = first(params, NUM_CLASS)
    return np.atleast_1d(objective.intercept(*_labels(train_set), n_outputs))


def _construct_files(
    train_set: lgb.Dataset, valid_sets: list[lgb.Dataset], params: Mapping[str, Any]
) -> None:
    """Data sets in files are read: their labels are in the file."""
    for data in (train_set, *valid_sets):
        if isinstance(data.data, (str, Path)):
            if data is not train_set:
                data.set_reference(train_set)
            data._update_params({**params, "objective": "none"}).construct()


def _set_outputs(params: dict[str, Any], data: lgb.Dataset, objective: Objective) -> None:
    n_outputs = number_of_outputs(objective, params, NUM_CLASS, _labels(data)[0])
    if n_outputs > 1:
        params.pop("num_classes", None)
        params["num_class"] = n_outputs
        objective.link.lightgbm_header(n_outputs)  # raises where a model can't say what it predicts


def _set_init_scores(start: Array, data_sets: list[lgb.Dataset]) -> None:
    for data in data_sets:
        n_samples = len(_field(data, "label"))
        data.set_init_score(np.repeat(start, n_samples))  # one output after the other


@contextmanager
def _starting_at(start: Array | None, data_sets: list[lgb.Dataset]) -> Iterator[None]:
    """The data sets with the intercept as their init_score, and as they were afterwards."""
    if start is None:
        yield
        return
    try:
        _set_init_scores(start, data_sets)
        yield
    finally:
        for data in data_sets:
            data.init_score = None
            if data._handle is not None:
                data.set_field("init_score", None)
