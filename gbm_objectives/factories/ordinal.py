"""Ordered classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from gbm_objectives._core.validation import invalid
from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses.ordinal import OrdinalCloglog, OrdinalLogit, OrdinalProbit
from gbm_objectives.objective import Objective

__all__ = ["ordinal"]

_LOSSES: dict[str, Callable[..., Any]] = {
    "logit": OrdinalLogit,
    "probit": OrdinalProbit,
    "cloglog": OrdinalCloglog,
}


def ordinal(
    n_classes: int | None = None,
    link: Literal["logit", "probit", "cloglog"] = "logit",
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Ordered classes, such as grades or stages: one score a row, and thresholds between the levels.

    P(level <= k) = G(threshold_k - score). One tree a round for any number of levels, where softmax grows one for
    each. The thresholds are the likeliest ones for the scores of each round, and the model keeps the last ones.

    `gbm_objectives.sklearn.ObjectiveClassifier` gives the probabilities of the levels; of a booster from `train`,
    ``objective.predict(booster, data)`` does, also after saving and loading. ``booster.predict`` gives the score.

    Parameters
    ----------
    n_classes : int or None, default None
        The number of levels, where the labels may not show the highest. Labels are codes 0..n_classes - 1, the lowest
        level first.
    link : {"logit", "probit", "cloglog"}, default "logit"
        G: the logistic distribution (proportional odds), the normal one, or that of minima (proportional hazards, for
        durations in intervals).
    curvature : Curvature, str or None, default None
        None: the exact Hessian, which is positive. "fisher": its expectation; for the logit link "majorizer" too.
    clip : tuple of float, or None, default None
        (low, high), the bounds of the Hessian before weights.

    Returns
    -------
    Objective
        Trainable with both libraries.

    Raises
    ------
    TypeError, ValueError
        For a number of levels below 2 or above 100, and another link.

    References
    ----------
    McCullagh (1980), Regression models for ordinal data, https://doi.org/10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> objective = ordinal(link="probit")
    """
    if link not in _LOSSES:
        raise invalid("link", given=repr(link), needed='"logit", "probit" or "cloglog"')
    return objective(_LOSSES[link](n_classes), curvature, clip)
