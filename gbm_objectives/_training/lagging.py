"""Rows that a robust loss left behind: far rows that lie together, all on one side of the predictions.

Outliers and rows that lag have the same residuals; the features tell them apart. One more tree, grown to find the far
rows of one half of the data, says where they lie; the other half says whether that is so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.numerics import weighted_quantile
from gbm_objectives._core.validation import Array
from gbm_objectives.losses._residual import RobustLoss
from gbm_objectives.losses.quantile import Quantile
from gbm_objectives.objective import Objective

#: Grows one tree from the gradients and Hessians of the training rows; the leaf of each row, numbered from 0.
Grow = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.intp]]

#: Fewer rounds may be too few for anything.
ROUNDS = 50
#: Rows are far from so many standard deviations on, of normal errors with the median |r| of all rows.
_FAR = 6.0
#: Log-likelihood ratio of a leaf's far rows against far rows spread evenly. e^10 would be more than chance makes in all
#: leaves; real labels have small pockets of far rows that reach 20 (`benchmarks/robustness.py --warnings`).
_EVIDENCE = 25.0
#: The least share of all rows, and number.
_SHARE, _NUMBER = 0.003, 10


def can_leave_behind(objective: Objective) -> bool:
    """Whether far rows pull the predictions no more than near ones, and both sides alike, in one output."""
    if len(objective.terms) > 1 or (objective.rows is not None and objective.rows.several):
        return False
    (loss,) = (term.loss for term in objective.terms)
    median = isinstance(loss, Quantile) and loss.tau == 0.5
    return median or isinstance(loss, RobustLoss)


def left_behind(
    y_true: Array, raw_prediction: Array, sample_weight: Array | None, grow: Grow
) -> str:
    """What is to be said of rows left behind, or nothing.

    Where far rows on one side are the majority of a leaf, the model is not near the median there: what the rows have
    in common is structure, which limits on Hessians or a small scale kept the trees from learning.

    Parameters
    ----------
    y_true, raw_prediction : ndarray of shape (n_samples,)
        Labels and final predictions of the training rows.
    sample_weight : ndarray of shape (n_samples,) or None
        Rows of weight 0 don't count.
    grow : callable
        See `Grow`; called once, and only where there are far rows.
    """
    r = y_true.astype(np.float64) - raw_prediction
    counted = np.ones(len(r), dtype=bool) if sample_weight is None else sample_weight > 0
    size = np.abs(r)
    middle = weighted_quantile(size, counted.astype(np.float64), 0.5)
    side = np.sign(r) * ((size > _FAR * 1.4826 * middle) & counted)
    least = max(_NUMBER, _SHARE * counted.sum())
    if max((side > 0).sum(), (side < 0).sum()) < least:
        return ""
    shown = np.random.default_rng(0).random(len(r)) < 0.5
    leaves = grow((-side * shown).astype(np.float32), (shown & counted).astype(np.float32))
    behind = np.zeros(len(r), dtype=bool)
    for far in (side > 0, side < 0):
        behind |= far & _crowded(leaves, far, counted & ~shown)[leaves]
    if behind.sum() < least:
        return ""
    share, distance = behind.sum() / counted.sum(), float(np.median(size[behind]))
    return (
        f"{share:.1%} of the training rows are left behind: their median distance from their predictions is "
        f"{distance:.3g}, that of all rows is {middle:.3g}, and they lie together on one side. Outliers would be "
        "spread over the features: this is structure that the loss has not learned. Try leaves='step', more rounds, a larger delta, "
        "smaller limits on the rows and Hessians of leaves, or squared_error()."
    )


def _crowded(
    leaves: NDArray[np.intp], far: NDArray[np.bool_], tested: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """By leaf, whether far rows are the majority of its tested rows, and more than chance makes."""
    count = int(leaves.max()) + 1
    n = np.bincount(leaves[tested], minlength=count)
    k = np.bincount(leaves[tested & far], minlength=count)
    share = k.sum() / max(n.sum(), 1)
    q = np.clip(k / np.maximum(n, 1), 1e-9, 1 - 1e-9)
    if not 0 < share < 0.5:
        return np.zeros(count, dtype=bool)
    evidence = k * np.log(q / share) + (n - k) * np.log((1 - q) / (1 - share))
    crowded: NDArray[np.bool_] = (q > 0.5) & (evidence > _EVIDENCE)
    return crowded
