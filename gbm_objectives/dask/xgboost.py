"""XGBoost on Dask with the traps removed: `train` sets intercept, link, metrics and guards.

Sums over the machines go through XGBoost's own collective, from within the objective; so any objective of this
package also goes into ``xgboost.dask.train(obj=)`` and the Dask estimators, given the intercept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xgboost as xgb
from dask.delayed import delayed
from xgboost import dask as dxgb

from gbm_objectives._core.validation import message
from gbm_objectives._training.common import Guard, checked
from gbm_objectives.dask import _start
from gbm_objectives.dask._watch import watched
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost._guards import check_gains, check_trees
from gbm_objectives.xgboost._params import (
    base_score,
    prepare,
    refuse_own,
    with_metrics,
)

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
    client : a `distributed.Client`, not an asynchronous one.
    dtrain : a DaskDMatrix or DaskQuantileDMatrix with labels of one column, or of one a target.
    params, num_boost_round, objective, guard : as for `gbm_objectives.xgboost.train`.
    custom_metric : as there. Metrics of this package that are means over rows, or roots of such, are those of
        all rows; the others are refused. Functions of your own are averaged over machines by XGBoost.
    evals, early_stopping_rounds, **arguments : as for `xgboost.dask.train`.

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
    checked(objective, guard)
    refuse_own(arguments)
    if getattr(client, "asynchronous", False):
        raise TypeError(message("client", "an asynchronous Client", "a synchronous one"))
    continued = arguments.get("xgb_model")
    prepared = prepare(params, objective, objective, continued)
    labels = _start.of_pairs(client, objective, _pairs(dtrain))
    n_outputs = labels.n_outputs(prepared, ("num_class",))
    if n_outputs > 1:
        prepared["num_class"] = n_outputs
    intercept = labels.intercept(prepared.get("num_class"))
    trees = prepared.get("booster") != "gblinear" and continued is None
    if continued is None:
        if prepared.get("base_score") is None:
            start = base_score(np.asarray(intercept), objective.link, objective.of_classes)
            prepared["base_score"] = start
        if trees:
            guard = check_gains(lambda: labels.start(intercept), guard)
    metric = labels.metric() if custom_metric is None else custom_metric
    given = {**arguments, "evals": evals}
    if custom_metric is not None or not prepared.get("eval_metric"):
        given = with_metrics(prepared, objective, objective, metric, given)
    maximize = given.pop("maximize", None)  # an argument on one machine only
    if early_stopping_rounds is not None:
        stop = xgb.callback.EarlyStopping(rounds=early_stopping_rounds, maximize=maximize)
        given["callbacks"] = [*(given.get("callbacks") or []), stop]
    with watched(client):
        result: dict[str, Any] = dxgb.train(
            client, prepared, dtrain, num_boost_round, obj=objective, **given
        )
    if trees:
        check_trees(result["booster"], lambda: labels.start(intercept), guard)
    return result


def _pairs(data: dxgb.DaskDMatrix) -> list[tuple[Any, Any]]:
    """Labels and weights of each part of a DaskDMatrix, delayed."""
    parts = [delayed(part) for parts in data.worker_map.values() for part in parts]
    return [(delayed(_field)(part, "label"), delayed(_field)(part, "weight")) for part in parts]


def _field(part: dict[str, Any], name: str) -> Any:
    return part.get(name)
