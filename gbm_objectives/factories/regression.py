"""Losses for the mean, the median, a quantile, an expectile, and the bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import message, open_unit, positive
from gbm_objectives.curvature import Curvature, Majorizer, as_curvature
from gbm_objectives.factories._make import Clip, Delta, objective
from gbm_objectives.losses import (
    AbsoluteError,
    Expectile,
    ExpectileLevels,
    Linex,
    MeanBias,
    MeanBiasPenalty,
    PercentageError,
    Quantile,
    QuantileLevels,
    SquaredError,
)
from gbm_objectives.losses.bias import Groups
from gbm_objectives.objective import Objective
from gbm_objectives.objective._terms import Term
from gbm_objectives.weighting import InverseLabel

__all__ = [
    "absolute_error",
    "expectile",
    "linex",
    "mape",
    "mean_bias_error",
    "quantile",
    "squared_error",
]


def squared_error(
    *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Squared error, r^2/2: the mean of the target. XGBoost's reg:squarederror, LightGBM's regression.

    Gradient r, Hessian 1. The same models as with the built-in objectives, so that losses of this package
    can be compared with it, and added to it, on equal terms.

    Parameters
    ----------
    curvature : Curvature, str or None, default None
        As for `huber`; "majorizer", "exact" and "unit" are all 1.
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

    Examples
    --------
    >>> gradient, hessian = squared_error()([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.5, 3. ], dtype=float32)
    >>> hessian.round(3)
    array([1., 1.], dtype=float32)
    """
    return objective(SquaredError(), curvature, clip)


def quantile(
    tau: float | Sequence[float] = 0.5,
    delta: Delta | Sequence[float] = "auto",
    *,
    smooth: bool = True,
    ordered: bool = True,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Pinball loss of the tau-quantile, smoothed within about delta: delta^2 (log cosh(u) + (1 - 2 tau) u).

    Far from 0 it is 2 delta times the pinball loss. Gradient delta (tanh(u) + 1 - 2 tau); Hessian by
    default the majorizer tanh(u)/u. With ``smooth=False`` the exact gradient delta (sign(r) + 1 - 2 tau)
    and the Hessian 1/max(1, |u|).

    With several levels, ``quantile([0.05, 0.5, 0.95])``, the loss is the sum of their losses. There is one column of labels
    and one output for each level, so num_class is the number of levels. The k-th smallest output of a row is the prediction of level k, in the loss
    as in the response, so predictions can't cross. ``predict`` of the estimators gives them, (n_samples, n_levels), and
    so does `Objective.predict` of a booster, whose own ``predict`` gives the outputs before they are sorted.

    Parameters
    ----------
    tau : float or sequence of float, default 0.5
        The quantile, strictly between 0 and 1; or several, increasing.
    delta : float, sequence of float or "auto", default "auto"
        The half-width of the smoothing, in the units of the target. "auto": at each call .33 S,
        S = (mean sqrt|r|)^2 or at most 1.5 median |r|, times min(1, m/(.45 q))^p, m and q the median and the
        .9-quantile of |r|, p = 1.75 |1 - 2 tau|, so that it is narrow where a tail is sharp; smaller in proportion for
        tau beyond [.05, .95]. Gradient and Hessian are then multiplied by sqrt(.33 S/delta); see `losses.Quantile`. Of
        several levels each has its own; numbers: one for all, or one each.
    smooth : bool, default True
        Smooth the kink (better quantiles with trees), or use the exact gradient.
    ordered : bool, default True
        Of several levels: sort the outputs of each row. False: output k is level k's alone, and may cross.
    curvature : Curvature, str or None, default None
        As for `huber`; default the majorizer.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``metric`` and ``intercept`` are those of the exact pinball loss, the mean over several levels.

    Raises
    ------
    TypeError, ValueError
        For tau outside (0, 1), levels that don't increase; delta, curvature as for `huber`.

    References
    ----------
    Koenker & Bassett (1978), https://doi.org/10.2307/1913643;
    Hunter & Lange (2000), https://doi.org/10.1080/10618600.2000.10474866 (the majorizer);
    Chernozhukov, Fernández-Val & Galichon (2010), https://doi.org/10.3982/ECTA7880 (sorting)

    Examples
    --------
    >>> gradient, hessian = quantile(0.9, delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([-0.338,  0.195], dtype=float32)
    >>> hessian.round(3)
    array([0.924, 0.332], dtype=float32)
    """
    smooth, ordered = _flag("smooth", smooth), _flag("ordered", ordered)
    level: Any = tau
    scale: Any = delta
    if np.ndim(level):
        return objective(QuantileLevels(level, scale, smooth, ordered), curvature, clip)
    return objective(Quantile(scale, tau=level, smooth=smooth), curvature, clip)


def _flag(argument: str, given: bool) -> bool:
    if not isinstance(given, bool):
        raise TypeError(message(argument, repr(given), "True or False"))
    return given


def absolute_error(
    delta: Delta = "auto",
    *,
    smooth: bool = True,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Absolute error, |r|: the median of the target; smoothed within about delta: delta^2 log cosh(u).

    Far from 0 it is delta |r|. Gradient delta tanh(u); Hessian by default the majorizer tanh(u)/u. With
    ``smooth=False`` the exact gradient delta sign(r) and the Hessian 1/max(1, |u|). XGBoost's
    reg:absoluteerror and LightGBM's regression_l1 set the leaves to medians afterwards, which no custom
    objective can; the majorizer brings each round as near as one step does.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        The half-width of the smoothing, in the units of the target. "auto": as for `huber`.
    smooth : bool, default True
        Smooth the kink, or use the exact gradient. The smooth gradients and Hessians are those of `log_cosh`;
        metric and intercept are those of the exact absolute error.
    curvature : Curvature, str or None, default None
        As for `huber`.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``metric`` is the mean absolute error over the delta around the best constant; its ``intercept``
        the median.

    Raises
    ------
    TypeError, ValueError
        For delta, curvature as for `huber`; ``smooth`` neither True nor False.

    References
    ----------
    Hunter & Lange (2000), https://doi.org/10.1080/10618600.2000.10474866 (the majorizer)

    Examples
    --------
    >>> gradient, hessian = absolute_error(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([0.462, 0.995], dtype=float32)
    >>> hessian.round(3)
    array([0.924, 0.332], dtype=float32)
    """
    return objective(AbsoluteError(delta, smooth=_flag("smooth", smooth)), curvature, clip)


def mape(
    delta: Delta = "auto",
    *,
    floor: float | None = None,
    smooth: bool = True,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Mean absolute percentage error, |r| / |y|: `absolute_error` of rows that weigh 1/|y|.

    Their weights are scaled to a geometric mean of 1, and no trust region bounds the leaves: the scale is that of small
    labels, and large ones would not be reached.

    Its best constant is a median that leans to the small labels, so it predicts low: small labels are where
    errors are large percentages. LightGBM's mape weighs 1/max(1, |y|), so its result depends on the unit of the
    target where labels are below 1; ``floor=1`` is the same weight.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        The half-width of the smoothing, in the units of the target; "auto" as for `absolute_error`, from the
        weighted residuals.
    floor : float or None, default None
        None, or the size, in the units of the target, below which labels count as so large; needed where
        labels are 0.
    smooth : bool, default True
        As for `absolute_error`.
    curvature : Curvature, str or None, default None
        As for `absolute_error`.
    clip : tuple of (float, float or None), or None, default None
        As for `absolute_error`.

    Returns
    -------
    Objective
        Its ``metric`` is the MAPE up to a constant; `metrics.mape` is the MAPE itself.

    Raises
    ------
    TypeError, ValueError
        For arguments out of range; when called, for labels of 0 without a floor.

    References
    ----------
    De Myttenaere et al. (2016), https://doi.org/10.1016/j.neucom.2015.12.114

    Examples
    --------
    >>> gradient, hessian = mape(delta=1.0)([10.0, 1000.0], [15.0, 1005.0])
    >>> gradient.round(3)
    array([9.999, 0.1  ], dtype=float32)
    >>> hessian.round(3)
    array([2.  , 0.02], dtype=float32)
    """
    loss = PercentageError(delta, smooth=_flag("smooth", smooth))
    policy = None if curvature is None else as_curvature(curvature)
    return Objective((Term(loss, policy, clip, weightings=(InverseLabel(floor),)),))


def expectile(
    tau: float | Sequence[float] = 0.5,
    *,
    ordered: bool = True,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Expectile loss: tau r^2 where the prediction is too low (r < 0), (1 - tau) r^2 where it is too high.

    Squared error with other weights for the two signs, r^2/2 at tau = .5: asymmetric, smooth and as
    sensitive to outliers as squared error. Gradient 2 tau r or 2 (1 - tau) r; Hessian the exact 2 tau or
    2 (1 - tau). Several levels, ``expectile([0.1, 0.5, 0.9])``, in one model: as for `quantile`.

    Parameters
    ----------
    tau : float or sequence of float, default 0.5
        Strictly between 0 and 1; above .5 predictions lie above the mean. Or several, increasing.
    ordered : bool, default True
        Of several levels: as for `quantile`.
    curvature : Curvature, str or None, default None
        As for `huber`; "majorizer" is the larger of 2 tau and 2 (1 - tau).
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        Its ``intercept`` is the exact expectile.

    Raises
    ------
    TypeError, ValueError
        For tau outside (0, 1), levels that don't increase; an unknown or unfit curvature.

    References
    ----------
    Newey & Powell (1987), https://doi.org/10.2307/1911031

    Examples
    --------
    >>> gradient, hessian = expectile(0.9)([0.0, 0.0], [0.5, -3.0])
    >>> gradient.round(3)
    array([ 0.1, -5.4], dtype=float32)
    >>> hessian.round(3)
    array([0.2, 1.8], dtype=float32)
    """
    ordered = _flag("ordered", ordered)
    level: Any = tau
    loss = ExpectileLevels(level, ordered) if np.ndim(level) else Expectile(level)
    return objective(loss, curvature, clip)


def linex(
    a: float = 1.0,
    delta: Delta = "auto",
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """LINEX loss: (delta/a)^2 (e^v - 1 - v) with v = a r/delta, exponential on one side, linear on the other.

    About r^2/2 near 0. For a > 0 predictions that are too high cost exponentially, so the model predicts
    low; a < 0 is the mirror image. Gradient (delta/a) (e^v - 1); Hessian by default e^v for v > 0 and
    (e^v - 1)/v for v < 0. v is held at 30.

    Parameters
    ----------
    a : float, default 1.0
        The asymmetry, .001 to 1000 or negative. Near 0 the loss is squared error.
    delta : float or "auto", default "auto"
        The unit of a, in the units of the target. "auto": at each call (mean sqrt|r|)^2. It then shrinks as
        the model fits, and the asymmetry per unit of the target grows: give a number where the cost of an
        error is known.
    curvature : Curvature, str or None, default None
        As for `huber`; the exact Hessian e^v vanishes on the linear side.
    clip : tuple of (float, float or None), or None, default None
        As for `huber`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For a out of range or 0; delta, curvature as for `huber`.

    Notes
    -----
    Outliers on the exponential side rule the fit: `expectile` is the bounded alternative.

    References
    ----------
    Zellner (1986), https://doi.org/10.1080/01621459.1986.10478289

    Examples
    --------
    >>> gradient, hessian = linex(a=1.0, delta=1.0)([0.0, 0.0], [2.0, -2.0])
    >>> gradient.round(3)
    array([ 6.389, -0.865], dtype=float32)
    >>> hessian.round(3)
    array([7.389, 0.432], dtype=float32)
    """
    return objective(Linex(delta, a=a), curvature, clip)


def mean_bias_error(
    penalty: float | None = None,
    *,
    groups: ArrayLike | None = None,
    learning_rate: float = 0.3,
    force: bool = False,
) -> Objective:
    """Bias under control: a penalty (penalty/2) n mean(r)^2 to add to a loss, ``huber() + mean_bias_error(3)``.

    Gradient penalty mean(r), the same in every row (of a group); Hessian learning_rate penalty. The raw mean
    bias error, mean(r), is no objective: it is linear, without a minimum, and its gradient, 1 everywhere,
    splits nothing. As a metric it is `gbm_objectives.metrics.mbe`.

    Parameters
    ----------
    penalty : float or None, default None
        The strength, > 0; about 1 to 10 beside a loss of the residual.
    groups : array_like of shape (n_samples,), or None, default None
        The group of each training row, to hold the bias of each group near 0. It belongs to
        these rows: data with another number of rows raises.
    learning_rate : float, default 0.3
        That of the booster. One that is too large is safe, only slower.
    force : bool, default False
        Return the raw mean bias error as an objective all the same, with a warning.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    ValueError
        Without a penalty and without ``force``; for a penalty or learning rate out of range.

    Notes
    -----
    For the global bias, subtracting the mean residual after training does as well. The penalty is worth
    having for the bias of groups.

    Examples
    --------
    >>> gradient, hessian = (huber(delta=1.0) + mean_bias_error(penalty=2.0))([0.0, 0.0], [0.5, 3.0])
    >>> gradient.round(3)
    array([4. , 4.5], dtype=float32)
    >>> hessian.round(3)
    array([1.6  , 0.933], dtype=float32)
    """
    if penalty is None and not force:
        raise ValueError(
            message(
                "penalty", "None, which asks for the raw mean bias error",
                "a penalty > 0 beside a loss",
                "The raw mean bias error has gradient 1 in every row and no minimum: no tree can split, "
                "and XGBoost's scores drift by -eta a round without end. Write "
                "huber() + mean_bias_error(penalty=3), use metrics.mbe() as a metric, or force=True.",
            )
        )  # fmt: skip
    if penalty is None:
        warn(
            "The raw mean bias error has no minimum: trees don't split and predictions drift.",
            stacklevel=2,
        )
        return objective(MeanBias(), None, None)
    if force:
        raise ValueError(message("force", "True with a penalty", "one of the two"))
    rate = open_unit("learning_rate", learning_rate) if learning_rate != 1 else 1.0
    coded = None if groups is None else Groups.of(groups)
    loss = MeanBiasPenalty(positive("penalty", penalty), coded)
    return objective(loss, Majorizer(kappa=rate), None)
