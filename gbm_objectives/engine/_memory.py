"""The memory of kernels: reads and writes without tests, of which LLVM knows that they don't overlap.

This module imports numba. Only kernels import it.
"""

# mypy: ignore-errors
from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from gbm_objectives.engine._kernel import SCOPES


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
