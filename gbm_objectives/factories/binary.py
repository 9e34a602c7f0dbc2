"""Losses of a binary label."""

from __future__ import annotations

from typing import Any

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import BinaryCrossEntropy, Focal
from gbm_objectives.losses._smoothing import Smoothing
from gbm_objectives.objective import Objective

__all__ = ["binary_cross_entropy", "focal"]


def binary_cross_entropy(
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Binary cross-entropy, -y log p - (1 - y) log(1 - p), p the probability of class 1.

    XGBoost's binary:logistic, LightGBM's binary and, for labels between 0 and 1, cross_entropy. Raw
    predictions are logits. Gradient p - y, Hessian by default the exact p (1 - p).

    Parameters
    ----------
    label_smoothing : float, default 0.0
        The share e of each label, in [0, 1), that goes to the other classes.
    smoothing : {"uniform", "others"}, default "uniform"
        "uniform": y (1 - e) + e/2, as in PyTorch, Keras and optax; "others": y (1 - e) + (1 - y) e.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        None, "balanced" (scikit-learn's n / (2 n_k)), an `EffectiveNumber`, or the weights of classes 0 and
        1, as a pair or a dict; multiplies the rows' losses. Probabilities are then those of a population so
        weighted.
    curvature : Curvature, str or None, default None
        As for `huber`; "majorizer" is tanh(z/2)/(2z) (Jaakkola & Jordan), "fisher" the exact one.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its labels may be probabilities, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        For arguments out of range; an unknown or unfit curvature.

    References
    ----------
    Jaakkola & Jordan (2000), https://doi.org/10.1023/A:1008932416310 (the majorizer)

    Examples
    --------
    >>> gradient, hessian = binary_cross_entropy()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-0.5  ,  0.881], dtype=float32)
    >>> hessian.round(3)
    array([0.25 , 0.105], dtype=float32)
    """
    loss = BinaryCrossEntropy(label_smoothing, smoothing)
    return objective(loss, curvature, clip, class_weight)


def focal(
    gamma: float = 2.0,
    alpha: float | None = None,
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Binary focal loss, -alpha_t (1 - p_t)^gamma log p_t with p_t the probability of the true class.

    Labels 0 and 1; raw predictions are logits. Hessian by default max(exact, |gradient|/2), since the
    exact one is negative for confident errors; the exact one, p (1 - p), for gamma = 0, where the loss
    is cross-entropy. The sigmoid of a score is not a calibrated probability;
    `Objective.log_odds` corrects it. In our measurements it ranked hardly better than cross-entropy: compare both.

    Parameters
    ----------
    gamma : float, default 2.0
        How much easy rows are damped, >= 0.
    alpha : float or None, default None
        Weight of class 1, 1 - alpha of class 0, in (0, 1); None: both 1. The paper's value, and torchvision's
        and Keras' default, is .25.
    label_smoothing : float, default 0.0
        As for `binary_cross_entropy`.
    smoothing : {"uniform", "others"}, default "uniform"
        As for `binary_cross_entropy`.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `binary_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `huber`; "exact", "absolute" and "unit" fit.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For gamma < 0 or alpha outside (0, 1).

    References
    ----------
    Lin et al. (2017), https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> gradient, hessian = focal()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-0.298,  1.077], dtype=float32)
    >>> hessian.round(3)
    array([0.399, 0.538], dtype=float32)
    """
    loss = Focal(label_smoothing, smoothing, gamma=gamma, alpha=alpha)
    return objective(loss, curvature, clip, class_weight)
