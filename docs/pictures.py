"""The pictures of the gallery: value, gradient and Hessian of one row, as its score moves.

They are drawn from the objective itself. The row is the last of 201: losses of sums over all rows (Dice, GHM) need others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gbm_objectives import Objective, huber, mean_bias_error
from gbm_objectives.links import LOG
from gbm_objectives.registry import OBJECTIVES

Array = NDArray[np.float64]
N, POINTS = 200, 121
COLOURS = ("#2f7fd6", "#e0781e", "#3a9a5b")
GREY = "#7b7f86"  # legible on white and on the theme's dark background
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "gallery", "font.size": 9} | {
    f"{part}.color" if "." not in part else part: GREY
    for part in ("text", "axes.labelcolor", "axes.edgecolor", "xtick", "ytick")
}

#: What is drawn in place of the defaults.
CASES: dict[str, dict[str, Objective]] = {
    name: {f"{key} = {value:g}": OBJECTIVES[name](**{key: value}) for value in values}
    for name, key, values in [
        ("quantile", "tau", (0.5, 0.9)),
        ("expectile", "tau", (0.5, 0.9)),
        ("linex", "a", (0.5, -0.5)),
        ("general_robust", "alpha", (1.0, -2.0, -np.inf)),
        ("sampled_softmax", "n_negatives", (1,)),
        ("negative_sampling", "share", (1.0, 0.1)),
    ]
} | {"mean_bias_error": {"beside huber()": huber() + mean_bias_error(penalty=1.0)}}


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What is drawn of a curve; ``exact`` is the second derivative, where the value has one."""

    name: str
    x: Array
    value: Array
    gradient: Array
    hessian: Array
    exact: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One row that moves: its label, its raw predictions at each x, and the output that is drawn."""

    name: str
    x: Array
    label: Any
    raw: Array
    output: tuple[int, ...] = ()

    def derivatives(
        self, objective: Objective, y: Array, start: Array
    ) -> tuple[Array, Array, Array]:
        """Value (0 at its lowest), gradient and Hessian of the row, the last one after those of ``y``."""
        labels = np.concatenate([y, np.asarray(self.label, dtype=float)[None]])
        scale = objective.fixed(labels, np.concatenate([start, self.raw[:1]]))
        found = []
        for point in self.raw:
            raw = np.concatenate([start, point[None]])
            gradient, hessian = scale.gradient_hessian(labels, raw)
            at = (-1, *self.output)
            found.append((len(labels) * scale.value(labels, raw), gradient[at], hessian[at]))
        value, gradient, hessian = np.array(found, dtype=float).T
        return value - value.min(), gradient, hessian


def setting(objective: Objective) -> tuple[str, Array, Array, list[Curve]]:
    """What moves in words, the labels and scores of the other rows, and the curves."""
    loss, rng = objective.terms[0].loss, np.random.default_rng(0)
    noise, x = rng.standard_normal(N), np.linspace(-5, 5, POINTS)
    if loss.labels == "binary":
        y = (noise > 0.5).astype(float)
        return "raw score", y, np.linspace(-3, 3, N), [Curve(f"label {k}", x, k, x) for k in (1, 0)]
    codes = np.arange(N) % 3
    if loss.labels == "class" and not objective.vector:
        drawn = [Curve(f"label {k}", x, k, x) for k in range(3)]
        return "raw score", codes.astype(float), noise, drawn
    if loss.labels in ("class", "distribution"):
        names, y = ["the true class", "a wrong class"], codes.astype(float)
        label: Any = 0
        if loss.labels == "distribution":
            names, y, label = ["share .6", "share .3"], np.eye(3)[codes], [0.6, 0.3, 0.1]
        drawn = [
            Curve(f"score of {one}", x, label, np.outer(x, np.eye(3)[k]), (k,))
            for k, one in enumerate(names)
        ]
        return "raw score, the others 0", y, rng.standard_normal((N, 3)), drawn
    if objective.vector:
        places = [("location, label 0", 0, x / 2), ("log of the scale, label 1", 1, x / 4)]
        drawn = [Curve(one, at, k, np.outer(at, np.eye(2)[k]), (k,)) for one, k, at in places]
        return "raw parameter, the other 0", noise, np.zeros((N, 2)), drawn
    if objective.link == LOG:
        x = np.linspace(-2, 2.5, POINTS)
        drawn = [Curve(f"label {label}", x, label, x) for label in (1, 4)]
        return "raw score, log of the prediction", rng.gamma(2.0, size=N), noise / 2, drawn
    start = np.where(np.arange(N) % 10, noise, 10 * noise)  # a tenth of the residuals are far
    if any(weighting.of_labels for term in objective.terms for weighting in term.weightings):
        drawn = [Curve(f"label {label}", x, label, label + x) for label in (2, 6)]
        return "prediction − label", np.full(N, 4.0), 4 + start, drawn
    return "prediction − label", np.zeros(N), start, [Curve("", x, 0, x)]


def curves(objective: Objective, name: str) -> tuple[str, list[Line]]:
    """What moves, and the lines of one objective."""
    if "delta" in objective.parameters:
        objective = objective.with_parameters(delta=1.0)
    axis, y, start, drawn = setting(objective)
    lines = []
    for curve in drawn:
        value, gradient, hessian = curve.derivatives(objective, y, start)
        exact = None
        if all(w.of_labels for term in objective.terms for w in term.weightings) and not (
            objective.vector and not objective.of_classes
        ):
            step = curve.x[1] - curve.x[0]
            exact = np.diff(value, 2) / step**2
        label = ", ".join(filter(None, (name, curve.name)))
        lines.append(Line(label, curve.x, value, gradient, hessian, exact))
    return axis, lines


def draw(name: str, picture: Path, thumbnail: Path) -> None:
    """Write the picture of a factory, and its gradient and Hessian alone as a thumbnail."""
    lines: list[Line] = []
    for case, objective in (CASES.get(name) or {"": OBJECTIVES[name]()}).items():
        axis, more = curves(objective, case)
        lines += more
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.4, 2.7))
        panels = figure.subplots(1, 3)
        for panel, title in zip(panels, ("value", "gradient", "Hessian"), strict=True):
            panel.set(title=title, xlabel=axis)
            panel.axhline(0, color=GREY, linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        _plot(panels, lines)
        handles = panels[2].get_lines()[1:]
        rows = len(handles) > 1 and (len(handles) + 1) // 2
        figure.subplots_adjust(0.05, 0.2 + 0.07 * rows, 0.99, 0.9, 0.22)
        if rows:
            figure.legend(handles=handles, loc="lower center", ncols=2, frameon=False)
        figure.savefig(picture, transparent=True, metadata={"Date": None})
    thumbnail.write_text(_thumbnail(lines), encoding="utf-8")


def _plot(panels: NDArray[Any], lines: list[Line]) -> None:
    value, gradient, hessian = panels
    for colour, line in zip(COLOURS * 2, lines, strict=False):
        value.plot(line.x, line.value, color=colour)
        gradient.plot(line.x, line.gradient, color=colour)
        hessian.plot(line.x, line.hessian, color=colour, label=line.name or "default Hessian")
        if line.exact is not None and not np.allclose(line.exact, line.hessian[1:-1], atol=0.02):
            own = f"second derivative{', ' if line.name else ''}{line.name}"
            hessian.plot(line.x[1:-1], line.exact, ":", color=colour, label=own)


def _thumbnail(lines: list[Line]) -> str:
    """Two panels without axes; written by hand, because matplotlib takes half a second for each."""
    drawn = []
    for left, of in ((2, "gradient"), (82, "hessian")):
        y = np.array([getattr(line, of) for line in lines])
        low, high = min(y.min(), 0.0), max(y.max(), 0.0)
        height = 62 - 60 * (np.vstack([y, np.zeros(POINTS)]) - low) / (high - low)
        for row, colour in zip(height, [*(COLOURS * 2)[: len(lines)], GREY], strict=True):
            at = zip(np.linspace(left, left + 66, POINTS), row, strict=True)
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in at)
            drawn.append(f'<polyline points="{points}" stroke="{colour}"/>')
    inside = "".join(drawn)
    size = 'width="150" height="64" viewBox="0 0 150 64" fill="none" stroke-width="1.5"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'
