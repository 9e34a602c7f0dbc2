"""A term of an objective: a loss, its curvature policy and the bounds of its Hessian."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives import _blocks
from gbm_objectives._blocks import Reduce
from gbm_objectives._validation import (
    Array,
    labels_and_predictions,
    message,
    non_negative,
    positive,
    reject_non_finite,
    sample_weights,
)
from gbm_objectives.curvature import POLICIES, Curvature, as_curvature
from gbm_objectives.losses._base import Loss

#: No Hessian is smaller: the floor that XGBoost puts under its own logistic objective.
FLOOR = 1e-16


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient x loss, with the curvature policy and the bounds of its Hessian.

    Without a curvature the loss' own default holds, also after its parameters are changed.
    """

    loss: Loss
    curvature: Curvature | None = None
    clip: tuple[float, float | None] | None = None
    coefficient: float = 1.0

    def __post_init__(self) -> None:
        if self.curvature is not None:
            object.__setattr__(self, "curvature", as_curvature(self.curvature))
        self.policy.check(self.loss)
        if self.clip is not None:
            object.__setattr__(self, "clip", _checked_clip(self.clip))

    @property
    def policy(self) -> Curvature:
        """The curvature, or the default of the loss."""
        if self.curvature is not None:
            return self.curvature
        name, trust = self.loss.default_curvature
        return POLICIES[name](trust=trust)

    def derivatives(self, rows: slice, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of a block: positive and within the clip."""
        loss = self.loss.take(rows)
        gradient, hessian = self.policy.evaluate(loss, y_true, raw_prediction)
        low, high = self.clip or (0.0, None)
        # The policy's array is its own: it is bounded in place.
        np.clip(hessian, max(low, FLOOR), np.inf if high is None else high, out=hessian)
        if self.coefficient != 1.0:
            gradient = gradient * self.coefficient
            hessian *= self.coefficient
        return gradient, hessian

    def resolved(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Array | None,
        reduce: Reduce | None,
    ) -> Term:
        """The term with everything global gathered from these rows, and from others by ``reduce``."""
        loss = _blocks.resolve(self.loss, y_true, raw_prediction, sample_weight, reduce)
        return self if loss is self.loss else replace(self, loss=loss, curvature=self.policy)

    def __repr__(self) -> str:
        clip = "" if self.clip is None else f", clip={self.clip}"
        times = "" if self.coefficient == 1.0 else f"{self.coefficient:g} * "
        return f"{times}Objective({self.loss!r}, {self.policy!r}{clip})"


def _checked_clip(clip: tuple[float, float | None]) -> tuple[float, float | None]:
    needed = "a pair (low, high) with 0 <= low < high; None as high for no upper bound"
    if not isinstance(clip, (tuple, list)) or len(clip) != 2:
        raise ValueError(message("clip", repr(clip), needed))
    low = non_negative("clip[0]", 0.0 if clip[0] is None else clip[0])
    high = None if clip[1] is None else positive("clip[1]", clip[1])
    if high is not None and high <= low:
        raise ValueError(message("clip", repr(clip), needed))
    return low, high


def checked(
    terms: tuple[Term, ...],
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    sample_weight: ArrayLike | None,
) -> tuple[Array, Array, Array | None]:
    """Labels, predictions and weights as arrays, all of them looked at; or an error."""
    y, raw = labels_and_predictions(y_true, raw_prediction)
    weight = sample_weights(sample_weight, len(y))
    reject_non_finite("y_true", y)
    reject_non_finite("raw_prediction", raw)
    for term in terms:
        if not term.loss.check_labels(y):
            term.loss.reject_labels(y, raw)
    return y, raw, weight
