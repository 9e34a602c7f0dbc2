"""Weights by label: of classes, or the inverse of a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from typing_extensions import override

from gbm_objectives._core.numerics import lookup, weighted_sums
from gbm_objectives._core.validation import Array, invalid, number, positive, reject_rows
from gbm_objectives.loss import Loss
from gbm_objectives.weighting._base import Weighting


@dataclass(frozen=True, slots=True)
class EffectiveNumber:
    """Class weights by the effective number of rows, proportional to (1 - beta)/(1 - beta^n).

    From equal weights (beta = 0) to the inverse of the class counts (beta -> 1). Cui et al. (2019),
    https://arxiv.org/abs/1901.05555. There the weights sum to K; here their mean over the rows is 1.

    Parameters
    ----------
    beta : float, default 0.999
        In [0, 1).

    Examples
    --------
    >>> objective = binary_cross_entropy(class_weight=EffectiveNumber(0.999))
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
    class_weight : "balanced", `EffectiveNumber`, sequence or mapping of float
        "balanced" is n / (K n_k), as in scikit-learn. This and an `EffectiveNumber` are found at each call from the
        labels and sample weights of all rows at hand. Otherwise K weights > 0, by class code.
    factors : tuple of float or None, default None
        What the class weights come to. Set by `resolve`.
    """

    class_weight: Given
    factors: tuple[float, ...] | None = field(default=None, repr=False)

    of_labels = True
    suited = "a loss of classes, such as binary_cross_entropy() or softmax_cross_entropy()"

    def __post_init__(self) -> None:
        given: Any = self.class_weight
        if isinstance(given, (str, EffectiveNumber)):
            if given != "balanced" and isinstance(given, str):
                needed = '"balanced", an EffectiveNumber or one weight for each class'
                raise invalid("class_weight", given=repr(given), needed=needed)
            return
        object.__setattr__(self, "class_weight", _fixed(given))
        object.__setattr__(self, "factors", self.class_weight)

    @override
    def fits(self, loss: Loss) -> bool:
        return loss.labels in ("binary", "class", "distribution")

    @property
    @override
    def pending(self) -> bool:
        return self.factors is None

    @override
    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The weighted count of each class."""
        if loss.labels in ("class", "distribution") and not len(y_true):
            return np.zeros(_n_classes(raw_prediction))
        if loss.labels == "distribution":
            weight = np.ones(len(y_true)) if sample_weight is None else sample_weight
            return np.asarray(weight @ y_true, dtype=np.float64)
        if loss.labels == "class":
            codes = y_true.astype(np.intp)
            return np.bincount(codes, sample_weight, raw_prediction.shape[1]).astype(np.float64)
        return weighted_sums(sample_weight, 1.0 - y_true, y_true)[1:]

    @override
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

    @override
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
        n_classes = _n_classes(raw_prediction)
        if len(factors) != n_classes:
            needed = f"{n_classes}, one for each class"
            raise invalid("class_weight", given=f"{len(factors)} weights", needed=needed)
        if loss.labels == "distribution":
            return np.asarray(y_true.astype(factors.dtype, copy=False) @ factors)
        if loss.labels == "class":
            return lookup(factors, y_true.astype(np.intp))
        mean = factors[0] + (factors[1] - factors[0]) * y_true
        of_mean: Array = mean.astype(factors.dtype, copy=False)
        return of_mean


def _n_classes(raw_prediction: Array) -> int:
    return raw_prediction.shape[1] if raw_prediction.ndim == 2 else 2


def _fixed(given: Any) -> tuple[float, ...]:
    """K weights from a sequence, or a mapping of all codes 0..K-1."""
    needed = '"balanced", an EffectiveNumber, or a weight > 0 for each class code'
    if isinstance(given, Mapping):
        if sorted(given) != list(range(len(given))):
            raise invalid("class_weight", given=repr(given), needed=needed + ", 0..K-1")
        given = [given[code] for code in range(len(given))]
    if not isinstance(given, (Sequence, np.ndarray)) or len(given) < 2:
        raise invalid("class_weight", given=repr(given), needed=needed, kind=TypeError)
    return tuple(positive("class_weight", weight) for weight in given)


#: The largest mean of weights by the inverse label, so that gradients stay in float32 with labels next to 0.
_MOST = 1e6


@dataclass(frozen=True, slots=True)
class InverseLabel(Weighting):
    """1/max(|y|, floor), scaled to a geometric mean of 1: the rows' errors count relative to their labels.

    The libraries' limits on Hessians then suit the row in the middle. With a mean of 1 the few smallest labels would
    take all, and over four decades of labels leaves of large ones be refused.

    Parameters
    ----------
    floor : float or None, default None
        Above 0, in the units of the target. None: labels must be other than 0.
    scale : float or None, default None
        The inverse of the geometric mean of 1/max(|y|, floor). Set by `resolve`.
    """

    floor: float | None = None
    scale: float | None = field(default=None, repr=False)

    of_labels = True
    suited = "a loss of numbers, such as huber()"

    def __post_init__(self) -> None:
        if self.floor is not None:
            object.__setattr__(self, "floor", positive("floor", self.floor))

    @override
    def fits(self, loss: Loss) -> bool:
        return loss.labels == "number"

    @override
    def validate_labels(self, y_true: Array) -> None:
        if self.floor is None:
            instead = "Give a floor, the size below which errors count as absolute ones."
            reject_rows("y_true", y_true == 0, "a label of 0", "labels other than 0", instead)

    def _size(self, y_true: Array) -> Array:
        size = np.abs(y_true)
        return size if self.floor is None else np.clip(size, self.floor, None)

    @property
    @override
    def pending(self) -> bool:
        return self.scale is None

    @override
    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The sums of weights, and of the weighted logarithms and inverses of the sizes."""
        size = self._size(y_true)
        with np.errstate(over="ignore"):
            return weighted_sums(sample_weight, np.log(size), 1.0 / size)

    @override
    def resolve(self, sums: Array) -> InverseLabel:
        """The weighting with its scale."""
        total, logarithms, inverses = sums.tolist()
        if not total:
            return replace(self, scale=1.0)
        most = _MOST * total / inverses if inverses else math.inf
        return replace(self, scale=min(math.exp(logarithms / total), most))

    @override
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
        # So small a weight is 0 but for the product with the Hessian's floor, which must not be.
        scaled = np.clip(np.divide(scale, self._size(y_true)), 1e-20, None)
        return scaled.astype(raw_prediction.dtype, copy=False)
