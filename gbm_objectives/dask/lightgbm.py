"""LightGBM on Dask with the traps removed: `train` and `fit` set intercept, link, metrics and guards.

LightGBM's Python package has no sum over its machines, so those of the objective and the metrics go through the
Dask cluster (`_summation`), in a few short messages a round.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
from distributed import get_client
from numpy.typing import NDArray

from gbm_objectives._core.reduction import Reduce, together
from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.flow import Job, Request, run
from gbm_objectives._training.leaves import refuse_on_cluster
from gbm_objectives._training.metrics import OnRows
from gbm_objectives.dask import _start
from gbm_objectives.dask._gather import pairs_of, partitions
from gbm_objectives.dask._learned import learned
from gbm_objectives.dask._summation import Guarded, Machines, Summation
from gbm_objectives.dask._watch import watched
from gbm_objectives.lightgbm import _library
from gbm_objectives.lightgbm._callbacks import Views, skip_reset
from gbm_objectives.lightgbm._params import EARLY_STOPPING, METRIC, first, is_on
from gbm_objectives.metrics import Metric
from gbm_objectives.objective import Objective

__all__ = ["fit", "train"]


def train(
    client: Any,
    params: Mapping[str, Any],
    X: Any,  # noqa: N803
    y: Any,
    num_boost_round: int = 100,
    *,
    objective: Objective,
    **arguments: Any,
) -> lgb.Booster:
    """Train on Dask collections as `gbm_objectives.lightgbm.train` does on one machine.

    Parameters
    ----------
    client : distributed.Client
        The cluster. An asynchronous client is refused.
    params : dict
        Of LightGBM. ``objective`` is best left out.
    X : Dask array or DataFrame of shape (n_samples, n_features)
        Features.
    y : Dask array, Series or DataFrame of one column
        Labels, partitioned as ``X``. For classes they are the codes 0..K-1.
    num_boost_round : int, default 100
        Rounds, at least 1.
    objective : Objective
        Such as ``huber()``.
    **arguments : object
        The other arguments of `fit`.

    Returns
    -------
    lightgbm.Booster
        It predicts on the response scale.

    Raises
    ------
    TypeError, ValueError, TrainingError, ClusterError
        As `fit`.
    """
    # The estimator's defaults have names that would outdo aliases in params: LightGBM's own are the same.
    unset = dict.fromkeys(inspect.signature(lgb.LGBMRegressor).parameters)
    unset.pop("kwargs", None)
    settings = {**unset, **params, "n_estimators": num_boost_round, "client": client}
    booster: lgb.Booster = fit(
        lgb.DaskLGBMRegressor(**settings), objective, X, y, **arguments
    ).booster_
    return booster


def fit(
    estimator: lgb.DaskLGBMRegressor,
    objective: Objective,
    X: Any,  # noqa: N803
    y: Any,
    sample_weight: Any = None,
    *,
    feval: Any = None,
    guard: Guard = "warn",
    timeout: float = 300.0,
    init_score: Any = None,
    eval_set: Sequence[tuple[Any, Any]] | None = None,
    callbacks: Sequence[Any] | None = None,
    **arguments: Any,
) -> lgb.DaskLGBMRegressor:
    """Fit a Dask estimator with an objective of this package; it then predicts on the response scale.

    Scales, shares and other sums are those of all rows, so the model is that of one machine, up to where
    LightGBM puts the borders of its bins.

    Parameters
    ----------
    estimator : lightgbm.DaskLGBMRegressor
        Its parameters are set and it is fitted, also for classes. ``DaskLGBMClassifier`` is refused: each worker would
        number the classes by itself, and the labels would be wrong on a worker whose rows lack a class.
    objective : Objective
        As for `gbm_objectives.lightgbm.train`.
    X : Dask array or DataFrame of shape (n_samples, n_features)
        Features.
    y : Dask array, Series or DataFrame of one column
        Labels, partitioned as ``X``.
    sample_weight : Dask array or Series, or None, default None
        Weights of the rows, partitioned as ``X``.
    feval : metric or list of these, default None
        Metrics of `gbm_objectives.metrics` that are means over rows, or roots of such. They are computed over all rows.
        None: the objective's own.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `gbm_objectives.lightgbm.train`.
    timeout : float, default 300.0
        How many seconds a machine waits for the sums of the others before it raises `ClusterError`.
    init_score : Dask array, Series or DataFrame, or None, default None
        Raw scores to start from, in place of the intercept.
    eval_set : list of (X, y) or None, default None
        Each pair has at least as many partitions as the training data, so that each worker has some.
    callbacks : list of callable or None, default None
        Of LightGBM. ``early_stopping`` works here: all machines see the same metric.
    **arguments : object
        The other arguments of the estimator's ``fit``, such as eval_names, eval_sample_weight or feature_name.

    Returns
    -------
    lightgbm.DaskLGBMRegressor
        The estimator that was given, fitted.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `gbm_objectives.lightgbm.train`; for groups of rows, and metrics that don't add up over machines.
    ClusterError
        Where a worker dies, or is slower than ``timeout`` allows.
    """
    if not isinstance(estimator, lgb.DaskLGBMRegressor):
        raise TypeError(
            message(
                "estimator",
                f"a {type(estimator).__name__}",
                "a DaskLGBMRegressor",
                "With labels 0..K-1 it serves classes too: each worker of DaskLGBMClassifier numbers those that it has.",
            )
        )
    refuse_on_cluster(arguments)
    client = get_client() if estimator.client is None else estimator.client
    if getattr(client, "asynchronous", False):
        raise TypeError(message("client", "an asynchronous Client", "a synchronous one"))
    if arguments.get("init_model") is not None:
        given = "a model to go on from"
        raise TypeError(message("init_model", given, "none: LightGBM's Dask estimators take none"))
    params = {name: value for name, value in estimator.get_params().items() if value is not None}
    params.pop("client", None)
    arguments |= {"init_score": init_score, "callbacks": callbacks, "eval_set": eval_set}
    request = Request(objective, params, guard, feval)
    data = (X, _one_column(y), sample_weight)
    run(_library, _Fit(client, estimator, data, timeout, arguments), request)
    return estimator


class _Fit:
    """The Dask estimator's own ``fit`` as a door."""

    beside_leaves: Mapping[str, object] = {}

    def __init__(
        self,
        client: Any,
        estimator: lgb.DaskLGBMRegressor,
        data: tuple[Any, Any, Any],
        timeout: float,
        arguments: dict[str, Any],
    ) -> None:
        self.client, self.estimator, self.timeout = client, estimator, timeout
        self.X, self.y, self.sample_weight = data
        self.arguments = dict(arguments)

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """The objective: labels are one column."""
        return nullcontext(objective)

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> _start.ClusterLabels:
        """Sketches of all machines' labels."""
        return _start.of_collections(self.client, objective, self.y, self.sample_weight)

    def train(self, job: Job) -> list[lgb.Booster]:
        """One model on all machines."""
        estimator, arguments, params = self.estimator, dict(self.arguments), job.params
        callbacks, pairs = arguments.pop("callbacks"), arguments.pop("eval_set")
        _check_early_stopping(params, callbacks, not job.metrics)
        own = arguments["init_score"] is not None
        own = own or not is_on(params, ("boost_from_average",), True)
        _, intercept = job.begin(params, job.labels, own_start=own)
        settings: dict[str, Any] = {"metric": first(params, METRIC)}
        if job.n_outputs > 1:
            settings["num_class"] = job.n_outputs
        start = None if intercept is None else np.atleast_1d(intercept)
        if start is not None:
            arguments["init_score"] = _filled(self.y, start)
        actor = self.client.submit(Summation, self.timeout, actor=True, pure=False).result()
        machines = Machines(actor, self.timeout)
        if pairs is not None:
            pairs = [(features, _one_column(label)) for features, label in pairs]
            arguments |= _evaluations(estimator, self.X, pairs)
            if start is not None:
                arguments["eval_init_score"] = [_filled(label, start) for _, label in pairs]
            arguments["eval_metric"] = [
                _ClusterMetric(metric, machines) for metric in _all_rows(job.metrics)
            ]
        estimator.set_params(objective=_ClusterObjective(job.objective, machines), **settings)
        views = Views(job.objective.link, [intercept])
        guarded = [Guarded(callback) for callback in views.given_to(callbacks or [])]
        try:
            with watched(self.client), warnings.catch_warnings():
                if params.get("n_jobs") is None:  # LightGBM says it of its own default
                    warnings.filterwarnings("ignore", "Parameter n_jobs will be ignored")
                estimator.fit(
                    self.X,
                    self.y,
                    sample_weight=self.sample_weight,
                    callbacks=[machines, skip_reset, *guarded],
                    **arguments,
                )
        finally:
            estimator.set_params(objective=job.objective)
            estimator._objective = job.objective  # the other one holds on to the actor
        if job.objective.learns:
            pairs = pairs_of(self.y, self.sample_weight)
            parts = [(x, *pair) for x, pair in zip(partitions("X", self.X), pairs, strict=True)]
            scores = partial(_scores, estimator.booster_)
            job.learned.append(learned(self.client, job.objective, job.labels, parts, scores))
        return [estimator.booster_]


def _scores(booster: lgb.Booster, features: Any) -> Array:
    return np.asarray(booster.predict(features, raw_score=True))


@dataclass(frozen=True)
class _ClusterObjective:
    """The objective on each machine."""

    objective: Objective
    machines: Machines

    def __call__(
        self, y_true: Any, raw_prediction: Any, sample_weight: Any = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gradient and Hessian of the machine's rows."""

        def compute(reduce: Reduce) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            return self.objective.gradient_hessian(
                y_true, raw_prediction, sample_weight, reduce=reduce
            )

        return together(compute, self.machines.allreduce)


@dataclass(frozen=True)
class _ClusterMetric:
    """The metric of all rows, on each machine."""

    metric: Metric | OnRows
    machines: Machines

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> tuple[str, float, bool]:
        """What LightGBM takes."""

        def compute(reduce: Reduce) -> float:
            return self.metric.over_machines(y_true, y_pred, sample_weight, reduce)

        value = together(compute, self.machines.allreduce)
        return self.metric.name, value, bool(self.metric.higher_is_better)


def _all_rows(metrics: list[Any]) -> list[Metric | OnRows]:
    """The metrics, if they are ours."""
    for metric in metrics:
        if not isinstance(metric.metric if isinstance(metric, OnRows) else metric, Metric):
            needed = "metrics of gbm_objectives.metrics"
            hint = "LightGBM would give a function the rows of one worker only."
            raise TypeError(message("feval", repr(metric), needed, hint))
    return metrics


def _check_early_stopping(params: Mapping[str, Any], callbacks: Any, local: bool) -> None:
    """Machines must stop in the same round, so they must see the same metric."""
    stops = any(isinstance(callback, type(lgb.early_stopping(1))) for callback in callbacks or ())
    if local and (stops or first(params, EARLY_STOPPING) is not None):
        raise ValueError(
            message(
                "params", "early stopping on LightGBM's own metric, which differs between workers",
                "a metric of gbm_objectives.metrics as feval, and no metric in params",
            )
        )  # fmt: skip


def _one_column(y: Any) -> Any:
    """Labels as a Dask array or Series of one dimension."""
    if getattr(y, "ndim", 1) == 1:
        return y
    if y.shape[1] != 1:
        raise ValueError(
            message(
                "y", f"{y.shape[1]} columns", "one column of labels",
                "Train on row numbers, with objective.with_rows(targets=matrix): the table goes to every machine.",
            )
        )  # fmt: skip
    return y.iloc[:, 0] if hasattr(y, "iloc") else y[:, 0]


def _filled(y: Any, start: Array) -> Any:
    """The start of each row, in the partitions of the labels."""
    array = y.to_dask_array() if hasattr(y, "to_dask_array") else y
    if len(start) == 1:
        return array.map_blocks(_rows_of, start, dtype=np.float64)
    chunks = (array.chunks[0], (len(start),))
    return array.map_blocks(_rows_of, start, dtype=np.float64, new_axis=1, chunks=chunks)


def _rows_of(block: Any, start: Array) -> Array:
    return np.full(len(block), start[0]) if len(start) == 1 else np.tile(start, (len(block), 1))


def _evaluations(estimator: Any, X: Any, pairs: list[tuple[Any, Any]]) -> dict[str, Any]:  # noqa: N803
    """Evaluation sets in the form that this LightGBM takes: 4.7 deprecates eval_set."""
    least = len(partitions("X", X))
    for features, _ in pairs:
        found = len(partitions("eval_set", features))
        if found < least:
            raise ValueError(
                message(
                    "eval_set", f"{found} partitions where X has {least}", f"{least} or more",
                    "Each worker needs some of its rows: rechunk or repartition it.",
                )
            )  # fmt: skip
    if "eval_X" not in inspect.signature(estimator.fit).parameters:
        return {"eval_set": pairs}
    return {"eval_X": tuple(x for x, _ in pairs), "eval_y": tuple(label for _, label in pairs)}
