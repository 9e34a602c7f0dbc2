"""The figures of a comparison: each is a display, with the frame behind it and ``plot()``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.base import Display
from gbm_objectives.compare.report.displays.contamination import ContaminationDisplay
from gbm_objectives.compare.report.displays.coverage import CoverageDisplay
from gbm_objectives.compare.report.displays.distributions import (
    PITDisplay,
    QuantilesDisplay,
    SharpnessDisplay,
)
from gbm_objectives.compare.report.displays.files import Drawn
from gbm_objectives.compare.report.displays.learning import LearningDisplay
from gbm_objectives.compare.report.displays.reliability import ReliabilityDisplay
from gbm_objectives.compare.report.displays.residuals import ResidualsDisplay
from gbm_objectives.compare.report.displays.scores import ScoresDisplay
from gbm_objectives.compare.report.displays.shapes import ShapesDisplay
from gbm_objectives.compare.tasks import TASKS

__all__ = [
    "DISPLAYS",
    "ContaminationDisplay",
    "CoverageDisplay",
    "Display",
    "Drawn",
    "LearningDisplay",
    "PITDisplay",
    "QuantilesDisplay",
    "ReliabilityDisplay",
    "ResidualsDisplay",
    "ScoresDisplay",
    "ShapesDisplay",
    "SharpnessDisplay",
    "drawn",
    "filled",
    "save",
]

#: In the order of the report.
DISPLAYS: tuple[type[Display], ...] = (
    ScoresDisplay,
    ContaminationDisplay,
    ResidualsDisplay,
    ReliabilityDisplay,
    PITDisplay,
    QuantilesDisplay,
    CoverageDisplay,
    SharpnessDisplay,
    LearningDisplay,
    ShapesDisplay,
)
#: Those that only some tasks have, which name them.
SOME = frozenset(name for task in TASKS.values() for name in task.figures)


def filled(frames: Frames) -> Iterator[Display]:
    """Every display that the frames have something to show in."""
    task = TASKS.get(str(frames.info.get("task")))
    for display in DISPLAYS:
        if task is not None and display.name in SOME and display.name not in task.figures:
            continue
        one = display.of(frames)
        if not one.frame.empty:
            yield one


def drawn(frames: Frames) -> Iterator[Drawn]:
    """Every figure, drawn."""
    yield from map(Drawn.of, filled(frames))


def save(frames: Frames, folder: str | Path) -> list[Path]:
    """Every figure as PNG and SVG, and the frame behind it as CSV; returns the paths."""
    return [path for one in drawn(frames) for path in one.save(Path(folder))]
