"""Training on a Dask cluster: what `gbm_objectives.xgboost` and `gbm_objectives.lightgbm` are for one machine.

`gbm_objectives.dask.xgboost.train` and `gbm_objectives.dask.lightgbm.train` set intercept, link, metrics and guards
from labels that stay where they are: each partition gives a small sketch of its labels, and sketches add up.
`intercept` gives the same to the libraries' own Dask estimators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.reduction import ClusterError

if TYPE_CHECKING:
    from gbm_objectives.objective import Objective

__all__ = ["ClusterError", "intercept"]


def intercept(
    objective: Objective,
    y: Any,
    sample_weight: Any = None,
    *,
    n_outputs: int | None = None,
    client: Any = None,
) -> float | NDArray[np.float64]:
    """`Objective.intercept` of labels in a Dask collection, for ``base_score`` or ``init_score``.

    Exact where labels have no more than 65,536 distinct values in float32, and in any case for means; other
    locations of continuous labels are found to about 1e-3 of their spread.

    Parameters
    ----------
    objective : Objective
        Such as ``huber()``.
    y : Dask array, Series or DataFrame
        Labels: one column, or one column for each target.
    sample_weight : Dask array or Series, or None, default None
        Weights of the rows, partitioned as ``y``.
    n_outputs : int or None, default None
        The number of classes, where the last ones may be missing in ``y``.
    client : distributed.Client or None, default None
        The cluster. None: the current client.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        The raw score of the best constant, before the link.

    Raises
    ------
    TypeError, ValueError
        For labels or weights that don't go with the objective, or that are not finite.
    """
    from distributed import get_client

    from gbm_objectives.dask import _start

    client = get_client() if client is None else client
    labels = _start.of_collections(client, objective, y, sample_weight)
    return labels.intercept(objective, n_outputs)
