"""What is found out about a function by trying it: where it is finite, where its rows are least."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.losses.functions._source import Source

#: Raw scores are held within the largest of these at which all derivatives are finite in float32.
SCORES = np.array(
    [0.0, 1, 3, 10, 20, 30, 40, 60, 80, 120, 300, 1e3, 1e4, 1e6, 1e9, 1e12, 1e15, 1e18]
)
#: Of more rows of a block a part tells the mean Hessian.
_ENOUGH = 1 << 13


def part_of(y: Array, raw: Array, weight: Array | None) -> tuple[Array, Array, Array | None]:
    """Rows of a block that tell the mean of all, evenly taken; those without weight may not do."""
    step = len(y) // _ENOUGH + 1 if isinstance(raw, np.ndarray) else 1
    if step == 1 or (weight is not None and not weight[::step].any()):
        return y, raw, weight
    return y[::step], raw[::step], None if weight is None else weight[::step]


def sized(mean: float) -> float:
    """A mean Hessian to divide by: gradients over it stay within float32."""
    return max(mean, 1e-30) if mean else 1.0


def distinct(y: Array, weight: Array) -> tuple[Array, Array]:
    """Rows of equal labels as one."""
    values, inverse = np.unique(y, return_inverse=True)
    return values, np.bincount(inverse, weight)


@lru_cache(maxsize=256)
def largest_score(source: Source, labels: tuple[float, ...]) -> tuple[float, ...]:
    """For each output, the others being 0, up to which size its derivatives are finite in float32.

    Labels at which the function isn't even finite at 1 are none of its own.
    """
    bounds = []
    for k in range(len(source.outputs)):
        scores = np.concatenate([SCORES, -SCORES]).astype(np.float32)
        fits = np.ones(len(SCORES), bool)
        for label in labels:
            raw = [np.zeros_like(scores) for _ in source.outputs]
            raw[k] = scores
            with np.errstate(all="ignore"):
                found = source.both(np.full_like(scores, label), tuple(raw))
            finite = np.all([np.isfinite(column) for column in found], axis=0)
            both = finite[: len(SCORES)] & finite[len(SCORES) :]
            if both[1]:
                fits &= both | (np.arange(len(both)) == 0)  # a function may have a pole at 0
        reached = len(fits) if fits.all() else int(np.argmin(fits))
        bounds.append(float(SCORES[reached - 1]))
    return tuple(bounds)


@lru_cache(maxsize=256)
def minimum_of(source: Source) -> str:
    """Whether the label is the minimum of its row, "smooth at the label" or a "kink at the label", or "elsewhere"."""
    sizes = np.array([1e-4, 1e-2, 0.3, 1.0, 10.0, 300.0])
    r = np.concatenate([sizes, -sizes])
    kinks, some = False, False
    for label in (0.0, 1.0, -2.5, 30.0, 1000.0):
        with np.errstate(all="ignore"):
            (gradient,) = source.gradient(np.full_like(r, label), (label + r,))
        if not np.isfinite(gradient).all():
            continue
        some = True
        if (gradient * r < 0).any() or not np.abs(gradient).max() > 0:
            return "elsewhere"
        near = np.abs(gradient[[0, len(sizes)]]).max()
        kinks |= bool(near > 0.1 * np.abs(gradient[[2, len(sizes) + 2]]).max())
    if not some:
        return "elsewhere"
    return "kink at the label" if kinks else "smooth at the label"
