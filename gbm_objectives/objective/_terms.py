"""A term of an objective: a loss, its curvature policy and the bounds of its Hessian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import Array, invalid, non_negative, positive
from gbm_objectives.curvature import Curvature, default_for
from gbm_objectives.loss import Loss
from gbm_objectives.objective._blocks import Block
from gbm_objectives.objective._gathering import (
    AS_GIVEN,
    LabelWeights,
    resolve,
    resolve_weighting,
)
from gbm_objectives.weighting import Weighting

#: No Hessian is smaller: the floor that XGBoost puts under its own logistic objective.
FLOOR = 1e-16


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient x loss, with the curvature policy and the bounds of its Hessian.

    Parameters
    ----------
    loss : Loss
    curvature : Curvature or None, default None
        None: the loss' own default, also after its parameters are changed.
    clip : tuple of float, or None, default None
        (low, high): bounds of the Hessian before weights; None as high for no upper bound.
    coefficient : float, default 1.0
        Above 0.
    weightings : tuple of Weighting, default ()
        They multiply value, gradient and Hessian of each row.
    output : int or None, default None
        The output whose term it is; None: of all.
    """

    loss: Loss
    curvature: Curvature | None = None
    clip: tuple[float, float | None] | None = None
    coefficient: float = 1.0
    weightings: tuple[Weighting, ...] = ()
    output: int | None = None

    def __post_init__(self) -> None:
        self.policy.check(self.loss)
        for weighting in self.weightings:
            weighting.validate_loss(self.loss)
        if self.clip is not None:
            object.__setattr__(self, "clip", _valid_clip(self.clip))

    @property
    def policy(self) -> Curvature:
        """The curvature, or the default of the loss."""
        return default_for(self.loss) if self.curvature is None else self.curvature

    @property
    def drawn(self) -> bool:
        """Whether anything in it is a random draw that changes with the predictions."""
        return self.loss.drawn or any(weighting.drawn for weighting in self.weightings)

    def take(self, rows: slice | NDArray[np.intp]) -> Term:
        """The term with the columns of these rows alone."""
        loss = self.loss.take(rows)
        return self if loss is self.loss else replace(self, loss=loss)

    def with_columns(self, columns: Mapping[str, Any]) -> Term:
        """The term with those of the columns that its loss uses."""
        own = {name: columns[name] for name in self.loss.columns if name in columns}
        loss: Any = self.loss  # a dataclass, which its base class is not
        return replace(self, loss=replace(loss, **own)) if own else self

    def with_columns_of(self, other: Term) -> Term:
        """The term with the columns of another one of the same loss."""
        return self.with_columns({name: getattr(other.loss, name) for name in other.loss.columns})

    def derivatives(self, block: Block) -> tuple[Array, Array]:
        """Gradient and Hessian of a block: positive and within the clip."""
        loss = self.loss.take(block.rows)
        plain, hessian = self.policy.evaluate(loss, block.y_true, block.raw_prediction)
        low, high = self.clip or (0.0, None)
        # The policy's array is its own: it is bounded in place.
        np.clip(hessian, max(low, FLOOR), np.inf if high is None else high, out=hessian)
        gradient = plain
        if self.coefficient != 1.0:
            gradient = plain * self.coefficient
            hessian *= self.coefficient
        for weighting in self.weightings:
            y = block.labels if weighting.of_labels else block.y_true
            factor = weighting.factor(loss, block.rows, y, block.raw_prediction, plain)
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
        weigh = AS_GIVEN if self.loss.drawn else term.label_weights
        loss = resolve(term.loss, y_true, raw_prediction, sample_weight, reduce, weigh)
        if loss is not term.loss:
            term = replace(term, loss=loss, curvature=self.policy)
        if any(weighting.pending for weighting in term.weightings):
            term = replace(
                term,
                weightings=tuple(
                    resolve_weighting(
                        weighting, loss, y_true, raw_prediction, sample_weight, reduce, weigh
                    )
                    for weighting in term.weightings
                ),
            )
        return term

    def fixed(self, y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Term:
        """The term with its scales, class weights and draws kept at what these rows give them.

        Sums that belong to the predictions of a round, such as an overlap or a bias, are not kept.
        """
        lasting = [weighting.of_labels or weighting.drawn for weighting in self.weightings]
        kept = self.loss.scaled or self.loss.drawn or self.loss.learns
        if not (kept or any(lasting)):
            return self
        found = self.resolved(y_true, raw_prediction, sample_weight, None)
        pairs = zip(lasting, found.weightings, self.weightings, strict=True)
        return replace(found, weightings=tuple(new if last else old for last, new, old in pairs))

    def with_label_weights(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Array | None,
        reduce: Reduce | None = None,
    ) -> Term:
        """The term with those weightings resolved that depend on labels alone."""
        for weighting in self.weightings:
            weighting.validate_labels(y_true)
        return replace(
            self,
            weightings=tuple(
                resolve_weighting(
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
        return term.label_weights(y_true, raw_prediction, sample_weight)

    @property
    def label_weights(self) -> LabelWeights:
        """What multiplies sample weights, once the weightings are resolved."""
        return LabelWeights(tuple(w for w in self.weightings if w.of_labels), self.loss)

    def __repr__(self) -> str:
        clip = "" if self.clip is None else f", clip={self.clip}"
        times = "" if self.coefficient == 1.0 else f"{self.coefficient:g} * "
        weightings = "".join(f", {weighting!r}" for weighting in self.weightings)
        return f"{times}Objective({self.loss!r}, {self.policy!r}{clip}{weightings})"


def derivatives(terms: Sequence[Term], block: Block) -> tuple[Array, Array]:
    """The sums over the terms."""
    g, h = terms[0].derivatives(block)
    for term in terms[1:]:
        more_g, more_h = term.derivatives(block)
        g, h = g + more_g, h + more_h
    return g, h


def _valid_clip(clip: tuple[float, float | None]) -> tuple[float, float | None]:
    needed = "a pair (low, high) with 0 <= low < high; None as high for no upper bound"
    if not isinstance(clip, (tuple, list)) or len(clip) != 2:
        raise invalid("clip", given=repr(clip), needed=needed)
    low = non_negative("clip[0]", 0.0 if clip[0] is None else clip[0])
    high = None if clip[1] is None else positive("clip[1]", clip[1])
    if high is not None and high <= low:
        raise invalid("clip", given=repr(clip), needed=needed)
    return low, high
