"""Which residuals are too far out for the noise that the others show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import chdtri, expit, gammaln

from gbm_objectives._core.validation import Array

#: Fewer residuals of one side tell nothing of its tail.
LEAST = 40
#: In robust standard deviations: a label that was moved by less can't be told from noise.
START = 2.5


def chance_of_noise(residuals: Array, rate: float) -> Array:
    """The probability that each residual is noise; 1 where nothing but noise is seen.

    Each side of the median is a mixture: (1 - share) of a Student distribution, whose scale and degrees of freedom
    are its own, and ``share`` of a uniform one from `START` to the outermost residual. Both are fitted by maximum
    likelihood. A side without the uniform part is all noise, unless the likelihood ratio tells otherwise at the level
    rate/2: heavy tails fall off as the Student distribution does, and labels that were moved do not.

    Parameters
    ----------
    residuals : ndarray of shape (n_samples,)
        In units of their scale.
    rate : float
        Of the tests of the two sides together.

    Returns
    -------
    ndarray of shape (n_samples,)

    References
    ----------
    Efron (2004), Large-scale simultaneous hypothesis testing: the choice of a null hypothesis,
    doi:10.1198/016214504000000089: the local false discovery rate of a two-groups model.
    """
    chance = np.ones(len(residuals))
    centred = residuals - np.median(residuals)
    for side in (centred > 0, centred < 0):
        if np.count_nonzero(side) >= LEAST:
            chance[side] = _of_side(np.abs(centred[side]), rate / 2)
    return chance


def _of_side(u: Array, level: float) -> Array:
    start, far = START * 1.4826 * float(np.median(u)), float(u.max())
    if not far > start > 0:
        return np.ones(len(u))
    with np.errstate(divide="ignore"):
        outside = np.log((u >= start) / (far - start))  # the uniform density

    def student(parameters: Array) -> Array:
        """log of the half Student density, by log(scale) and log(degrees of freedom)."""
        scale, df = np.exp(parameters[:2])
        constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi)
        tails = (df + 1) / 2 * np.log1p((u / scale) ** 2 / df)
        return np.asarray(np.log(2) + constant - np.log(scale) - tails)

    def parts(parameters: Array) -> tuple[Array, Array]:
        """log densities of noise and of moved labels, by the log-odds of their share."""
        share = float(expit(parameters[2]))
        return np.log1p(-share) + student(parameters), np.log(share) + outside

    def best(loss: Callable[[Array], float], starts: Any, limits: Any) -> Any:
        found = (minimize(loss, x, method="L-BFGS-B", bounds=limits) for x in starts)
        return min(found, key=lambda one: float(one.fun))

    size = float(np.log(start / START))
    limits = [(size - 3.0, size + 3.0), (np.log(0.5), np.log(200.0))]
    plain = best(lambda x: -float(student(x).sum()), [[size, 0.7], [size, 3.4]], limits)
    starts = [[size, 3.4, -2.5], [*plain.x, -4.5]]
    both = best(lambda x: -float(np.logaddexp(*parts(x)).sum()), starts, [*limits, (-12.0, 0.0)])
    # The end of the uniform part is the outermost residual, so the ratio of noise alone is larger than the theory of
    # one more parameter says. In simulations of normal, Student and exponential noise, four parameters bound it.
    if 2 * (plain.fun - both.fun) < chdtri(4, level):
        return np.ones(len(u))
    noise, moved = parts(both.x)
    chance = np.exp(noise - np.logaddexp(noise, moved))
    order = np.argsort(u)
    chance[order] = np.minimum.accumulate(chance[order])  # no nearer residual is more of a suspect
    return np.asarray(chance)


def most_suspect(chance: Array, rate: float) -> Array:
    """The rows, the most suspect first, whose mean chance of being noise is at most the rate."""
    order = np.argsort(chance, kind="stable")
    means = np.cumsum(chance[order]) / np.arange(1, len(order) + 1)
    return order[: np.searchsorted(means, rate, side="right")]
