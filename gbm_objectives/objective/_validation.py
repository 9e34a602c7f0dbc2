"""What comes in: shapes, weights and predictions, and the labels of every loss at every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.rows import row_blocks
from gbm_objectives._core.validation import (
    Array,
    invalid,
    labels_and_predictions,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.loss import Loss
from gbm_objectives.objective._blocks import n_columns

#: Labels outside the domain of a loss that doesn't say which they are: so many are counted.
_COUNTED = 1000


def validate_sum(losses: Sequence[Loss]) -> None:
    """Raise for losses that do not add up."""
    names = "+".join(loss.name for loss in losses)
    if len({loss.vector for loss in losses}) != 1:
        given = f"a sum of {names}, of one output and of several"
        raise invalid("objective", given=given, needed="losses of one kind")
    if len(losses) > 1 and losses[0].n_outputs is not None:
        given = f"a sum of {names}, of several levels"
        raise invalid("objective", given=given, needed="one loss, of all levels")
    links = {loss.link for loss in losses}
    if len(links) != 1:
        given = f"a sum of {names} with the links {sorted(map(repr, links))}"
        raise invalid("objective", given=given, needed="losses of one link")


def validate_trainable(losses: Sequence[Loss]) -> None:
    """Raise for a mere penalty."""
    if not any(loss.stands_alone for loss in losses):
        names = "+".join(loss.name for loss in losses)
        raise invalid(
            "objective",
            given=f"{names} alone, whose gradient is the same in every row",
            needed="a loss beside it",
            hint=f"Write huber() + {names.removesuffix('_penalty')}_error(...).",
        )


def validate_shapes(
    losses: Sequence[Loss],
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    alone: bool = True,
) -> tuple[Array, Array, Array | None]:
    """Labels, predictions and weights as arrays that go together.

    A machine that is not ``alone`` may have no rows, or only rows that weigh nothing.
    """
    vector, n_outputs = losses[0].vector, losses[0].n_outputs
    y, raw = labels_and_predictions(
        y_true, raw_prediction, vector, n_outputs, may_be_empty=not alone
    )
    return y, raw, sample_weights(sample_weight, len(y), may_be_zero=not alone)


def validate_data(
    losses: Sequence[Loss],
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    alone: bool = True,
) -> tuple[Array, Array, Array | None]:
    """As `validate_shapes`, and every number in them is fit for the losses.

    Weights are in float64: the sum of large ones leaves float32.
    """
    y, raw, weight = validate_shapes(losses, y_true, raw_prediction, sample_weight, alone=alone)
    reject_non_finite("y_true", y)
    reject_non_finite("raw_prediction", raw)
    validate_labels(losses, y, raw)
    return y, raw, None if weight is None else weight.astype(np.float64, copy=False)


def validate_labels(losses: Sequence[Loss], y_true: Array, raw_prediction: Array | None) -> None:
    """Raise for labels that are not finite in float32, or outside the domain of a loss.

    Where all losses are shift invariant the caller takes the differences, and sees there whether they are finite.
    ``raw_prediction`` tells the number of classes, and whether the arguments are swapped.
    """
    shifted = all(loss.shift_invariant for loss in losses)
    if shifted and all(type(loss).check_labels is Loss.check_labels for loss in losses):
        return  # any number is a label
    coded = losses[0].labels == "class" and y_true.ndim == 1
    n_classes = raw_prediction.shape[1] if coded and raw_prediction is not None else np.inf

    def in_domain(labels: Array) -> bool:
        known = not coded or labels.max() < n_classes
        return known and all(loss.check_labels(labels) for loss in losses)

    def fit(labels: Array) -> bool:
        return (shifted or bool(np.isfinite(labels).all())) and in_domain(labels)

    blocks = row_blocks(len(y_true), n_columns(y_true))
    if shifted or y_true.dtype == np.float32:
        if all(fit(y_true[rows]) for rows in blocks):
            return
    else:
        with np.errstate(over="ignore"):
            if all(fit(y_true[rows].astype(np.float32)) for rows in blocks):
                return
            beyond = np.isfinite(y_true) & ~np.isfinite(y_true.astype(np.float32))
        reject_rows("y_true", beyond, "a label beyond 3e38", "labels that float32 holds")
    reject_non_finite("y_true", y_true)
    for loss in losses:
        loss.reject_labels(y_true, raw_prediction)
    # A loss may only know whether all labels lie in its domain. Then the rows are sought here. There are none where
    # only the rounding to float32 leaves the domain.
    wrong = _unfit_rows(y_true, in_domain)
    if wrong:
        count = f"{_COUNTED} or more" if len(wrong) == _COUNTED else str(len(wrong))
        raise invalid(
            "y_true",
            given=f"a label outside the domain of {'+'.join(loss.name for loss in losses)} in {count} of "
            f"{len(y_true)} rows, first in row {wrong[0]}",
            needed="labels that check_labels of the loss accepts",
        )


def _unfit_rows(y_true: Array, fits: Callable[[Array], bool]) -> list[int]:
    """The first rows that do not fit on their own, found by halving."""
    found: list[int] = []
    stretches = [(0, len(y_true))]
    while stretches and len(found) < _COUNTED:
        start, stop = stretches.pop()
        if fits(y_true[start:stop]):
            continue
        if stop - start == 1:
            found.append(start)
        else:
            middle = (start + stop) // 2
            stretches += [(middle, stop), (start, middle)]
    return found


def validate_rows(losses: Sequence[Loss], n_samples: int) -> None:
    """Raise where a loss carries data of its training rows, and these are others."""
    for loss in losses:
        if loss.n_rows is not None and loss.n_rows != n_samples:
            raise invalid(
                "groups",
                given=f"{loss.n_rows} rows where the data has {n_samples}",
                needed="the group of each row of the training data",
                hint="In cross-validation make one objective a fold, with the fold's groups.",
            )


def refuse_groups(losses: Sequence[Loss]) -> None:
    """Raise for data of the training rows on several machines: which rows a machine has is not known."""
    if any(loss.n_rows is not None for loss in losses):
        raise invalid(
            "groups",
            given="a group a row, with rows spread over machines",
            needed="no groups there",
            hint="mean_bias_error without groups sums over all machines; groups need one machine.",
        )


def reject_non_finite_data(y_true: Array, raw_prediction: Array) -> None:
    """Raise for labels or predictions that are not finite."""
    reject_non_finite("y_true", y_true)
    instead = (
        "In training a leaf of the last tree is not finite: rescale the target, set lambda to 1."
    )
    reject_non_finite("raw_prediction", raw_prediction, instead)
