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

from gbm_objectives._core.reduction import Reduce, collective, together, weighed
from gbm_objectives._core.validation import (
    Array,
    labels_and_predictions,
    message,
    numeric_array,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Link


def weighted_mean(values: Array, sample_weight: Array | None) -> float:
    """The weighted mean over rows, and over outputs where there are several."""
    return float(np.mean(np.average(values, axis=0, weights=sample_weight)))


def check_probabilities(y_true: Array, y_pred: Array) -> None:
    """Raise for labels or predictions outside [0, 1]."""
    reject_rows("y_true", (y_true < 0) | (y_true > 1), "a label outside [0, 1]", "labels in [0, 1]")
    reject_rows(
        "y_pred",
        (y_pred < 0) | (y_pred > 1),
        "a value outside [0, 1]",
        "probabilities",
        "For raw scores give the metric their link: link=objective.link.",
    )


class Score(float):
    """A float that also unpacks as LightGBM's (name, value, higher_is_better).

    XGBoost's scikit-learn wrapper wants a number, LightGBM's a triple, and both call alike.
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
        needed = f"shape ({len(y)}, {n_columns}) or more columns, for one label a row"
        raise ValueError(message("y_pred", f"shape {pred.shape}", needed))
    return y, pred, sample_weights(sample_weight, len(y))


@dataclass(frozen=True, slots=True)
class Metric(ABC):
    """A weighted mean over rows, on the response scale.

    Parameters
    ----------
    link : how to make the response from the predictions that the metric is given.
    """

    link: Link = IDENTITY

    higher_is_better: ClassVar[bool] = False

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
        """The metric of checked arrays; ``y_pred`` on the response scale."""

    @property
    def in_target_units(self) -> bool:
        """Whether the value has the unit of the target, so that its size means nothing."""
        return False

    def _check(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        y, pred = labels_and_predictions(y_true, y_pred)
        return y, pred, sample_weights(sample_weight, len(y))

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The metric of arrays (n_samples,), or (n_samples, n_outputs) for labels of that shape."""
        y, pred, weight = self._check(y_true, y_pred, sample_weight)
        reject_non_finite("y_true", y)
        reject_non_finite("y_pred", pred)
        response = self.link.inverse(pred.astype(np.float64))
        return float(self.compute(y.astype(np.float64), response, weight))

    @property
    def mean_power(self) -> float | None:
        """The power of the metric that is a weighted mean over rows, and adds up over machines; None: none is."""
        return 1.0

    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        """`evaluate` of all rows of several machines; ``reduce`` adds up sums, and rows here may be none.

        Raises
        ------
        ValueError
            For a metric that is no mean over rows, nor a power of one.
        """
        power = None if getattr(self, "relative", False) else self.mean_power
        if power is None:
            given = f"{self.name}, which is no mean over rows, with rows spread over machines"
            raise ValueError(message("metric", given, "a mean, such as mae, rmse or log_loss"))
        total = value = 0.0
        if np.size(y_pred):
            weight = sample_weights(weighed(sample_weight), len(y_pred))
            total = float(len(y_pred) if weight is None else weight.sum(dtype=np.float64))
            value = self.evaluate(y_true, y_pred, weight)
        weights, sums = reduce(np.array([total, total * value**power])).tolist()
        return float((sums / weights) ** (1.0 / power))

    def _here(self, y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        """`evaluate`, over all machines where XGBoost trains on several: it averages without weights."""
        allreduce = collective()
        if allreduce is None:
            return self.evaluate(y_true, y_pred, sample_weight)
        return together(partial(self.over_machines, y_true, y_pred, sample_weight), allreduce)

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None
    ) -> Score | tuple[str, float] | tuple[str, float, bool]:
        """Evaluate at whichever door this is; see the module's docstring."""
        if hasattr(y_true, "get_label"):
            given = f"a {type(y_true).__name__} as the first argument"
            raise TypeError(
                message("y_true", given, "metric(preds, data) or metric(y_true, y_pred)")
            )
        if not hasattr(y_pred, "get_label"):
            value = self._here(y_true, y_pred, sample_weight)
            return Score(value, self.name, self.higher_is_better)
        preds, data = y_true, y_pred
        value = self._here(data.get_label(), preds, data.get_weight())
        if hasattr(data, "get_init_score"):  # a lightgbm.Dataset
            return self.name, value, self.higher_is_better
        if self.in_target_units and 0 < abs(value) < 1e-4:
            warn(
                f"{self.name} is {value:.3g}; XGBoost keeps six decimals of a metric, so early "
                "stopping can't see it improve. Use relative=True, or scale the target.",
                stacklevel=2,
            )
        return self.name, value
