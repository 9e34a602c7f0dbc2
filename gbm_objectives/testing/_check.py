"""The self-test of an objective: all checks in their order."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import (
    Array,
    message,
    number,
    numeric_array,
    reject_non_finite,
)
from gbm_objectives.links import LOG
from gbm_objectives.losses._classes import ClassLoss
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.objective import Objective
from gbm_objectives.testing import _derivatives, _extremes, _manners, _robust, _rows, _size
from gbm_objectives.testing._calls import LIBRARIES, Broken, Candidate, parameters, recognise
from gbm_objectives.testing._report import Check, ObjectiveCheckError, Report
from gbm_objectives.testing._samples import TASKS, Sample, Samples, Task
from gbm_objectives.testing._subject import RowValue, Subject, Value, depends_on_other_rows
from gbm_objectives.testing._trees import trees


def check_objective(
    function: Callable[..., Any],
    *,
    task: Task | None = None,
    value: Value | None = None,
    signature: Literal["auto", "train", "sklearn"] = "auto",
    hessian: Literal["any", "exact"] = "any",
    weighted: bool = True,
    y_true: ArrayLike | None = None,
    raw_prediction: ArrayLike | None = None,
    n_classes: int = 3,
    start: float | None = None,
    train: bool = True,
    raise_on_failure: bool = False,
) -> Report:
    """Check a custom objective for XGBoost and LightGBM; print the report to read the diagnosis.

    Deterministic, silent, and takes a second or two, most of it for importing the libraries.

    Parameters
    ----------
    function : ``f(y_true, y_pred)``, ``f(y_true, y_pred, sample_weight)`` or ``f(preds, data)``, returning
        gradient and Hessian; or an `Objective`, whose task and value are known.
    task : "regression" (default): real labels, predictions of their size; "binary": labels 0 and 1,
        predictions are logits; "positive": labels above 0, predictions are their logarithm; "multiclass":
        labels 0 .. n_classes - 1, predictions (n, n_classes).
    value : the loss, ``value(y_true, raw_prediction)``: one number a row, or their sum or mean. Sums and
        means of independent rows are evaluated row by row, so it needn't be said which it is. In float64.
    signature : how to call the function; "auto" tries both, the likelier by the names of the parameters first.
    hessian : "exact" if it must be the second derivative; "any" lets upper bounds, Fisher information and
        constants pass.
    weighted : whether weights are to be honoured.
    y_true, raw_prediction : (n,) labels, and predictions for them (n,) or (n, n_classes), to look at instead of
        ours: for losses of a restricted domain.
    n_classes : of the task "multiclass".
    start : the raw score at which the trial trainings start. Default: the median, 0 or the log of the mean.
    train : whether to train, where the libraries are installed.
    raise_on_failure : raise if any check fails.

    Returns
    -------
    Report

    Raises
    ------
    ObjectiveCheckError
        If asked, for a failure; it carries the report.
    TypeError, ValueError
        For arguments out of range.
    """
    samples = _samples(function, task, signature, hessian, y_true, raw_prediction, n_classes)
    if value is not None and not callable(value):
        raise TypeError(
            message(
                "value", f"a {type(value).__name__}", "a function value(y_true, raw_prediction)"
            )
        )
    if start is not None:
        number("start", start, lambda _: True, "a finite number")
    probe = samples.probe()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What the function itself warns of is recorded where it is called.
        warnings.simplefilter("ignore")
        candidates, error = recognise(_of_codes(function, n_classes), signature, probe.y, probe.raw)
        if candidates:
            subject = _subject(candidates, samples, probe, value, hessian == "exact", start)
            checks = _checks(candidates, subject, signature, weighted, train)
        else:
            checks = [_uncallable(function, signature, error)]
    report = Report(_named(function), _assumed(candidates, samples, value), tuple(checks))
    if raise_on_failure and not report.passed:
        raise ObjectiveCheckError(report)
    return report


def _subject(
    candidates: list[Candidate],
    samples: Samples,
    probe: Sample,
    value: Value | None,
    exact: bool,
    start: float | None,
) -> Subject:
    candidate = fixed = candidates[0]
    if isinstance(candidate.function, Objective):
        own = candidate.function.fixed(probe.y, probe.raw)
        fixed = replace(candidate, function=own)
        value = value or _value_of(own)
    loss: RowValue | str | None = None
    if value is not None:
        try:
            loss = RowValue.of(value, probe)
        except Broken as broken:
            loss = str(broken)
    coupled = depends_on_other_rows(fixed, probe)
    return Subject(candidate, fixed, samples, probe, loss, coupled, exact, start)


def _checks(
    candidates: list[Candidate], subject: Subject, signature: str, weighted: bool, train: bool
) -> list[Check]:
    skip_weights = Check("weights", "skipped", "weighted=False")
    plan: list[tuple[str, Callable[[], Check]]] = [
        ("doors", lambda: _manners.doors(candidates, subject, signature)),
        ("shape", lambda: _manners.shape(subject)),
        ("dtype", lambda: _manners.dtype(subject)),
        ("mutation", lambda: _manners.mutation(subject)),
        ("determinism", lambda: _rows.determinism(subject)),
        ("rows", lambda: _rows.rows(subject)),
        ("weights", lambda: _rows.weights(candidates, subject) if weighted else skip_weights),
        ("gradient", lambda: _derivatives.gradient(subject)),
        ("direction", lambda: _size.direction(subject)),
        ("saturation", lambda: _extremes.saturation(subject)),
        ("hessian", lambda: _derivatives.hessian(subject)),
        ("sign", lambda: _size.sign(subject)),
        ("vanishing", lambda: _size.vanishing(subject)),
        ("scale", lambda: _size.scale(subject)),
        ("finite", lambda: _extremes.finite(subject)),
        ("pickling", lambda: _manners.pickling(subject)),
    ]
    checks = [_guarded(name, check) for name, check in plan]
    checks += _robust.formulas(subject)
    trained = [trees(library, subject) for library in LIBRARIES if train]
    return [*checks, *trained, _manners.warned([*candidates, subject.fixed])]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """The check, or what the objective raised in it."""
    try:
        return check()
    except Broken as error:
        return Check(name, "failure", f"it raises {error}")


def _uncallable(function: Callable[..., Any], signature: str, error: str) -> Check:
    names = ", ".join(parameters(function))
    tried = "f(y_true, y_pred[, sample_weight]) and f(preds, data)"
    tried = {"train": "f(preds, data)", "sklearn": "f(y_true, y_pred[, sample_weight])"}.get(
        signature, tried
    )
    return Check(
        "call",
        "failure",
        f"with the parameters ({names}) it was called as {tried}. {error}.",
        "Nothing else was checked. If it needs other data, give y_true= and raw_prediction=, or another task=.",
        {"error": error},
    )


def _value_of(objective: Objective) -> Value | None:
    """The loss of each row; of all rows where a term is a sum over them; None where weights move."""
    weightings = [w for term in objective.terms for w in term.weightings if not w.of_labels]
    if not all(weighting.in_metric for weighting in weightings):
        return None
    losses = [term.loss for term in objective.terms]
    if weightings or any(loss.pending or not loss.stands_alone for loss in losses):
        return objective.value

    def value(y_true: Array, raw_prediction: Array) -> Array:
        y = y_true if objective.targets is None else objective.targets.rows(y_true)
        parts = [term.value(slice(None), y, raw_prediction) for term in objective.terms]
        total: Array = np.sum(parts, axis=0)
        return total

    return value


def _of_codes(function: Callable[..., Any], n_classes: int) -> Callable[..., Any]:
    """An objective of label matrices with class codes as row numbers of the unit matrix."""
    if not isinstance(function, Objective) or not function.vector or function.targets is not None:
        return function
    coded = all(isinstance(term.loss, ClassLoss) for term in function.terms)
    return function if coded else function.with_targets(np.eye(n_classes))


def _samples(
    function: object,
    task: Task | None,
    signature: str,
    hessian: str,
    y_true: ArrayLike | None,
    raw_prediction: ArrayLike | None,
    n_classes: int,
) -> Samples:
    if not callable(function):
        raise TypeError(
            message("function", f"a {type(function).__name__}", "an objective that can be called")
        )
    own = "regression"
    if isinstance(function, Objective):
        if function.n_outputs is not None:
            given, needed = f"{function.name}, of several levels", "one output, or classes"
            raise TypeError(message("function", given, needed, "Check one level: quantile(0.5)."))
        binary = all(isinstance(term.loss, BinaryLoss) for term in function.terms)
        own = "binary" if binary else "positive" if function.link == LOG else "regression"
        own = "multiclass" if function.vector else own
    choices = {
        "task": (task or own, TASKS),
        "signature": (signature, ("auto", "train", "sklearn")),
        "hessian": (hessian, ("any", "exact")),
    }
    for argument, (given, known) in choices.items():
        if given not in known:
            raise ValueError(message(argument, repr(given), f"one of {', '.join(known)}"))
    if isinstance(n_classes, bool) or not isinstance(n_classes, int) or n_classes < 2:
        raise ValueError(message("n_classes", repr(n_classes), "a whole number >= 2"))
    chosen = next(one for one in get_args(Task) if one == (task or own))
    if y_true is None:
        if raw_prediction is not None:
            raise ValueError(
                message("raw_prediction", "predictions without labels", "y_true with them")
            )
        return Samples(chosen, n_classes=n_classes)
    y = numeric_array("y_true", y_true)
    if y.ndim != 1 or len(y) < 6:
        raise ValueError(message("y_true", f"shape {y.shape}", "shape (n,), at least 6 labels"))
    reject_non_finite("y_true", y)
    if np.ptp(y) == 0:
        raise ValueError(message("y_true", f"the constant {y[0]:g}", "labels that differ"))
    if raw_prediction is None:
        return Samples(chosen, y, n_classes=n_classes)
    raw = numeric_array("raw_prediction", raw_prediction)
    wanted = (len(y), n_classes) if chosen == "multiclass" else (len(y),)
    if raw.shape != wanted:
        raise ValueError(message("raw_prediction", f"shape {raw.shape}", f"shape {wanted}"))
    reject_non_finite("raw_prediction", raw)
    return Samples(chosen, y, raw, n_classes)


def _named(function: Callable[..., Any]) -> str:
    if isinstance(function, Objective):
        return repr(function)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    name = name.replace("<locals>.", "").rsplit(".", 1)[-1] if "<locals>" in name else name
    return f"{name}({', '.join(parameters(function))})"


def _assumed(candidates: list[Candidate], samples: Samples, value: Value | None) -> str:
    calls = {"train": "f(preds, data)", "sklearn": "f(y_true, y_pred[, sample_weight])"}
    called = " and ".join(calls[c.signature] for c in candidates) or "nothing that works"
    task = (
        f"{samples.task}, {samples.n_classes} classes"
        if samples.task == "multiclass"
        else samples.task
    )
    whose = "your data" if samples.own_y is not None else "made data"
    own = any(isinstance(c.function, Objective) for c in candidates)
    loss = "its own value" if own else "no value function" if value is None else "a value function"
    return f"Called as {called}; {task} on {whose}; {loss}."
