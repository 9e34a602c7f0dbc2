"""Objectives of whole distributions."""

from __future__ import annotations

from gbm_objectives._core.validation import invalid
from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.objective import Objective

__all__ = ["distribution"]


def distribution(
    family: str = "normal",
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Negative log-likelihood of a distribution, all of whose parameters depend on the features.

    A row has as many outputs as the family has parameters; labels are one number for each row. Boosters of both libraries
    predict raw parameters: ``objective.predict(booster, data)`` gives the parameters, and
    ``objective.loss.frozen(parameters)`` the distribution of `scipy.stats` over all rows. The estimator
    `gbm_objectives.sklearn.DistributionRegressor` does both.

    Parameters
    ----------
    family : str, default "normal"
        On the real line "normal", "student_t", "laplace" or "logistic"; above 0 "lognormal", "gamma" or "weibull";
        between 0 and 1 "beta"; counts "poisson", "negative_binomial", "zero_inflated_poisson" or
        "zero_inflated_negative_binomial"; 0 and 1 "bernoulli".
    curvature : Curvature, str or None, default None
        None: the natural gradient, the inverse Fisher matrix times the gradient, with a Hessian of 1; for the
        families of one parameter as for `poisson` and `binary_cross_entropy`. "fisher": the plain gradient with the
        diagonal of the Fisher matrix.
    clip : tuple of (float, float or None), or None, default None
        Bounds of the Hessian before weights.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For an unknown family or an unfit curvature; when called, for labels outside the domain of the family, with
        the rows and what to do.

    References
    ----------
    Duan et al. (2020), https://arxiv.org/abs/1910.03225 (natural gradient boosting)

    Examples
    --------
    >>> gradient, hessian = distribution("normal")([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    >>> gradient.round(3)
    array([[ 1.   ,  0.   ],
           [-0.   ,  0.488]], dtype=float32)
    >>> hessian.round(3)
    array([[1., 2.],
           [1., 2.]], dtype=float32)
    """
    if not isinstance(family, str) or family not in FAMILIES:
        raise invalid("family", given=repr(family), needed=f"one of {', '.join(FAMILIES)}")
    return objective(FAMILIES[family](), curvature, clip)
