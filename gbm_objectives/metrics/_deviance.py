"""Metrics of positive predictions: deviances and the root mean squared log error."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import kl_div
from typing_extensions import override

from gbm_objectives._core.validation import Array, invalid, number, reject_rows
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.metrics._metric import RAW_SCORES, Metric, RelativeMetric, weighted_mean


@dataclass(frozen=True, slots=True)
class PositiveMetric(Metric):
    """A metric of means > 0, for labels >= 0."""

    #: Whether 0 is a label, and whether it is a prediction.
    zero_label: ClassVar[bool] = True
    zero_prediction: ClassVar[bool] = False

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        for argument, values, zero, instead in (
            ("y_true", y_true, self.zero_label, ""),
            ("y_pred", y_pred, self.zero_prediction, RAW_SCORES),
        ):
            bad = values < 0 if zero else values <= 0
            given = "a negative value" if zero else "a value that is 0 or negative"
            reject_rows(argument, bad, given, f"numbers {'>=' if zero else '>'} 0", instead)


@dataclass(frozen=True, slots=True)
class Deviance(PositiveMetric, RelativeMetric):
    """A mean unit deviance, 0 for a perfect prediction.

    Relative to the deviance of the best constant, the mean of the labels: 1 - D^2.
    """

    @abstractmethod
    def of_rows(self, y_true: Array, y_pred: Array) -> Array:
        """The unit deviance of each row."""

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        value = weighted_mean(self.of_rows(y_true, y_pred), sample_weight)
        if not self.relative:
            return value
        mean = np.average(y_true, axis=0, weights=sample_weight)
        if np.ptp(y_true, axis=0).min() == 0:
            raise invalid(
                "y_true",
                given="all labels equal",
                needed="labels that vary",
                hint="Use relative=False.",
            )
        constant = self.of_rows(y_true, np.broadcast_to(mean, y_true.shape))
        return value / weighted_mean(constant, sample_weight)


@dataclass(frozen=True, slots=True)
class PoissonDeviance(Deviance):
    """2 mean(y log(y/mu) - y + mu)."""

    name = "poisson_deviance"

    @override
    def of_rows(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(2.0 * kl_div(y_true, y_pred))


@dataclass(frozen=True, slots=True)
class GammaDeviance(Deviance):
    """2 mean(y/mu - 1 - log(y/mu)), without a unit."""

    name = "gamma_deviance"
    zero_label = False

    @property
    @override
    def in_target_units(self) -> bool:
        return False  # a ratio

    @override
    def of_rows(self, y_true: Array, y_pred: Array) -> Array:
        log_ratio = np.log(y_true) - np.log(y_pred)
        return np.asarray(2.0 * (np.expm1(log_ratio) - log_ratio))


@dataclass(frozen=True, slots=True)
class TweedieDeviance(Deviance):
    """2 mean(y^(2-p)/((1-p)(2-p)) - y mu^(1-p)/(1-p) + mu^(2-p)/(2-p)), p strictly between 1 and 2.

    Parameters
    ----------
    power : float, default 1.5
        p.
    """

    power: float = 1.5

    def __post_init__(self) -> None:
        needed = "strictly between 1 and 2; at 1 use poisson_deviance, at 2 gamma_deviance"
        object.__setattr__(self, "power", number("power", self.power, lambda p: 1 < p < 2, needed))

    @property
    def name(self) -> str:
        """The name with the power in it."""
        return f"tweedie_deviance_{self.power:g}"

    @override
    def of_rows(self, y_true: Array, y_pred: Array) -> Array:
        p = self.power
        of_label = y_true ** (2.0 - p) / ((1.0 - p) * (2.0 - p))
        mixed = y_true * y_pred ** (1.0 - p) / (1.0 - p)
        return np.asarray(2.0 * (of_label - mixed + y_pred ** (2.0 - p) / (2.0 - p)))


@dataclass(frozen=True, slots=True)
class RootMeanSquaredLogError(PositiveMetric):
    """sqrt(mean (log(1 + y_pred) - log(1 + y_true))^2)."""

    name = "rmsle"
    mean_power = 2.0
    zero_prediction = True

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        error = np.log1p(y_pred) - np.log1p(y_true)
        return float(np.sqrt(weighted_mean(error * error, sample_weight)))


def poisson_deviance(*, relative: bool = False, link: Link = IDENTITY) -> PoissonDeviance:
    """Mean Poisson deviance, in the units of the target.

    Parameters
    ----------
    relative : bool, default False
        Divide by the deviance of the mean of the labels, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    PoissonDeviance
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> poisson_deviance()([0.0, 2.0], [0.5, 2.0])
    0.5
    """
    return PoissonDeviance(link=link, relative=relative)


def gamma_deviance(*, relative: bool = False, link: Link = IDENTITY) -> GammaDeviance:
    """Mean gamma deviance; labels > 0.

    Parameters
    ----------
    relative : bool, default False
        Divide by the deviance of the mean of the labels, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    GammaDeviance
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(gamma_deviance()([1.0, 2.0], [0.5, 2.0]), 3)
    0.307
    """
    return GammaDeviance(link=link, relative=relative)


def tweedie_deviance(
    power: float = 1.5, *, relative: bool = False, link: Link = IDENTITY
) -> TweedieDeviance:
    """Mean Tweedie deviance.

    Parameters
    ----------
    power : float, default 1.5
        Strictly between 1 and 2.
    relative : bool, default False
        Divide by the deviance of the mean of the labels, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    TweedieDeviance
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(tweedie_deviance(1.5)([0.0, 2.0], [0.5, 2.0]), 3)
    1.414
    """
    return TweedieDeviance(link=link, power=power, relative=relative)


def rmsle(*, link: Link = IDENTITY) -> RootMeanSquaredLogError:
    """Root mean squared log error.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    RootMeanSquaredLogError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(rmsle()([0.0, 2.0], [0.5, 2.0]), 3)
    0.287
    """
    return RootMeanSquaredLogError(link=link)
