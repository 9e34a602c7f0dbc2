"""What kernels do with bits, and the functions of LLVM that are one vector instruction: intrinsics of numba.

This module imports numba. Only kernels import it.
"""

# mypy: ignore-errors
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

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


def _integer(name: str) -> Any:
    """An operation on two int32 that gives an int32: numba's own give int64."""

    @intrinsic
    def function(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context, builder, signature, args):
            return getattr(builder, name)(*args)

        return types.int32(types.int32, types.int32), codegen

    return function


plus, minus, times, shifted = map(_integer, ("add", "sub", "mul", "lshr"))


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
def fraction(typingctx: Any, x: Any) -> Any:
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
def exponent(typingctx: Any, x: Any) -> Any:
    """The e of `fraction`, as a float."""
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
