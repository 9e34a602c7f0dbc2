"""The objectives: one function each. This is the user's documentation.

Conventions. r = raw_prediction - y_true and u = r/delta. Losses of the residual have curvature 1 at r = 0,
so gradients are in the units of the target, Hessians have no unit, and lambda, min_child_weight and
min_sum_hessian_in_leaf mean what they mean for squared error. All arrays are (n_samples,), or
(n_samples, n_outputs) for several targets, which are then separate tasks.
"""

from __future__ import annotations

from typing import Literal
from warnings import warn

from numpy.typing import ArrayLike

from gbm_objectives._terms import Term
from gbm_objectives._validation import message, open_unit, positive
from gbm_objectives.curvature import Curvature, Majorizer, as_curvature
from gbm_objectives.losses import (
    BinaryCrossEntropy,
    Focal,
    Huber,
    LogCosh,
    Loss,
    MeanBias,
    MeanBiasPenalty,
    PseudoHuber,
    Quantile,
    SquaredError,
)
from gbm_objectives.losses.bias import Groups
from gbm_objectives.objective import Objective

Delta = float | Literal["auto"]
Clip = tuple[float, float | None]


def _objective(loss: Loss, curvature: Curvature | str | None, clip: Clip | None) -> Objective:
    policy = None if curvature is None else as_curvature(curvature)
    return Objective((Term(loss, policy, clip),))


def squared_error(
    *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Squared error, r^2/2: the mean of the target. XGBoost's reg:squarederror, LightGBM's regression.

    Gradient r, Hessian 1. The same models as with the built-in objectives, so that losses of this package
    can be compared with it, and added to it, on equal terms.

    Parameters
    ----------
    curvature, clip : as for `huber`; "majorizer", "exact" and "unit" are all 1.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        For an unknown or unfit curvature.
    """
    return _objective(SquaredError(), curvature, clip)


def huber(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Huber loss: r^2/2 for |r| <= delta, delta |r| - delta^2/2 beyond.

    Gradient clip(r, -delta, delta); Hessian by default the majorizer 1/max(1, |u|). The exact Hessian
    (1 within delta, 0 beyond) hides the outliers' rows from the split search: not the default.

    Parameters
    ----------
    delta : where an error begins to count as an outlier, in the units of the target. "auto": at each
        call half of 1.4826 times the weighted median |r|, and at least .05 (mean sqrt|r|)^2.
    curvature : a policy of `gbm_objectives.curvature` or its name: "majorizer", "exact", "absolute",
        "unit". Default: the majorizer; for delta="auto" with steps of at most 5 scales, the scale being
        the larger of delta and (mean sqrt|r|)^2.
    clip : (low, high) bounds of the Hessian before weights.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        For delta <= 0, NaN, inf or a string other than "auto"; an unknown or unfit curvature.

    References
    ----------
    Huber (1964), https://doi.org/10.1214/aoms/1177703732
    """
    return _objective(Huber(delta), curvature, clip)


def pseudo_huber(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Pseudo-Huber (Charbonnier) loss: delta^2 (sqrt(1 + u^2) - 1), a smooth Huber loss.

    Gradient r/sqrt(1 + u^2); Hessian by default the majorizer (1 + u^2)^(-1/2). The exact Hessian
    (1 + u^2)^(-3/2) decays so fast that leaves of outliers explode: with XGBoost's own
    reg:pseudohubererror (slope 1) on a target of size 1e4 they do.

    Parameters
    ----------
    delta, curvature, clip : as for `huber`.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    Charbonnier et al. (1997), https://doi.org/10.1109/83.551699
    """
    return _objective(PseudoHuber(delta), curvature, clip)


def log_cosh(
    delta: Delta = "auto", *, curvature: Curvature | str | None = None, clip: Clip | None = None
) -> Objective:
    """Log-cosh loss: delta^2 log cosh(u), about r^2/2 near 0 and delta |r| far out.

    Gradient delta tanh(u); Hessian by default the majorizer tanh(u)/u. The exact Hessian sech(u)^2
    vanishes like 4 exp(-2|u|) while the gradient turns constant: XGBoost then finds no split, and
    LightGBM's leaves explode. It is the well-known flaw of log-cosh in boosting; the majorizer is its cure.

    Parameters
    ----------
    delta, curvature, clip : as for `huber`.

    Returns
    -------
    Objective

    Raises
    ------
    TypeError, ValueError
        As for `huber`.

    References
    ----------
    De Leeuw & Lange (2009), https://doi.org/10.1016/j.csda.2009.01.002 (the majorizer)
    """
    return _objective(LogCosh(delta), curvature, clip)


def quantile(
    tau: float = 0.5,
    delta: Delta = "auto",
    *,
    smooth: bool = True,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Pinball loss of the tau-quantile, smoothed within about delta: delta^2 (log cosh(u) + (1 - 2 tau) u).

    Far from 0 it is 2 delta times the pinball loss. Gradient delta (tanh(u) + 1 - 2 tau); Hessian by
    default the majorizer tanh(u)/u. With ``smooth=False`` the exact gradient delta (sign(r) + 1 - 2 tau)
    and the Hessian 1/max(1, |u|).

    Parameters
    ----------
    tau : the quantile, strictly between 0 and 1.
    delta : the half-width of the smoothing, in the units of the target. "auto": at each call the larger of
        .33 S with S = (mean sqrt|r|)^2 and .11 sqrt(S^2 + variance of the predictions), smaller in
        proportion for tau beyond [.05, .95].
    smooth : smooth the kink (better quantiles with trees), or use the exact gradient.
    curvature, clip : as for `huber`; default the majorizer.

    Returns
    -------
    Objective
        Its ``metric`` and ``intercept`` are those of the exact pinball loss.

    Raises
    ------
    TypeError, ValueError
        For tau outside (0, 1); delta, curvature as for `huber`.

    References
    ----------
    Koenker & Bassett (1978), https://doi.org/10.2307/1913643;
    Hunter & Lange (2000), https://doi.org/10.1080/10618600.2000.10474866 (the majorizer)
    """
    if not isinstance(smooth, bool):
        raise TypeError(message("smooth", repr(smooth), "True or False"))
    return _objective(Quantile(delta, tau=tau, smooth=smooth), curvature, clip)


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
    return _objective(BinaryCrossEntropy(), curvature, clip)


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
    return _objective(Focal(gamma=gamma, alpha=alpha), curvature, clip)


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
    penalty : the strength, > 0; about 1 to 10 beside a loss of the residual.
    groups : (n_samples,), the group of each training row, to hold the bias of each group near 0. It belongs
        to these rows: data with another number of rows raises.
    learning_rate : of the booster. One that is too large is safe, only slower.
    force : return the raw mean bias error as an objective all the same, with a warning.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        Without a penalty and without ``force``; for a penalty or learning rate out of range.

    Notes
    -----
    For the global bias, subtracting the mean residual after training does as well. The penalty is worth
    having for the bias of groups.
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
        return _objective(MeanBias(), None, None)
    if force:
        raise ValueError(message("force", "True with a penalty", "one of the two"))
    rate = open_unit("learning_rate", learning_rate) if learning_rate != 1 else 1.0
    coded = None if groups is None else Groups.of(groups)
    loss = MeanBiasPenalty(positive("penalty", penalty), coded)
    return _objective(loss, Majorizer(kappa=rate), None)
