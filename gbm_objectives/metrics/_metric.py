"""What a metric is, and how one object answers at every door."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.doors import is_data_set, labels_and_weights
from gbm_objectives._core.reduction import Reduce, collective, together
from gbm_objectives._core.validation import (
    Array,
    invalid,
    labels_and_predictions,
    numeric_array,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Link

#: What to do about predictions that are no response.
RAW_SCORES = "For raw scores give the metric their link: link=objective.link."


def weighted_mean(values: Array, sample_weight: Array | None) -> float:
    """The weighted mean over rows, and over outputs where there are several."""
    return float(np.mean(np.average(values, axis=0, weights=sample_weight)))


def validate_shares(y_true: Array) -> None:
    """Raise for labels outside [0, 1]."""
    outside = (y_true < 0) | (y_true > 1)
    reject_rows("y_true", outside, "a label outside [0, 1]", "labels in [0, 1]")


def validate_probabilities(y_true: Array, y_pred: Array) -> None:
    """Raise for labels or predictions outside [0, 1]."""
    validate_shares(y_true)
    outside = (y_pred < 0) | (y_pred > 1)
    reject_rows("y_pred", outside, "a value outside [0, 1]", "probabilities", RAW_SCORES)


class Score(float):
    """A float that also unpacks as LightGBM's (name, value, higher_is_better).

    XGBoost's scikit-learn wrapper wants a number, LightGBM's a triple, and both call alike.

    Parameters
    ----------
    value : float
        The value of the metric.
    name : str
        The name of the metric.
    higher_is_better : bool
        Whether a larger value is better.
    """

    name: str
    higher_is_better: bool

    def __new__(cls, value: float, name: str, higher_is_better: bool) -> Score:
        """A score of this value."""
        score = super().__new__(cls, value)
        score.name = name
        score.higher_is_better = higher_is_better
        return score

    def __getnewargs__(self) -> tuple[float, str, bool]:  # type: ignore[override]
        """What `pickle` and `copy` rebuild the score from."""
        return float(self), self.name, self.higher_is_better

    def __iter__(self) -> Iterator[Any]:
        return iter((self.name, float(self), self.higher_is_better))

    def __getitem__(self, index: int) -> Any:
        return tuple(self)[index]


def one_label_a_row(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None, n_columns: int
) -> tuple[Array, Array, Array | None]:
    """Labels (n,), predictions of several levels, at least ``n_columns``, and weights."""
    y, pred = numeric_array("y_true", y_true), numeric_array("y_pred", y_pred)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.ndim != 1 or pred.ndim != 2 or len(pred) != len(y) or pred.shape[1] < n_columns:
        needed = f"shape ({len(y)}, {n_columns}) or more columns, for one label for each row"
        raise invalid("y_pred", given=f"shape {pred.shape}", needed=needed)
    return y, pred, sample_weights(sample_weight, len(y))


@dataclass(frozen=True, slots=True)
class Metric(ABC):
    """A weighted mean over rows, on the response scale.

    A metric of your own gives a ``name`` and `compute`; `validate` and `validate_domain` where its arrays differ.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.
    """

    link: Link = IDENTITY

    higher_is_better: ClassVar[bool] = False
    #: The power of the metric that is a weighted mean over rows, which adds up over machines; None: no power is.
    mean_power: ClassVar[float | None] = 1.0

    @property
    @abstractmethod
    def name(self) -> str:
        """Without spaces and colons, and never with a start that XGBoost maximises by itself."""

    @property
    def __name__(self) -> str:
        # XGBoost's scikit-learn wrapper names a metric by its function's name.
        return self.name

    @abstractmethod
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The metric of arrays that are valid.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : ndarray
            Predictions on the response scale, in float64.
        sample_weight : ndarray of shape (n_samples,) or None
            Weights of the rows. None: all 1.

        Returns
        -------
        float
            The value.
        """

    @property
    def in_target_units(self) -> bool:
        """Whether the value has the unit of the target, so that its size means nothing."""
        return False

    @property
    def additive_power(self) -> float | None:
        """The ``mean_power`` with the metric's parameters."""
        return self.mean_power

    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        """Arrays that go together, from what was given; or an error.

        Parameters
        ----------
        y_true : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : array_like
            Predictions before the link.
        sample_weight : array_like of shape (n_samples,) or None
            Weights of the rows. None: all 1.

        Returns
        -------
        y_true : ndarray
            Labels.
        y_pred : ndarray
            Predictions, before the link as they were given.
        sample_weight : ndarray or None
            Weights of the rows.
        """
        y, pred = labels_and_predictions(y_true, y_pred)
        return y, pred, sample_weights(sample_weight, len(y))

    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        """Raise for labels and responses that the metric is not defined for.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : ndarray
            Predictions on the response scale.
        """
        return

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The metric of arrays.

        Parameters
        ----------
        y_true : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : array_like
            Predictions, from which ``link`` makes the response.
        sample_weight : array_like of shape (n_samples,) or None, default None
            Weights of the rows.

        Returns
        -------
        float
            The value.

        Raises
        ------
        TypeError, ValueError
            For shapes that don't go together, NaN, inf, and numbers outside the metric's domain.
        """
        y, pred, weight = self.validate(y_true, y_pred, sample_weight)
        reject_non_finite("y_true", y)
        reject_non_finite("y_pred", pred)
        return self.of_predictions(y.astype(np.float64), pred.astype(np.float64), weight)

    def of_predictions(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The metric of arrays that are valid, before the link.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : ndarray
            Predictions, from which ``link`` makes the response.
        sample_weight : ndarray of shape (n_samples,) or None
            Weights of the rows. None: all 1.

        Returns
        -------
        float
            The value.
        """
        response = self.link.inverse(y_pred)
        self.validate_domain(y_true, response)
        return float(self.compute(y_true, response, sample_weight))

    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """`evaluate` of all rows of several machines.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            The rows of this machine, of which there may be none, or only such as weigh nothing.
        reduce : callable
            Given a vector of sums over the rows at hand, it returns the sum over all machines.

        Returns
        -------
        float
            The value over all rows, the same on each machine.

        Raises
        ------
        ValueError
            For a metric that is no mean over rows, nor a power of one.
        """
        power = self.additive_power
        if power is None:
            given = f"{self.name}, which is no mean over rows, with rows spread over machines"
            raise invalid("metric", given=given, needed="a mean, such as mae, rmse or log_loss")
        total = value = 0.0
        if np.size(y_pred):
            weight = sample_weights(sample_weight, len(y_pred), may_be_zero=True)
            total = float(len(y_pred) if weight is None else weight.sum(dtype=np.float64))
            value = self.evaluate(y_true, y_pred, weight if total else None)
        weights, sums = reduce(np.array([total, total * value**power])).tolist()
        return float((mean_over_machines(sums, weights)) ** (1.0 / power))

    def _distributed(self, y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        """`evaluate`, over all machines where XGBoost trains on several: it averages without weights."""
        allreduce = collective()
        if allreduce is None:
            return self.evaluate(y_true, y_pred, sample_weight)
        return together(partial(self.over_machines, y_true, y_pred, sample_weight), allreduce)

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None
    ) -> Score | tuple[str, float] | tuple[str, float, bool]:
        """Evaluate at whichever door this is.

        Parameters
        ----------
        y_true : array_like
            Labels; predictions where the second argument is a data set.
        y_pred : array_like, DMatrix or Dataset
            Predictions, or the data set with the labels and weights.
        sample_weight : array_like of shape (n_samples,) or None, default None
            Weights of the rows.

        Returns
        -------
        Score, or tuple
            Of arrays a `Score`; of a DMatrix (name, value); of a Dataset (name, value, higher_is_better).
        """
        if is_data_set(y_true):
            given = f"a {type(y_true).__name__} as the first argument"
            needed = "metric(preds, data) or metric(y_true, y_pred)"
            raise invalid("y_true", given=given, needed=needed, kind=TypeError)
        if not is_data_set(y_pred):
            value = self._distributed(y_true, y_pred, sample_weight)
            return Score(value, self.name, self.higher_is_better)
        preds, data = y_true, y_pred
        labels, weights = labels_and_weights(data)
        value = self._distributed(labels, preds, weights)
        if hasattr(data, "get_init_score"):  # a lightgbm.Dataset
            return self.name, value, self.higher_is_better
        if self.in_target_units and 0 < abs(value) < 1e-4:
            warn(
                f"{self.name} is {value:.3g}; XGBoost keeps six decimals of a metric, so early "
                "stopping can't see it improve. Use relative=True, or scale the target.",
                stacklevel=2,
            )
        return self.name, value


def mean_over_machines(sums: float, weights: float) -> float:
    """The mean from the sums over all machines, or an error where no row of any machine weighs anything."""
    if not weights:
        given = "zero for all rows of all machines"
        raise invalid("sample_weight", given=given, needed="at least one weight > 0")
    return sums / weights


@dataclass(frozen=True, slots=True)
class RelativeMetric(Metric):
    """A metric in the units of the target, or relative to what a constant would reach.

    Parameters
    ----------
    relative : bool, default False
        Divide by the metric of a constant, so that it is of order 1 for any target.
    """

    relative: bool = False

    @property
    @override
    def in_target_units(self) -> bool:
        return not self.relative

    @property
    @override
    def additive_power(self) -> float | None:
        return None if self.relative else self.mean_power
