"""What is said of a training that gives a model, but hardly the one that was wanted."""

from __future__ import annotations

import sys
from typing import Literal
from warnings import warn

Guard = Literal["warn", "raise", "ignore"]


class TrainingWarning(UserWarning):
    """A training that gave a model, but hardly the one that was wanted."""


class TrainingError(RuntimeError):
    """A training that gave a model, but hardly the one that was wanted, where ``guard="raise"``."""


def raise_alarm(guard: Guard, text: str) -> None:
    """Warn, raise or be silent, as asked."""
    if guard == "raise":
        raise TrainingError(text)
    if guard == "warn":
        warn(text, TrainingWarning, stacklevel=_user_level())


def _user_level() -> int:
    """How many frames up the caller of this package is, so that the warning shows the user's own line.

    The outermost frame of this package counts: a library may lie between two of them.
    """
    frame, level, outermost = sys._getframe(1), 1, 1
    while frame.f_back is not None:
        frame, level = frame.f_back, level + 1
        inside = frame.f_globals.get("__name__", "").startswith("gbm_objectives")
        outermost = level if inside else outermost
    return outermost + 1
