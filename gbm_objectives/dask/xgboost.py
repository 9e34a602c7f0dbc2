"""XGBoost on Dask with the traps removed: `train` sets intercept, link, metrics and guards.

Sums over the machines go through XGBoost's own collective, from within the objective; so any objective of this
package also goes into ``xgboost.dask.train(obj=)`` and the Dask estimators, given the intercept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import xgboost as xgb
from dask.delayed import delayed
from xgboost import dask as dxgb

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.flow import Job, Request, run
from gbm_objectives._training.leaves import refuse_on_cluster
from gbm_objectives.dask import _start
from gbm_objectives.dask._learned import learned
from gbm_objectives.dask._watch import watched
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost import _library
from gbm_objectives.xgboost._metrics import custom_metric as all_metrics
from gbm_objectives.xgboost._metrics import directed
from gbm_objectives.xgboost._train import refuse_obj

__all__ = ["train"]


def train(
    client: Any,
    params: Mapping[str, Any],
    dtrain: dxgb.DaskDMatrix,
    num_boost_round: int = 10,
    *,
    objective: Objective,
    custom_metric: Any = None,
    guard: Guard = "warn",
    evals: Sequence[tuple[dxgb.DaskDMatrix, str]] | None = None,
    early_stopping_rounds: int | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """`xgboost.dask.train` with an objective of this package, right from its intercept to its saved model.

    As `gbm_objectives.xgboost.train`, on a cluster: scales, shares and other sums are those of all rows, so the
    model is that of one machine, up to where XGBoost puts the borders of its bins.

    Parameters
    ----------
    client : distributed.Client
        The cluster. An asynchronous client is refused.
    params : dict
        As for `gbm_objectives.xgboost.train`.
    dtrain : xgboost.dask.DaskDMatrix or DaskQuantileDMatrix
        With labels of one column, or of one column for each target.
    num_boost_round : int, default 10
        As for `gbm_objectives.xgboost.train`.
    objective : Objective
        As for `gbm_objectives.xgboost.train`.
    custom_metric : metric, callable or list of these, default None
        As for `gbm_objectives.xgboost.train`. A metric of this package must be a mean over rows, or a root of one.
        It is then computed over all rows. Other metrics of this package are refused. XGBoost averages your own functions
        over the machines.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `gbm_objectives.xgboost.train`.
    evals : list of (DaskDMatrix, str) or None, default None
        As for `xgboost.dask.train`.
    early_stopping_rounds : int or None, default None
        As for `xgboost.dask.train`.
    **arguments : object
        The other arguments of `xgboost.dask.train`. ``obj`` and ``projections`` are refused.

    Returns
    -------
    dict
        ``booster`` and ``history``, as from `xgboost.dask.train`.

    Raises
    ------
    TypeError, ValueError, TrainingError
        As `gbm_objectives.xgboost.train`; for groups of rows, and label matrices of one loss.
    ClusterError
        Where a worker dies. Its rows are gone with it: train again.
    """
    refuse_obj(arguments)
    refuse_on_cluster(arguments)
    if arguments.pop("projections", None) is not None:
        raise TypeError(
            message("projections", "an argument on a cluster", "training on one machine")
        )
    if getattr(client, "asynchronous", False):
        raise TypeError(message("client", "an asynchronous Client", "a synchronous one"))
    continued = arguments.get("xgb_model")
    request = Request(objective, params, guard, custom_metric, "library", continued)
    given = {**arguments, "evals": evals}
    door = _Train(client, dtrain, num_boost_round, given, early_stopping_rounds)
    run(_library, door, request)
    return door.result


class _Train:
    """`xgboost.dask.train` as a door."""

    beside_leaves: Mapping[str, object] = {}

    def __init__(
        self,
        client: Any,
        dtrain: dxgb.DaskDMatrix,
        rounds: int,
        arguments: dict[str, Any],
        stopping: int | None,
    ) -> None:
        self.client, self.dtrain, self.rounds, self.stopping = client, dtrain, rounds, stopping
        self.arguments = dict(arguments)
        self.callbacks = list(self.arguments.pop("callbacks", None) or [])
        self.label_columns = 1
        self.result: dict[str, Any] = {}

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """The objective: label matrices of one loss are refused."""
        return nullcontext(objective)

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> _start.ClusterLabels:
        """Sketches of all machines' labels."""
        found = _start.of_pairs(self.client, objective, _parts(self.dtrain, "label", "weight"))
        self.label_columns = len(found.columns)
        return found

    def train(self, job: Job) -> list[xgb.Booster]:
        """One model on all machines."""
        params, _ = job.begin(job.params, job.labels)
        self._refuse_idle(params)
        columns = max(job.n_outputs, self.label_columns)
        metric = all_metrics(job.metrics)
        maximize = self.arguments.pop("maximize", job.higher_is_better)
        callbacks = list(self.callbacks)
        if self.stopping is not None:
            callbacks.append(xgb.callback.EarlyStopping(rounds=self.stopping, maximize=maximize))
        with directed(callbacks, job.metrics), watched(self.client):
            self.result = dxgb.train(
                self.client,
                params,
                self.dtrain,
                self.rounds,
                obj=_WithColumns(job.objective, columns),
                custom_metric=metric and _WithColumns(metric, columns),
                callbacks=callbacks or None,
                **self.arguments,
            )
            booster = self.result["booster"]
            if job.objective.learns:
                scores = partial(_scores, booster, self.dtrain.missing)
                parts = _parts(self.dtrain, "data", "label", "weight")
                link = learned(self.client, job.objective, job.labels, parts, scores)
                job.learned.append(link)
        return [booster]

    def _refuse_idle(self, params: Mapping[str, Any]) -> None:
        """Raise where XGBoost's own check of labels would end the training of sorted levels."""
        evals = [data for data, _ in self.arguments.get("evals") or ()]
        idle = set().union(*(data.worker_map for data in evals)) - set(self.dtrain.worker_map)
        if idle and "quantile_alpha" in params:
            given = f"rows on {', '.join(sorted(idle))}, without training rows"
            needed = "training rows on every worker: XGBoost's reg:quantileerror, which sorts the levels, checks it"
            raise ValueError(message("evals", given, needed, "Rebalance the training data."))


@dataclass(frozen=True)
class _WithColumns:
    """An objective or a metric for workers without rows, whose scores XGBoost gives without columns.

    The gradients must have as many as the model has outputs.
    """

    function: Callable[[Array, xgb.DMatrix], Any]
    columns: int

    def __call__(self, raw_prediction: Array, data: xgb.DMatrix) -> Any:
        if not raw_prediction.size:
            raw_prediction = raw_prediction.reshape((0, self.columns) if self.columns > 1 else 0)
        return self.function(raw_prediction, data)


def _parts(data: dxgb.DaskDMatrix, *names: str) -> list[Any]:
    """What each part of a DaskDMatrix has under these names, delayed."""
    parts = [delayed(part) for parts in data.worker_map.values() for part in parts]
    return [tuple(delayed(_field)(part, name) for name in names) for part in parts]


def _scores(booster: xgb.Booster, missing: float, features: Any) -> Array:
    raw: Array = booster.inplace_predict(
        features, predict_type="margin", missing=missing, validate_features=False
    )
    return raw


def _field(part: dict[str, Any], name: str) -> Any:
    return part.get(name)
