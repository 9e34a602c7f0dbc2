"""Whether a result depends on more than its row and its weight: on other calls or rows, or their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.testing._calls import Broken, Candidate, error_of, parameters
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._samples import Sample
from gbm_objectives.testing._subject import Subject, depends_on_other_rows, identical, same


def determinism(subject: Subject) -> Check:
    """The same arguments give the same results, whatever was asked in between."""
    candidate, sample, other = (
        subject.candidate,
        subject.samples.typical(),
        subject.samples.typical(7),
    )
    third = other.take(np.arange(0, len(other), 3))
    first = candidate.evaluate(sample.y, sample.raw)
    again = candidate.evaluate(sample.y, sample.raw)
    if not all(map(identical, first, again)):
        gap = float(np.nanmax(np.abs(first[0] - again[0])))
        told = f"two calls with the same arguments differ, the gradient by up to {gap:.3g}."
        advice = "Is there a counter, or a random draw? State is lost too: LightGBM deep-copies the objective."
        return Check(
            "determinism",
            "failure",
            told,
            advice + " Make it a function of its arguments.",
            {"difference": gap},
        )
    for between in (other, third):
        error_of(candidate, between.y, between.raw, None)  # what is raised here, `rows` tells
    last = candidate.evaluate(sample.y, sample.raw)
    if not all(map(identical, first, last)):
        gap = float(np.nanmax(np.abs(first[0] - last[0])))
        return Check(
            "determinism", "failure",
            f"the result depends on earlier calls: the gradient by up to {gap:.3g} after one with other data.",
            "Cross-validation, validation sets and workers see other states than you. LightGBM deep-copies "
            "the objective about six times. Make it a function of its arguments.", {"difference": gap},
        )  # fmt: skip
    return Check("determinism", "ok", "a function of its arguments alone", data={"difference": 0.0})


def rows(subject: Subject) -> Check:
    """Whether the number of rows, and other rows, matter."""
    sample, candidate = subject.samples.typical(), subject.candidate
    twice = candidate.evaluate(np.tile(sample.y, 2), np.concatenate([sample.raw] * 2))
    once = candidate.evaluate(sample.y, sample.raw)
    n = len(sample)
    ratio = [_ratio(b[:n], a) for a, b in zip(once, twice, strict=True)]
    data = {"ratio_of_gradient": ratio[0], "ratio_of_hessian": ratio[1]}
    if any(r is not None and abs(r - 0.5) < 0.05 for r in ratio):
        return Check(
            "rows", "failure", f"with twice the rows the gradient is {ratio[0] or 1:.2g} and the Hessian {ratio[1] or 1:.2g} times as large: it is divided by the number of rows.",
            "It is the derivative of a mean; the libraries add rows up. Sums of Hessians then stay below "
            "min_child_weight and gains below 1e-6: XGBoost finds no split. Leave the division out.", data,
        )  # fmt: skip
    if not all(same(a, b[:n], 1e-3) for a, b in zip(once, twice, strict=True)):
        return Check(
            "rows",
            "warning",
            "with every row twice a row gets another gradient or Hessian.",
            "A sum over rows where a mean is meant? Models will depend on the size of the data.",
            data,
        )
    part = np.arange(0, n, 3)
    try:
        candidate.evaluate(sample.y[part], sample.raw[part])
    except Broken as error:
        return Check(
            "rows",
            "warning",
            f"it works for one set of rows only: {error}.",
            "Cross-validation and early stopping pass others. Take labels and weights from the arguments, not from outside.",
            data,
        )
    if subject.coupled or depends_on_other_rows(candidate, sample):
        spread = "On a cluster a function sees the rows of its worker only."
        if subject.own:
            spread = (
                "On a cluster it is that of all machines, with LightGBM at gbm_objectives.dask."
            )
        return Check(
            "rows",
            "note",
            "the result of a row depends on the other rows, not on their number.",
            f"Right where a scale or a sum over the data is wanted. {spread}",
            data,
        )
    return Check("rows", "ok", "each row by itself, whatever their number", data=data)


def weights(candidates: list[Candidate], subject: Subject) -> Check:
    """Whether weights multiply gradient and Hessian, at each signature."""
    found = [_weights(candidate, subject.samples.typical()) for candidate in candidates]
    bad = [check for check in found if check.status != "ok"]
    if bad and len(bad) < len(found):
        where = {"train": "f(preds, data)", "sklearn": "f(y_true, y_pred)"}
        other = next(c for c, check in zip(candidates, found, strict=True) if check.status == "ok")
        told = f"{bad[0].finding} Called as {where[other.signature]} it applies them."
        return replace(bad[0], finding=told)
    return (bad or found)[0]


def _weights(candidate: Candidate, sample: Sample) -> Check:
    """Integer weights may stand for repeated rows: scales of the data see them so."""
    if not candidate.takes_weights():
        return Check(
            "weights", "failure", f"there is no parameter for them in {', '.join(parameters(candidate.function))}.",
            "LightGBM trains the same model with and without sample_weight, silently; XGBoost's estimators "
            "raise ValueError. Add sample_weight=None and multiply both results.", {"taken": False},
        )  # fmt: skip
    times = np.random.default_rng(5).integers(1, 4, len(sample))
    plain = candidate.evaluate(sample.y, sample.raw)
    weighted = candidate.evaluate(sample.y, sample.raw, times.astype(np.float32))
    many = candidate.evaluate(np.repeat(sample.y, times), np.repeat(sample.raw, times, axis=0))
    first = np.cumsum(times) - times
    w = times.reshape(-1, *[1] * (sample.raw.ndim - 1))
    right = [
        same(found, w * a, 1e-4) or same(found, w * b[first], 1e-3)
        for found, a, b in zip(weighted, plain, many, strict=True)
    ]
    ignored = [identical(found, a) for found, a in zip(weighted, plain, strict=True)]
    data = {"taken": True, "right": right, "ignored": ignored}
    if all(right):
        return Check("weights", "ok", "multiply gradient and Hessian", data=data)
    names = [name for name, ok in zip(("gradient", "Hessian"), right, strict=True) if not ok]
    factors = [_ratio(found, w * a) for found, a in zip(weighted, plain, strict=True)]
    if all(factors) and factors[0] is not None:
        told = f"the results are {factors[0]:.3g} times weight x the unweighted ones: weights are normalised."
        return Check(
            "weights",
            "warning",
            told,
            "lambda and min_child_weight then mean something else than without weights.",
            data,
        )
    how = "ignored" if all(ignored) else "not applied as a factor"
    return Check(
        "weights", "failure", f"weights are {how} in the {' and the '.join(names)}.",
        "Neither library applies weights to a custom objective: the model is the same with and without. "
        "Multiply both results by "
        + ("data.get_weight() where there is one." if candidate.signature == "train" else "sample_weight."), data,
    )  # fmt: skip


def _ratio(a: Array, b: Array) -> float | None:
    """The constant a/b, if it is one other than 1."""
    usable = (
        np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6 * np.nanmax(np.abs(b), initial=0.0))
    )
    if not usable.any():
        return None
    ratio = a[usable] / b[usable]
    middle = float(np.median(ratio))
    constant = (np.abs(ratio - middle) <= 1e-3 * abs(middle)).all() and abs(middle - 1) > 1e-3
    return middle if constant else None
