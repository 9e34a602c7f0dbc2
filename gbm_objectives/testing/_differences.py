"""Derivatives from values alone, with an error estimate for each, so that kinks and rounding are seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gbm_objectives._core.validation import Array

LEVELS = 10


def derivative(
    function: Callable[[Array], Array], at: Array, step: Array, *, single: bool = False
) -> tuple[Array, Array]:
    """Of an elementwise function: central differences at ever smaller steps, extrapolated.

    The estimate with the least error is taken, row by row. Three things make up its error: what the last
    refinement changed, the rounding of the function, and the jump of the one-sided slopes, which vanishes
    where the function is smooth and doesn't at a kink. Steps are powers of two, so that arguments which
    float32 holds are moved to others which it holds, and a function that casts to float32 sees no others.

    Parameters
    ----------
    function : maps (n,) to (n,).
    at : (n,), numbers that float32 holds.
    step : (n,), the largest step of each row.
    single : leave out the steps that float32 doesn't resolve.

    Returns
    -------
    derivative, error : (n,) each; the error is inf where nothing can be said.
    """
    middle = function(at)
    with np.errstate(all="ignore"):
        width = 2.0 ** np.round(np.log2(step)) * 4.0 ** -np.arange(LEVELS)[:, None]
        up = np.array([function(at + w) for w in width])
        down = np.array([function(at - w) for w in width])
        slope, bend = (up - down) / (2 * width), (up - 2 * middle + down) / width
        better = slope[1:] + (slope[1:] - slope[:-1]) / 15
        jump = np.abs(bend[1:] - bend[:-1] / 4)
        rounding = 4 * precision(up) * np.maximum(np.abs(up), np.abs(down))
        rounding = rounding + _quantum((up - down) / 2, width)
        error = np.abs(better[1:] - better[:-1]) + jump[1:] + (rounding / width)[2:]
        if single:
            spacing = np.spacing(np.abs(at).astype(np.float32)).astype(float)
            error[width[2:] < 4 * spacing] = np.inf
        error[np.isnan(error)] = np.inf
    best = np.argmin(error, axis=0)[None]
    return (
        np.take_along_axis(better[1:], best, axis=0)[0],
        np.take_along_axis(error, best, axis=0)[0],
    )


def _quantum(moved: Array, width: Array) -> Array:
    """What the value of each row is rounded to, seen at the smallest steps: (n,).

    Differences of rounded intermediate results, as in logaddexp(r, -r) - log(2) near 0, come in
    quanta far above the rounding of the value itself: steps then don't change it at all, or by amounts
    that don't follow the step.
    """
    size = np.abs(moved)
    least: Array = np.min(np.where(size > 0, size, np.inf), axis=0)
    stuck = np.where((size[-1] == 0) & np.isfinite(least), 2 * least, 0.0)
    slope = moved[-4:] / width[-4:]
    uneven = np.max(np.abs(slope - slope[-1]) * width[-4:], axis=0)
    quantum: Array = np.maximum(stuck, uneven)
    return quantum


def precision(values: Array) -> float:
    """The rounding of results: that of float32 if float32 holds them all."""
    with np.errstate(over="ignore", invalid="ignore"):
        finite = values[np.isfinite(values)]
        held = finite.astype(np.float32) == finite
    return float(np.finfo(np.float32 if held.all() else np.float64).eps)
