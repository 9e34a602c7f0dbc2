"""Objectives whose rows are weighted by their own gradients or losses."""

from __future__ import annotations

from dataclasses import replace

from gbm_objectives._core.validation import message
from gbm_objectives.curvature import Curvature, Exact, as_curvature
from gbm_objectives.factories._make import Clip, Delta
from gbm_objectives.losses import BinaryCrossEntropy, PseudoHuber
from gbm_objectives.objective import Objective
from gbm_objectives.objective._terms import Term
from gbm_objectives.weighting import Weighting
from gbm_objectives.weighting._hardness import GradientHarmonizing, HardestShare

__all__ = ["ghm_classification", "ghm_regression", "ohem"]

#: Hard rows weigh much here, and the exact Hessian of confident errors vanishes.
_SAFE = Exact(trust=2.0)


def ghm_classification(
    objective: Objective | None = None,
    bins: int = 30,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """GHM-C: `binary_cross_entropy` with each row weighted by the inverse density of its gradient norm |p - y|.

    The more rows have a gradient of similar size, the less each of them counts. Easy rows so count little, and
    outliers too, if there are many. A row that is alone in its region of the gradient weighs about n/bins times the mean. The density is a histogram of all rows at each
    call, weighted, so there is nothing to average over batches, and no state. Weights move with the predictions: a
    round may raise the weighted loss. The metric is cross-entropy without them. Probabilities are those of a
    weighted population, not calibrated. Gradient and Hessian are the loss's own times the weight.

    Parameters
    ----------
    objective : Objective or None, default None
        An objective of one term with a bounded gradient, such as ``softmax_cross_entropy()``, whose norm is the largest
        |p_k - t_k|; None: ``binary_cross_entropy()``.
    bins : int, default 30
        Number of bins of the histogram over [0, 1], >= 2; neighbours are smoothed over.
    curvature : Curvature, str or None, default None
        As for `binary_cross_entropy`; default max(exact, |gradient|/2): leaves of at most 2. Only without an
        objective, which has its own.
    clip : tuple of (float, float or None), or None, default None
        As for `binary_cross_entropy`. Only without an objective, which has its own.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For bins < 2, a sum, an objective of unbounded gradient; when called, for labels outside [0, 1].

    References
    ----------
    Li et al. (2019), https://arxiv.org/abs/1811.05181

    Examples
    --------
    >>> gradient, hessian = ghm_classification()([1, 0, 0, 0], [-2.0, -2.0, -2.0, -2.0])
    >>> gradient.round(3)
    array([-1.762,  0.079,  0.079,  0.079], dtype=float32)
    >>> hessian.round(3)
    array([0.881, 0.07 , 0.07 , 0.07 ], dtype=float32)
    """
    if objective is None:
        policy = as_curvature(curvature) if curvature is not None else _SAFE
        objective = Objective((Term(BinaryCrossEntropy(), policy, clip),))
    else:
        _reject_own(curvature=curvature, clip=clip)
    return _weighted(objective, GradientHarmonizing(bins))


def ghm_regression(
    objective: Objective | None = None,
    bins: int = 30,
    *,
    delta: Delta | None = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """GHM-R: `pseudo_huber` with each row weighted by the inverse density of |gradient|/delta, in [0, 1].

    The paper's ASL1 loss, sqrt(r^2 + mu^2) - mu, is pseudo-Huber with delta = mu over mu, whose gradient is
    bounded by 1. Outliers have the same norm, near 1: where they are many they are weighted down. Weights move, and
    the metric is without them, as for `ghm_classification`.

    Parameters
    ----------
    objective : Objective or None, default None
        An objective of one term with a bounded gradient, such as ``huber()``; None: ``pseudo_huber(delta)``.
    bins : int, default 30
        As for `ghm_classification`.
    delta : float, "auto" or None, default None
        In the units of the target, as for `pseudo_huber`; None is "auto". Only without an objective, which has its own.
    curvature : Curvature, str or None, default None
        As for `pseudo_huber`. Only without an objective, which has its own.
    clip : tuple of (float, float or None), or None, default None
        As for `pseudo_huber`. Only without an objective, which has its own.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As for `pseudo_huber`; for bins < 2.

    References
    ----------
    Li et al. (2019), https://arxiv.org/abs/1811.05181

    Examples
    --------
    >>> gradient, hessian = ghm_regression(delta=1.0)([0.0, 0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 3.0])
    >>> gradient.round(3)
    array([0.074, 0.074, 0.074, 1.677], dtype=float32)
    >>> hessian.round(3)
    array([0.74 , 0.74 , 0.74 , 0.559], dtype=float32)
    """
    if objective is None:
        policy = None if curvature is None else as_curvature(curvature)
        loss = PseudoHuber("auto" if delta is None else delta)
        objective = Objective((Term(loss, policy, clip),))
    else:
        _reject_own(delta=delta, curvature=curvature, clip=clip)
    return _weighted(objective, GradientHarmonizing(bins))


def ohem(objective: Objective | None = None, keep: float = 0.25) -> Objective:
    """Online hard example mining: only the rows of largest loss count, those with the share ``keep`` of the weight.

    Rows at the threshold share what is left, so exactly ``keep`` is kept also where many rows tie (above 2^19 rows
    the threshold is found in a sixteenth of them). What is minimised is keep x the mean of the largest losses (conditional value at risk); its best constant is where boosting
    starts. Other rows have gradient 0, and keep times their Hessian: they move with their leaf, and become the
    hardest ones where it moves too far. It fails where labels are wrong: these are the hardest rows.

    Parameters
    ----------
    objective : Objective or None, default None
        An objective of one term, such as ``huber()`` or ``softmax_cross_entropy()``. None: ``binary_cross_entropy()``.
    keep : float, default 0.25
        The share of the weight that is kept, in (0, 1].

    Returns
    -------
    Objective
        With the loss, curvature and clip of ``objective``.

    Raises
    ------
    TypeError, ValueError
        For a sum, a loss that is no sum over rows, such as `dice`, or keep outside (0, 1].

    References
    ----------
    Shrivastava et al. (2016), https://arxiv.org/abs/1604.03540 (the name);
    Rockafellar & Uryasev (2000), https://doi.org/10.21314/JOR.2000.038 (the mean of the largest losses)

    Examples
    --------
    >>> gradient, hessian = ohem(keep=0.5)([1, 1, 0, 0], [2.0, -2.0, 2.0, -2.0])
    >>> gradient.round(3)
    array([-0.   , -0.881,  0.881,  0.   ], dtype=float32)
    >>> hessian.round(3)
    array([0.052, 0.105, 0.105, 0.052], dtype=float32)
    """
    if objective is None:
        objective = Objective((Term(BinaryCrossEntropy()),))
    return _weighted(objective, HardestShare(keep))


def _weighted(objective: Objective, weighting: Weighting) -> Objective:
    """The objective with one more weighting of its only term."""
    given_one: object = objective
    if not isinstance(given_one, Objective):
        given = f"{given_one!r} of type {type(given_one).__name__}"
        needed = "an objective of gbm_objectives, such as huber(), or None"
        raise TypeError(message("objective", given, needed))
    if len(objective.terms) != 1:
        given = f"the sum {objective.name}"
        instead = "Weight one term of the sum, such as ohem(a) + b."
        raise ValueError(message("objective", given, "an objective of one term", instead))
    (term,) = objective.terms
    return replace(objective, terms=(replace(term, weightings=(*term.weightings, weighting)),))


def _reject_own(**arguments: object) -> None:
    """What belongs to the objective can't be given beside it."""
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(message(name, f"{value!r} beside an objective", "it in the objective"))
