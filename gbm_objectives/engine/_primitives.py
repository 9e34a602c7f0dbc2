"""The operations of compiled kernels, on single numbers, as arithmetic that LLVM turns into vector instructions.

A call of ``math.exp`` in a loop is a call for each row, 15 to 37 ns. So exponentials and logarithms are polynomials
here: after a reduction of the range, with constants of Cephes (https://www.netlib.org/cephes) for float32. All are
within a few ulp of the functions of NumPy that they stand for. Bits are read and made by intrinsics of `_bits`, as in

    exp(x) = 2^k exp(f),  k = round(x / log 2),  |f| <= log(2)/2,

where 2^k is made of its bits. Functions exist for float32 and float64: ``exp`` is `exp4` and `exp8`.

This module imports numba. Only kernels import it.
"""

# mypy: ignore-errors
# ruff: noqa: F403, F405
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from gbm_objectives.engine._bits import *
from gbm_objectives.engine._memory import *

f4, f8 = np.float32, np.float64

#: No "nnan" and "ninf": whether results are finite is tested. No "reassoc": reductions of the range rely on the order.
FAST = {"contract", "nsz", "arcp"}
inline = njit(fastmath=FAST, error_model="numpy", nogil=True)
#: For sums, whose terms may be added in any order.
summing = njit(fastmath={"reassoc", "nsz"}, error_model="numpy", nogil=True)


@summing
def add(total, term):
    """The sum, in any order."""
    return total + term


@inline
def minimum(a, b):
    return where(a < b, a, where(a == a, b, a))


@inline
def maximum(a, b):
    return where(a > b, a, where(a == a, b, a))


@inline
def fmin(a, b):
    return where(a < b, a, where(b == b, b, a))


@inline
def fmax(a, b):
    return where(a > b, a, where(b == b, b, a))


@inline
def clip(x, low, high):
    x = where(x < low, low, x)
    return where(x > high, high, x)


@inline
def sign4(x):
    return where(x > f4(0.0), f4(1.0), where(x < f4(0.0), f4(-1.0), f4(0.0)))


@inline
def sign8(x):
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0))


def _exponentials(dtype, terms, log2, largest, least, magic):
    """exp and expm1 of a type; ``terms`` are the coefficients of (exp(f) - 1 - f)/f^2, the highest first."""
    high, low = dtype(log2[0]), dtype(log2[1])
    inverse, one, zero = dtype(1.0 / math.log(2.0)), dtype(1.0), dtype(0.0)
    largest, least, magic, inf = dtype(largest), dtype(least), dtype(magic), dtype(np.inf)
    source = f"dtype({terms[0]!r})"
    for term in terms[1:]:
        source = f"({source}) * f + dtype({term!r})"
    scope: dict[str, Any] = {"dtype": dtype, "__name__": __name__}
    exec(f"def polynomial(f):\n    return {source}", scope)
    polynomial = inline(scope["polynomial"])

    @inline
    def expm1(x):
        held = clip(x, least, largest)
        shifted = held * inverse + magic
        k = shifted - magic
        f = held - k * high
        f = f - k * low
        scale = power_of_two(shifted)
        small = f + f * f * polynomial(f)
        result = scale * small + (scale - one)
        return where(x > largest, inf, result)

    @inline
    def exp(x):
        held = clip(x, least, largest)
        shifted = held * inverse + magic
        k = shifted - magic
        f = held - k * high
        f = f - k * low
        result = power_of_two(shifted) * (one + (f + f * f * polynomial(f)))
        result = where(x > largest, inf, result)
        return where(x < least, zero, result)

    return exp, expm1


exp4, expm14 = _exponentials(
    f4,
    [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5],
    (0.693359375, -2.12194440e-4),
    88.37,  # k stays below 128
    -87.33,
    1.5 * 2.0**23,
)
exp8, expm18 = _exponentials(
    f8,
    [1.0 / math.factorial(n) for n in range(14, 1, -1)],
    (6.93145751953125e-1, 1.42860682030941723212e-6),
    709.4,
    -708.3,
    1.5 * 2.0**52,
)


def _logarithms(dtype, n_terms, log2, tiny, lift):
    """log and log1p of a type: with s = (m - 1)/(m + 1), log m = 2 (s + s^3/3 + s^5/5 ...)."""
    high, low, one, two, zero = map(dtype, (*log2, 1.0, 2.0, 0.0))
    tiny, factor, lift = dtype(tiny), dtype(2.0**lift), dtype(lift)
    inf, nan = dtype(np.inf), dtype(np.nan)
    source = "dtype(%r)" % (1.0 / (2 * n_terms + 1))
    for n in range(n_terms - 1, 0, -1):
        source = f"({source}) * v + dtype({1.0 / (2 * n + 1)!r})"
    scope: dict[str, Any] = {"dtype": dtype, "__name__": __name__}
    exec(f"def series(v):\n    return {source}", scope)
    series = inline(scope["series"])

    @inline
    def log(x):
        small = x < tiny
        held = where(small, x * factor, x)
        m, e = fraction(held), exponent(held)
        e = where(small, e - lift, e)
        s = (m - one) / (m + one)
        v = s * s
        result = e * high + (two * s + (two * s * (v * series(v)) + e * low))
        result = where(x == inf, inf, result)
        return where(x > zero, result, where(x == zero, -inf, nan))

    @inline
    def log1p(x):
        u = one + x
        lost = where(x > one, one - (u - x), x - (u - one))
        result = log(u)
        return where(x < inf, where(u > zero, result + lost / u, result), x)

    return log, log1p


log4, log1p4 = _logarithms(f4, 5, (0.693359375, -2.12194440e-4), 1.17549435e-38, 25)
log8, log1p8 = _logarithms(
    f8, 11, (6.93145751953125e-1, 1.42860682030941723212e-6), 2.2250738585072014e-308, 54
)


def _hyperbolic(dtype, exp, expm1, furthest):
    two, half, one, inf, furthest = map(dtype, (2.0, 0.5, 1.0, np.inf, furthest))

    @inline
    def tanh(x):
        a = absolute(x)
        a = where(a > furthest, furthest, a)
        t = expm1(a + a)
        t = t / (t + two)
        return where(x < -x, -t, t)

    @inline
    def sinh(x):
        a = absolute(x)
        t = expm1(a)
        t = half * (t + where(t < inf, t / (t + one), one))
        return where(x < -x, -t, t)

    @inline
    def cosh(x):
        e = exp(absolute(x))
        return half * (e + one / e)

    return tanh, sinh, cosh


tanh4, sinh4, cosh4 = _hyperbolic(f4, exp4, expm14, 10.0)
tanh8, sinh8, cosh8 = _hyperbolic(f8, exp8, expm18, 20.0)


@inline
def power8(x, exponent):
    """x**exponent for x >= 0."""
    result = exp8(exponent * log8(x))
    return where(exponent == f8(0.0), f8(1.0), result)


@inline
def power4(x, exponent):
    """By way of float64: the error of a logarithm is multiplied by its size."""
    return f4(power8(f8(x), f8(exponent)))


@inline
def kl_div8(x, y):
    """x log(x/y) - x + y for x >= 0, y > 0."""
    return where(x > 0.0, x * log8(x / y) - x + y, y)


@inline
def kl_div4(x, y):
    """By way of float64: the terms cancel."""
    return f4(kl_div8(f8(x), f8(y)))
