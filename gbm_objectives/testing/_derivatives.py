"""Is the gradient the derivative of the value, and how does the Hessian relate to that of the gradient."""

from __future__ import annotations

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.testing._differences import derivative
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._samples import Sample
from gbm_objectives.testing._subject import RowValue, Subject, column_of

#: Rows at which derivatives are compared where each row must be moved alone.
FEW = 24
#: Gradients that are larger are held there by losses that grow exponentially: float32 must hold their sums.
HELD = 1e29


def gradient(subject: Subject) -> Check:
    """The gradient against finite differences of the value."""
    name = "gradient"
    if not isinstance(subject.value, RowValue):
        if subject.value is not None:
            return Check(name, "failure", subject.value, "Mend value, or leave it out.")
        return Check(
            name,
            "skipped",
            "there is no value function to compare it with; give value=",
        )
    sample, found, exact, error = _of_value(subject, subject.value)
    if subject.value.kind == "total":
        # A mean over rows has 1/n of the slopes of the sum: whichever is nearer is meant.
        some = found != 0 if found.any() else np.ones(found.shape, bool)
        ratio = np.nanmedian(np.abs(found[some])) / max(np.nanmedian(np.abs(exact[some])), 1e-300)
        rows = len(subject.probe) if ratio > np.sqrt(len(subject.probe)) else 1
        exact, error = rows * exact, rows * error
    bad = _bad(found, exact, error, 1e-3)
    size = np.maximum(np.abs(found), np.abs(exact))
    held = np.abs(found) >= HELD
    resolved = ~held & np.isfinite(found) & (20 * error <= 0.1 * size + 1e-6 * np.nanmedian(size))
    bad &= resolved
    compared, count = int(resolved.sum()), int(bad.sum())
    worst = _worst(found - exact, bad)
    data = {"compared": compared, "wrong": count, "largest_error": abs(_at(found - exact, worst))}
    if not compared:
        return Check(name, "warning", "finite differences of the value say nothing: is it finite?")
    if not count:
        largest = float(np.max(np.abs(found - exact)[resolved]))
        data["largest_error"] = largest
        hidden = found.size - compared
        rest = f" (the value is too rough, or infinite, at {hidden})" if hidden else ""
        told = f"is the derivative of the value at {compared} points{rest}"
        return Check(name, "ok", told, data=data)
    factor = _factor(found, exact, resolved & (20 * error <= 1e-3 * np.abs(exact)))
    example = (
        f"{_place(subject, sample, worst)} it is {_at(found, worst):.4g}, "
        f"the derivative of the value {_at(exact, worst):.4g}."
    )
    if factor is not None:
        data["factor"] = factor
        what = f"{factor:.4g} times the derivative of the value" + (
            ": the wrong sign"
            if factor < 0
            else f": 1/{1 / factor:.4g} of it"
            if factor < 1
            else ""
        )
        advice = (
            "Trees would climb. The gradient is d value / d raw_prediction; look at the sign of the "
            "residual and at the order of the arguments."
            if factor < 0
            else "Gradient and Hessian must be of one loss: scale both alike, and the value with them."
        )
        return Check(name, "failure", f"is {what}. {example}", advice, data)
    share = f"{count} of {compared} points"
    return Check(
        name,
        "failure",
        f"is not the derivative of the value at {share}{_by_label(bad, sample.y)}. {example}",
        "The trees descend another loss than the one that you look at. Differentiate the value by "
        "raw_prediction (before the link), row by row.",
        data,
    )


def hessian(subject: Subject) -> Check:
    """The Hessian against finite differences of the gradient: told, and judged where it is too small."""
    name = "hessian"
    if subject.preconditioned:
        told = "goes with a gradient that is preconditioned, and is no derivative of the value"
        return Check(name, "note", told)
    sample, found, exact, error = _of_gradient(subject)
    resolved = np.isfinite(error) & np.isfinite(found)
    if not resolved.any():
        return Check(
            name,
            "note",
            "finite differences of the gradient say nothing: is it smooth, or float16?",
        )
    f, e, slack = found[resolved], exact[resolved], 20 * error[resolved]
    room = slack + 1e-2 * np.maximum(np.abs(f), np.abs(e)) + 1e-4 * np.median(np.abs(f))
    off, below = np.abs(f - e) > room, e - f > room
    far_below = below & (e > 2 * f + slack)
    n = len(f)
    data = {
        "compared": n,
        "equal": int((~off).sum()),
        "above": int((off & ~below).sum()),
        "below": int(below.sum()),
        "below_half": int(far_below.sum()),
    }
    worst_rows = resolved & _bad(found, exact, error, 1e-2, 1e-4)
    worst = _worst(found - exact, worst_rows)
    example = (
        f" {_place(subject, sample, worst)} it is {_at(found, worst):.4g}, the derivative of the gradient "
        f"{_at(exact, worst):.4g}."
    )
    if not off.any():
        return Check(name, "ok", f"is the derivative of the gradient at {n} points", data=data)
    if subject.exact:
        where = f"{int(off.sum())} of {n} points{_by_label(worst_rows, sample.y)}"
        return Check(
            name,
            "failure",
            f"is not the derivative of the gradient at {where}.{example}",
            "Asked for by hessian='exact'. A Hessian of another kind may be as good: then say "
            "hessian='any'.",
            data,
        )
    constant = f"the constant {f[0]:.4g}" if np.ptp(f) <= 1e-6 * np.abs(f).max() else ""
    if far_below.any():
        kind = constant or "not the derivative of the gradient"
        return Check(
            name,
            "warning",
            f"is {kind}, and less than half of it at {int(far_below.sum())} of {n} points"
            f"{_by_label(worst_rows, sample.y)}.{example}",
            "A leaf of such rows steps beyond its minimum at a learning rate near 1. Take "
            "max(the second derivative, yours), or an upper bound of it.",
            data,
        )
    kind = constant or f"not the exact one at {int(off.sum())} of {n} points"
    relation = (
        "nowhere below the derivative of the gradient: steps are safe"
        if not below.any()
        else "at least half of the derivative of the gradient: steps are safe"
    )
    return Check(name, "ok", f"is {kind}, {relation}", data=data)


def _of_value(subject: Subject, value: RowValue) -> tuple[Sample, Array, Array, Array]:
    """The rows, the gradient there, the derivative of the value and its error."""
    sample, rows = subject.probe, np.arange(len(subject.probe))
    if value.kind != "rows" and subject.own:
        rows = _few(subject)
    steps = subject.samples.steps(sample)[rows]
    found = subject.fixed.gradient(sample.y, sample.raw)[rows]
    exact, error = np.empty(found.shape), np.empty(found.shape)
    for k in subject.outputs:

        def moved(column: Array, k: int | None = k) -> Array:
            return value.moved(sample, rows, column, k)

        at = column_of(sample.raw, k)[rows]
        result = derivative(moved, at, column_of(steps, k))
        column_of(exact, k)[:], column_of(error, k)[:] = result
    return sample.take(rows), found, exact, error


def _of_gradient(subject: Subject) -> tuple[Sample, Array, Array, Array]:
    """The rows, the Hessian there, the derivative of the gradient and its error."""
    sample, candidate = subject.probe, subject.fixed
    rows = _few(subject) if subject.coupled else np.arange(len(sample))
    steps = subject.samples.steps(sample)
    found = candidate.evaluate(sample.y, sample.raw)[1][rows]
    exact, error = np.empty(found.shape), np.empty(found.shape)
    for k in subject.outputs:

        def moved(column: Array, k: int | None = k) -> Array:
            raw = sample.raw.copy()
            if not subject.coupled:
                column_of(raw, k)[:] = column
                return column_of(candidate.gradient(sample.y, raw), k)
            result = np.empty(len(rows))
            for place, (i, value) in enumerate(zip(rows, column, strict=True)):
                column_of(raw, k)[i] = value
                result[place] = column_of(candidate.gradient(sample.y, raw), k)[i]
                raw[i] = sample.raw[i]
            return result

        at, step = column_of(sample.raw, k)[rows], column_of(steps, k)[rows]
        result = derivative(moved, at, step, single=True)
        column_of(exact, k)[:], column_of(error, k)[:] = result
    with np.errstate(invalid="ignore"):
        error[error > 0.01 * np.maximum(np.abs(exact), np.abs(found)) + 1e-6] = np.inf
    return sample.take(rows), found, exact, error


def _few(subject: Subject) -> Array:
    """Some rows, evenly taken; fewer of objectives of this package, which sort or count all rows at each call."""
    count = max(4, FEW // (2 * len(subject.outputs))) if subject.own else FEW
    few: Array = np.linspace(0, len(subject.probe) - 1, count).astype(int)
    return np.unique(few)


def _bad(found: Array, exact: Array, error: Array, relative: float, floor: float = 1e-6) -> Array:
    """Where they differ by more than rounding and the error of the difference."""
    with np.errstate(invalid="ignore"):
        size = np.abs(exact[np.isfinite(exact)])
        typical = float(np.median(size)) if len(size) else 0.0
        room = relative * np.maximum(np.abs(found), np.abs(exact)) + 20 * error + floor * typical
        differ: Array = np.abs(found - exact) > room
    return differ


def _factor(found: Array, exact: Array, resolved: Array) -> float | None:
    """The constant c of found = c exact, if there is one other than 0."""
    f, e = found[resolved], exact[resolved]
    if not len(e):
        return None
    large = np.abs(e) > 1e-2 * np.median(np.abs(e))
    if not large.any():
        return None
    ratio = f[large] / e[large]
    middle = float(np.median(ratio))
    constant = (np.abs(ratio - middle) <= 2e-3 * abs(middle)).all()
    return middle if constant and middle and abs(middle - 1) > 2e-3 else None


def _worst(difference: Array, bad: Array) -> tuple[int, ...]:
    size = np.where(bad & np.isfinite(difference), np.abs(difference), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), size.shape))


def _at(array: Array, index: tuple[int, ...]) -> float:
    return float(array[index])


def _place(subject: Subject, sample: Sample, index: tuple[int, ...]) -> str:
    y, raw = sample.y[index[0]], sample.raw[index[0]]
    if np.ndim(raw):
        scores = ", ".join(f"{z:.4g}" for z in raw)
        output = "class" if subject.samples.task == "multiclass" else "output"
        return f"At y_true {y:.4g}, raw_prediction [{scores}], {output} {index[1]}"
    if subject.samples.residuals:
        return f"At y_true {y:.4g} and residual raw_prediction - y_true {raw - y:.4g}"
    return f"At y_true {y:.4g}, raw_prediction {raw:.4g}"


def _by_label(bad: Array, y: Array) -> str:
    """Which labels are concerned, where there are few."""
    rows = bad.any(axis=1) if bad.ndim == 2 else bad
    labels = np.unique(y)
    concerned = np.unique(y[rows])
    if not 0 < len(concerned) < len(labels) <= 4:
        return ""
    return f", all with y_true {' or '.join(f'{label:g}' for label in concerned)}"
