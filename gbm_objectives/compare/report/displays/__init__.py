"""The figures of a comparison: each is a display, with the frame behind it and ``plot()``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.base import Display
from gbm_objectives.compare.report.displays.contamination import ContaminationDisplay
from gbm_objectives.compare.report.displays.coverage import CoverageDisplay
from gbm_objectives.compare.report.displays.files import Drawn
from gbm_objectives.compare.report.displays.learning import LearningDisplay
from gbm_objectives.compare.report.displays.reliability import ReliabilityDisplay
from gbm_objectives.compare.report.displays.residuals import ResidualsDisplay
from gbm_objectives.compare.report.displays.scores import ScoresDisplay
from gbm_objectives.compare.report.displays.shapes import ShapesDisplay

__all__ = [
    "DISPLAYS",
    "ContaminationDisplay",
    "CoverageDisplay",
    "Display",
    "Drawn",
    "LearningDisplay",
    "ReliabilityDisplay",
    "ResidualsDisplay",
    "ScoresDisplay",
    "ShapesDisplay",
    "drawn",
    "save",
]

#: In the order of the report.
DISPLAYS: tuple[type[Display], ...] = (
    ScoresDisplay,
    ContaminationDisplay,
    ResidualsDisplay,
    ReliabilityDisplay,
    CoverageDisplay,
    LearningDisplay,
    ShapesDisplay,
)


def drawn(frames: Frames) -> Iterator[Drawn]:
    """Every figure that the frames have something to show in."""
    for display in DISPLAYS:
        one = display.of(frames)
        if not one.frame.empty:
            yield Drawn.of(one)


def save(frames: Frames, folder: str | Path) -> list[Path]:
    """Every figure as PNG and SVG, and the frame behind it as CSV; returns the paths."""
    return [path for one in drawn(frames) for path in one.save(Path(folder))]
