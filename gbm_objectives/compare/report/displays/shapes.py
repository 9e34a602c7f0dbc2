"""The figure of gradients and Hessians: what one row gives the trees as its score moves.

Scales, sums and class weights are those of the first round: of the data's labels around a constant. There gradients
crowd together, so the weights of rows (GHM, OHEM) are those around the held-out predictions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import Display, legend, line_style, plain
from gbm_objectives.compare.report.displays.focus import OURS, codes
from gbm_objectives.links import LOG
from gbm_objectives.losses._classes import ClassLoss
from gbm_objectives.objective import Objective
from gbm_objectives.objective._blocks import Block

POINTS = 401


@dataclass(frozen=True)
class ShapesDisplay(Display):
    """Gradient and Hessian side by side, a row of panels for each thing that moves."""

    name: ClassVar = "shapes"
    title: ClassVar = "Gradients and Hessians"
    caption: ClassVar = (
        "What our objectives in this comparison give the trees for one row of weight 1. Scales and sums "
        "are those of the first round, weights of GHM and OHEM those around the held-out predictions. "
        "Where a label is named, both are over the Hessian at x = 0. Curves far above the others leave "
        "their panel."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """Gradient and Hessian over x, of each of our objectives that has a picture; ``axis`` says what x is."""
        parts, _ = _drawn(frames)
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    @override
    def text(self) -> str:
        return f"{self.caption} {undrawn(self.frames)}".rstrip()

    @override
    def draw(self) -> Figure:
        moved = list(self.frame.groupby("axis", sort=False))
        names = list(dict.fromkeys(self.frame["candidate"]))
        styles = {name: line_style(index) for index, name in enumerate(names)}
        figure = Figure(
            figsize=(5.4, 0.6 + 2.3 * len(moved) + 0.09 * len(names)), layout="constrained"
        )
        panels = figure.subplots(len(moved), 2, squeeze=False)
        lines: dict[str, Any] = {}
        for pair, (axis, rows) in zip(panels, moved, strict=True):
            for name, own in rows.groupby("candidate", sort=False):
                for panel, column in zip(pair, ("gradient", "hessian"), strict=True):
                    (lines[str(name)],) = panel.plot(own["x"], own[column], **styles[str(name)])
            for panel, column in zip(pair, ("gradient", "hessian"), strict=True):
                panel.set(xlabel=axis, xlim=(rows["x"].min(), rows["x"].max()))
                panel.set_ylim(*_limits(rows, column))
        for panel, title in zip(panels[0], ("gradient", "Hessian"), strict=True):
            panel.set_title(title)
        legend(figure, [lines[name] for name in names], [plain(name) for name in names])
        return figure


def _limits(frame: pd.DataFrame, column: str) -> tuple[float, float]:
    """Of an axis: what most curves need; a curve three times as high as the median one leaves the panel."""
    by_name = frame.groupby("candidate")[column]
    high, low = (
        np.minimum(sign * end, 3 * (sign * end).median()).max()
        for sign, end in ((1, by_name.max()), (-1, by_name.min()))
    )
    margin = 0.05 * (high + max(low, 0)) or 1.0
    return (-low - margin if low > 0 else 0.0), high + margin


def undrawn(frames: Frames) -> str:
    """Which of ours are not in the figure, and why; empty where all are."""
    _, reasons = _drawn(frames)
    why: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        why.setdefault(reason, []).append(name)
    text = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in why.items())
    return f"Not drawn: {text}." if text else ""


def _drawn(frames: Frames) -> tuple[list[pd.DataFrame], dict[str, str]]:
    """A frame for each objective that can be drawn, a reason for each that can't."""
    parts: list[pd.DataFrame] = []
    reasons: dict[str, str] = {}
    if frames.predictions.empty or "family" in frames.predictions:  # of several outputs
        return parts, reasons
    kinds = statistics.kinds(frames)
    for name in dict.fromkeys(key.candidate for key, kind in kinds.items() if kind in OURS):
        one = frames.objectives.get(name)
        reason = "known by its name only" if one is None else _obstacle(one)
        if one is not None and not reason:
            try:
                parts.append(_frame(one, _setting(one, name, frames)).assign(candidate=name))
            except ValueError:
                reason = "not for these labels"
        if reason:
            reasons[name] = reason
    return parts, reasons


def _setting(one: Objective, name: str, frames: Frames) -> Setting:
    rows = frames.predictions.drop_duplicates("row")
    setting = Setting.of(one, frames.info["task"], _labels(rows, frames))
    if not any(
        weighting.pending and not weighting.of_labels
        for term in one.terms
        for weighting in term.weightings
    ):
        return setting
    rows = frames.predictions.query("candidate == @name")
    rows = rows[rows["contamination"] == rows["contamination"].min()]
    return replace(setting, y=_labels(rows, frames), start=_raw_prediction(one, rows))


def _labels(rows: pd.DataFrame, frames: Frames) -> Array:
    labels: Array = codes(rows["y_true"], frames.info.get("classes")).astype(np.float64)
    return labels


def _raw_prediction(one: Objective, rows: pd.DataFrame) -> Array:
    """The raw predictions behind predictions of the response."""
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
    """The row that is drawn, and the data around it.

    Parameters
    ----------
    axis : str
        What moves, in words.
    x : ndarray of shape (points,)
        What moves, in numbers.
    label : float
        Of the row.
    raw_prediction : ndarray of shape (points,) or (points, n_classes)
        Of the row.
    y, start : ndarray
        The data's labels, and the constant prediction that the first round starts from.
    output : int, optional
        The output that is drawn, where there are several.
    relative : bool, default False
        Whether gradient and Hessian are over the Hessian at x = 0, where the label sets the unit of both.
    """

    axis: str
    x: Array
    label: float
    raw_prediction: Array
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
            raw = np.zeros((POINTS, len(counts)), order="F")
            raw[:, true] = z
            start = np.asfortranarray(np.broadcast_to(one.intercept(y), (len(y), len(counts))))
            axis = "raw score of the true class, others 0"
            return cls(axis, z, float(true), raw, y, start, true)
        if task == "binary":
            start = np.full(len(y), one.intercept(y))
            return cls("raw score z, label 1", z, 1.0, z, y, start)
        if one.learns:
            label = float(np.median(y))
            return cls(f"score z, level {label:g}", z, label, z, y, np.zeros(len(y)))
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
        block = Block(slice(0, POINTS), labels, labels, setting.raw_prediction)
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
