"""What one row gives the trees as its score moves: the frame behind the figure of gradients and Hessians.

Scales, sums and class weights are those of the first round: of the data's labels around a constant. There gradients
crowd together, so the weights of rows (GHM, OHEM) are those around the held-out predictions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array
from gbm_objectives.compare import statistics
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.compare.plot_data import OURS, codes
from gbm_objectives.links import LOG
from gbm_objectives.losses._vector import ClassLoss
from gbm_objectives.objective import Objective
from gbm_objectives.objective._blocks import Block
from gbm_objectives.registry import OBJECTIVES

if TYPE_CHECKING:
    from gbm_objectives.compare.result import Result

POINTS = 401


def objective(name: str) -> Objective | None:
    """The objective that the name of one of our candidates stands for, such as ``huber(delta=2.0)``."""
    try:
        ((_, found),) = parse_calls("objectives", name, OBJECTIVES)
    except ValueError:  # one that a user has named
        return None
    return found if isinstance(found, Objective) else None


def shapes(result: Result) -> pd.DataFrame:
    """Gradient and Hessian over x, of each of our objectives that has a picture; ``axis`` says what x is."""
    frames, _ = _drawn(result)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def undrawn(result: Result) -> str:
    """Which of ours are not in the figure, and why; empty where all are."""
    _, reasons = _drawn(result)
    why: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        why.setdefault(reason, []).append(name)
    text = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in why.items())
    return f"Not drawn: {text}." if text else ""


def _drawn(result: Result) -> tuple[list[pd.DataFrame], dict[str, str]]:
    """A frame for each objective that can be drawn, a reason for each that can't."""
    frames: list[pd.DataFrame] = []
    reasons: dict[str, str] = {}
    if result.predictions.empty:
        return frames, reasons
    kinds = statistics.kinds(result)
    for name in dict.fromkeys(key.candidate for key, kind in kinds.items() if kind in OURS):
        one = objective(name)
        reason = "known by its name only" if one is None else _obstacle(one)
        if one is not None and not reason:
            try:
                frames.append(_frame(one, _setting(one, name, result)).assign(candidate=name))
            except ValueError:
                reason = "not for these labels"
        if reason:
            reasons[name] = reason
    return frames, reasons


def _setting(one: Objective, name: str, result: Result) -> Setting:
    rows = result.predictions.drop_duplicates("row")
    setting = Setting.of(one, result.info["task"], _labels(rows, result))
    if not any(
        weighting.pending and not weighting.of_labels
        for term in one.terms
        for weighting in term.weightings
    ):
        return setting
    rows = result.predictions.query("candidate == @name")
    rows = rows[rows["contamination"] == rows["contamination"].min()]
    return replace(setting, y=_labels(rows, result), start=_scores(one, rows))


def _labels(rows: pd.DataFrame, result: Result) -> Array:
    labels: Array = codes(rows["y_true"], result.info.get("classes")).astype(np.float64)
    return labels


def _scores(one: Objective, rows: pd.DataFrame) -> Array:
    """The raw scores behind predictions."""
    p = [name for name in rows if re.fullmatch(r"p_\d+", str(name))]
    y = rows[p or "y_pred"].to_numpy(np.float64)
    z: Array = np.log(np.clip(y, 1e-20, None)) if p or one.link == LOG else y
    if one.vector:
        return np.asfortranarray(z)
    return np.asarray(z[:, 1] - z[:, 0]) if p else z


def _obstacle(one: Objective) -> str:
    """Why the objective has no picture of one row; empty where it has."""
    losses = [term.loss for term in one.terms]
    if any(term.drawn for term in one.terms):
        return "a random draw in each round"
    if not all(loss.stands_alone for loss in losses):
        return "it moves all rows of a group alike, by their mean"
    if one.vector and not all(isinstance(loss, ClassLoss) for loss in losses):
        return "its labels are distributions"
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The row that is looked at, and the data around it.

    Parameters
    ----------
    axis, x : what moves, in words and in numbers.
    label : of the row.
    scores : of the row, (points,) or (points, n_classes).
    y, start : the data's labels and the constant prediction that the first round starts from.
    output : the one that is looked at, of several.
    relative : to the Hessian at x = 0, where the label sets the unit of both.
    """

    axis: str
    x: Array
    label: float
    scores: Array
    y: Array
    start: Array
    output: int | None = None
    relative: bool = False

    @classmethod
    def of(cls, one: Objective, task: str, y: Array) -> Setting:
        """What suits the objective."""
        z = np.linspace(-6, 6, POINTS)
        if one.vector:
            counts = np.bincount(y.astype(np.intp))
            true = int(counts.argmax())
            scores = np.zeros((POINTS, len(counts)), order="F")
            scores[:, true] = z
            start = np.asfortranarray(np.broadcast_to(one.intercept(y), (len(y), len(counts))))
            axis = "raw score of the true class, others 0"
            return cls(axis, z, float(true), scores, y, start, true)
        if task == "binary":
            start = np.full(len(y), one.intercept(y))
            return cls("raw score z, label 1", z, 1.0, z, y, start)
        if one.link == LOG:
            label = float(np.median(y[y > 0]))
            x = np.linspace(-1.5, 1.5, POINTS)
            axis = f"log(prediction / label), label {label:.3g}"
            start = np.full(len(y), one.intercept(y))
            return cls(axis, x, label, np.log(label) + x, y, start, relative=True)
        label = float(np.median(y))
        size = np.abs(y - label)
        reach = min(4 * float(np.std(y)), 8 * float(np.median(size)) or np.inf)
        if reach == 0:
            raise ValueError("labels that don't differ")
        x = np.linspace(-reach, reach, POINTS)
        by_label = any(weighting.of_labels for term in one.terms for weighting in term.weightings)
        axis = "r = prediction − label" + (f", label {label:.3g}" if by_label else "")
        return cls(axis, x, label, label + x, y, np.full(len(y), label), relative=by_label)


def _frame(one: Objective, setting: Setting) -> pd.DataFrame:
    """Gradient and Hessian in a setting."""
    if not all(term.loss.check_labels(setting.y) for term in one.terms):
        raise ValueError("labels of another task")
    labels = np.full(POINTS, setting.label)
    sums = []
    for term in one.terms:
        found = term.resolved(setting.y, setting.start, None, None)
        block = Block(slice(0, POINTS), labels, labels, setting.scores)
        sums.append(found.derivatives(block))
    gradient, hessian = (np.sum(parts, axis=0) for parts in zip(*sums, strict=True))
    if setting.output is not None:
        gradient, hessian = gradient[:, setting.output], hessian[:, setting.output]
    if setting.relative:
        unit = hessian[POINTS // 2]
        gradient, hessian = gradient / unit, hessian / unit
    return pd.DataFrame(
        {"axis": setting.axis, "x": setting.x, "gradient": gradient, "hessian": hessian}
    )
