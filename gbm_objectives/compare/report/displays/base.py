"""How the figures of a comparison are drawn, each from its frame; no pyplot, so no state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gbm_objectives.compare import plot_data, statistics
from gbm_objectives.compare.statistics import Key
from gbm_objectives.compare.verdict import number

if TYPE_CHECKING:
    from gbm_objectives.compare.result import Result

TEXT, GRID = "#22262b", "#d5d9de"
#: Distinct on white; the report gives each a second value for dark mode.
COLOURS = (
    "#0b62c4", "#c2570c", "#2f7d32", "#8e3bb0", "#6b7280", "#b3123f", "#0f7c85", "#8a6d00",
)  # fmt: skip
KINDS = {"ours": 0, "built-in": 1, "transformed": 2, "user": 3, "baseline": 4}
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
STYLE: dict[Any, Any] = {
    "font.size": 9.0, "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": GRID,
    "xtick.color": TEXT, "ytick.color": TEXT, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "axes.titlesize": 9.0, "legend.frameon": False, "legend.fontsize": 8.0, "savefig.dpi": 150,
}  # fmt: skip


def _axes(
    width: float, height: float, columns: int = 1, **options: Any
) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False, **options)[0])


def _is_heavy(values: Iterable[float]) -> bool:
    """Whether a few positive values lie so far out that the rest shares a few pixels."""
    array = np.asarray(list(values), dtype=np.float64)
    return bool(array.size and array.min() > 0 and array.max() > 8 * np.median(array))


def _legend(figure: Figure, handles: list[Any], labels: list[str]) -> None:
    ncols = 2 if len(labels) < 5 or max(map(len, labels)) < 30 else 1
    figure.legend(handles, labels, loc="outside lower left", ncols=ncols)


def _plain(*parts: object) -> str:
    """A name as it is: a dollar sign would start a formula."""
    return str(Key(*map(str, parts)) if len(parts) == 2 else parts[0]).replace("$", r"\$")


def _grouped(frame: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    for key, own in frame.groupby(["library", "candidate"], sort=False, observed=True):
        yield _plain(*key), own


def _line_style(index: int) -> dict[str, Any]:
    return {
        "color": COLOURS[index % len(COLOURS)], "linewidth": 1.6, "linestyle": _DASHES[(index + index // 8) % 4],
    }  # fmt: skip


def _styles(result: Result) -> dict[str, dict[str, Any]]:
    """One line style for each candidate in focus, the same in all figures; grey for the constant."""
    kinds, places = statistics.kinds(result), iter((0, 1, 2, 3, 5, 6, 7, *range(8, 99)))
    grey = KINDS["baseline"]
    return {
        _plain(*key): _line_style(grey if kinds[key] == "baseline" else next(places))
        for key in plot_data.focus(result)
    }


def _rows(
    axes: Axes, frame: pd.DataFrame, middle: str, inside: pd.Series | None = None
) -> list[Any]:
    """Dots with intervals, and scores of folds where there are, a row each, the first on top.

    Only rows ``inside`` get them; returns the legend handles of the kinds.
    """
    places = np.arange(len(frame))
    kept = np.ones(len(frame), dtype=bool) if inside is None else inside.to_numpy()
    for kind in frame["kind"].unique():
        chosen = kept & (frame["kind"] == kind).to_numpy()
        own, y, colour = frame[chosen], places[chosen], COLOURS[KINDS.get(str(kind), 3)]
        axes.hlines(y, own["low"], own["high"], color=colour, linewidth=2, alpha=0.55)
        if "folds" in frame and len(own):
            folds = own["folds"].to_list()
            x, heights = np.concatenate(folds), np.repeat(y, [len(one) for one in folds])
            axes.plot(x, heights, "|", color=colour, alpha=0.6, markersize=6)
        axes.plot(own[middle], y, "o", color=colour, markersize=6)
    axes.set_yticks(
        range(len(frame)), [_plain(row.library, row.candidate) for row in frame.itertuples()]
    )
    axes.set_ylim(len(frame) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    return [
        Line2D([], [], marker="o", linestyle="", color=COLOURS[KINDS[kind]], label=kind)
        for kind in KINDS
        if (frame["kind"] == kind).any()
    ]


def _height(rows: int) -> float:
    return 1.2 + 0.23 * rows


def scores(result: Result, frame: pd.DataFrame) -> Figure:
    """Means with intervals and the scores of single folds, a row a candidate.

    A mean more than twice as far from the best as the constant is a number at the edge.
    """
    figure, (axes,) = _axes(5.4, _height(len(frame)))
    best = frame["mean"].iloc[0]
    away = (frame["mean"] - best).abs()
    reach = 2 * away[frame["kind"] == "baseline"].max()
    inside = away <= reach if reach > 0 else away >= 0
    handles = _rows(axes, frame, "mean", inside)
    if _is_heavy(frame.loc[inside, "mean"]):
        axes.set_xscale("log")
    folds = np.concatenate(frame.loc[inside, "folds"].to_list())
    margin = 0.35 * float(np.ptp(folds))
    low, high = axes.get_xlim()  # of intervals, which few folds make very wide
    low, high = max(low, folds.min() - margin), min(high, folds.max() + margin)
    if low < high and axes.get_xscale() == "linear":
        axes.set_xlim(low, high)
    for place in np.flatnonzero(~inside):
        mean = frame["mean"].iloc[place]
        x, side, text = (1, "right", "{} →") if mean > best else (0, "left", "← {}")
        axes.text(
            x, float(place), text.format(number(mean)), ha=side, va="center", fontsize=8,
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    share = frame["contamination"].iloc[0]
    where = "clean training labels" if share == 0 else f"{100 * share:g}% contaminated"
    axes.set_xlabel(f"{_plain(result.info['metric'])} ({where})")
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return figure


def contamination(result: Result, frame: pd.DataFrame) -> Figure:
    """Lines over the share of contaminated labels, those in focus in colour; their means set the range."""
    figure, (axes,) = _axes(5.4, 3.9)
    styles = _styles(result)
    chosen = frame["highlighted"]
    rest = frame[~chosen].pivot(
        index="contamination", columns=["library", "candidate"], values="mean"
    )
    axes.plot(100 * rest.index.to_numpy(), rest.to_numpy(), color=GRID, linewidth=1, zorder=1)
    handles: list[Any] = []
    labels: list[str] = []
    for name, own in _grouped(frame[chosen]):
        x = 100 * own["contamination"]
        handles += axes.plot(x, own["mean"], marker="o", markersize=4, **styles[name])
        labels.append(name)
    means = frame.loc[chosen, "mean"]
    if _is_heavy(means):
        axes.set_yscale("log")
        axes.set_ylim(means.min() / 1.2, means.max() * 1.2)
    else:
        margin = 0.06 * (means.max() - means.min()) or 1.0
        axes.set_ylim(means.min() - margin, means.max() + margin)
    axes.set_xlabel("training labels contaminated, %")
    axes.set_ylabel(_plain(result.info["metric"]))
    _legend(figure, handles, labels)
    return figure


def residuals(result: Result, frame: pd.DataFrame) -> Figure:
    """A panel a candidate, on log axes where a few labels lie far out."""
    groups, styles = list(_grouped(frame)), _styles(result)
    figure, panels = _axes(5.4, 3.1, len(groups), sharex=True, sharey=True)
    both = np.concatenate([frame["y_true"], frame["y_pred"]]).astype(np.float64)
    low, high = float(both.min()), float(both.max())
    spread = float(np.median(np.abs(frame["y_true"] - frame["y_true"].median())))
    for axes, (name, own) in zip(panels, groups, strict=True):
        axes.plot([low, high], [low, high], color=TEXT, linewidth=1, alpha=0.6)
        axes.plot(
            own["y_true"], own["y_pred"], "o", color=styles[name]["color"], markersize=3.5, alpha=0.45,
            markeredgewidth=0,
        )  # fmt: skip
        if _is_heavy(frame["y_true"]) and low > 0:
            axes.set(xscale="log", yscale="log")
        elif _is_heavy(np.abs(frame["y_true"] - frame["y_true"].median()) + spread) and spread > 0:
            axes.set_xscale("symlog", linthresh=spread)
            axes.set_yscale("symlog", linthresh=spread)
        axes.set_title(name)
        axes.set_xlabel("true")
    panels[0].set_ylabel("predicted")
    return figure


def reliability(result: Result, frame: pd.DataFrame) -> Figure:
    """A line a candidate and the diagonal."""
    figure, (axes,) = _axes(5.4, 4.3)
    styles = _styles(result)
    axes.plot([0, 1], [0, 1], color=TEXT, linewidth=1, alpha=0.6)
    handles: list[Any] = []
    labels: list[str] = []
    for name, own in _grouped(frame):
        handles += axes.plot(
            own["predicted"], own["observed"], marker="o", markersize=4, **styles[name]
        )
        labels.append(name)
    top = min(1.0, 1.15 * float(frame[["predicted", "observed"]].to_numpy().max()))
    ends = (-0.02 * top, 1.02 * top)  # of rare classes, the corner where they are
    axes.set(xlabel="predicted probability", ylabel="share of rows", xlim=ends, ylim=ends)
    _legend(figure, handles, labels)
    return figure


def coverage(result: Result, frame: pd.DataFrame) -> Figure:
    """Shares with intervals, and the level asked for."""
    figure, (axes,) = _axes(5.4, _height(len(frame)))
    handles = _rows(axes, frame, "coverage")
    level = plot_data.level(result)
    if level is not None:
        axes.axvline(level, color=TEXT, linewidth=1)
    axes.set_xlabel("share of true labels at or below the prediction")
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return figure


def learning(result: Result, frame: pd.DataFrame) -> Figure:
    """Two panels: over rounds and over seconds."""
    figure, (rounds, seconds) = _axes(5.4, 3.7, 2, sharey=True)
    styles = _styles(result)
    handles: list[Any] = []
    labels: list[str] = []
    for name, own in _grouped(frame):
        rounds.plot(own["round"], own["value"], **styles[name])
        handles += seconds.plot(own["seconds"], own["value"], **styles[name])
        labels.append(name)
    if _is_heavy(frame["value"]):
        rounds.set_yscale("log")
    rounds.set(xlabel="round", ylabel=_plain(frame["metric"].iloc[0]))
    seconds.set_xlabel("seconds of training")
    _legend(figure, handles, labels)
    return figure


def shapes(result: Result, frame: pd.DataFrame) -> Figure:
    """Gradient and Hessian side by side, a row of panels for each thing that moves."""
    axes_of = list(frame.groupby("axis", sort=False))
    names = list(dict.fromkeys(frame["candidate"]))
    styles = {name: _line_style(index) for index, name in enumerate(names)}
    figure = Figure(
        figsize=(5.4, 0.6 + 2.3 * len(axes_of) + 0.09 * len(names)), layout="constrained"
    )
    panels = figure.subplots(len(axes_of), 2, squeeze=False)
    lines: dict[str, Any] = {}
    for pair, (axis, rows) in zip(panels, axes_of, strict=True):
        for name, own in rows.groupby("candidate", sort=False):
            for panel, column in zip(pair, ("gradient", "hessian"), strict=True):
                (lines[str(name)],) = panel.plot(own["x"], own[column], **styles[str(name)])
        for panel, column in zip(pair, ("gradient", "hessian"), strict=True):
            panel.set(xlabel=axis, xlim=(rows["x"].min(), rows["x"].max()))
            panel.set_ylim(*_range(rows, column))
    for panel, title in zip(panels[0], ("gradient", "Hessian"), strict=True):
        panel.set_title(title)
    _legend(figure, [lines[name] for name in names], [_plain(name) for name in names])
    return figure


def _range(frame: pd.DataFrame, column: str) -> tuple[float, float]:
    """Of an axis: what most curves need; a curve three times as high as the median one leaves the panel."""
    by_name = frame.groupby("candidate")[column]
    high, low = (
        np.minimum(sign * end, 3 * (sign * end).median()).max()
        for sign, end in ((1, by_name.max()), (-1, by_name.min()))
    )
    margin = 0.05 * (high + max(low, 0)) or 1.0
    return (-low - margin if low > 0 else 0.0), high + margin
