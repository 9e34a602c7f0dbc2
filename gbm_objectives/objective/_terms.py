"""A term of an objective: a loss, its curvature policy and the bounds of its Hessian."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import (
    Array,
    labels_and_predictions,
    message,
    non_negative,
    positive,
    reject_non_finite,
    sample_weights,
)
from gbm_objectives.curvature import Curvature, as_curvature, default_for
from gbm_objectives.loss import Loss
from gbm_objectives.objective import _blocks
from gbm_objectives.weighting import Weighting

#: No Hessian is smaller: the floor that XGBoost puts under its own logistic objective.
FLOOR = 1e-16


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient x loss, with the curvature policy and the bounds of its Hessian.

    Without a curvature the loss' own default holds, also after its parameters are changed. The
    weightings multiply value, gradient and Hessian of each row.
    """

    loss: Loss
    curvature: Curvature | None = None
    clip: tuple[float, float | None] | None = None
    coefficient: float = 1.0
    weightings: tuple[Weighting, ...] = ()

    def __post_init__(self) -> None:
        if self.curvature is not None:
            object.__setattr__(self, "curvature", as_curvature(self.curvature))
        self.policy.check(self.loss)
        for weighting in self.weightings:
            weighting.check(self.loss)
        if self.clip is not None:
            object.__setattr__(self, "clip", _checked_clip(self.clip))

    @property
    def policy(self) -> Curvature:
        """The curvature, or the default of the loss."""
        return default_for(self.loss) if self.curvature is None else self.curvature

    @property
    def drawn(self) -> bool:
        """Whether anything in it is a random draw that changes with the predictions."""
        return self.loss.drawn or any(weighting.drawn for weighting in self.weightings)

    def derivatives(
        self, rows: slice, y_true: Array, raw_prediction: Array, labels: Array
    ) -> tuple[Array, Array]:
        """Gradient and Hessian of a block: positive and within the clip.

        ``labels`` are those of the block where ``y_true`` stands for residuals already taken.
        """
        loss = self.loss.take(rows)
        plain, hessian = self.policy.evaluate(loss, y_true, raw_prediction)
        low, high = self.clip or (0.0, None)
        # The policy's array is its own: it is bounded in place.
        np.clip(hessian, max(low, FLOOR), np.inf if high is None else high, out=hessian)
        gradient = plain
        if self.coefficient != 1.0:
            gradient = plain * self.coefficient
            hessian *= self.coefficient
        for weighting in self.weightings:
            y = labels if weighting.of_labels else y_true
            factor = weighting.factor(loss, rows, y, raw_prediction, plain)
            gradient = (gradient.T * factor).T
            hessian = (hessian.T * weighting.of_hessian(factor)).T
        return gradient, hessian

    def value(self, rows: slice, y_true: Array, raw_prediction: Array) -> Array:
        """coefficient x loss of the rows of a block, with the weightings."""
        loss = self.loss.take(rows)
        value = self.coefficient * loss.value(y_true, raw_prediction)
        for weighting in self.weightings:
            value = value * weighting.factor(loss, rows, y_true, raw_prediction)
        return value

    def slope(self, y_true: Array, raw_prediction: Array) -> Array:
        """The derivative of `value`, of all rows at once; in the precision of the arguments."""
        slope = self.coefficient * self.loss.gradient(y_true, raw_prediction)
        for weighting in self.weightings:
            slope = slope * weighting.factor(self.loss, slice(None), y_true, raw_prediction)
        return slope

    def resolved(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Array | None,
        reduce: Reduce | None,
    ) -> Term:
        """The term with everything global gathered from these rows, and from others by ``reduce``."""
        term = self
        if self.weightings:
            term = self.with_label_weights(y_true, raw_prediction, sample_weight, reduce)
        # A draw is for the rows, whatever their classes weigh.
        weigh = _blocks.as_given if self.loss.drawn else term.weigh
        loss = _blocks.resolve(term.loss, y_true, raw_prediction, sample_weight, reduce, weigh)
        if loss is not term.loss:
            term = replace(term, loss=loss, curvature=self.policy)
        if any(weighting.pending for weighting in term.weightings):
            term = replace(
                term,
                weightings=tuple(
                    _blocks.resolve_weighting(
                        weighting, loss, y_true, raw_prediction, sample_weight, reduce, weigh
                    )
                    for weighting in term.weightings
                ),
            )
        return term

    def with_label_weights(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Array | None,
        reduce: Reduce | None = None,
    ) -> Term:
        """The term with those weightings resolved that depend on labels alone."""
        for weighting in self.weightings:
            weighting.check_labels(y_true)
        return replace(
            self,
            weightings=tuple(
                _blocks.resolve_weighting(
                    weighting, self.loss, y_true, raw_prediction, sample_weight, reduce
                )
                if weighting.of_labels
                else weighting
                for weighting in self.weightings
            ),
        )

    def weighted(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array | None:
        """The sample weights with the factors of the labels; ``raw_prediction`` only tells the outputs."""
        term = self.with_label_weights(y_true, raw_prediction, sample_weight)
        return term.weigh(y_true, raw_prediction, sample_weight)

    def weigh(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array | None:
        """The same of a block, once the weightings are resolved."""
        for weighting in self.weightings:
            if weighting.of_labels:
                factor = weighting.factor(self.loss, slice(None), y_true, raw_prediction)
                sample_weight = factor if sample_weight is None else sample_weight * factor
        return sample_weight

    def __repr__(self) -> str:
        clip = "" if self.clip is None else f", clip={self.clip}"
        times = "" if self.coefficient == 1.0 else f"{self.coefficient:g} * "
        weightings = "".join(f", {weighting!r}" for weighting in self.weightings)
        return f"{times}Objective({self.loss!r}, {self.policy!r}{clip}{weightings})"


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
    """Labels, predictions and weights as arrays, all of them looked at; or an error.

    Weights in float64: the sum of large ones leaves float32.
    """
    loss = terms[0].loss
    y, raw = labels_and_predictions(y_true, raw_prediction, loss.vector, loss.n_outputs)
    weight = sample_weights(sample_weight, len(y))
    reject_non_finite("y_true", y)
    reject_non_finite("raw_prediction", raw)
    for term in terms:
        if not term.loss.check_labels(y) or (loss.n_outputs is None and beyond(y, raw)):
            term.loss.reject_labels(y, raw)
    return y, raw, None if weight is None else weight.astype(np.float64, copy=False)


def beyond(y_true: Array, raw_prediction: Array) -> bool:
    """Whether a class code has no column of predictions."""
    coded = y_true.ndim < raw_prediction.ndim
    return coded and bool(y_true.max() >= raw_prediction.shape[1])
