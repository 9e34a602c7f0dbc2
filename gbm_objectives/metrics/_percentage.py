"""The mean absolute percentage error as a metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, positive
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.metrics._metric import Metric, weighted_mean
from gbm_objectives.weighting import InverseLabel


@dataclass(frozen=True, slots=True)
class MeanAbsolutePercentageError(Metric):
    """mean |y_pred - y_true| / max(|y_true|, floor): a share, 1 for 100%.

    Parameters
    ----------
    floor : float or None, default None
        The size below which labels count as so large; needed where labels are 0.
    """

    floor: float | None = None

    name = "mape"

    def __post_init__(self) -> None:
        if self.floor is not None:
            object.__setattr__(self, "floor", positive("floor", self.floor))

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        InverseLabel(self.floor).validate_labels(y_true)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        size = np.abs(y_true) if self.floor is None else np.maximum(np.abs(y_true), self.floor)
        return weighted_mean(np.abs(y_pred - y_true) / size, sample_weight)


def mape(*, floor: float | None = None, link: Link = IDENTITY) -> MeanAbsolutePercentageError:
    """Mean absolute percentage error.

    Parameters
    ----------
    floor : float or None, default None
        The size below which labels count as so large; needed where labels are 0.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    MeanAbsolutePercentageError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> mape()([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    0.25
    """
    return MeanAbsolutePercentageError(link=link, floor=floor)
