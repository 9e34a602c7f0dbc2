"""Metrics of the overlap of labels and predictions: Dice, which is F1, Jaccard, the Tversky index."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, open_unit, positive
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.metrics._metric import Metric, validate_probabilities


@dataclass(frozen=True, slots=True)
class OverlapMetric(Metric):
    """TP/(TP + alpha FP + beta FN) of weighted sums over rows; the mean over outputs where there are several.

    Parameters
    ----------
    threshold : float or None, default 0.5
        Probabilities above it are predictions of class 1. None: the probabilities themselves are summed. The index
        is 0 where there is neither a label nor a prediction of class 1, as in scikit-learn.
    """

    threshold: float | None = 0.5

    higher_is_better = True
    mean_power = None

    def __post_init__(self) -> None:
        if self.threshold is not None:
            object.__setattr__(self, "threshold", open_unit("threshold", self.threshold))

    @property
    @abstractmethod
    def costs(self) -> tuple[float, float]:
        """alpha of false positives, beta of false negatives."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The name without a word on the threshold."""

    @property
    def name(self) -> str:
        """``soft_`` before the name where probabilities are summed."""
        return self.kind if self.threshold is not None else f"soft_{self.kind}"

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        validate_probabilities(y_true, y_pred)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        p = y_pred if self.threshold is None else (y_pred > self.threshold).astype(np.float64)
        weight = np.ones(len(p)) if sample_weight is None else sample_weight
        both, predicted, positives = weight @ (y_true * p), weight @ p, weight @ y_true
        alpha, beta = self.costs
        total = both + alpha * (predicted - both) + beta * (positives - both)
        return float(np.mean(both / np.where(total > 0, total, 1.0)))


@dataclass(frozen=True, slots=True)
class DiceScore(OverlapMetric):
    """2 TP/(2 TP + FP + FN): the F1 score."""

    kind = "dice"
    costs = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class JaccardScore(OverlapMetric):
    """TP/(TP + FP + FN): intersection over union."""

    kind = "jaccard"
    costs = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class TverskyIndex(OverlapMetric):
    """TP/(TP + alpha FP + beta FN).

    Parameters
    ----------
    alpha : float, default 0.3
        The cost of a false positive, above 0.
    beta : float, default 0.7
        The cost of a false negative, above 0.
    """

    alpha: float = 0.3
    beta: float = 0.7

    def __post_init__(self) -> None:
        OverlapMetric.__post_init__(self)
        object.__setattr__(self, "alpha", positive("alpha", self.alpha))
        object.__setattr__(self, "beta", positive("beta", self.beta))

    @property
    def kind(self) -> str:
        """The name with alpha and beta in it."""
        return f"tversky_{self.alpha:g}_{self.beta:g}"

    @property
    @override
    def costs(self) -> tuple[float, float]:
        return self.alpha, self.beta


def dice(*, threshold: float | None = 0.5, link: Link = IDENTITY) -> DiceScore:
    """Dice score, 2 TP/(2 TP + FP + FN), the F1 score, of probabilities or raw scores with their link.

    threshold=None gives 1 - the loss of `gbm_objectives.dice` with smooth=0. The mean over columns of a label
    matrix.

    Parameters
    ----------
    threshold : float or None, default 0.5
        Probabilities above it are predictions of class 1. None: the probabilities themselves are summed.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    DiceScore
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(dice()([0, 1, 1], [0.1, 0.8, 0.3]), 3)
    0.667
    """
    return DiceScore(link=link, threshold=threshold)


def jaccard(*, threshold: float | None = 0.5, link: Link = IDENTITY) -> JaccardScore:
    """Jaccard index, TP/(TP + FP + FN), or intersection over union.

    Parameters
    ----------
    threshold : float or None, default 0.5
        Probabilities above it are predictions of class 1. None: the probabilities themselves are summed.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    JaccardScore
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> jaccard()([0, 1, 1], [0.1, 0.8, 0.3])
    0.5
    """
    return JaccardScore(link=link, threshold=threshold)


def tversky_index(
    alpha: float = 0.3,
    beta: float = 0.7,
    *,
    threshold: float | None = 0.5,
    link: Link = IDENTITY,
) -> TverskyIndex:
    """Tversky index, TP/(TP + alpha FP + beta FN).

    Parameters
    ----------
    alpha : float, default 0.3
        The cost of a false positive, above 0.
    beta : float, default 0.7
        The cost of a false negative, above 0.
    threshold : float or None, default 0.5
        Probabilities above it are predictions of class 1. None: the probabilities themselves are summed.
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    TverskyIndex
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(tversky_index(0.3, 0.7)([0, 1, 1], [0.1, 0.8, 0.3]), 3)
    0.588
    """
    return TverskyIndex(link=link, threshold=threshold, alpha=alpha, beta=beta)
