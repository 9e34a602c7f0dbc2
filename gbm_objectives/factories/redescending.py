"""Losses that let go of far outliers. They aren't convex: see `gbm_objectives.losses.redescending`.

Conventions: see `gbm_objectives.factories`.
"""

from __future__ import annotations

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, Delta, objective
from gbm_objectives.losses import (
    AdaptiveRobust,
    Cauchy,
    GemanMcClure,
    GeneralRobust,
    Tukey,
    Welsch,
)
from gbm_objectives.objective import Objective

__all__ = ["adaptive_robust", "cauchy", "geman_mcclure", "general_robust", "tukey", "welsch"]


def adaptive_robust(
    *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Student's t with scale and degrees of freedom from the residuals: robust where the data needs it.

    The loss is nu sigma^2/2 log(1 + r^2/(nu sigma^2)), the negative log-likelihood scaled to curvature 1
    at 0. At each call sigma is the upper quartile of the |r| below 4 sigma, over 1.15, and sqrt(nu) is
    2 (.2/e)^.3, at most 8, where e is the weighted share of rows beyond 4 sigma. So clean data is fitted
    almost as by squared error. Outliers neither move the prediction nor widen the scale, as long as they are
    fewer than half of the rows.

    Gradient r/(1 + r^2/(nu sigma^2)); Hessian by default the majorizer 1/(1 + r^2/(nu sigma^2)).

    Parameters
    ----------
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
        For an unknown or unfit curvature.

    Notes
    -----
    The constants 4, 2 and .3 were chosen on six real data sets with four kinds of noise and two libraries
    (``benchmarks/robustness.py``), on a plateau: 3.5 to 4.5, .2 to .5 give the same to 1%. No other
    objective of this package, nor a built-in one, was as good there on average, nor on clean labels.

    References
    ----------
    Lange, Little & Taylor (1989), https://doi.org/10.1080/01621459.1989.10478852 (Student's t);
    Barron (2019), https://arxiv.org/abs/1701.03077 (a shape from the residuals)

    Examples
    --------
    >>> gradient, hessian = adaptive_robust()([0.0] * 6, [0.1, -0.2, 0.3, -0.4, 0.5, 50.0])
    >>> gradient.round(3)
    array([ 0.098, -0.186,  0.257, -0.309,  0.342,  0.011], dtype=float32)
    >>> hessian.round(3)
    array([0.982, 0.931, 0.858, 0.772, 0.684, 0.001], dtype=float32)
    """
    return objective(AdaptiveRobust(), curvature, clip)


def cauchy(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Cauchy (Lorentzian) loss: delta^2/2 log(1 + u^2). The gentlest redescending loss.

    Gradient r/(1 + u^2), which falls beyond delta; Hessian by default the majorizer 1/(1 + u^2). The exact
    Hessian is negative beyond delta.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        Where the influence of an error is at its largest, in the units of the target. "auto": at each call
        1.75 times 1.4826 times the weighted median |r|, and at least .05 (mean sqrt|r|)^2. By measurement:
        the textbook's 2.385 (95% efficiency for normal errors) is 3% better on clean data and 6 to 21% worse
        at 20 to 40% of outliers, where the median is already too wide.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is the lowest minimum that can be found, not the one next to the median.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Black & Anandan (1996), https://doi.org/10.1006/cviu.1996.0006

    Examples
    --------
    >>> gradient, hessian = cauchy(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.4, 0.3], dtype=float32)
    >>> hessian.round(3)
    array([0.8, 0.1], dtype=float32)
    """
    return objective(Cauchy(delta), curvature, clip)


def geman_mcclure(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Geman-McClure loss: delta^2/2 u^2/(1 + u^2), bounded by delta^2/2.

    Gradient r/(1 + u^2)^2, largest at .58 delta; Hessian by default the majorizer 1/(1 + u^2)^2.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        In the units of the target. "auto": at each call 3.5 times 1.4826 times the weighted median |r|, and
        at least .05 (mean sqrt|r|)^2. By measurement: 3 and 3.5 are the best of 2 to 4.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is as for `cauchy`.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Geman & McClure (1987), Statistical methods for tomographic image reconstruction, Bulletin of the
    International Statistical Institute 52(4), 5-21; Barron (2019), https://arxiv.org/abs/1701.03077

    Examples
    --------
    >>> gradient, hessian = geman_mcclure(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.32, 0.03], dtype=float32)
    >>> hessian.round(3)
    array([0.64, 0.01], dtype=float32)
    """
    return objective(GemanMcClure(delta), curvature, clip)


def welsch(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Welsch (Leclerc) loss: delta^2/2 (1 - exp(-u^2)), bounded by delta^2/2.

    Gradient r exp(-u^2), largest at .71 delta; Hessian by default the majorizer exp(-u^2). Rows beyond
    about 5 delta have neither gradient nor Hessian: they don't take part in the round, nor count for
    min_child_weight and min_sum_hessian_in_leaf. A region that holds nothing else can't be learned until
    delta, which follows the median |r|, or the model's other splits reach it.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        In the units of the target. "auto": at each call 3 times 1.4826 times the weighted median |r|, and at
        least .05 (mean sqrt|r|)^2. By measurement, and near the textbook's 2.985: 3.5 is 4% better on clean
        data and 3 to 10% worse at 20 to 40% of outliers.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is as for `cauchy`.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Holland & Welsch (1977), https://doi.org/10.1080/03610927708827533

    Examples
    --------
    >>> gradient, hessian = welsch(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.389, 0.   ], dtype=float32)
    >>> hessian.round(3)
    array([0.779, 0.   ], dtype=float32)
    """
    return objective(Welsch(delta), curvature, clip)


def tukey(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Tukey's biweight loss: delta^2/6 (1 - (1 - u^2)^3) within delta, delta^2/6 beyond.

    Gradient r (1 - u^2)^2 within delta, 0 beyond; Hessian by default the majorizer (1 - u^2)^2 or 0. Rows
    beyond delta don't take part in the round, as for `welsch`.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        Beyond which an error has no influence, in the units of the target. "auto": at each call 5 times
        1.4826 times the weighted median |r|, and at least .05 (mean sqrt|r|)^2. By measurement, and near the
        textbook's 4.685: 6 is 6% better on clean data and 3 to 10% worse on contaminated data.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is as for `cauchy`.

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Beaton & Tukey (1974), https://doi.org/10.1080/00401706.1974.10489171

    Examples
    --------
    >>> gradient, hessian = tukey(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.281, 0.   ], dtype=float32)
    >>> hessian.round(3)
    array([0.562, 0.   ], dtype=float32)
    """
    return objective(Tukey(delta), curvature, clip)


def general_robust(
    alpha: float = 1.0,
    delta: Delta = "auto",
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Barron's general robust loss: delta^2 (b/alpha) ((1 + u^2/b)^(alpha/2) - 1) with b = 2 - alpha.

    Squared error at alpha = 2, pseudo-Huber at 1, `cauchy` with sqrt(2) delta at 0, `geman_mcclure` with
    2 delta at -2, `welsch` with sqrt(2) delta at -inf. Gradient r (1 + u^2/b)^(alpha/2 - 1); Hessian by
    default the majorizer, the same power without r.

    Parameters
    ----------
    alpha : float, default 1.0
        The shape, at most 2; -inf is float("-inf"). Convex from 1 on, redescending below.
    delta : float or "auto", default "auto"
        In the units of the target. "auto": at each call a multiple, from .5 (alpha >= 1) to 2.12 (-inf), of
        1.4826 times the weighted median |r|, and at least .05 (mean sqrt|r|)^2.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is as for `cauchy`.

    Raises
    ------
    TypeError, ValueError
        For alpha > 2 or NaN; delta, curvature as for `huber`.

    References
    ----------
    Barron (2019), https://arxiv.org/abs/1701.03077

    Examples
    --------
    >>> gradient, hessian = general_robust(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.447, 0.949], dtype=float32)
    >>> hessian.round(3)
    array([0.894, 0.316], dtype=float32)
    """
    return objective(GeneralRobust(delta, alpha=alpha), curvature, clip)
