"""Margin losses of classes."""

from __future__ import annotations

from typing import Any

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import Hinge, MulticlassHinge, SquaredHinge
from gbm_objectives.objective import Objective

__all__ = ["hinge", "multiclass_hinge", "squared_hinge"]


def hinge(
    width: float = 1.0,
    *,
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Smoothed hinge loss of a = 1 - s z, s = 2 y - 1: 0 for a <= 0, a^2/(2 w) up to w, a - w/2 beyond.

    Labels 0 and 1; raw predictions are margins, class 1 for z > 0, and the link is the identity: there are no
    probabilities. As width -> 0 it is max(0, 1 - s z), scikit-learn's and optax's hinge, whose second derivative
    is 0 everywhere. Gradient -s clip(a/w, 0, 1); Hessian by default the majorizer (1/w)/max(1, 2 |a/w - 1/2|).

    Parameters
    ----------
    width : float, default 1.0
        The width w > 0, on the scale of the margin 1.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `binary_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `huber`; "exact" (1/w for 0 < a < w, else 0) leaves misclassified rows out of the split search.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For width <= 0; when called, for labels other than 0 and 1.

    References
    ----------
    De Leeuw & Lange (2009), https://doi.org/10.1016/j.csda.2009.01.002 (the majorizer)

    Examples
    --------
    >>> gradient, hessian = hinge()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-1.,  1.], dtype=float32)
    >>> hessian.round(3)
    array([1. , 0.2], dtype=float32)
    """
    return objective(Hinge(width), curvature, clip, class_weight)


def squared_hinge(
    *,
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Squared hinge loss, max(0, 1 - s z)^2/2, s = 2 y - 1; Keras and scikit-learn leave out the 1/2.

    Labels 0 and 1; raw predictions are margins, class 1 for z > 0, and the link is the identity. The minimum is
    z = 2 P - 1, so (1 + z)/2, held within 0 and 1, is a probability (`Objective.log_odds`). Gradient
    -s max(0, a); Hessian by default the majorizer 1. Errors count with their square: mislabelled rows weigh much.

    Parameters
    ----------
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `binary_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `huber`; "exact" is 1 within the margin and 0 beyond.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For an unfit curvature; when called, for labels other than 0 and 1.

    References
    ----------
    Zhang (2004), https://doi.org/10.1214/aos/1079120130 (the probabilities)

    Examples
    --------
    >>> gradient, hessian = squared_hinge()([1, 0], [0.0, 2.0])
    >>> gradient.round(3)
    array([-1.,  3.], dtype=float32)
    >>> hessian.round(3)
    array([1., 1.], dtype=float32)
    """
    return objective(SquaredHinge(), curvature, clip, class_weight)


def multiclass_hinge(
    width: float = 1.0,
    *,
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Hinge loss of K classes: the sum over wrong classes j of `hinge`'s smoothed hinge of a_j = 1 + z_j - z_y.

    Weston & Watkins' (1999) loss; Crammer & Singer's (2001) and Keras' categorical hinge have the largest a_j
    alone, which gives the trees of all other classes no gradient. Labels are class codes 0..K-1, so the library
    needs num_class=K; the class is that of the largest raw score, and there are no probabilities.

    Parameters
    ----------
    width : float, default 1.0
        The width w > 0, on the scale of the margin 1.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `softmax_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `huber`; by default the majorizer, which bounds the coupling of the classes too.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For width <= 0; when called, for labels that are no class codes.

    Examples
    --------
    >>> gradient, hessian = multiclass_hinge()([0, 2], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.,  0.,  0.],
           [ 1.,  1., -2.]], dtype=float32)
    >>> hessian.round(3)
    array([[4.   , 2.   , 2.   ],
           [0.667, 2.   , 2.667]], dtype=float32)
    """
    return objective(MulticlassHinge(width), curvature, clip, class_weight)
