"""Robust convex losses of the residual.

Conventions: see `gbm_objectives.factories`.
"""

from __future__ import annotations

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, Delta, objective
from gbm_objectives.losses import Fair, Huber, LogCosh, PseudoHuber
from gbm_objectives.objective import Objective

__all__ = ["fair", "huber", "log_cosh", "pseudo_huber"]


def huber(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Huber loss: r^2/2 for |r| <= delta, delta |r| - delta^2/2 beyond.

    Gradient clip(r, -delta, delta); Hessian by default the majorizer 1/max(1, |u|). With the exact Hessian
    (1 within delta, 0 beyond) rows of outliers don't count in the search for splits, so it is not the default.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        Where an error begins to count as an outlier, in the units of the target. "auto": at each call half of
        1.4826 times the weighted median |r|, and at least .05 (mean sqrt|r|)^2.
    curvature : Curvature, str or None, default None
        A policy of `gbm_objectives.curvature` or its name: "majorizer", "exact", "absolute", "unit". Default:
        the majorizer; for delta="auto" with steps of at most 5 scales, the scale being the larger of delta
        and (mean sqrt|r|)^2.
    clip : tuple of (float, float or None), or None, default None
        (low, high) bounds of the Hessian before weights.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For delta <= 0, NaN, inf or a string other than "auto"; an unknown or unfit curvature.

    References
    ----------
    Huber (1964), https://doi.org/10.1214/aoms/1177703732

    Examples
    --------
    >>> gradient, hessian = huber(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.5, 1. ], dtype=float32)
    >>> hessian.round(3)
    array([1.   , 0.333], dtype=float32)
    """
    return objective(Huber(delta), curvature, clip)


def pseudo_huber(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Pseudo-Huber (Charbonnier) loss: delta^2 (sqrt(1 + u^2) - 1), a smooth Huber loss.

    Gradient r/sqrt(1 + u^2); Hessian by default the majorizer (1 + u^2)^(-1/2). The exact Hessian
    (1 + u^2)^(-3/2) decays so fast that leaves of outliers explode: with XGBoost's own
    reg:pseudohubererror (slope 1) on a target of size 1e4 they do.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        In the units of the target. "auto": as for `huber`.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Charbonnier et al. (1997), https://doi.org/10.1109/83.551699

    Examples
    --------
    >>> gradient, hessian = pseudo_huber(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.447, 0.949], dtype=float32)
    >>> hessian.round(3)
    array([0.894, 0.316], dtype=float32)
    """
    return objective(PseudoHuber(delta), curvature, clip)


def log_cosh(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Log-cosh loss: delta^2 log cosh(u), about r^2/2 near 0 and delta |r| far out.

    Gradient delta tanh(u); Hessian by default the majorizer tanh(u)/u. The exact Hessian sech(u)^2
    vanishes like 4 exp(-2|u|) while the gradient turns constant: XGBoost then finds no split, and
    LightGBM's leaves explode. It is the well-known flaw of log-cosh in boosting; the majorizer is its cure.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        In the units of the target. "auto": as for `huber`.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    De Leeuw & Lange (2009), https://doi.org/10.1016/j.csda.2009.01.002 (the majorizer)

    Examples
    --------
    >>> gradient, hessian = log_cosh(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.462, 0.995], dtype=float32)
    >>> hessian.round(3)
    array([0.924, 0.332], dtype=float32)
    """
    return objective(LogCosh(delta), curvature, clip)


def fair(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Fair loss: delta^2 (|u| - log(1 + |u|)), about r^2/2 near 0 and delta |r| far out.

    Gradient r/(1 + |u|); Hessian by default the majorizer 1/(1 + |u|). It turns linear slowly, so small
    errors count for less and far ones for more than in Huber's loss. The exact Hessian (1 + |u|)^-2,
    which LightGBM's own fair uses with a fixed scale of 1, lets leaves of outliers overshoot.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        In the units of the target. "auto": at each call a quarter of 1.4826 times the weighted median |r|,
        and at least .05 (mean sqrt|r|)^2. Half, as for `huber`, is 1% better on clean data and 7 to 40% worse
        on contaminated data (``benchmarks/robustness.py``).
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Holland & Welsch (1977), https://doi.org/10.1080/03610927708827533

    Examples
    --------
    >>> gradient, hessian = fair(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.333, 0.75 ], dtype=float32)
    >>> hessian.round(3)
    array([0.667, 0.25 ], dtype=float32)
    """
    return objective(Fair(delta), curvature, clip)
