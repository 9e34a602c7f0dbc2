"""Metrics of predicted distributions: likelihood, continuous ranked probability score and calibration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, expit, gammainc, ndtr, stdtr
from scipy.special import gamma as gamma_function
from typing_extensions import override

from gbm_objectives._core.validation import Array, invalid, numeric_array
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.metrics._metric import Metric, one_label_a_row
from gbm_objectives.metrics._metric import weighted_mean as _mean

#: Counts are summed one by one as far as the last of a thousand million would lie.
_TAIL = 1e-9
#: And no further.
_MOST_COUNTS = 100_000
#: The levels at which calibration is compared.
LEVELS = np.arange(0.05, 0.96, 0.05)


@dataclass(frozen=True, slots=True)
class DistributionMetric(Metric):
    """A metric of parameters (n_samples, n_parameters) of a family.

    Parameters
    ----------
    family : str, default "normal"
        As for `distribution`.
    """

    family: str = "normal"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            needed = f"one of {', '.join(FAMILIES)}"
            raise invalid("family", given=repr(self.family), needed=needed)

    @property
    def loss(self) -> Any:
        """The loss of the family."""
        return FAMILIES[self.family]()

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        pred = numeric_array("y_pred", y_pred)
        pred = pred[:, None] if pred.ndim == 1 else pred
        return one_label_a_row(y_true, pred, sample_weight, len(self.loss.parameters))

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        if not self.loss.check_labels(y_true):
            self.loss.reject_labels(y_true)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return _mean(self.rows(y_true, y_pred), sample_weight)

    @abstractmethod
    def rows(self, y_true: Array, parameters: Array) -> Array:
        """The metric of each row."""


@dataclass(frozen=True, slots=True)
class LogScore(DistributionMetric):
    """The mean negative log-likelihood, with all constants: families can be compared by it."""

    name = "log_score"

    @override
    def rows(self, y_true: Array, parameters: Array) -> Array:
        frozen = self.loss.frozen(parameters)
        rows: Array = -(frozen.logpmf if self.loss.discrete else frozen.logpdf)(y_true)
        return rows


@dataclass(frozen=True, slots=True)
class CRPS(DistributionMetric):
    """The mean continuous ranked probability score: E|X - y| - E|X - X'|/2.

    It is in the units of the target, and the absolute error where the distribution is a point. Closed forms where
    there are some, sums of counts, else quadrature.
    """

    name = "crps"

    @property
    @override
    def in_target_units(self) -> bool:
        return True

    @override
    def rows(self, y_true: Array, parameters: Array) -> Array:
        if self.family in _CLOSED:
            return _CLOSED[self.family](y_true, *parameters.T)
        frozen = self.loss.frozen(parameters)
        return (_of_counts if self.loss.discrete else _by_quadrature)(y_true, frozen)


@dataclass(frozen=True, slots=True)
class PITError(DistributionMetric):
    """The mean distance between levels 5%, 10%, ... 95% and the share of labels that lie below the quantile there.

    0 where the distributions are calibrated. Of counts, a label at the quantile counts in part: Czado, Gneiting & Held
    (2009), https://doi.org/10.1111/j.1541-0420.2009.01191.x.
    """

    name = "pit_error"
    mean_power = None

    @override
    def rows(self, y_true: Array, parameters: Array) -> Array:
        frozen = self.loss.frozen(parameters)
        upper = frozen.cdf(y_true)[:, None]
        if not self.loss.discrete:
            below: Array = (upper <= LEVELS).astype(np.float64)
            return below
        lower = frozen.cdf(y_true - 1.0)[:, None]
        share = (LEVELS - lower) / np.maximum(upper - lower, 1e-300)
        return np.asarray(np.clip(share, 0.0, 1.0))

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        shares = np.average(self.rows(y_true, y_pred), axis=0, weights=sample_weight)
        return float(np.abs(shares - LEVELS).mean())


def _normal(y: Array, location: Array, scale: Array) -> Any:
    z = (y - location) / scale
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    return scale * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi))


def _laplace(y: Array, location: Array, scale: Array) -> Any:
    z = np.abs(y - location) / scale
    return scale * (z + np.exp(-z) - 0.75)


def _logistic(y: Array, location: Array, scale: Array) -> Any:
    z = np.abs(y - location) / scale
    return scale * (z + 2.0 * np.log1p(np.exp(-z)) - 1.0)


def _student_t(y: Array, location: Array, scale: Array, df: Array) -> Any:
    z = (y - location) / scale
    log_constant = -betaln(0.5, 0.5 * df) - 0.5 * np.log(df)
    density = np.exp(log_constant - 0.5 * (df + 1.0) * np.log1p(z * z / df))
    spread = 2.0 * np.sqrt(df) * np.exp(betaln(0.5, df - 0.5) - 2.0 * betaln(0.5, 0.5 * df))
    inner = 2.0 * density * (df + z * z) - spread
    return scale * (z * (2.0 * stdtr(df, z) - 1.0) + inner / (df - 1.0))


def _lognormal(y: Array, location: Array, scale: Array) -> Any:
    z = (np.log(y) - location) / scale
    mean = np.exp(location + 0.5 * scale * scale)
    below = ndtr(z - scale) + ndtr(scale / np.sqrt(2.0)) - 1.0
    return y * (2.0 * ndtr(z) - 1.0) - 2.0 * mean * below


def _gamma(y: Array, mean: Array, shape: Array) -> Any:
    scaled = y * shape / mean
    below, beyond = gammainc(shape, scaled), gammainc(shape + 1.0, scaled)
    spread = np.exp(-betaln(0.5, shape)) * mean / shape
    return y * (2.0 * below - 1.0) - mean * (2.0 * beyond - 1.0) - spread


def _weibull(y: Array, scale: Array, shape: Array) -> Any:
    power = (y / scale) ** shape
    mean = scale * gamma_function(1.0 + 1.0 / shape)
    beyond = gammainc(1.0 + 1.0 / shape, power)
    spread = mean * (1.0 - 2.0 ** (-1.0 / shape))
    return y * (1.0 - 2.0 * np.exp(-power)) + mean * (1.0 - 2.0 * beyond) - spread


def _bernoulli(y: Array, mean: Array) -> Any:
    return (y - mean) ** 2


_CLOSED: dict[str, Callable[..., Array]] = {
    "normal": _normal,
    "laplace": _laplace,
    "logistic": _logistic,
    "student_t": _student_t,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "weibull": _weibull,
    "bernoulli": _bernoulli,
}


def _of_counts(y: Array, frozen: Any) -> Array:
    """The sum of (F(x) - 1{y <= x})^2 over x = 0, 1, ..."""
    last = min(float(np.max(frozen.ppf(1.0 - _TAIL))), _MOST_COUNTS)
    total = np.zeros(len(y))
    for x in np.arange(max(last, min(float(y.max()), _MOST_COUNTS)) + 1.0):
        total += (frozen.cdf(x) - (y <= x)) ** 2
    return total


def _by_quadrature(y: Array, frozen: Any) -> Any:
    """y (2 F(y) - 1) + E X - 2 E[X; X <= y] - E|X - X'|/2 from quantiles, at nodes that are close at the ends."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    # The logit of a level is even: quantiles rise steeply near 0 and 1.
    z, width = 18.0 * nodes[:, None], 18.0 * weights[:, None]
    level = expit(z)
    slope = width * level * expit(-z)
    quantile = frozen.ppf(level * np.ones_like(y))
    mean_and_spread = (slope * quantile * (1.0 - (2.0 * level - 1.0))).sum(axis=0)
    below = frozen.cdf(y)
    partial = (slope * below * frozen.ppf(level * below)).sum(axis=0)
    return y * (2.0 * below - 1.0) + mean_and_spread - 2.0 * partial


def log_score(family: str = "normal", *, link: Link = IDENTITY) -> LogScore:
    """Mean negative log-likelihood of predicted parameters (n_samples, n_parameters).

    Parameters
    ----------
    family : str, default "normal"
        As for `distribution`.
    link : Link, default IDENTITY
        How to make the parameters from the predictions that the metric is given; ``objective.link`` for raw scores.

    Returns
    -------
    LogScore
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Raises
    ------
    ValueError
        For an unknown family.

    Examples
    --------
    >>> round(log_score("normal")([1.0, 2.0], [[1.0, 0.5], [1.0, 0.5]]), 3)  # location and scale of each row
    1.226
    """
    return LogScore(link, family)


def crps(family: str = "normal", *, link: Link = IDENTITY) -> CRPS:
    """Mean continuous ranked probability score of predicted parameters, in the units of the target.

    Parameters
    ----------
    family : str, default "normal"
        As for `distribution`.
    link : Link, default IDENTITY
        As for `log_score`.

    Returns
    -------
    CRPS
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Raises
    ------
    ValueError
        For an unknown family.

    References
    ----------
    Gneiting & Raftery (2007), https://doi.org/10.1198/016214506000001437; Jordan, Krüger & Lerch (2019),
    https://doi.org/10.18637/jss.v090.i12 (the closed forms)

    Examples
    --------
    >>> round(crps("normal")([1.0, 2.0], [[1.0, 0.5], [1.0, 0.5]]), 3)
    0.422
    """
    return CRPS(link, family)


def pit_error(family: str = "normal", *, link: Link = IDENTITY) -> PITError:
    """How far the quantiles of predicted distributions are from what they promise, 0 at best; see `PITError`.

    Parameters
    ----------
    family : str, default "normal"
        As for `distribution`.
    link : Link, default IDENTITY
        As for `log_score`.

    Returns
    -------
    PITError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Raises
    ------
    ValueError
        For an unknown family.

    Examples
    --------
    >>> round(pit_error("normal")([1.0, 2.0], [[1.0, 0.5], [1.0, 0.5]]), 3)
    0.237
    """
    return PITError(link, family)
