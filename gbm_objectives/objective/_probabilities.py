"""What raw scores say about probabilities: the maps back to log-odds and log-probabilities."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.validation import invalid, numeric_array
from gbm_objectives.losses._classes import ClassScores
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.objective._terms import Term

Terms = tuple[Term, ...]
Scores = NDArray[np.float64]


def log_odds(terms: Terms, raw_prediction: ArrayLike) -> Scores:
    """See `Objective.log_odds`."""
    losses = [term.loss for term in terms]
    raw = numeric_array("raw_prediction", raw_prediction).astype(np.float64)
    for loss in losses:
        if not isinstance(loss, BinaryLoss):
            raise invalid(
                "objective", given=_name(terms), needed="losses of a binary label", kind=TypeError
            )
        if len(losses) == 1 or not loss.probabilistic:
            return loss.log_odds(raw)
    if any(loss.pending for loss in losses):
        return raw
    z = np.clip(raw, -30.0, 30.0)  # beyond, gradients of some losses underflow

    def slope(label: float) -> Any:
        y = np.full_like(z, label)
        return sum(term.coefficient * term.loss.gradient(y, z) for term in terms)

    against, towards = np.maximum(slope(0.0), 1e-304), np.maximum(-slope(1.0), 1e-304)
    recovered: Scores = np.log(against) - np.log(towards) + (raw - z)
    return recovered


def log_probabilities(terms: Terms, raw_prediction: ArrayLike) -> Scores:
    """See `Objective.log_probabilities`."""
    classes = isinstance(terms[0].loss, ClassScores)
    if not classes or len(terms) > 1:
        hint = (
            "The map from scores to probabilities is known for each loss alone: train on one of them, or take "
            "objective.response(raw_prediction), the softmax of the scores, which is not calibrated."
        )
        raise invalid(
            "objective",
            given=f"{_name(terms)}, {'a sum' if classes else 'whose labels are no classes'}",
            needed="one loss of several classes, such as softmax_focal()",
            hint=hint if classes else "",
            kind=TypeError,
        )
    raw = numeric_array("raw_prediction", raw_prediction).astype(np.float64)
    scores = cast(ClassScores, terms[0].loss).log_probabilities(raw)
    normalised: Scores = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
    return normalised


def _name(terms: Terms) -> str:
    return "+".join(term.loss.name for term in terms)
