"""Overlap losses of a binary label: Dice and Tversky."""

from __future__ import annotations

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import Dice, Tversky
from gbm_objectives.objective import Objective

__all__ = ["dice", "tversky"]


def dice(
    smooth: float = 1.0,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Dice loss, 1 - (2 TP + 2 s)/(2 TP + FP + FN + 2 s) with sums of probabilities over all rows: a soft 1 - F1.

    TP = sum y p, FP = sum (1 - y) p, FN = sum y (1 - p), p = sigmoid of the raw prediction. `tversky` with
    alpha = beta = .5. Use it beside cross-entropy, ``binary_cross_entropy() + dice()``: alone it pushes
    scores towards +-inf, so its probabilities are not calibrated, and its best constant is to predict class 1
    everywhere; it starts at the base rate. Each column of a label matrix is a task of its own.

    Parameters
    ----------
    smooth : float, default 1.0
        The number s >= 0, in units of rows, or of weight. As in optax (1.0) and MONAI (1e-5), where the
        numerator is TP + s; Keras has none.
    curvature : Curvature, str or None, default None
        The default is "absolute", |gradient|: leaves of at most 1. "unit" fits too. The exact Hessian is negative
        for many rows and vanishes for confident errors, so it isn't offered.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its gradient is N times the derivative of the loss, N the total weight; its metric the loss itself.

    Raises
    ------
    TypeError, ValueError
        For smooth < 0; when called, for labels other than 0 and 1.

    References
    ----------
    Milletari et al. (2016), https://arxiv.org/abs/1606.04797

    Examples
    --------
    >>> gradient, hessian = dice()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-0.15 ,  0.033], dtype=float32)
    >>> hessian.round(3)
    array([0.15 , 0.033], dtype=float32)
    """
    return objective(Dice(smooth), curvature, clip)


def tversky(
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 1.0,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Tversky loss, 1 - (TP + s)/(TP + alpha FP + beta FN + s), with the sums of `dice`.

    alpha weighs false positives, beta false negatives, as in the paper, optax and MONAI; the code of Keras'
    Tversky has the two swapped against its documentation (it takes labels for predictions). beta > alpha asks
    for recall. alpha = beta = .5 is Dice, alpha = beta = 1 Jaccard (intersection over union).

    Parameters
    ----------
    alpha, beta : float, default 0.3 and 0.7
        The weights of false positives and of false negatives, > 0. The paper's best are .3 and .7.
    smooth : float, default 1.0
        As for `dice`.
    curvature : Curvature, str or None, default None
        As for `dice`.
    clip : tuple of (float, float or None), or None, default None
        As for `dice`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For alpha or beta <= 0, smooth < 0; when called, for labels other than 0 and 1.

    References
    ----------
    Salehi et al. (2017), https://arxiv.org/abs/1706.05721

    Examples
    --------
    >>> gradient, hessian = tversky()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-0.186,  0.021], dtype=float32)
    >>> hessian.round(3)
    array([0.186, 0.021], dtype=float32)
    """
    return objective(Tversky(smooth, alpha=alpha, beta=beta), curvature, clip)
