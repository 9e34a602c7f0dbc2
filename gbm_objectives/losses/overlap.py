"""Overlap losses: one number for all rows, 1 - Dice or 1 - Tversky index of probabilities and labels."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from scipy.special import logit
from typing_extensions import override

from gbm_objectives._core.numerics import odds, weighted_sums
from gbm_objectives._core.validation import Array, message, non_negative, positive
from gbm_objectives.curvature import Absolute
from gbm_objectives.losses.binary import LogitLoss, base_rate

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Dice", "Tversky"]


@dataclass(frozen=True, slots=True)
class OverlapLoss(LogitLoss):
    """1 - T, T = (TP + s)/(TP + alpha FP + beta FN + s), p = sigmoid(z).

    TP = sum y p, FP = sum (1 - y) p, FN = sum y (1 - p) are weighted sums over all rows. Domain of y: {0, 1}.
    Link: logit. For soft labels the optimum of products y p is not p = y. With D the denominator and N the
    total weight, the gradient is N c p q, N times the derivative of the loss, of order 1 in any number of rows:
    c = -(1 - (1 - beta) T)/D for y = 1 and alpha T/D for y = 0.

    The loss is no convex function of z, and its Hessian not positive: p q vanishes at confident errors, where
    |gradient| does too. h = |gradient| bounds leaves by 1 and is the default.

    Parameters
    ----------
    smooth : float, default 1.0
        s >= 0, in units of rows (of weight): holds T where there are few rows of class 1.
    sums : tuple of float, or None
        Total weight N, weight of class 1, sum of p, TP; set by `resolve`.
    """

    smooth: float = 1.0
    sums: tuple[float, float, float, float] | None = field(default=None, repr=False)

    #: Not in the score.
    convex = False
    #: |gradient|: no leaf moves by more than 1.
    default_curvature = Absolute()
    #: No: a higher constant is always better, or always worse where ``smooth`` outweighs class 1.
    has_best_constant = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "smooth", non_negative("smooth", self.smooth))

    @property
    @abstractmethod
    def costs(self) -> tuple[float, float]:
        """alpha of false positives, beta of false negatives."""

    @property
    @override
    def pending(self) -> bool:
        return self.sums is None

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """N, the weight of class 1, the sum of p and TP."""
        p = _probability(raw_prediction)
        return weighted_sums(sample_weight, y_true, p, y_true * p)

    @override
    def resolve(self, sums: Array) -> Self:
        total, positives, predicted, both = sums.tolist()
        return replace(self, sums=(total, positives, predicted, both))

    def _slopes(self) -> tuple[float, float, float]:
        """T, and N c of labels 0 and 1."""
        if self.sums is None:
            raise ValueError(message("sums", "None", "sums over all rows", "Call resolve first."))
        alpha, beta = self.costs
        total, positives, predicted, both = self.sums
        false = alpha * (predicted - both) + beta * (positives - both)
        denominator = max(both + false + self.smooth, 1e-300)
        index = (both + self.smooth) / denominator
        scale = total / denominator
        return index, scale * alpha * index, -scale * (1.0 - (1.0 - beta) * index)

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """1 - T + N c p less the mean of N c p: the tangent at these sums, whose weighted mean is 1 - T."""
        index, negative, positive = self._slopes()
        total, _, predicted, both = self.sums or (1.0, 0.0, 0.0, 0.0)
        mean = (negative * (predicted - both) + positive * both) / total
        slope = negative + (positive - negative) * y_true
        return (1.0 - index - mean) + slope * _probability(raw_prediction)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """N c p q."""
        _, negative, positive = self._slopes()
        o = odds(raw_prediction)
        q = 1.0 / (1.0 + o)
        o *= q
        o *= q
        q = (positive - negative) * y_true
        q += negative
        o *= q
        return o

    def log_odds(self, raw_prediction: Array) -> Array:
        """z, for want of better: the best score of a row is +-inf, so p is no calibrated probability."""
        return raw_prediction

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The logit of the base rate, where learning starts well: the best constant is not finite."""
        rate = base_rate(y_true, sample_weight)
        return float(logit(rate))


def _probability(raw_prediction: Array) -> Array:
    o = odds(raw_prediction)
    o /= 1.0 + o
    return o


@dataclass(frozen=True, slots=True)
class Dice(OverlapLoss):
    """The overlap loss with alpha = beta = 1/2: 1 - 2 TP/(sum p + sum y) for smooth = 0, a soft F1.

    Milletari et al. (2016), https://arxiv.org/abs/1606.04797, who square p and y in the denominator.
    """

    name: ClassVar[str] = "dice"

    @property
    @override
    def costs(self) -> tuple[float, float]:
        return 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Tversky(OverlapLoss):
    """The overlap loss with weights alpha of false positives and beta of false negatives.

    alpha = beta = 1/2 is Dice, alpha = beta = 1 Jaccard. Salehi et al. (2017), https://arxiv.org/abs/1706.05721.
    """

    alpha: float = 0.3
    beta: float = 0.7

    name: ClassVar[str] = "tversky"

    def __post_init__(self) -> None:
        OverlapLoss.__post_init__(self)
        object.__setattr__(self, "alpha", positive("alpha", self.alpha))
        object.__setattr__(self, "beta", positive("beta", self.beta))

    @property
    @override
    def costs(self) -> tuple[float, float]:
        return self.alpha, self.beta
