"""Functions of `jax.numpy`: differentiated and compiled by JAX. Only `_source` imports this module, late."""

# mypy: ignore-errors
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gbm_objectives._core.validation import Array


class Code:
    """A function and its derivatives, compiled once for each size of block and precision.

    Parameters
    ----------
    function : callable
    n_outputs : int
    """

    def __init__(self, function: Callable[..., Any], n_outputs: int) -> None:
        def rows(y: Any, raw: Any) -> Any:
            return function(y, raw[0] if n_outputs == 1 else jnp.stack(raw, axis=1))

        def total(y: Any, raw: Any) -> Any:
            return rows(y, raw).sum()

        slope = jax.grad(total, argnums=1)

        def both(y: Any, raw: Any) -> Any:
            gradients, seconds = None, []
            for k in range(n_outputs):
                towards = tuple(
                    jnp.ones_like(z) if j == k else jnp.zeros_like(z) for j, z in enumerate(raw)
                )
                gradients, bent = jax.jvp(lambda z: slope(y, z), (raw,), (towards,))
                seconds.append(bent[k])
            return [*gradients, *seconds]

        self._value = jax.jit(rows)
        self._gradient = jax.jit(slope)
        self._both = jax.jit(both)

    def value(self, y: Array, raw: tuple[Array, ...]) -> Array:
        """One number a row."""
        return _called(lambda *given: [self._value(*given)], y, raw)[0]

    def gradient(self, y: Array, raw: tuple[Array, ...]) -> list[Array]:
        """The derivatives by each raw prediction."""
        return _called(self._gradient, y, raw)

    def both(self, y: Array, raw: tuple[Array, ...]) -> list[Array]:
        """The derivatives, and the second ones."""
        return _called(self._both, y, raw)


def _called(compiled: Callable[..., Any], y: Array, raw: tuple[Array, ...]) -> list[Array]:
    """In float64 where that is given, which JAX has to be told; blocks are filled up to a power of two.

    A compiled function is for one size: a block of every size would be compiled anew.
    """
    n, dtype = len(y), raw[0].dtype
    pad = (1 << (n - 1).bit_length()) - n if n else 0
    given = [np.asarray(array, dtype) for array in (y, *raw)]
    if pad:
        given = [np.pad(array, (0, pad), mode="edge") for array in given]
    with _precision(dtype == np.float64):
        results = compiled(given[0], tuple(given[1:]))
        return [np.asarray(result)[:n] if result.ndim else np.asarray(result) for result in results]


def _precision(double: bool) -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(double)
    from jax.experimental import enable_x64

    return enable_x64(double)


@lru_cache(maxsize=64)
def code(function: Callable[..., Any], n_outputs: int) -> Code:
    """The code of a function; made once."""
    return Code(function, n_outputs)
