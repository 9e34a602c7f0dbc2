"""Losses of a binary label."""

from __future__ import annotations

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import BinaryCrossEntropy, Focal
from gbm_objectives.objective import Objective


def binary_cross_entropy(
    *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Binary cross-entropy, -y log p - (1 - y) log(1 - p), p the probability of class 1.

    XGBoost's binary:logistic, LightGBM's binary and, for labels between 0 and 1, cross_entropy. Raw
    predictions are logits. Gradient p - y, Hessian by default the exact p (1 - p).

    Parameters
    ----------
    curvature, clip : as for `huber`; "majorizer" is tanh(z/2)/(2z) (Jaakkola & Jordan), "fisher" the exact one.

    Returns
    -------
    Objective
        Its labels may be probabilities, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        For an unknown or unfit curvature.

    References
    ----------
    Jaakkola & Jordan (2000), https://doi.org/10.1023/A:1008932416310 (the majorizer)
    """
    return objective(BinaryCrossEntropy(), curvature, clip)


def focal(
    gamma: float = 2.0,
    alpha: float | None = None,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Binary focal loss, -alpha_t (1 - p_t)^gamma log p_t with p_t the probability of the true class.

    Labels 0 and 1; raw predictions are logits. Hessian by default max(exact, |gradient|/2), since the
    exact one is negative for confident errors; the exact one, p (1 - p), for gamma = 0, where the loss
    is cross-entropy. Probabilities of a focal model are not calibrated, and its gain over cross-entropy in
    ranking is small: look at both.

    Parameters
    ----------
    gamma : >= 0, how much easy rows are damped.
    alpha : weight of class 1, 1 - alpha of class 0, in (0, 1); None: both 1. The paper's value is .25.
    curvature, clip : as for `huber`; "exact", "absolute" and "unit" fit.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        For gamma < 0 or alpha outside (0, 1).

    References
    ----------
    Lin et al. (2017), https://arxiv.org/abs/1708.02002
    """
    return objective(Focal(gamma=gamma, alpha=alpha), curvature, clip)
