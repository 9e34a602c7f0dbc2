"""Losses of a positive target on the log scale: counts, amounts, rates.

Raw predictions are z = log mu; models answer with mu = exp(z). Gradients and Hessians are not scaled, they are
those of the libraries' own objectives: of `poisson` and, to the power 2 - p, of `tweedie` they have the units of
the target. Rates of 1e-6 have Hessians of 1e-6, and no split passes min_child_weight=1: model counts with
their exposure as weights, or multiply the weights. Of `gamma` and `squared_log_error` they are of order 1.

Exposure. A count y over an exposure e (time, area, policies): give y / e as the target and e as
sample_weight. The gradient e (mu - y/e) is that of the count with e mu as its mean, and mu is the rate. For
counts as the target the start is base_margin (XGBoost) or init_score (LightGBM) log(e) + log(sum y / sum e), in
training and, for XGBoost, in predict too.
"""

from __future__ import annotations

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import Gamma, Poisson, SquaredLogError, Tweedie
from gbm_objectives.objective import Objective

__all__ = ["gamma", "poisson", "squared_log_error", "tweedie"]


def poisson(*, curvature: Curvature | str | None = None, clip: Clip | None = None) -> Objective:
    """Poisson deviance, halved: mu - y + y log(y/mu), for counts and rates; raw predictions are log mu.

    XGBoost's count:poisson, LightGBM's poisson. Gradient mu - y; Hessian by default max((y + mu)/2, |y - mu|). With
    (y + mu)/2 alone a leaf steps by 2 tanh(log(Y/M)/2), Y and M its sums of y and mu: towards its best value
    log(Y/M) and never past it; the other part lets a step change mu by a factor e at most. The exact Hessian mu
    overshoots to Y/M - 1, for which both libraries multiply it by exp(.7), so every step is half as long.

    Parameters
    ----------
    curvature : Curvature, str or None, default None
        As for `huber`: "halley" is (y + mu)/2, "exact" and "fisher" mu; "absolute", "unit"; "xgboost" and
        "lightgbm" are exp(.7) mu, the built-in one at its default max_delta_step (XGBoost bounds the leaves
        by .7 beside: params max_delta_step=.7). Default: halley with steps of at most 1.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Labels >= 0, whole or not, in the units of the target; for exposure see the module. Its ``metric`` is the
        share of the constant's deviance that is left, 1 - D^2. All labels 0: the start is log 1e-6.

    Raises
    ------
    TypeError, ValueError
        For an unknown or unfit curvature.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, https://doi.org/10.1201/9780203753736;
    dmlc/xgboost#12431 (the Hessian, in XGBoost after 3.4)

    Examples
    --------
    >>> gradient, hessian = poisson()([1.0, 4.0], [0.0, 0.0])
    >>> gradient.round(3)
    array([ 0., -3.], dtype=float32)
    >>> hessian.round(3)
    array([1., 3.], dtype=float32)
    """
    return objective(Poisson(), curvature, clip)


def gamma(*, curvature: Curvature | str | None = None, clip: Clip | None = None) -> Objective:
    """Gamma deviance, halved: y/mu - 1 - log(y/mu), for amounts of constant relative error; raw is log mu.

    XGBoost's reg:gamma, LightGBM's gamma. Gradient 1 - y/mu, of order 1 in any unit of the target; Hessian
    by default max((1 + y/mu)/2, |1 - y/mu|): no leaf steps past its best value, nor by more than a factor e. The exact one, y/mu as in both libraries,
    vanishes where mu is too large: there leaves explode.

    Parameters
    ----------
    curvature : Curvature, str or None, default None
        As for `poisson`; "halley" is (1 + y/mu)/2, "exact" y/mu, "fisher" 1.
    clip : tuple of (float, float or None), or None, default None
        As for `poisson`.

    Returns
    -------
    Objective
        Labels > 0. Its ``metric`` is 1 - D^2 of the gamma deviance.

    Raises
    ------
    TypeError, ValueError
        For an unknown or unfit curvature.

    References
    ----------
    McCullagh & Nelder (1989), https://doi.org/10.1201/9780203753736

    Examples
    --------
    >>> gradient, hessian = gamma()([1.0, 4.0], [0.0, 0.0])
    >>> gradient.round(3)
    array([ 0., -3.], dtype=float32)
    >>> hessian.round(3)
    array([1., 3.], dtype=float32)
    """
    return objective(Gamma(), curvature, clip)


def tweedie(
    power: float = 1.5, *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Tweedie deviance, halved, of variance mu^power: many zeros beside positive amounts; raw is log mu.

    y^(2-p)/((1-p)(2-p)) - y mu^(1-p)/(1-p) + mu^(2-p)/(2-p) with p = power. XGBoost's reg:tweedie, LightGBM's tweedie.
    Gradient B - A with A = y mu^(1-p), B = mu^(2-p); Hessian by default max((A + B)/2, |B - A|): no leaf steps
    past its best value, nor by more than a factor e.

    Parameters
    ----------
    power : float, default 1.5
        Strictly between 1 (`poisson`) and 2 (`gamma`).
    curvature : Curvature, str or None, default None
        As for `poisson`; "halley" is (A + B)/2, "exact" (p - 1) A + (2 - p) B, as in both libraries, "fisher"
        B.
    clip : tuple of (float, float or None), or None, default None
        As for `poisson`.

    Returns
    -------
    Objective
        Labels >= 0. Its ``metric`` is 1 - D^2 of the Tweedie deviance.

    Raises
    ------
    TypeError, ValueError
        For a power outside (1, 2); an unknown or unfit curvature.

    References
    ----------
    Jorgensen (1987), https://doi.org/10.1111/j.2517-6161.1987.tb01685.x

    Examples
    --------
    >>> gradient, hessian = tweedie()([1.0, 4.0], [0.0, 0.0])
    >>> gradient.round(3)
    array([ 0., -3.], dtype=float32)
    >>> hessian.round(3)
    array([1., 3.], dtype=float32)
    """
    return objective(Tweedie(power=power), curvature, clip)


def squared_log_error(
    *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Squared log error, (log(1 + mu) - log(1 + y))^2 / 2, the square of RMSLE; raw predictions are log mu.

    With s = sigmoid(raw) and r the difference: gradient s r, Hessian by default max(s^2, |gradient|), so that a leaf
    changes mu by a factor e at most. XGBoost's reg:squaredlogerror has the identity link, with Hessians of 1/(1 + mu)^2:
    no split at targets of 1e4. Of targets well below 1 it is the squared error in disguise, with Hessians mu^2.

    Parameters
    ----------
    curvature : Curvature, str or None, default None
        As for `huber`: "fisher" (s^2), "exact" (negative for labels far above mu), "absolute", "unit".
        Default: fisher with steps of at most 1.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Labels >= 0. The best constant is exp(mean log(1 + y)) - 1: well below the mean for a skewed target.

    Raises
    ------
    TypeError, ValueError
        For an unknown or unfit curvature.

    Examples
    --------
    >>> gradient, hessian = squared_log_error()([1.0, 4.0], [0.0, 0.0])
    >>> gradient.round(3)
    array([ 0.   , -0.458], dtype=float32)
    >>> hessian.round(3)
    array([0.25 , 0.458], dtype=float32)
    """
    return objective(SquaredLogError(), curvature, clip)
