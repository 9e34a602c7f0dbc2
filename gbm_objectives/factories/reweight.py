"""Objectives whose rows are weighted by their own gradients or losses."""

from __future__ import annotations

from dataclasses import replace

from gbm_objectives._terms import Term
from gbm_objectives._validation import message
from gbm_objectives.curvature import Curvature, Exact, as_curvature
from gbm_objectives.factories._make import Clip, Delta
from gbm_objectives.losses import BinaryCrossEntropy, PseudoHuber
from gbm_objectives.losses._base import Loss
from gbm_objectives.objective import Objective
from gbm_objectives.reweighting import GradientHarmonizing, HardestShare
from gbm_objectives.weighting import Weighting

#: Hard rows weigh much here, and the exact Hessian of confident errors vanishes.
_SAFE = Exact(trust=2.0)


def ghm_classification(
    bins: int = 30,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """GHM-C: `binary_cross_entropy` with each row weighted by the inverse density of its gradient norm |p - y|.

    Many easy rows count as little as they have neighbours, and so do outliers, unless they are few: a row alone in
    its region of the gradient weighs of the order of n/bins times the mean. The density is a histogram of all rows at each
    call, weighted, so there is nothing to average over batches, and no state. Weights move with the predictions: a
    round may raise the weighted loss. The metric is cross-entropy without them. Probabilities are those of a
    weighted population, not calibrated. Gradient and Hessian are the loss's own times the weight.

    Parameters
    ----------
    bins : >= 2, of the histogram over [0, 1]; neighbours are smoothed over.
    curvature, clip : as for `binary_cross_entropy`; default max(exact, |gradient|/2): leaves of at most 2.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        For bins < 2; when called, for labels outside [0, 1].

    References
    ----------
    Li et al. (2019), https://arxiv.org/abs/1811.05181
    """
    policy = as_curvature(curvature) if curvature is not None else _SAFE
    return _weighted(BinaryCrossEntropy(), policy, clip, GradientHarmonizing(bins))


def ghm_regression(
    delta: Delta = "auto",
    bins: int = 30,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """GHM-R: `pseudo_huber` with each row weighted by the inverse density of |gradient|/delta, in [0, 1].

    The paper's ASL1 loss, sqrt(r^2 + mu^2) - mu, is pseudo-Huber with delta = mu over mu, whose gradient is
    bounded by 1. Outliers have the same norm, near 1: where they are many they are weighted down. Weights move, and
    the metric is without them, as for `ghm_classification`.

    Parameters
    ----------
    delta, curvature, clip : as for `pseudo_huber`.
    bins : as for `ghm_classification`.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        As for `pseudo_huber`; for bins < 2.

    References
    ----------
    Li et al. (2019), https://arxiv.org/abs/1811.05181
    """
    policy = None if curvature is None else as_curvature(curvature)
    return _weighted(PseudoHuber(delta), policy, clip, GradientHarmonizing(bins))


def ohem(objective: Objective | None = None, keep: float = 0.25) -> Objective:
    """Online hard example mining: the rows of largest loss, with the share ``keep`` of the weight, count alone.

    Rows at the threshold share what is left, so exactly ``keep`` is kept also where many rows tie. What is minimised
    is keep x the mean of the largest losses (conditional value at risk); its best constant is where boosting
    starts. Other rows have gradient 0, and keep times their Hessian: they move with their leaf, and become the
    hardest ones where it moves too far. It fails where labels are wrong: these are the hardest rows.

    Parameters
    ----------
    objective : of one term, such as ``huber()`` or ``softmax_cross_entropy()``. None: ``binary_cross_entropy()``.
    keep : in (0, 1].

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
    """
    if objective is None:
        objective = Objective((Term(BinaryCrossEntropy()),))
    if len(objective.terms) != 1:
        instead = "Write ohem(a) + b to mine one term of the sum."
        given = f"the sum {objective.name}"
        raise ValueError(message("objective", given, "an objective of one term", instead))
    (term,) = objective.terms
    weightings = (*term.weightings, HardestShare(keep))
    return replace(objective, terms=(replace(term, weightings=weightings),))


def _weighted(
    loss: Loss, curvature: Curvature | None, clip: Clip | None, weighting: Weighting
) -> Objective:
    return Objective((Term(loss, curvature, clip, weightings=(weighting,)),))
