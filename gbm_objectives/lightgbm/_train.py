"""The doors `train` and `cv` of LightGBM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import lightgbm as lgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.flow import Job, Request, run
from gbm_objectives._training.leaves import Leaves
from gbm_objectives._training.outputs import has_columns
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives._training.refusals import validate_data
from gbm_objectives._training.starts import LocalLabels
from gbm_objectives.lightgbm import _library
from gbm_objectives.lightgbm._callbacks import Views, skip_reset
from gbm_objectives.lightgbm._data import (
    construct_unread,
    features_kept,
    has_start,
    labels_of,
    numbered_rows,
    set_start,
    starting_at,
    validate_starts,
)
from gbm_objectives.lightgbm._lagging import grower, margins
from gbm_objectives.lightgbm._leaves import SettingLeaves, raw_data
from gbm_objectives.lightgbm._model import add_to_leaves
from gbm_objectives.lightgbm._params import BOOSTING, LINEAR_TREE, first, is_on
from gbm_objectives.links import LOGIT, SOFTMAX, Identity
from gbm_objectives.objective import Objective


def train(
    params: Mapping[str, Any],
    train_set: lgb.Dataset,
    num_boost_round: int = 100,
    *,
    objective: Objective,
    feval: Any = None,
    guard: Guard = "warn",
    leaves: Leaves = "auto",
    **arguments: Any,
) -> lgb.Booster:
    """`lightgbm.train` with an objective of this package, right from its intercept to its saved model.

    The booster starts at the best constant for the loss and the weights, which is in its first tree, unless
    ``train_set`` has an init_score, ``init_model`` is given or boost_from_average is False. ``predict``
    answers on the response scale (probabilities for `focal`), also after save and load where this package
    is not installed. Callbacks see the model so in each round: what they save is right too.

    Parameters
    ----------
    params : dict
        Of LightGBM. ``objective`` is best left out.
    train_set : lightgbm.Dataset
        With labels (n_samples,). It is as it was when training ends. For losses of classes num_class is
        found from the labels unless ``params`` has it; label matrices: see `Objective.with_targets`.
    num_boost_round : int, default 100
        Rounds, at least 1.
    objective : Objective
        Such as ``huber()``.
    feval : metric, callable or list of these, default None
        Metrics of `gbm_objectives.metrics`, or functions of (preds, train_set), which get raw scores. Metrics of
        this package get the objective's link. None: the objective's own, or none where ``params`` has a metric.
    guard : {"warn", "raise", "ignore"}, default "warn"
        What to do where no tree splits, a leaf is not finite, or a robust loss leaves rows behind in 50 rounds or
        more: rows far from their predictions that lie together, all on one side.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves; see `docs/leaves.md`. "library": LightGBM, to -G/(H + lambda). "step": trees are grown on
        the gradient with each row's weight as its Hessian, so min_data_in_leaf counts rows (default 30), and leaves are steps of
        the loss over their rows; for losses of the residual. "refit": leaves are the exact minimisers of the loss over
        their rows, a quantile, a median, Huber's location; for one loss of the residual. `quantile` and
        `absolute_error` then also grow their trees on the exact loss, unless they are given a curvature: they equal
        LightGBM's own. The features must be there for that: in data sets that are not constructed yet, or made with
        free_raw_data=False. "auto": "step" for robust losses without a curvature or clip, where nothing is given that
        it doesn't go with; else "library". "step" and "refit" use all rows of ``train_set``, also where trees are
        grown on samples. They don't go with dart, linear_tree, monotone constraints, keep_training_booster and
        several machines.
    **arguments
        The other arguments of `lightgbm.train`: valid_sets, valid_names, init_model, callbacks,
        keep_training_booster (for the identity link).

    Returns
    -------
    lightgbm.Booster
        It predicts on the response scale.

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

    Examples
    --------
    >>> data = lightgbm.Dataset(X, y, weight=w)  # doctest: +SKIP
    >>> booster = train({"verbosity": -1}, data, 100, objective=huber())  # doctest: +SKIP
    >>> booster.predict(X_new)  # doctest: +SKIP
    """
    keep = bool(arguments.pop("keep_training_booster", False))
    request = Request(objective, params, guard, feval, leaves, arguments.get("init_model"))
    door = _Train(train_set, num_boost_round, arguments, keep)
    (booster,) = run(_library, door, request, finished=not keep)
    if keep:
        add_to_leaves(booster, door.intercept)
    trained: lgb.Booster = booster
    return trained


class _Door:
    """What `train` and `cv` have in common: labels in a data set.

    Parameters
    ----------
    train_set : lightgbm.Dataset
    rounds : int
    arguments : dict
        The other arguments of the library's function.
    """

    def __init__(self, train_set: lgb.Dataset, rounds: int, arguments: dict[str, Any]) -> None:
        validate_data("train_set", train_set, lgb.Dataset, "lightgbm.Dataset(X, y)")
        self.train_set, self.rounds, self.arguments = train_set, rounds, dict(arguments)
        self.beside_leaves: dict[str, object] = {}
        self.callbacks = list(self.arguments.pop("callbacks", None) or [])

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """The objective: a data set has no place for a label matrix."""
        return nullcontext(objective)


class _Train(_Door):
    def __init__(
        self, train_set: lgb.Dataset, rounds: int, arguments: dict[str, Any], keep: bool
    ) -> None:
        super().__init__(train_set, rounds, arguments)
        self.keep = keep
        self.beside_leaves = {"keep_training_booster, whose scores are those of other leaves": keep}
        self.intercept: Array | None = None
        self.features: list[Any] = []
        valid_sets = self.arguments.get("valid_sets") or []
        given = [valid_sets] if isinstance(valid_sets, lgb.Dataset) else list(valid_sets)
        self.data_sets = list({id(data): data for data in (train_set, *given)}.values())

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> LocalLabels:
        """Of the training set; those of the others are looked at."""
        if isinstance(objective, LeafRefit):  # before construction, which may free the features
            self.features = [raw_data(data) for data in self.data_sets]
        construct_unread(self.data_sets, params)
        labels, *_ = [labels_of(data) for data in self.data_sets]
        return labels

    def train(self, job: Job) -> list[lgb.Booster]:
        """One model."""
        if self.keep:
            _validate_kept(job)
        setting = SettingLeaves(job.leaves, [self.features or None])
        own = has_start(self.train_set) or not is_on(job.params, ("boost_from_average",), True)
        if not own and job.request.continued is None:
            validate_starts(self.train_set, self.data_sets)
        params, self.intercept = job.begin(job.params, job.labels, own_start=own)
        views = Views(job.objective.link, [self.intercept], setting.settle)
        with starting_at(self.intercept, self.data_sets), setting:
            booster = lgb.train(
                setting.params(job, params),
                self.train_set,
                self.rounds,
                feval=setting.metrics(job) or None,
                keep_training_booster=True,
                callbacks=[*views.given_to(self.callbacks), skip_reset, *setting.callbacks],
                **self.arguments,
            )
            kept = setting.scores()
        grow = grower(job.params, self.train_set)
        job.seek_rows_behind(self.rounds, lambda: margins(booster) if kept is None else kept, grow)
        return [booster]


def _validate_kept(job: Job) -> None:
    linear = is_on(job.params, LINEAR_TREE) or first(job.params, BOOSTING) == "dart"
    if not isinstance(job.objective.link, Identity) or linear:
        needed = "False for a link, linear_tree and dart"
        hint = (
            "Link and intercept are written into the finished model; go on with init_model=booster."
        )
        raise ValueError(message("keep_training_booster", "True", needed, hint))


def cv(
    params: Mapping[str, Any],
    train_set: lgb.Dataset,
    num_boost_round: int = 100,
    *,
    objective: Objective,
    feval: Any = None,
    guard: Guard = "warn",
    leaves: Leaves = "auto",
    fpreproc: Callable[..., Any] | None = None,
    stratified: bool | None = None,
    return_cvbooster: bool = False,
    **arguments: Any,
) -> dict[str, Any]:
    """`lightgbm.cv` with an objective of this package: each fold starts at the best constant of its own labels.

    Parameters
    ----------
    params : dict
        As for `train`.
    train_set : lightgbm.Dataset
        As for `train`.
    num_boost_round : int, default 100
        As for `train`.
    objective : Objective
        As for `train`.
    feval : metric, callable or list of these, default None
        As for `train`.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `train`.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        As for `train`.
    fpreproc : callable, default None
        As in `lightgbm.cv`; what it returns is what the fold's intercept is found from.
    stratified : bool or None, default None
        As in `lightgbm.cv`. None: for classes, not for numbers.
    return_cvbooster : bool, default False
        The boosters of the folds too, complete as those of `train`.
    **arguments
        The other arguments of `lightgbm.cv`: nfold, folds, shuffle, metrics, seed, callbacks ...

    Returns
    -------
    dict
        As from `lightgbm.cv`.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `train`.

    Examples
    --------
    >>> scores = cv({"verbosity": -1}, lightgbm.Dataset(X, y), 100, nfold=3, objective=huber(), feval=metrics.mae())  # doctest: +SKIP
    >>> min(scores["valid mae-mean"])  # doctest: +SKIP
    """
    if arguments.get("metrics"):
        params = {**params, "metric": arguments.pop("metrics")}
    request = Request(objective, params, guard, feval, leaves, arguments.get("init_model"))
    if stratified is None:
        classes = isinstance(objective, Objective) and objective.link in (LOGIT, SOFTMAX)
        stratified = classes and objective.rows is None and not has_columns(objective)
    arguments["stratified"] = stratified
    door = _CrossValidation(train_set, num_boost_round, arguments, fpreproc, return_cvbooster)
    run(_library, door, request, finished=False)
    return door.results


class _CrossValidation(_Door):
    def __init__(
        self,
        train_set: lgb.Dataset,
        rounds: int,
        arguments: dict[str, Any],
        fpreproc: Callable[..., Any] | None,
        boosters: bool,
    ) -> None:
        super().__init__(train_set, rounds, arguments)
        self.fpreproc, self.boosters = fpreproc, boosters
        self.results: dict[str, Any] = {}

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """On row numbers where losses have columns of the training rows, which folds part."""
        if objective.rows is None and has_columns(objective):
            return numbered_rows(objective, self.train_set)
        return nullcontext(objective)

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> LocalLabels:
        """Of all folds."""
        construct_unread([self.train_set], params)
        return labels_of(self.train_set)

    def train(self, job: Job) -> list[lgb.Booster]:
        """One model a fold."""
        features: list[list[Any] | None] = []
        refitted = isinstance(job.leaves, LeafRefit)
        if refitted:
            raw_data(self.train_set)
        setting = SettingLeaves(job.leaves, features)
        intercepts: list[Any] = []
        data: list[lgb.Dataset] = []

        def begun(train: lgb.Dataset, test: lgb.Dataset, fold: dict[str, Any]) -> Any:
            if self.fpreproc is not None:
                train, test, fold = self.fpreproc(train, test, fold)
            train.construct(), test.construct()
            own = has_start(train) or not is_on(fold, ("boost_from_average",), True)
            fold, intercept = job.begin(fold, labels_of(train), own_start=own)
            if intercept is not None:  # these are the fold's own data sets
                validate_starts(train, [test])
                set_start(intercept, [train, test])
            intercepts.append(intercept)
            data.append(train)
            features.append([raw_data(data) for data in (train, test)] if refitted else None)
            return train, test, fold

        views = Views(job.objective.link, intercepts, setting.settle)
        with features_kept(self.train_set, refitted), setting:
            results: dict[str, Any] = lgb.cv(
                setting.params(job, job.params),
                self.train_set,
                self.rounds,
                feval=setting.metrics(job) or None,
                fpreproc=begun,
                return_cvbooster=True,
                callbacks=[*views.given_to(self.callbacks), skip_reset, *setting.callbacks],
                **self.arguments,
            )
        boosters: list[lgb.Booster] = results["cvbooster"].boosters
        if not self.boosters:
            del results["cvbooster"]
        self.results = results
        if not self.boosters:
            return boosters
        if job.objective.learns:
            for booster, labels in zip(boosters, map(labels_of, data), strict=True):
                job.learn(labels.y_true, margins(booster), labels.sample_weight)
        for booster, intercept, link in zip(boosters, intercepts, job.links, strict=True):
            _library.finish(booster, booster.model_to_string(num_iteration=-1), intercept, link)
        return boosters
