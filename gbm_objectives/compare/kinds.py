"""Kinds of labels: which of them a candidate is for."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gbm_objectives._core.validation import Array

#: For which labels a candidate is: whole numbers from 0; all above 0; above 0 and not whole. Of distributions: numbers
#: with a density, also above 0 or within (0, 1); counts of events; 0 and 1.
When = Literal[
    "always", "counts", "positive", "amounts", "density", "positive density", "share", "events", "zero or one",
]  # fmt: skip
#: Whole numbers are counts of events up to here, where each value has so many rows.
MOST_EVENTS, ROWS_A_VALUE = 1000, 5


def holds(when: When, y: Array) -> bool:
    """Whether labels are of a kind."""
    counts = y.min() >= 0 and bool((y == np.floor(y)).all())
    positive = bool(y.min() > 0)
    values = np.unique(y)
    # Prices and scores may be whole too, but few of their rows share a value.
    events = counts and values[-1] <= MOST_EVENTS and len(y) >= ROWS_A_VALUE * len(values)
    return {
        "always": True, "counts": counts, "positive": positive, "amounts": positive and not counts,
        "density": not events, "positive density": positive and not events,
        "share": positive and values[-1] < 1, "events": events and values[-1] > 1,
        "zero or one": events and values[-1] == 1,
    }[when]  # fmt: skip
