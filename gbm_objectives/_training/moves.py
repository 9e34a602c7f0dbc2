"""The leaf of a row, told by how far its score has moved: to walk all rows through a tree takes as long as to grow it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.rows import row_blocks
from gbm_objectives._core.validation import Array

#: Of the table that tells leaves apart.
_CELLS = 1 << 16


def nearest(moved: Array, steps: Array, group: NDArray[np.intp]) -> NDArray[np.intp]:
    """The leaf by how far its rows have moved.

    A table of the moves does it: to walk all rows through the tree takes as long as to grow it. Of leaves next to each
    other in the table, the nearest is sought.
    """
    low, width = steps.min(), np.ptp(steps)
    if not width > 0:
        return np.zeros(len(moved), dtype=np.intp)

    def cells(moves: Array) -> NDArray[np.intp]:
        at = moves - low
        at *= _CELLS / width
        at += 1.5
        found: NDArray[np.intp] = at.astype(np.intp)
        return found

    order = np.unique(group)
    order = order[np.argsort(steps[order])]
    sought, own = steps[order], cells(steps[order])
    table = np.zeros(_CELLS + 4, dtype=np.intp)
    for beside in (-1, 0, 1):  # where rounding may lead
        table[own + beside] = order
    leaf = np.empty(len(moved), dtype=np.intp)
    for rows in row_blocks(len(moved)):
        leaf[rows] = table.take(cells(moved[rows]), mode="clip")
    close = np.diff(own) <= 2
    if close.any():
        unclear = np.zeros(len(steps), dtype=bool)
        unclear[order] = np.append(close, False) | np.append(False, close)
        some = np.flatnonzero(unclear[leaf])
        leaf[some] = order[np.searchsorted(0.5 * (sought[1:] + sought[:-1]), moved[some])]
    return leaf


def groups(steps: Array, known_to: float) -> NDArray[np.intp]:
    """Of each leaf the first of those that move alike, as far as can be told."""
    order = np.argsort(steps, kind="stable")
    new = np.append(True, np.diff(steps[order]) > 2 * known_to)
    group = np.empty(len(steps), dtype=np.intp)
    group[order] = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    return group


def precision(old: Array, new: Array) -> float:
    """To which a move is known."""
    return float(4 * np.finfo(old.dtype).eps * max(np.abs(old).max(), np.abs(new).max()))
