"""The self-test of an objective: all checks in their order."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives import engine
from gbm_objectives._core.validation import Array
from gbm_objectives.objective import Objective
from gbm_objectives.testing import _derivatives, _extremes, _manners, _robust, _rows, _size
from gbm_objectives.testing._arguments import samples_of, validate
from gbm_objectives.testing._calls import LIBRARIES, Broken, Candidate, parameters, recognise
from gbm_objectives.testing._hints import hint
from gbm_objectives.testing._kinds import Kind, kind_of, policies_chosen, with_own_gradients
from gbm_objectives.testing._report import Check, ObjectiveCheckError, Report
from gbm_objectives.testing._samples import Sample, Samples, Task
from gbm_objectives.testing._subject import RowValue, Subject, Value, depends_on_other_rows
from gbm_objectives.testing._table import targets
from gbm_objectives.testing._tasks import of_tasks
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
    n_classes: int | None = None,
    n_outputs: int | None = None,
    start: float | None = None,
    train: bool = True,
    raise_on_failure: bool = False,
) -> Report:
    """Check a custom objective for XGBoost and LightGBM; print the report to read the diagnosis.

    Deterministic, silent, and takes a second or two, most of it for importing the libraries.

    Parameters
    ----------
    function : callable or Objective
        ``f(y_true, y_pred)``, ``f(y_true, y_pred, sample_weight)`` or ``f(preds, data)``, returning gradient and
        Hessian. Of an `Objective` the task, the outputs and the value are known. Of `multi_task` each output is checked on
        its own, and ``report["0 gradient"]`` is a check of the first one.
    task : {"regression", "binary", "positive", "multiclass"}, default None
        "regression" is the default for a function: real labels, predictions of their size. "binary": labels 0 and 1,
        predictions are logits. "positive": labels above 0, predictions are their logarithm. "multiclass": labels
        0 .. n_classes - 1, predictions (n, n_classes).
    value : callable, default None
        The loss, ``value(y_true, raw_prediction)``: one number for each row, or their sum or mean. Sums and means of
        independent rows are evaluated row by row, so it needn't be said which it is. In float64.
    signature : {"auto", "train", "sklearn"}, default "auto"
        How to call the function; "auto" tries both, the likelier by the names of the parameters first.
    hessian : {"any", "exact"}, default "any"
        "exact" if it must be the second derivative; "any" lets upper bounds, Fisher information and constants pass.
    weighted : bool, default True
        Whether weights are to be honoured.
    y_true : array-like of shape (n,), default None
        Labels to look at instead of ours: for losses of a restricted domain.
    raw_prediction : array-like of shape (n,) or (n, n_outputs), default None
        Predictions for these labels.
    n_classes : int, default None
        Of the task "multiclass". None: as many as the class weights of an `Objective`, or 3.
    n_outputs : int, default None
        Of a function with several predictions for one label, ``(n, n_outputs)``, such as a mean and a standard
        deviation. None: as an `Objective` says, or predictions without columns.
    start : float, default None
        The raw score at which the trial trainings start. None: the median, 0 or the log of the mean.
    train : bool, default True
        Whether to train, where the libraries are installed.
    raise_on_failure : bool, default False
        Raise if any check fails.

    Returns
    -------
    Report
        Print it. ``report[name]`` is one check, and ``report.passed`` tells whether nothing failed.

    Raises
    ------
    ObjectiveCheckError
        If asked, for a failure; it carries the report.
    TypeError, ValueError
        For arguments out of range.

    Examples
    --------
    >>> print(check_objective(my_objective))  # doctest: +SKIP
    >>> check_objective(my_objective, raise_on_failure=True)  # doctest: +SKIP
    """
    validate(function, task, value, signature, hessian, n_classes, n_outputs, start)
    given = (task, value, y_true, raw_prediction, n_classes, n_outputs, start)
    own = function if isinstance(function, Objective) else None
    if own is not None and own.of_tasks and all(one is None for one in given):
        alone = partial(
            check_objective, signature=signature, hessian=hessian, weighted=weighted, train=train
        )
        return _raised(of_tasks(own, alone), raise_on_failure)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What the function itself warns of is recorded where it is called.
        warnings.simplefilter("ignore")
        kind = None if own is None else kind_of(own, n_classes)
        samples = samples_of(kind, task, n_classes, n_outputs, y_true, raw_prediction)
        exact, checked = hessian == "exact", function if kind is None else kind.objective

        def made(data: Samples, train: bool) -> tuple[list[Candidate], list[Check]]:
            return _made(checked, data, value, signature, exact, start, weighted, train)

        candidates, checks = made(samples, train)
        if own is not None:
            checks = [*(_as_chosen(check, own) for check in checks), *targets(own)]
        failed = [check for check in checks if check.status == "failure"]
        unsure = own is None and y_true is None
        hinted = hint(failed, lambda data: made(data, False)[1], samples) if unsure else ""
    assumed = _assumed(candidates, samples, value, kind)
    return _raised(Report(_named(function), assumed, tuple(checks), hinted), raise_on_failure)


def _raised(report: Report, raise_on_failure: bool) -> Report:
    if raise_on_failure and not report.passed:
        raise ObjectiveCheckError(report)
    return report


def _made(
    function: Callable[..., Any],
    samples: Samples,
    value: Value | None,
    signature: Literal["auto", "train", "sklearn"],
    exact: bool,
    start: float | None,
    weighted: bool,
    train: bool,
) -> tuple[list[Candidate], list[Check]]:
    """The ways in which the function can be called with these data, and the checks."""
    probe = samples.probe()
    candidates, error = recognise(function, signature, probe.y, probe.raw)
    if not candidates:
        return [], [_uncallable(function, signature, error)]
    subject = _subject(candidates, samples, probe, value, exact, start)
    return candidates, _checks(candidates, subject, signature, weighted, train)


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
        own = with_own_gradients(candidate.function.fixed(probe.y, probe.raw))
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
    alone = all(loss.stands_alone and loss.n_rows is None for loss in losses)
    if weightings or objective.of_tasks or any(loss.pending for loss in losses) or not alone:
        return objective.value

    def value(y_true: Array, raw_prediction: Array) -> Array:
        y = objective.labels(y_true)
        parts = [term.value(slice(None), y, raw_prediction) for term in objective.terms]
        total: Array = np.sum(parts, axis=0)
        return total

    return value


def _as_chosen(check: Check, objective: Objective) -> Check:
    """A Hessian that the user asked for, in the place of the loss' default, may fit some data only."""
    chosen = policies_chosen(objective)
    if check.status != "failure" or check.name not in ("vanishing", *LIBRARIES) or not chosen:
        return check
    advice = f"The curvature was chosen, {' and '.join(chosen)}. {check.advice}"
    return replace(check, status="warning", advice=advice)


def _named(function: Callable[..., Any]) -> str:
    if isinstance(function, Objective):
        return repr(function)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    name = name.replace("<locals>.", "").rsplit(".", 1)[-1] if "<locals>" in name else name
    return f"{name}({', '.join(parameters(function))})"


def _assumed(
    candidates: list[Candidate], samples: Samples, value: Value | None, kind: Kind | None
) -> str:
    calls = {"train": "f(preds, data)", "sklearn": "f(y_true, y_pred[, sample_weight])"}
    called = " and ".join(calls[c.signature] for c in candidates) or "nothing that works"
    outputs = "" if samples.n_outputs is None else f", {samples.n_outputs} outputs"
    if samples.task == "multiclass":
        outputs = f", {samples.n_outputs} classes"
    whose = "your data" if samples.own_y is not None else "made data"
    own = kind is not None and bool(candidates)
    loss = "its own value" if own else "no value function" if value is None else "a value function"
    beside = f"; {kind.told}" if kind is not None and kind.told else ""
    runs = f" Engine: {engine.description()}." if own else ""
    return f"Called as {called}; {samples.task}{outputs} on {whose}; {loss}{beside}.{runs}"
