"""Metrics that one object computes at every door of both libraries, and on plain arrays.

``metric(preds, dtrain)`` is the call of `xgb.train` and `lgb.train`; ``metric(y_true, y_pred,
sample_weight)`` that of both scikit-learn wrappers and of the user. With a custom objective both
libraries hand over *raw* predictions: give the metric the objective's link, ``log_loss(link=obj.link)``.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._class_metrics import accuracy, negative_log_likelihood
from gbm_objectives._deviance import gamma_deviance, poisson_deviance, rmsle, tweedie_deviance
from gbm_objectives._metric import Metric, Score, check_probabilities
from gbm_objectives._metric import weighted_mean as _mean
from gbm_objectives._numerics import weighted_quantile
from gbm_objectives._overlap_metrics import DiceScore, JaccardScore, TverskyIndex
from gbm_objectives._percentage import mape
from gbm_objectives._validation import (
    Array,
    message,
    numeric_array,
    open_unit,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Link, Logit

__all__ = [
    "Metric",
    "Score",
    "accuracy",
    "brier",
    "coverage",
    "coverage_error",
    "dice",
    "gamma_deviance",
    "interval_width",
    "jaccard",
    "log_loss",
    "mae",
    "mape",
    "mbe",
    "median_absolute_error",
    "negative_log_likelihood",
    "pinball",
    "poisson_deviance",
    "rmse",
    "rmsle",
    "tversky_index",
    "tweedie_deviance",
]


@dataclass(frozen=True, slots=True)
class ErrorMetric(Metric):
    """A metric of the errors y_pred - y_true, in the units of the target.

    Parameters
    ----------
    relative : divide by the mean absolute deviation of the labels from their median, the MAE of the
        best constant: of order 1 for any target.
    """

    relative: bool = False

    @property
    def in_target_units(self) -> bool:
        """Unless relative."""
        return not self.relative

    @abstractmethod
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The metric of errors, in their units."""

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The metric of the errors; relative to the labels' own deviation if asked."""
        value = self.of_errors(y_pred - y_true, sample_weight)
        return value / _deviation(y_true, sample_weight) if self.relative else value


def _deviation(y_true: Array, sample_weight: Array | None) -> float:
    """The mean absolute deviation of the labels from their median."""
    deviation = _mean(np.abs(y_true - _column_medians(y_true, sample_weight)), sample_weight)
    if deviation == 0:
        raise ValueError(
            message("y_true", "all labels equal", "labels that vary", "Use relative=False.")
        )
    return deviation


def _column_medians(values: Array, sample_weight: Array | None) -> Array | float:
    if values.ndim == 1:
        return weighted_quantile(values, sample_weight, 0.5)
    return np.array([weighted_quantile(column, sample_weight, 0.5) for column in values.T])


@dataclass(frozen=True, slots=True)
class MeanAbsoluteError(ErrorMetric):
    """mean |y_pred - y_true|."""

    name = "mae"

    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The weighted mean of |error|."""
        return _mean(np.abs(error), sample_weight)


@dataclass(frozen=True, slots=True)
class RootMeanSquaredError(ErrorMetric):
    """sqrt(mean (y_pred - y_true)^2)."""

    name = "rmse"

    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The root of the weighted mean of error^2."""
        return float(np.sqrt(_mean(error * error, sample_weight)))


@dataclass(frozen=True, slots=True)
class MedianAbsoluteError(ErrorMetric):
    """median |y_pred - y_true|; mean over outputs."""

    name = "median_absolute_error"

    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The weighted median of |error|."""
        return float(np.mean(_column_medians(np.abs(error), sample_weight)))


@dataclass(frozen=True, slots=True)
class MeanBiasError(ErrorMetric):
    """mean (y_pred - y_true): above 0 where the model predicts too much. Errors cancel.

    As a metric for early stopping it is the *size* of the bias, |mean|, that should fall: use
    ``absolute=True`` there.
    """

    absolute: bool = False

    @property
    def name(self) -> str:
        """``bias`` where it is the absolute value."""
        return "absolute_mbe" if self.absolute else "mbe"

    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The weighted mean error, or its size."""
        bias = _mean(error, sample_weight)
        return abs(bias) if self.absolute else bias


@dataclass(frozen=True, slots=True)
class Pinball(ErrorMetric):
    """mean max(tau e, (tau - 1) e) with e = y_true - y_pred: the loss of the tau-quantile."""

    tau: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", open_unit("tau", self.tau))

    @property
    def name(self) -> str:
        """The name with tau in it."""
        return f"pinball_{self.tau:g}"

    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The weighted mean of the pinball loss."""
        return _mean(np.maximum(-self.tau * error, (1.0 - self.tau) * error), sample_weight)


@dataclass(frozen=True, slots=True)
class ProbabilityMetric(Metric):
    """A metric of the probability of class 1, for labels in [0, 1]."""

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted mean of the row values, after a check of the domains."""
        check_probabilities(y_true, y_pred)
        return _mean(self.of_probabilities(y_true, y_pred), sample_weight)

    @abstractmethod
    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The metric of each row."""


@dataclass(frozen=True, slots=True)
class LogLoss(ProbabilityMetric):
    """-mean(y log p + (1 - y) log(1 - p)), from the raw score without rounding where the link is logit.

    Probabilities are held within the machine epsilon of 0 and 1, as scikit-learn holds them.
    """

    name = "log_loss"

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """From the raw score: softplus(z) - y z, exact where the probability rounds to 1."""
        if not isinstance(self.link, Logit):
            return ProbabilityMetric.evaluate(self, y_true, y_pred, sample_weight)
        y, raw, weight = self._check(y_true, y_pred, sample_weight)
        reject_non_finite("y_true", y)
        reject_non_finite("y_pred", raw)
        reject_rows("y_true", (y < 0) | (y > 1), "a label outside [0, 1]", "labels in [0, 1]")
        z = raw.astype(np.float64)
        return _mean(np.logaddexp(0.0, z) - y * z, weight)

    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The cross-entropy of each row."""
        eps = np.finfo(np.float64).eps
        p = np.clip(y_pred, eps, 1.0 - eps)
        entropy: Array = -(y_true * np.log(p) + (1.0 - y_true) * np.log1p(-p))
        return entropy


@dataclass(frozen=True, slots=True)
class Brier(ProbabilityMetric):
    """mean (p - y)^2."""

    name = "brier"

    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The squared error of each row."""
        squared: Array = (y_pred - y_true) ** 2
        return squared


@dataclass(frozen=True, slots=True)
class IntervalMetric(Metric):
    """A metric of intervals: ``y_pred`` of shape (n_samples, 2), lower and upper end."""

    def _check(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        y, pred = numeric_array("y_true", y_true), numeric_array("y_pred", y_pred)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1 or pred.shape != (len(y), 2):
            needed = f"shape ({len(y)}, 2), the lower and the upper end of each row's interval"
            raise ValueError(message("y_pred", f"shape {pred.shape}", needed))
        return y, pred, sample_weights(sample_weight, len(y))


@dataclass(frozen=True, slots=True)
class Coverage(IntervalMetric):
    """The share of labels inside their interval.

    More is not better: for early stopping use ``coverage_error``.
    """

    name = "coverage"
    higher_is_better = True

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted share of rows with lower <= y <= upper."""
        inside = (y_pred[:, 0] <= y_true) & (y_true <= y_pred[:, 1])
        return _mean(inside.astype(np.float64), sample_weight)


@dataclass(frozen=True, slots=True)
class CoverageError(Coverage):
    """|coverage - level|: how far the interval is from what it promises."""

    level: float = 0.9

    name = "coverage_error"
    higher_is_better = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", open_unit("level", self.level))

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The distance of the coverage from the level."""
        return abs(Coverage.compute(self, y_true, y_pred, sample_weight) - self.level)


@dataclass(frozen=True, slots=True)
class IntervalWidth(IntervalMetric):
    """mean (upper - lower), in the units of the target; relative as for the errors."""

    relative: bool = False

    name = "interval_width"

    @property
    def in_target_units(self) -> bool:
        """Unless relative."""
        return not self.relative

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted mean width."""
        width = _mean(y_pred[:, 1] - y_pred[:, 0], sample_weight)
        return width / _deviation(y_true, sample_weight) if self.relative else width


def mae(*, relative: bool = False, link: Link = IDENTITY) -> MeanAbsoluteError:
    """Mean absolute error."""
    return MeanAbsoluteError(link=link, relative=relative)


def rmse(*, relative: bool = False, link: Link = IDENTITY) -> RootMeanSquaredError:
    """Root mean squared error."""
    return RootMeanSquaredError(link=link, relative=relative)


def median_absolute_error(*, relative: bool = False, link: Link = IDENTITY) -> MedianAbsoluteError:
    """Median absolute error."""
    return MedianAbsoluteError(link=link, relative=relative)


def mbe(*, absolute: bool = False, relative: bool = False, link: Link = IDENTITY) -> MeanBiasError:
    """Mean bias error, mean(y_pred - y_true); its size if ``absolute``."""
    return MeanBiasError(link=link, absolute=absolute, relative=relative)


def pinball(tau: float, *, relative: bool = False, link: Link = IDENTITY) -> Pinball:
    """Pinball loss of the tau-quantile."""
    return Pinball(link=link, tau=tau, relative=relative)


def log_loss(*, link: Link = IDENTITY) -> LogLoss:
    """Cross-entropy of probabilities, or of raw scores with their link."""
    return LogLoss(link=link)


def brier(*, link: Link = IDENTITY) -> Brier:
    """Brier score of probabilities, or of raw scores with their link."""
    return Brier(link=link)


def dice(*, threshold: float | None = 0.5, link: Link = IDENTITY) -> DiceScore:
    """Dice score, 2 TP/(2 TP + FP + FN), the F1 score, of probabilities or raw scores with their link.

    threshold=None sums the probabilities: 1 - the loss of `gbm_objectives.dice` with smooth=0. The mean over
    columns of a label matrix.
    """
    return DiceScore(link=link, threshold=threshold)


def jaccard(*, threshold: float | None = 0.5, link: Link = IDENTITY) -> JaccardScore:
    """Jaccard index, TP/(TP + FP + FN), or intersection over union; parameters as for `dice`."""
    return JaccardScore(link=link, threshold=threshold)


def tversky_index(
    alpha: float = 0.3,
    beta: float = 0.7,
    *,
    threshold: float | None = 0.5,
    link: Link = IDENTITY,
) -> TverskyIndex:
    """Tversky index, TP/(TP + alpha FP + beta FN); other parameters as for `dice`."""
    return TverskyIndex(link=link, threshold=threshold, alpha=alpha, beta=beta)


def coverage() -> Coverage:
    """Share of labels inside (lower, upper)."""
    return Coverage()


def coverage_error(level: float = 0.9) -> CoverageError:
    """Distance of the coverage from ``level``."""
    return CoverageError(level=level)


def interval_width(*, relative: bool = False) -> IntervalWidth:
    """Mean width of (lower, upper)."""
    return IntervalWidth(relative=relative)
