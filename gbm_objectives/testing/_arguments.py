"""What `check_objective` is given, checked; the data that follow from it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import (
    Array,
    message,
    number,
    numeric_array,
    reject_non_finite,
)
from gbm_objectives.testing._kinds import Kind
from gbm_objectives.testing._samples import TASKS, Samples, Task

SIGNATURES = ("auto", "train", "sklearn")


def validate(
    function: object,
    task: Task | None,
    value: object,
    signature: str,
    hessian: str,
    n_classes: int | None,
    n_outputs: int | None,
    start: float | None,
) -> None:
    """Raise for arguments out of range."""
    if not callable(function):
        given = f"a {type(function).__name__}"
        raise TypeError(message("function", given, "an objective that can be called"))
    choices = {
        "task": (task or TASKS[0], TASKS),
        "signature": (signature, SIGNATURES),
        "hessian": (hessian, ("any", "exact")),
    }
    for argument, (chosen, known) in choices.items():
        if chosen not in known:
            raise ValueError(message(argument, repr(chosen), f"one of {', '.join(known)}"))
    for argument, count in {"n_classes": n_classes, "n_outputs": n_outputs}.items():
        if count is not None and (
            isinstance(count, bool) or not isinstance(count, int) or count < 2
        ):
            raise ValueError(message(argument, repr(count), "a whole number >= 2"))
    if n_outputs is not None and task not in (None, "regression"):
        needed = 'task="regression", whose labels are one number for each row'
        raise ValueError(message("n_outputs", f'{n_outputs} with task="{task}"', needed))
    if value is not None and not callable(value):
        needed = "a function value(y_true, raw_prediction)"
        raise TypeError(message("value", f"a {type(value).__name__}", needed))
    if start is not None:
        number("start", start, lambda _: True, "a finite number")


def samples_of(
    kind: Kind | None,
    task: Task | None,
    n_classes: int | None,
    n_outputs: int | None,
    y_true: ArrayLike | None,
    raw_prediction: ArrayLike | None,
) -> Samples:
    """The data of the task, with the labels and predictions of the user's choice."""
    if kind is not None and task in (None, kind.task):
        found = kind.samples
    else:
        chosen = next(one for one in get_args(Task) if one == (task or TASKS[0]))
        outputs = (n_classes or 3) if chosen == "multiclass" else n_outputs
        found = Samples(chosen, n_outputs=outputs, located=n_outputs is None)
        if n_outputs is not None:
            found = replace(found, centre=(0.0,) * n_outputs)
    if y_true is None:
        if raw_prediction is not None:
            given = "predictions without labels"
            raise ValueError(message("raw_prediction", given, "y_true with them"))
        return found
    y = _labels(y_true)
    return replace(found, own_y=y, own_raw=_predictions(raw_prediction, len(y), found.n_outputs))


def _labels(y_true: ArrayLike) -> Array:
    y = numeric_array("y_true", y_true)
    if y.ndim != 1 or len(y) < 6:
        raise ValueError(message("y_true", f"shape {y.shape}", "shape (n,), at least 6 labels"))
    reject_non_finite("y_true", y)
    if np.ptp(y) == 0:
        raise ValueError(message("y_true", f"the constant {y[0]:g}", "labels that differ"))
    return y


def _predictions(given: ArrayLike | None, n: int, n_outputs: int | None) -> Array | None:
    if given is None:
        return None
    raw = numeric_array("raw_prediction", given)
    wanted = (n,) if n_outputs is None else (n, n_outputs)
    if raw.shape != wanted:
        raise ValueError(message("raw_prediction", f"shape {raw.shape}", f"shape {wanted}"))
    reject_non_finite("raw_prediction", raw)
    return raw
