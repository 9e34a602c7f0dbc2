"""Scores far from all reason: a gradient that is exactly 0 for confident errors, NaN and infinities."""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.testing._calls import Broken
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._subject import Subject, column_of, rowwise

#: How often a random sample of rows may leave a row out before its gradient is taken for 0: .9^200 is 1e-9.
DRAWS = 200


def saturation(subject: Subject) -> Check:
    """Confident errors whose gradient is exactly 0."""
    if subject.samples.task not in ("binary", "multiclass"):
        return Check("saturation", "skipped", "is for classification")
    scores = (2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
    stuck = [z for z in scores if _stuck(subject, z)]
    data = {"scores": stuck}
    if not stuck:
        return Check(
            "saturation", "ok", "confident errors, up to |score| 30, have a gradient", data=data
        )
    return Check(
        "saturation",
        "failure",
        f"rows that are confidently wrong get a gradient of exactly 0, from a score of {stuck[0]:g}.",
        "No tree will ever correct them. Probabilities are clipped, or rounded to 0 or 1: write the loss "
        "in the raw score, with logaddexp(0, z) for log(1 + exp(z)), without clipping.",
        data,
    )


def finite(subject: Subject) -> Check:
    """NaN and infinities, at extreme scores, in both precisions, at 0 and where y equals the prediction."""
    task = subject.samples.task
    limit = {"regression": 1e4, "positive": 80.0}.get(task, 1e3)
    limit = limit if subject.samples.located else 30.0
    sizes = (0.0, 1.0, 10.0, 20.0, 30.0, 40.0, 80.0, 100.0, 300.0, 1e3, 1e4, 1e8, 1e20)
    labels = np.unique(subject.probe.y)[:4]
    found: list[dict[str, Any]] = []
    for size in sizes:
        y = np.tile(labels, 2)
        raw = np.repeat([size, -size], len(labels))
        beside = y if subject.samples.residuals else np.zeros(len(y))
        if subject.samples.n_outputs is None:
            raw = raw + beside
        else:
            raw = np.multiply.outer(raw, np.resize([1.0, -1.0, 0.5], subject.samples.n_outputs))
            raw += beside[:, None]
        for dtype in (np.float32, np.float64):
            try:
                g, h = subject.candidate.evaluate(y.astype(dtype), raw.astype(dtype))
            except Broken as error:
                found.append({"size": size, "what": f"it raises {error}", "dtype": dtype.__name__})
                continue
            for what, result in (("gradient", g), ("Hessian", h)):
                bad = ~np.isfinite(rowwise(result, np.sum))
                if bad.any():
                    row = int(np.argmax(bad))
                    value = column_of(result[[row]], None).ravel()
                    value = value[~np.isfinite(value)][0]
                    at = f"y_true {y[row]:g}, raw_prediction {np.round(raw[row], 3)}"
                    told = f"the {what} is {value} at {at} ({dtype.__name__})"
                    found.append({"size": size, "what": told, "dtype": dtype.__name__})
    if not found:
        return Check(
            "finite", "ok", "gradient and Hessian are finite at any score", data={"found": []}
        )
    reached = found[0]["size"] <= limit
    kind = "|residual|" if subject.samples.residuals else "|score|"
    return Check(
        "finite",
        "failure" if reached else "warning",
        f"from {kind} {found[0]['size']:g} on: {found[0]['what']}.",
        "One such row makes every prediction of XGBoost NaN and LightGBM return a constant, without an "
        "error. Write the formula in a stable form (exp of negative arguments, log1p, logaddexp, tanh), "
        "not by clipping a probability.",
        {"found": found},
    )


def _stuck(subject: Subject, score: float) -> bool:
    """Whether any of the wrong rows has a gradient of 0, at scores next to these too.

    A loss on a random sample of the rows leaves out some rows at one score and others at the next.
    """
    zero = np.ones(1, bool)
    for step in range(DRAWS):
        y, raw = _wrong(subject, score * (1 + 1e-3 * step))
        zero = zero & (rowwise(np.abs(subject.candidate.gradient(y, raw)), np.max) == 0)
        if not zero.any():
            return False
    return True


def _wrong(subject: Subject, z: float) -> tuple[Array, Array]:
    """Rows of each label with a score of z for another one."""
    if subject.samples.task == "binary":
        y = subject.probe.y
        return np.array([y.min(), y.max()]), np.array([z, -z])
    k = subject.samples.n_outputs or 1
    y = np.arange(k, dtype=float)
    return y, z * np.roll(np.eye(k), 1, axis=1)
