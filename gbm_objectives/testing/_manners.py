"""How the objective behaves as a guest of the libraries: its doors, results, arguments and copies."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.testing._calls import (
    LIBRARIES,
    Candidate,
    error_of,
    pair,
    parameters,
    words,
)
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._subject import Subject, identical, same

DOORS = {
    "train": ("xgboost.train", "lightgbm.train"),
    "sklearn": ("xgboost's estimators", "lightgbm's estimators"),
}
#: Types that XGBoost reads through the wrong pointer, without an error.
GARBLED = "XGBoost reads it as garbage, without an error."


def doors(candidates: list[Candidate], subject: Subject, tried: str) -> Check:
    """Which calls of the libraries the signature fits, with and without weights."""
    sample = subject.samples.typical()
    y, raw, w = sample.y.astype(np.float32), sample.raw, np.ones(len(sample), np.float32)
    seen: dict[str, str] = {}
    odd: list[str] = []
    for signature, names in DOORS.items():
        served = [c for c in candidates if c.signature == signature]
        for library, door in zip(LIBRARIES, names, strict=True):
            if not served:
                seen[door] = "another signature" if tried in ("auto", signature) else "not tried"
                continue
            candidate = replace(served[0], library=library, needs_weight=False)
            named = signature == "train" or "sample_weight" in parameters(candidate.function)
            unnamed = library == "xgboost" and not named
            errors = [
                error_of(candidate, y, raw, weight)
                for weight in ((None,) if unnamed else (None, w))
            ]
            seen[door] = "fits; raises where sample_weight is given" if unnamed else "fits"
            if any(errors):
                which = "" if all(errors) else " without weights" if errors[0] else " with weights"
                seen[door] = f"raises{which}: {errors[0] or errors[1]}"
                odd += [] if all(errors) else [f"{door}: {seen[door]}"]
    fits = [door for door, what in seen.items() if what.startswith("fits")]
    others = [d for d, what in seen.items() if what == "another signature"]
    broken = [f"{d}: {what}" for d, what in seen.items() if what.startswith("raises")]
    finding = f"fits {', '.join(fits) or 'no door'}"
    if others:
        call = (
            "f(preds, data)"
            if "xgboost.train" in others
            else "f(y_true, y_pred, sample_weight=None)"
        )
        finding += f"; {' and '.join(others)} call {call}"
    finding += f". {'. '.join(broken)}" if broken else ""
    if odd:
        return Check(
            "doors",
            "warning",
            finding,
            "Absent weights are None in LightGBM and an empty array in XGBoost; LightGBM passes weights, "
            "or None, to whatever the third parameter is, and XGBoost only to one named sample_weight. "
            "f(y_true, y_pred, sample_weight=None) serves both.",
            seen,
        )
    if broken:
        return Check("doors", "warning", finding, "These calls would end in that error.", seen)
    if others:
        return Check("doors", "note", finding + ".", data=seen)
    if len(candidates) > 1:
        results = [c.evaluate(sample.y, raw) for c in candidates]
        if not all(same(a, b) for a, b in zip(*results, strict=True)):
            return Check(
                "doors", "failure", "both signatures work but give different results", "", seen
            )
    return Check("doors", "ok", finding, data=seen)


def shape(subject: Subject) -> Check:
    """The shape of the results."""
    sample, told = subject.samples.typical(), []
    n, wanted, flat = len(sample), sample.raw.shape, False
    for name, result in _results(subject):
        found = np.shape(result)
        if found == wanted:
            continue
        flat = found == (sample.raw.size,) and len(wanted) == 2
        told.append(f"the {name} has shape {found}")
    data = {
        "predictions": list(wanted),
        "results": [list(np.shape(r)) for _, r in _results(subject)],
    }
    if not told:
        return Check("shape", "ok", f"{_shape(wanted)}, that of the predictions", data=data)
    finding = f"{' and '.join(told)}, predictions {wanted}."
    if flat:
        order, other = (
            ("row by row", "LightGBM")
            if subject.candidate.flat == "C"
            else ("column by column", "XGBoost")
        )
        return Check(
            "shape", "failure", f"{finding} It is flattened {order}: silently wrong in {other}.",
            "Return (n, n_classes), like the predictions: both libraries take it.", data,
        )  # fmt: skip
    if all(np.shape(r) in (wanted, (n, 1)) for _, r in _results(subject)):
        return Check(
            "shape", "warning", finding, "LightGBM warns at each round. Return (n,).", data
        )
    return Check(
        "shape",
        "failure",
        finding,
        "Both must be arrays in the shape of the predictions; a constant: np.full_like(y_pred, 1.0).",
        data,
    )


def dtype(subject: Subject) -> Check:
    """The type of the results."""
    bad, told, data = [], [], {}
    for name, result in _results(subject):
        kind = type(result).__name__
        if not isinstance(result, np.ndarray):
            bad.append(f"the {name} is a {kind}: XGBoost raises TypeError.")
            data[name] = kind
            continue
        data[name] = str(result.dtype)
        swapped = not result.dtype.isnative
        if swapped or result.dtype.kind not in "fi" or result.dtype.itemsize < 4:
            order = " in foreign byte order" if swapped else ""
            bad.append(f"the {name} is {result.dtype}{order}: {GARBLED}")
        elif result.dtype.kind == "i":
            bad.append(f"the {name} is {result.dtype}: decimals are cut off.")
        told.append(str(result.dtype))
    if bad:
        return Check(
            "dtype",
            "failure",
            " ".join(bad),
            "Return numpy arrays of float32 (fastest) or float64.",
            data,
        )
    slow = (
        " (both libraries compute in float32, which would be faster)" if "float64" in told else ""
    )
    return Check(
        "dtype",
        "ok",
        f"{' and '.join(dict.fromkeys(told))} for float32 predictions{slow}",
        data=data,
    )


def mutation(subject: Subject) -> Check:
    """Whether the arguments are changed, and whether results are views of them."""
    sample = subject.samples.typical()
    candidate = subject.candidate
    if candidate.signature == "train" and not candidate.real:
        shared = replace(
            candidate, library="lightgbm"
        )  # whose labels are the same array at each call
        candidate = candidate if error_of(shared, sample.y, sample.raw, None) else shared
    changed, viewed = set(), set()
    for given in (np.float32, np.float64):
        arrays = {"labels": sample.y.astype(given), "predictions": sample.raw.astype(given)}
        kept = {name: array.copy() for name, array in arrays.items()}
        results = pair(_with_labels(candidate, arrays))
        for name, array in arrays.items():
            if not np.array_equal(array, kept[name]):
                changed.add(name)
            viewed |= {
                name for r in results if isinstance(r, np.ndarray) and np.shares_memory(r, array)
            }
    data = {"changed": sorted(changed), "views": sorted(viewed)}
    if changed:
        return Check(
            "mutation", "failure", f"it edits the {' and the '.join(sorted(changed))} in place.",
            "LightGBM gives its own buffers, which later rounds read: the model changes. Work on copies: "
            "avoid -=, *=, out= and np.clip(..., out=) on arguments.", data,
        )  # fmt: skip
    if viewed:
        return Check(
            "mutation",
            "warning",
            f"a result is a view of the {' and the '.join(sorted(viewed))}.",
            "LightGBM reuses these buffers. Return fresh arrays.",
            data,
        )
    return Check("mutation", "ok", "arguments are left alone, results are fresh arrays", data=data)


def pickling(subject: Subject) -> Check:
    """Pickle and deepcopy."""
    function, candidate, sample = (
        subject.candidate.function,
        subject.candidate,
        subject.samples.typical(),
    )
    want = candidate.evaluate(sample.y, sample.raw)
    ways: dict[str, Callable[[Any], Any]] = {
        "deepcopy": copy.deepcopy,
        "pickle": lambda f: pickle.loads(pickle.dumps(f)),
    }
    equal = True
    for name, way in ways.items():
        try:
            copied = way(function)
        except Exception as error:
            told = f"{name} fails with {type(error).__name__}: {words(error)[:120]}."
            if name == "deepcopy":
                return Check(
                    "pickling",
                    "failure",
                    told,
                    "LightGBM deep-copies its parameters: training fails.",
                    {"fails": name},
                )
            advice = "Estimators with it can't be saved by pickle or joblib, nor sent to Dask workers. Use a function of a module, or a class with __call__ whose fields are its parameters."
            return Check("pickling", "warning", told, advice, {"fails": name})
        found = replace(candidate, function=copied).evaluate(sample.y, sample.raw)
        if not all(map(identical, want, found)):
            return Check(
                "pickling",
                "failure",
                f"the copy by {name} gives another result.",
                "State outside its fields is lost.",
                {"fails": name},
            )
        equal = equal and bool(copied == function)
    told = "copies work" + (
        " and are equal to the original" if equal else "; they compare unequal (define __eq__)"
    )
    return Check("pickling", "ok", told, data={"equal": equal})


def warned(candidates: list[Candidate]) -> Check:
    """What the function warned of while it was checked."""
    heard: dict[str, int] = {}
    for candidate in candidates:
        for text, count in candidate.heard.items():
            heard[text] = heard.get(text, 0) + count
    if not heard:
        return Check("warnings", "ok", "none were given", data={})
    text = "; ".join(what[:100] for what in list(heard)[:2])
    return Check(
        "warnings", "note", f"while it was checked, extremes included, it warned: {text}.",
        "Harmless where the results are finite, and noise in every training.", heard,
    )  # fmt: skip


def _results(subject: Subject) -> list[tuple[str, Any]]:
    """What is returned for float32 predictions, as XGBoost gives them."""
    sample = subject.samples.typical()
    raw = np.ascontiguousarray(sample.raw, dtype=np.float32)
    result = subject.candidate.raw_result(sample.y.astype(np.float32), raw)
    return list(zip(("gradient", "Hessian"), pair(result), strict=True))


def _with_labels(candidate: Candidate, arrays: dict[str, Array]) -> Any:
    """The result for exactly these arrays, wherever the function gets the labels from."""
    return candidate.raw_result(arrays["labels"], arrays["predictions"])


def _shape(shape: tuple[int, ...]) -> str:
    return "(n,)" if len(shape) == 1 else f"(n, {shape[1]})"
