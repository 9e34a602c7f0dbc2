"""Decisions that have costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import CostSensitiveCrossEntropy
from gbm_objectives.objective import Objective

__all__ = ["cost_sensitive_cross_entropy"]


def cost_sensitive_cross_entropy(
    cost: ArrayLike | None = None,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Cross-entropy for decisions that have costs; ``predict`` of `ObjectiveClassifier` decides for the least expected cost.

    Costs by class, a matrix: the loss is `softmax_cross_entropy`, and ``predict`` takes the class k with the least
    sum_j p_j cost[j, k]. Probabilities are as ever. With good probabilities this is the best decision, and costs
    may not even be known in training.

    Costs that differ from row to row: the loss is -sum_k w_k log p_k, p = softmax(z), w_k = max_j c_j - c_k, with c_k the
    cost of deciding for class k in that row. The largest score then belongs to the least expected cost. Scores say which
    decision is cheap, not how likely a class is, so there is no ``predict_proba``. Gradients and Hessians are proportional
    to the costs: give these a mean of about 1, and lambda, min_child_weight and min_sum_hessian_in_leaf mean what they
    mean for `softmax_cross_entropy`.

    Where both are possible, take the matrix: on four sets its decisions cost 1 to 58% less than with the same costs given
    by row (`benchmarks/costs.py`). `ObjectiveClassifier` takes two classes too.

    Parameters
    ----------
    cost : array_like of shape (n_classes, n_classes) or (n_rows, n_classes), or None, default None
        (n_classes, n_classes): in row j the costs of all decisions where the true class is j, in the order of the
        sorted classes. (n_rows, n_classes): a row of costs for each training row. None: the column ``cost`` of
        `Objective.with_rows` or of ``fit``, which stays with its rows in folds and evaluation sets; without it every
        wrong class costs 1.
    curvature : Curvature, str or None, default None
        As for `softmax_cross_entropy`.
    clip : tuple of (float, float or None), or None, default None
        (low, high) bounds of the Hessian before weights.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or `ObjectiveClassifier`.

    Raises
    ------
    TypeError, ValueError
        For costs that are no finite numbers, or of another shape; when called, for costs of another number of classes.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI 17 (expected costs); Pires, Szepesvári & Ghavamzadeh
    (2013), Cost-sensitive multiclass classification risk bounds, ICML 30 (surrogates of the cost)

    Examples
    --------
    >>> objective = cost_sensitive_cross_entropy([[0, 1], [5, 0]])  # a miss of class 1 costs 5, a false alarm 1
    """
    if cost is None:
        return objective(CostSensitiveCrossEntropy(), curvature, clip)
    shape = np.shape(cost)
    if len(shape) == 2 and shape[0] == shape[1]:
        return objective(CostSensitiveCrossEntropy(matrix=cost), curvature, clip)  # type: ignore[arg-type]
    return objective(CostSensitiveCrossEntropy(cost), curvature, clip)  # type: ignore[arg-type]
