"""Stable primitives on float32 or float64 arrays; each keeps the dtype that it is given.

Python scalars are used for constants because they don't promote float32 arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array

LOG_2 = math.log(2.0)

#: Residuals are held within +-CAP delta, so that the squares of u stay finite in float32.
CAP = 1e18


def residual(y_true: Array, raw_prediction: Array) -> Array:
    """raw_prediction - y_true in float32, the difference taken in the wider type of the two."""
    if raw_prediction.dtype == y_true.dtype == np.float32:
        return raw_prediction - y_true
    dtype = np.result_type(raw_prediction, y_true, np.float32)
    # Casting first: a ufunc of mixed types casts through small buffers, several times slower.
    wide = raw_prediction.astype(dtype, copy=False) - y_true.astype(dtype, copy=False)
    return wide.astype(np.float32, copy=False)


def weighted_sums(sample_weight: Array | None, *parts: Array) -> Array:
    """The sum of the weights, and the weighted sum of each part, in float64; without weights each row weighs 1."""
    first: Any = parts[0]
    if not isinstance(first, np.ndarray):  # a formula that is recorded to be compiled
        sums: Array = first.summed(sample_weight, parts)
        return sums
    if sample_weight is None:
        return np.array([len(first), *(part.sum(dtype=np.float64) for part in parts)])
    weighted = [sample_weight, *(sample_weight * part for part in parts)]
    return np.array([part.sum(dtype=np.float64) for part in weighted])


def sums_of_roots(magnitudes: Array, sample_weight: Array | None) -> Array:
    """The sums of weights and of weighted square roots of float32 ``magnitudes``."""
    weight = None if sample_weight is None else sample_weight.astype(np.float64)
    return weighted_sums(weight, np.sqrt(magnitudes))


def log_cosh(u: Array) -> Array:
    """log(cosh(u)) = |u| + log1p(exp(-2|u|)) - log 2, without overflow.

    Near 0 the three terms cancel, so there sinh is used: log(cosh(u)) = log1p(2 sinh(u/2)^2).
    """
    a = np.abs(u)
    near = 2.0 * np.sinh(0.5 * np.minimum(a, 1.0)) ** 2
    return np.where(a < 1.0, np.log1p(near), a + (np.log1p(np.exp(-2.0 * a)) - LOG_2))


def minus_log1p(a: Array) -> Array:
    """a - log(1 + a) for a >= 0; below .01, where the two cancel, five terms of its series: 1e-10."""
    near = np.clip(a, 0.0, 0.01)
    series = near * near * (0.5 - near * (1 / 3 - near * (0.25 - near * (0.2 - near / 6))))
    return np.where(a < 0.01, series, a - np.log1p(a))


def expm1_minus(v: Array) -> Array:
    """e^v - 1 - v; near 0, where it cancels, five terms of its series: 1e-12."""
    near = np.clip(v, -0.01, 0.01)
    series = 0.5 * near * near * (1 + near / 3 * (1 + near / 4 * (1 + near / 5 * (1 + near / 6))))
    return np.where(np.abs(v) < 0.01, series, np.expm1(v) - v)


def sech_squared(u: Array) -> Array:
    """sech(u)^2 = (2e/(1 + e^2))^2 with e = exp(-|u|), accurate where 1 - tanh(u)^2 is not."""
    e = np.exp(-np.abs(u))
    sech = 2.0 * e / (1.0 + e * e)
    return sech * sech


def magnitude(u: Array) -> Array:
    """|u|, and 1e-30 at 0, so that psi(u)/u needs no branch there: psi(u) = u in its rounding.

    `numpy.clip` is one vectorised pass, `numpy.maximum` with a scalar is not.
    """
    a = np.abs(u)
    return np.clip(a, 1e-30, np.inf, out=a)


def odds(z: Array) -> Array:
    """exp(z), z held where exp(z) and exp(-z) are finite: within +-87 in float32.

    With o = odds(z), sigmoid(-z) = 1/(1 + o), sigmoid(z) = o/(1 + o) and log1p(o) = softplus(z) have full
    relative accuracy; neither probability is 1 minus the other. No branches: a selection by sign costs
    more than the exponential.
    """
    bound = _largest_exponent(z)
    return np.exp(np.clip(z, -bound, bound))


def softplus(z: Array, odds_of_z: Array) -> Array:
    """log(1 + exp(z)), going on as z where the odds are held."""
    value = np.log1p(odds_of_z)
    bound = _largest_exponent(z)
    # Where a formula is recorded to be compiled, no number is known.
    if not isinstance(z, np.ndarray) or z.max(initial=bound) > bound:
        value += np.clip(z - bound, 0.0, np.inf)
    return value


def _largest_exponent(z: Array) -> float:
    return math.floor(math.log(np.finfo(z.dtype).max)) - 1.0


def power(base: Array, exponent: float) -> Array:
    """base**exponent for base in [0, 1]; products for small whole and half exponents.

    They are several times faster than the general power and exact to a few ulp.
    """
    whole, half = int(exponent), exponent - int(exponent)
    if exponent == 0:
        return np.ones_like(base)
    if exponent > 8 or half not in (0.0, 0.5):
        return np.power(base, exponent)
    result = np.sqrt(base) if half else base
    for _ in range(whole if half else whole - 1):
        result = result * base
    return result.copy(order="K") if result is base else result


def bits(values: Any) -> Array:
    """The patterns of float32 >= 0 as whole numbers, in their order; also of values that are recorded."""
    return values.view(np.uint32) if isinstance(values, np.ndarray) else values.bits()


def lookup(table: Array, index: Any) -> Array:
    """``table[index]``, also of an index that is recorded to be compiled."""
    return table[index] if isinstance(index, np.ndarray) else index.look_up(table)


def weighted_quantile(values: Array, sample_weight: Array | None, q: float) -> float:
    """The q-quantile by the averaged inverted CDF: integer weights count as repeated rows.

    The definition "averaged_inverted_cdf" of :func:`numpy.quantile`, which takes no weights for it.
    """
    if sample_weight is None:
        return float(np.quantile(values, q, method="averaged_inverted_cdf"))
    values = np.asarray(values, dtype=np.float64)
    weight = np.asarray(sample_weight, dtype=np.float64)
    target, below = q * weight.sum(), 0.0
    if len(values) > 1 << 16:
        values, weight, below = _around(values, weight, q, target)
    order = np.argsort(values, kind="stable")
    order = order[weight[order] > 0]
    ordered, cumulated = values[order], below + np.cumsum(weight[order])
    low, high = (np.searchsorted(cumulated, target, side=side) for side in ("left", "right"))
    last = len(ordered) - 1
    return float(0.5 * (ordered[min(low, last)] + ordered[min(high, last)]))


def _around(values: Array, weight: Array, q: float, target: float) -> tuple[Array, Array, float]:
    """The few rows between two quantiles of a sample, and the weight below: sorting all is slow.

    All rows where those few turn out not to hold the target.
    """
    step = len(values) >> 14
    some, some_weight = values[::step], weight[::step]
    if some_weight.any():
        low, high = (
            weighted_quantile(some, some_weight, min(max(q + d, 0), 1)) for d in (-0.03, 0.03)
        )
        under = values < low
        inside = ~under & (values <= high)
        below = float(weight[under].sum())
        if below < target < below + float(weight[inside].sum()):
            return values[inside], weight[inside], below
    return values, weight, 0.0
