"""The doors `train` and `cv` of XGBoost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import xgboost as xgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.flow import Job, Request, run
from gbm_objectives._training.leaves import Leaves
from gbm_objectives._training.metrics import as_list
from gbm_objectives._training.refusals import validate_data
from gbm_objectives._training.starts import LocalLabels
from gbm_objectives._training.steps import LeafStep
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost import _library
from gbm_objectives.xgboost._data import labels_of, numbered_rows
from gbm_objectives.xgboost._lagging import LastMargins, grower
from gbm_objectives.xgboost._leaves import SettingLeaves, beside_data, with_rows
from gbm_objectives.xgboost._metrics import custom_metric as all_metrics
from gbm_objectives.xgboost._metrics import directed
from gbm_objectives.xgboost._vector_leaves import (
    ProjectedObjective,
    validate_projections,
    with_vector_leaves,
)


def train(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    leaves: Leaves = "auto",
    projections: int | None = None,
    **arguments: Any,
) -> xgb.Booster:
    """`xgboost.train` with an objective of this package, right from its intercept to its saved model.

    The booster starts at the best constant for the loss and the weights, unless ``params`` has a base_score
    or ``xgb_model`` is given; a base_margin of the data is respected as ever. ``predict`` answers on the
    response scale (probabilities for `focal`), also after save and load where this package is not installed.

    Parameters
    ----------
    params : dict
        Of XGBoost. ``objective`` is best left out.
    dtrain : xgboost.DMatrix
        With labels (n_samples,), or (n_samples, n_outputs) for several targets. For losses of classes
        num_class is found from the labels unless ``params`` has it.
    num_boost_round : int, default 10
        Rounds; 0 gives the best constant.
    objective : Objective
        Such as ``huber()``.
    custom_metric : metric, callable or list of these, default None
        Metrics of `gbm_objectives.metrics` or functions of (preds, dtrain), which get raw scores; the last one
        decides early stopping, in its own direction. Metrics of this package get the objective's link.
        None: the objective's own, or none where ``params`` has an eval_metric. Built-in metrics
        are on the response scale too.
    guard : {"warn", "raise", "ignore"}, default "warn"
        What to do where no tree splits, a leaf is not finite, the gradients are so small that
        XGBoost's floor under the gain, 1e-6, eats splits, or a robust loss leaves rows behind in 50 rounds or more:
        rows far from their predictions that lie together, all on one side.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves; see `docs/leaves.md`. "library": XGBoost, to -G/(H + lambda). "step": trees are grown on
        the gradient with each row's weight as its Hessian, so min_child_weight counts rows (default 20), and leaves
        are steps of the loss over their rows; for losses of the residual. "refit": leaves are the exact minimisers of
        the loss over their rows, a quantile, a median, Huber's location; for one loss of the residual. `quantile` and
        `absolute_error` then also grow their trees on the exact loss, unless they are given a curvature: they equal
        the reg:quantileerror and reg:absoluteerror of XGBoost before 3.4. "auto": "step" for robust losses without
        a curvature or clip, where nothing is given that it doesn't go with; else "library". "step" and "refit" use all
        rows of ``dtrain``, also where trees are grown on samples. They don't go with dropout, gblinear, vector
        leaves, monotone constraints and several workers.
    projections : int or None, default None
        For many targets, classes or levels, with XGBoost 3.2 or later: grow trees that have a value for each output
        in every leaf (``multi_strategy="multi_output_tree"``, which this sets), and search for their splits on so
        many random projections of the gradient instead of on all outputs. 5 is a good number for 30 outputs. Leaves get
        their values from the full gradient. The projections are drawn anew in each round, from the seed in ``params``.
        None: ``params`` decide about the trees.
    **arguments
        The other arguments of `xgboost.train`: evals, early_stopping_rounds, evals_result,
        verbose_eval, xgb_model, callbacks, maximize.

    Returns
    -------
    xgboost.Booster
        It predicts on the response scale.

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

    Examples
    --------
    >>> data = xgboost.DMatrix(X, y, weight=w)  # doctest: +SKIP
    >>> booster = train({"eta": 0.1}, data, 100, objective=huber())  # doctest: +SKIP
    >>> booster.predict(xgboost.DMatrix(X_new))  # doctest: +SKIP
    """
    refuse_obj(arguments)
    params = with_vector_leaves(params, projections, leaves)
    continued = arguments.get("xgb_model")
    request = Request(objective, params, guard, custom_metric, leaves, continued)
    door = _Train(dtrain, num_boost_round, arguments, projections)
    (booster,) = run(_library, door, request)
    trained: xgb.Booster = booster
    return trained


class _Door:
    """What `train` and `cv` have in common: labels in a DMatrix.

    Parameters
    ----------
    dtrain : xgboost.DMatrix
    rounds : int
    arguments : dict
        The other arguments of the library's function.
    projections : int or None
        See `train`.
    """

    #: Whether models are trained on parts of the rows.
    parted = False

    def __init__(
        self,
        dtrain: xgb.DMatrix,
        rounds: int,
        arguments: dict[str, Any],
        projections: int | None = None,
    ) -> None:
        validate_data("dtrain", dtrain, xgb.DMatrix, "xgboost.DMatrix(X, y)")
        self.dtrain, self.rounds, self.arguments = dtrain, rounds, dict(arguments)
        self.projections = projections
        self.callbacks = list(self.arguments.pop("callbacks", None) or [])
        self.beside_leaves = beside_data(dtrain)

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """On the row numbers of label matrices of classes."""
        pairs = self.arguments.get("evals") or ()
        if any(isinstance(pair, xgb.DMatrix) for pair in pairs):
            needed = 'pairs of a DMatrix and a name, such as [(dvalid, "valid")]'
            raise TypeError(message("evals", "a DMatrix", needed))
        evals = [data for data, _ in pairs]
        data_sets = {id(data): data for data in (self.dtrain, *evals)}
        return numbered_rows(objective, list(data_sets.values()), parted=self.parted)

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> LocalLabels:
        """Of the DMatrix."""
        return labels_of(self.dtrain)

    def all_callbacks(self, job: Job) -> list[Any]:
        """The user's, behind what sets the leaves."""
        if job.leaves is None:
            return list(self.callbacks)
        return [SettingLeaves(job.leaves, job.params), *self.callbacks]

    def called(self, job: Job) -> dict[str, Any]:
        """The arguments of the library's function that the flow decides."""
        direction = {} if job.higher_is_better is None else {"maximize": job.higher_is_better}
        return {
            **direction,
            **self.arguments,
            "obj": self.objective(job),
            "custom_metric": all_metrics(job.metrics),
        }

    def objective(self, job: Job) -> Any:
        """What XGBoost calls."""
        if self.projections is None:
            return job.objective
        y_true = job.labels.shown
        validate_projections(
            self.projections, max(job.n_outputs, y_true.shape[1] if y_true.ndim == 2 else 1)
        )
        return ProjectedObjective.of(
            job.objective, self.projections, job.params, job.request.continued
        )


class _Train(_Door):
    def train(self, job: Job) -> list[xgb.Booster]:
        """One model."""
        callbacks = self.all_callbacks(job)
        params, _ = begin(job, job.params, self.dtrain)
        # Of several machines some would grow one more tree, and wait for the others.
        alone = not xgb.collective.is_distributed()
        if alone and job.leaves is None:
            callbacks.append(LastMargins(self.dtrain))
        with directed(callbacks, job.metrics):
            booster = xgb.train(
                params, self.dtrain, self.rounds, callbacks=callbacks, **self.called(job)
            )
        if alone:
            knows = callbacks[-1] if job.leaves is None else callbacks[0]
            raw = partial(knows.margins, self.dtrain)
            job.seek_rows_behind(self.rounds, raw, grower(job.params, self.dtrain))
        return [booster]


def begin(
    job: Job, params: dict[str, Any], data: xgb.DMatrix
) -> tuple[dict[str, Any], Array | None]:
    """`Job.begin` from a DMatrix, whose base_margin stands for the intercept in the first round."""
    margin = data.get_base_margin()
    n_outputs = (job.n_outputs,) if job.n_outputs > 1 else ()
    labels = labels_of(data)
    if isinstance(job.leaves, LeafStep):
        params = with_rows(params)
    shape = labels.y_true.shape if labels.y_true.ndim == 2 else (len(labels.y_true), *n_outputs)
    return job.begin(params, labels, scores=margin.reshape(shape) if margin.size else None)


def cv(
    params: Mapping[str, Any],
    dtrain: xgb.DMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    leaves: Leaves = "auto",
    projections: int | None = None,
    fpreproc: Callable[..., Any] | None = None,
    **arguments: Any,
) -> Any:
    """`xgboost.cv` with an objective of this package: each fold starts at the best constant of its own labels.

    Parameters
    ----------
    params : dict
        As for `train`.
    dtrain : xgboost.DMatrix
        As for `train`. A QuantileDMatrix is refused.
    num_boost_round : int, default 10
        As for `train`.
    objective : Objective
        As for `train`.
    custom_metric : metric, callable or list of these, default None
        As for `train`.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `train`.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        As for `train`.
    projections : int or None, default None
        As for `train`.
    fpreproc : callable, default None
        As in `xgboost.cv`; what it returns is what the fold's intercept is found from.
    **arguments
        The other arguments of `xgboost.cv`: nfold, stratified, folds, metrics, seed ...

    Returns
    -------
    pandas.DataFrame or dict
        As from `xgboost.cv`.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `train`.

    Examples
    --------
    >>> scores = cv({"eta": 0.1}, xgboost.DMatrix(X, y), 100, nfold=3, objective=huber(), custom_metric=metrics.mae())  # doctest: +SKIP
    >>> scores["test-mae-mean"].min()  # doctest: +SKIP
    """
    refuse_obj(arguments)
    if arguments.get("metrics"):
        params = {**params, "eval_metric": as_list(arguments["metrics"])}
    params = with_vector_leaves(params, projections, leaves)
    request = Request(objective, params, guard, custom_metric, leaves)
    door = _CrossValidation(dtrain, num_boost_round, arguments, fpreproc, projections)
    run(_library, door, request)
    return door.result


class _CrossValidation(_Door):
    parted = True

    def __init__(
        self,
        dtrain: xgb.DMatrix,
        rounds: int,
        arguments: dict[str, Any],
        fpreproc: Callable[..., Any] | None,
        projections: int | None,
    ) -> None:
        super().__init__(dtrain, rounds, arguments, projections)
        self.fpreproc = fpreproc
        self.result: Any = None

    def train(self, job: Job) -> list[xgb.Booster]:
        """One model a fold."""
        folds = _Folds()
        callbacks = [*self.all_callbacks(job), folds]

        def begun(train: xgb.DMatrix, test: xgb.DMatrix, fold: dict[str, Any]) -> Any:
            if self.fpreproc is not None:
                train, test, fold = self.fpreproc(train, test, fold)
            return train, test, begin(job, fold, train)[0]

        with directed(callbacks, job.metrics):
            self.result = xgb.cv(
                job.params,
                self.dtrain,
                self.rounds,
                fpreproc=begun,
                callbacks=callbacks,
                **self.called(job),
            )
        if job.objective.learns:
            for booster, data in zip(folds.boosters, folds.data, strict=True):
                labels = labels_of(data)
                raw = booster.predict(data, output_margin=True)
                job.learn(labels.y_true, raw, labels.sample_weight)
        return folds.boosters


class _Folds(xgb.callback.TrainingCallback):
    """Keeps the boosters of the folds, and their training rows: `xgboost.cv` returns none."""

    def __init__(self) -> None:
        super().__init__()
        self.boosters: list[xgb.Booster] = []
        self.data: list[xgb.DMatrix] = []

    def after_training(self, model: Any) -> Any:
        """Take them."""
        self.boosters = [fold.bst for fold in model.cvfolds]
        self.data = [fold.dtrain for fold in model.cvfolds]
        return model


def refuse_obj(arguments: Mapping[str, Any]) -> None:
    """Raise for the library's own argument."""
    if "obj" in arguments:
        raise TypeError(message("obj", "an argument", "objective=, which takes its place"))
