"""Metrics of errors, y_pred - y_true."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.numerics import weighted_quantile
from gbm_objectives._core.validation import (
    Array,
    invalid,
    levels_of,
    open_unit,
    whole_number,
)
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.metrics._metric import RelativeMetric, one_label_a_row
from gbm_objectives.metrics._metric import weighted_mean as _mean


@dataclass(frozen=True, slots=True)
class ErrorMetric(RelativeMetric):
    """A metric of the errors y_pred - y_true, in the units of the target.

    Relative to the mean absolute deviation of the labels from their median, the MAE of the best constant.
    """

    @abstractmethod
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        """The metric of errors, in their units."""

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        value = self.of_errors(y_pred - y_true, sample_weight)
        return value / deviation(y_true, sample_weight) if self.relative else value


def deviation(y_true: Array, sample_weight: Array | None) -> float:
    """The mean absolute deviation of the labels from their median."""
    deviation = _mean(np.abs(y_true - _column_medians(y_true, sample_weight)), sample_weight)
    if deviation == 0:
        raise invalid(
            "y_true",
            given="all labels equal",
            needed="labels that vary",
            hint="Use relative=False.",
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

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        return _mean(np.abs(error), sample_weight)


@dataclass(frozen=True, slots=True)
class RootMeanSquaredError(ErrorMetric):
    """sqrt(mean (y_pred - y_true)^2)."""

    name = "rmse"
    mean_power = 2.0

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        return float(np.sqrt(_mean(error * error, sample_weight)))


@dataclass(frozen=True, slots=True)
class MedianAbsoluteError(ErrorMetric):
    """median |y_pred - y_true|; mean over outputs."""

    name = "median_absolute_error"
    mean_power = None

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        return float(np.mean(_column_medians(np.abs(error), sample_weight)))


@dataclass(frozen=True, slots=True)
class MeanBiasError(ErrorMetric):
    """mean (y_pred - y_true): above 0 where the model predicts too much. Errors cancel.

    As a metric for early stopping it is the *size* of the bias, |mean|, that should fall: use
    ``absolute=True`` there.

    Parameters
    ----------
    absolute : bool, default False
        The size of the mean.
    """

    absolute: bool = False

    @property
    def name(self) -> str:
        """``bias`` where it is the absolute value."""
        return "absolute_mbe" if self.absolute else "mbe"

    @property
    @override
    def additive_power(self) -> float | None:
        return None if self.absolute or self.relative else self.mean_power

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        bias = _mean(error, sample_weight)
        return abs(bias) if self.absolute else bias


@dataclass(frozen=True, slots=True)
class Pinball(ErrorMetric):
    """mean max(tau e, (tau - 1) e) with e = y_true - y_pred: the loss of the tau-quantile.

    Parameters
    ----------
    tau : float, default 0.5
        The level of the quantile, in (0, 1).
    column : int or None, default None
        Of predictions of several levels, the one that is measured.
    """

    tau: float = 0.5
    column: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", open_unit("tau", self.tau))

    @property
    def name(self) -> str:
        """The name with tau in it."""
        return f"pinball_{self.tau:g}"

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        if self.column is None:
            return ErrorMetric.validate(self, y_true, y_pred, sample_weight)
        return one_label_a_row(y_true, y_pred, sample_weight, self.column + 1)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        response = y_pred if self.column is None else y_pred[:, self.column]
        return ErrorMetric.compute(self, y_true, response, sample_weight)

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        return _mean(np.maximum(-self.tau * error, (1.0 - self.tau) * error), sample_weight)


@dataclass(frozen=True, slots=True)
class MeanPinball(ErrorMetric):
    """The mean of the pinball losses of several levels; ``y_pred`` of shape (n_samples, n_levels).

    Parameters
    ----------
    tau : tuple of float, default (0.5,)
        The levels, increasing.
    """

    tau: tuple[float, ...] = (0.5,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", levels_of(self.tau))

    @property
    def name(self) -> str:
        """The name with the first and the last level in it."""
        return f"pinball_{self.tau[0]:g}_to_{self.tau[-1]:g}"

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        y, pred, weight = one_label_a_row(y_true, y_pred, sample_weight, len(self.tau))
        if pred.shape[1] != len(self.tau):
            needed = f"{len(self.tau)} columns, one for each level"
            raise invalid("y_pred", given=f"shape {pred.shape}", needed=needed)
        return y, pred, weight

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        value = self.of_errors(y_pred - y_true[:, None], sample_weight)
        return value / deviation(y_true, sample_weight) if self.relative else value

    @override
    def of_errors(self, error: Array, sample_weight: Array | None) -> float:
        tau = np.array(self.tau)
        return _mean(np.maximum(-tau * error, (1.0 - tau) * error), sample_weight)


def mae(*, relative: bool = False, link: Link = IDENTITY) -> MeanAbsoluteError:
    """Mean absolute error, in the units of the target.

    Parameters
    ----------
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    MeanAbsoluteError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> mae()([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    0.5
    """
    return MeanAbsoluteError(link=link, relative=relative)


def rmse(*, relative: bool = False, link: Link = IDENTITY) -> RootMeanSquaredError:
    """Root mean squared error, in the units of the target.

    Parameters
    ----------
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    RootMeanSquaredError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(rmse()([1.0, 2.0, 4.0], [1.0, 2.0, 1.0]), 3)
    1.732
    """
    return RootMeanSquaredError(link=link, relative=relative)


def median_absolute_error(*, relative: bool = False, link: Link = IDENTITY) -> MedianAbsoluteError:
    """Median absolute error, in the units of the target.

    Parameters
    ----------
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    MedianAbsoluteError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> median_absolute_error()([1.0, 2.0, 4.0], [1.5, 2.0, 400.0])
    0.5
    """
    return MedianAbsoluteError(link=link, relative=relative)


def mbe(*, absolute: bool = False, relative: bool = False, link: Link = IDENTITY) -> MeanBiasError:
    """Mean bias error, mean(y_pred - y_true).

    Parameters
    ----------
    absolute : bool, default False
        The size of the mean, for early stopping.
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    MeanBiasError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(mbe()([1.0, 2.0, 4.0], [1.5, 2.0, 3.0]), 3)
    -0.167
    """
    return MeanBiasError(link=link, absolute=absolute, relative=relative)


def pinball(
    tau: float | Sequence[float],
    *,
    column: int | None = None,
    relative: bool = False,
    link: Link = IDENTITY,
) -> Pinball | MeanPinball:
    """Pinball loss of the tau-quantile; of several levels the mean, of predictions (n_samples, n_levels).

    Parameters
    ----------
    tau : float or sequence of float
        The level or the levels, in (0, 1).
    column : int or None, default None
        With one level: the column of predictions of several levels that is measured.
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    Pinball or MeanPinball
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> pinball(0.9)([1.0, 2.0], [2.0, 1.0])  # too high by 1 costs .1, too low by 1 costs .9
    0.5
    """
    level: Any = tau
    if np.ndim(level):
        return MeanPinball(link=link, tau=level, relative=relative)
    if column is not None:
        column = whole_number("column", column, 0)
    return Pinball(link=link, tau=level, relative=relative, column=column)
