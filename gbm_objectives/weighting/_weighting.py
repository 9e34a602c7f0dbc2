"""Re-weighting: a factor for each row's loss, found from its label, its gradient or its loss.

A weighting belongs to a term of an objective, beside the loss, so the loss keeps its formulas and the
Hessian its policy. What it needs of all rows is a vector of sums, as for losses: stateless and
mergeable over machines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from gbm_objectives._core.validation import Array, message, number, positive, reject_rows
from gbm_objectives.loss import Loss

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ClassWeight", "EffectiveNumber", "Weighting"]


class Weighting(ABC):
    """A factor of each row's loss; a frozen dataclass whose fields are its parameters."""

    __slots__ = ()

    #: The factor is a function of the label, so it acts on intercepts and metrics as a sample weight does.
    of_labels: ClassVar[bool] = False
    #: Whether the metric of the objective has the factor too.
    in_metric: ClassVar[bool] = True
    #: The factor is a random draw by row number, another one for other predictions.
    drawn: ClassVar[bool] = False
    #: Whether a part of the rows is enough for `statistics`, as it is for a quantile.
    sampled: ClassVar[bool] = False

    def check(self, loss: Loss) -> None:
        """Raise TypeError for a loss that this makes no sense for."""
        return

    def check_labels(self, y_true: Array) -> None:
        """Raise ValueError for labels that have no factor; ``y_true`` is all of them."""
        return

    @property
    def pending(self) -> bool:
        """Whether `statistics` must be gathered and resolved first."""
        return False

    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A vector of sums over the rows."""
        return np.zeros(0)

    def resolve(self, sums: Array) -> Self:
        """The weighting with what the sums over all rows tell."""
        return self

    def class_shares(self, shares: Array) -> Array:
        """The shares of K classes for which the loss's own best constant is best with the factors too."""
        return shares

    def of_hessian(self, factor: Array) -> Array:
        """The factor of the Hessian, from that of the loss and the gradient."""
        return factor

    @abstractmethod
    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """The factor of each row, (n,), in the dtype of the predictions; from the loss's gradient if it is known."""


@dataclass(frozen=True, slots=True)
class EffectiveNumber:
    """Class weights by the effective number of rows, proportional to (1 - beta)/(1 - beta^n).

    From equal weights (beta = 0) to the inverse of the class counts (beta -> 1). Cui et al. (2019),
    https://arxiv.org/abs/1901.05555. There the weights sum to K; here their mean over the rows is 1.
    """

    beta: float = 0.999

    def __post_init__(self) -> None:
        needed = "a number >= 0 and < 1"
        beta = number("beta", self.beta, lambda b: 0 <= b < 1, needed)
        object.__setattr__(self, "beta", beta)


Given = Literal["balanced"] | EffectiveNumber | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClassWeight(Weighting):
    """A weight for each class, by its code; soft labels get the mean of the classes' weights.

    Parameters
    ----------
    class_weight : "balanced" (n / (K n_k), as in scikit-learn), an `EffectiveNumber`, or K weights > 0. The first
        two are found at each call from the labels and sample weights of all rows at hand.
    factors : what they come to, set by `resolve`.
    """

    class_weight: Given
    factors: tuple[float, ...] | None = field(default=None, repr=False)

    of_labels = True

    def __post_init__(self) -> None:
        given: Any = self.class_weight
        if isinstance(given, (str, EffectiveNumber)):
            if given != "balanced" and isinstance(given, str):
                needed = '"balanced", an EffectiveNumber or one weight a class'
                raise ValueError(message("class_weight", repr(given), needed))
            return
        object.__setattr__(self, "class_weight", _fixed(given))
        object.__setattr__(self, "factors", self.class_weight)

    @property
    def pending(self) -> bool:
        """Whether the class counts are unknown."""
        return self.factors is None

    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The weighted count of each class."""
        if y_true.ndim == 2:
            weight = np.ones(len(y_true)) if sample_weight is None else sample_weight
            return np.asarray(weight @ y_true, dtype=np.float64)
        if loss.vector:
            codes = y_true.astype(np.intp)
            return np.bincount(codes, sample_weight, raw_prediction.shape[1]).astype(np.float64)
        total = float(len(y_true) if sample_weight is None else sample_weight.sum(dtype=np.float64))
        ones = float(np.average(y_true, weights=sample_weight)) * total if total else 0.0
        return np.array([total - ones, ones])

    def resolve(self, sums: Array) -> ClassWeight:
        """The weights whose mean over the rows is 1; a class without rows has none."""
        present = sums > 0
        if isinstance(self.class_weight, EffectiveNumber):
            beta = self.class_weight.beta
            log_beta = np.log(beta) if beta else -np.inf
            inverse = -1.0 / np.expm1(np.where(present, sums, 1.0) * log_beta)
        else:
            inverse = 1.0 / np.where(present, sums, 1.0)
        scale = sums.sum() / (inverse[present] @ sums[present])
        factors = np.where(present, scale * inverse, 1.0)
        return replace(self, factors=tuple(factors.tolist()))

    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """The weight of the row's class."""
        factors = np.asarray(self.factors, dtype=raw_prediction.dtype)
        n_classes = raw_prediction.shape[1] if raw_prediction.ndim == 2 else 2
        if len(factors) != n_classes:
            needed = f"{n_classes}, one a class"
            raise ValueError(message("class_weight", f"{len(factors)} weights", needed))
        if y_true.ndim == 2:
            mixed: Array = y_true.astype(factors.dtype, copy=False) @ factors
            return mixed
        if loss.vector:
            return np.asarray(factors[y_true.astype(np.intp)])
        return np.asarray(factors[0] + (factors[1] - factors[0]) * y_true, dtype=factors.dtype)


def _fixed(given: Any) -> tuple[float, ...]:
    """K weights from a sequence, or a mapping of all codes 0..K-1."""
    needed = '"balanced", an EffectiveNumber, or a weight > 0 for each class code'
    if isinstance(given, Mapping):
        if sorted(given) != list(range(len(given))):
            raise ValueError(message("class_weight", repr(given), needed + ", 0..K-1"))
        given = [given[code] for code in range(len(given))]
    if not isinstance(given, (Sequence, np.ndarray)) or len(given) < 2:
        raise TypeError(message("class_weight", repr(given), needed))
    return tuple(positive("class_weight", weight) for weight in given)


@dataclass(frozen=True, slots=True)
class InverseLabel(Weighting):
    """1/max(|y|, floor), scaled to a mean of 1: the rows' errors count relative to their labels.

    Parameters
    ----------
    floor : > 0, in the units of the target; None asks for labels other than 0.
    scale : the inverse of the mean of 1/max(|y|, floor), set by `resolve`.
    """

    floor: float | None = None
    scale: float | None = field(default=None, repr=False)

    of_labels = True

    def __post_init__(self) -> None:
        if self.floor is not None:
            object.__setattr__(self, "floor", positive("floor", self.floor))

    def check_labels(self, y_true: Array) -> None:
        """0 has no relative error."""
        if self.floor is None:
            instead = "Give a floor, the size below which errors count as absolute ones."
            reject_rows("y_true", y_true == 0, "a label of 0", "labels other than 0", instead)

    def _inverse(self, y_true: Array) -> Array:
        size = np.abs(y_true)
        inverse: Array = 1.0 / (size if self.floor is None else np.clip(size, self.floor, None))
        return inverse

    @property
    def pending(self) -> bool:
        """Whether the mean is unknown."""
        return self.scale is None

    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The sums of weights and of the weighted inverses."""
        inverse = self._inverse(y_true)
        if sample_weight is None:
            return np.array([len(inverse), inverse.sum(dtype=np.float64)])
        sums = (part.sum(dtype=np.float64) for part in (sample_weight, sample_weight * inverse))
        return np.array(list(sums))

    def resolve(self, sums: Array) -> InverseLabel:
        """The weighting with its scale."""
        total, inverses = sums.tolist()
        return replace(self, scale=total / inverses if inverses else 1.0)

    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """The scaled inverse of the row's label."""
        scale = 1.0 if self.scale is None else self.scale
        return (scale * self._inverse(y_true)).astype(raw_prediction.dtype, copy=False)
