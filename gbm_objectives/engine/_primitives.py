"""The operations of compiled kernels, on single numbers, as arithmetic that LLVM turns into vector instructions.

A call of ``math.exp`` in a loop is a call for each row, 15 to 37 ns. So exponentials and logarithms are polynomials
here: after a reduction of the range, with constants of Cephes (https://www.netlib.org/cephes) for float32. All are
within a few ulp of the functions of NumPy that they stand for. Bits are read and made by intrinsics, as in

    exp(x) = 2^k exp(f),  k = round(x / log 2),  |f| <= log(2)/2,

where 2^k is made of its bits. Functions exist for float32 and float64: ``exp`` is `exp4` and `exp8`.

This module imports numba. Only kernels import it.
"""

# mypy: ignore-errors
from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

f4, f8 = np.float32, np.float64

#: No "nnan" and "ninf": whether results are finite is tested. No "reassoc": reductions of the range rely on the order.
FAST = {"contract", "nsz", "arcp"}
inline = njit(fastmath=FAST, error_model="numpy", nogil=True)
#: For sums, whose terms may be added in any order.
summing = njit(fastmath={"reassoc", "nsz"}, error_model="numpy", nogil=True)

_INTS = {types.float32: ir.IntType(32), types.float64: ir.IntType(64)}
#: float: (bits of the mantissa, bits of 1.0, bits of sqrt(1/2))
_LAYOUT = {
    types.float32: (23, 0x3F800000, 0x3F3504F3),
    types.float64: (52, 0x3FF0000000000000, 0x3FE6A09E667F3BCD),
}


@intrinsic
def magnitude_bits(typingctx: Any, x: Any) -> Any:
    """The bits of |x| for float32 x: larger for larger numbers, largest for inf and NaN."""

    def codegen(context, builder, signature, args):
        bits = builder.bitcast(args[0], ir.IntType(32))
        return builder.and_(bits, ir.Constant(ir.IntType(32), 0x7FFFFFFF))

    return types.int32(types.float32), codegen


@intrinsic
def larger(typingctx: Any, a: Any, b: Any) -> Any:
    """The larger of two int32."""

    def codegen(context, builder, signature, args):
        return builder.select(builder.icmp_signed(">", *args), *args)

    return types.int32(types.int32, types.int32), codegen


@intrinsic
def where(typingctx: Any, condition: Any, a: Any, b: Any) -> Any:
    """``a if condition else b`` without a branch."""

    def codegen(context, builder, signature, args):
        held = context.cast(builder, args[0], signature.args[0], types.boolean)
        return builder.select(held, args[1], args[2])

    return a(types.boolean, a, a), codegen


@intrinsic
def power_of_two(typingctx: Any, shifted: Any) -> Any:
    """2^k from k + 1.5 * 2^(bits of the mantissa), whose lowest bits are k."""
    mantissa, one, _ = _LAYOUT[shifted]

    def codegen(context, builder, signature, args):
        integer = _INTS[shifted]
        bits = builder.shl(builder.bitcast(args[0], integer), ir.Constant(integer, mantissa))
        return builder.bitcast(builder.add(bits, ir.Constant(integer, one)), args[0].type)

    return shifted(shifted), codegen


@intrinsic
def _fraction(typingctx: Any, x: Any) -> Any:
    """m in [sqrt(1/2), sqrt 2) with x = m 2^e, x positive and normal."""
    mantissa, _, root = _LAYOUT[x]

    def codegen(context, builder, signature, args):
        integer = _INTS[x]
        bits = builder.bitcast(args[0], integer)
        e = builder.sub(bits, ir.Constant(integer, root))
        e = builder.ashr(e, ir.Constant(integer, mantissa))
        bits = builder.sub(bits, builder.shl(e, ir.Constant(integer, mantissa)))
        return builder.bitcast(bits, args[0].type)

    return x(x), codegen


@intrinsic
def _exponent(typingctx: Any, x: Any) -> Any:
    """The e of `_fraction`, as a float."""
    mantissa, _, root = _LAYOUT[x]

    def codegen(context, builder, signature, args):
        integer = _INTS[x]
        e = builder.sub(builder.bitcast(args[0], integer), ir.Constant(integer, root))
        e = builder.ashr(e, ir.Constant(integer, mantissa))
        return builder.sitofp(e, args[0].type)

    return x(x), codegen


def _llvm(name: str) -> Any:
    """A function of LLVM that is one vector instruction."""

    @intrinsic
    def function(typingctx: Any, x: Any) -> Any:
        def codegen(context, builder, signature, args):
            return builder.call(builder.module.declare_intrinsic(name, [args[0].type]), args)

        return x(x), codegen

    return function


floor, absolute, sqrt, rint = map(_llvm, ("llvm.floor", "llvm.fabs", "llvm.sqrt", "llvm.rint"))


#: How many memories a kernel may use.
SCOPES = 40


def _distinct(builder: Any, instruction: Any, number: int) -> None:
    """Tell LLVM that no other memory of the kernel overlaps with this one: it doesn't have to test that in each loop."""
    module = builder.module
    domain = module.add_metadata(["gbm_objectives"])
    scopes = [module.add_metadata([f"memory {n}", domain]) for n in range(SCOPES)]
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[number]]))
    others = [scope for n, scope in enumerate(scopes) if n != number]
    instruction.set_metadata("noalias", module.add_metadata(others))


def _memory(number: int) -> tuple[Any, Any]:
    """Reads and writes an element of contiguous memory that nothing else overlaps with; without a test of the index."""

    @intrinsic
    def load(typingctx: Any, array: Any, index: Any) -> Any:
        def codegen(context, builder, signature, args):
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            value = builder.load(builder.gep(data, [args[1]]))
            _distinct(builder, value, number)
            return value

        return array.dtype(array, types.intp), codegen

    @intrinsic
    def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
        def codegen(context, builder, signature, args):
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            _distinct(builder, builder.store(args[2], builder.gep(data, [args[1]])), number)
            return context.get_dummy_value()

        return types.void(array, types.intp, array.dtype), codegen

    return load, store


for _number in range(SCOPES):
    globals()[f"load{_number}"], globals()[f"store{_number}"] = _memory(_number)


@intrinsic
def within(typingctx: Any, index: Any, size: Any) -> Any:
    """The index, held between 0 and size - 1: rows that aren't finite have any."""

    def codegen(context, builder, signature, args):
        index, size = args
        one = ir.Constant(index.type, 1)
        last = builder.sub(size, one)
        index = builder.select(builder.icmp_signed("<", index, last), index, last)
        zero = ir.Constant(index.type, 0)
        return builder.select(builder.icmp_signed(">", index, zero), index, zero)

    return types.int32(types.int32, types.int32), codegen


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
        m, e = _fraction(held), _exponent(held)
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
