"""Figures as files and as parts of a page. Each figure is laid out once, and drawn once as PNG and once as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from gbm_objectives.compare.report.displays.base import Display


@dataclass(frozen=True)
class Drawn:
    """A display with its figure, laid out, and that as the text of an SVG file."""

    display: Display
    figure: Figure
    svg: str

    @classmethod
    def of(cls, display: Display) -> Drawn:
        """Draw the display."""
        figure, out = display.plot(), StringIO()
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)  # once for both files; saving would do it for each
            figure.set_layout_engine("none")
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": display.name}):
            figure.savefig(out, format="svg", facecolor="white", metadata={"Date": None})
        return cls(display, figure, out.getvalue())

    def save(self, folder: Path) -> list[Path]:
        """Write PNG and SVG, and the frame behind them as CSV; returns the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        png, svg, csv = (
            folder / f"{self.display.name}.{suffix}" for suffix in ("png", "svg", "csv")
        )
        self.figure.savefig(png, facecolor="white", dpi=150)
        svg.write_text(self.svg, encoding="utf-8")
        self.display.frame.to_csv(csv, index=False)
        return [png, svg, csv]
