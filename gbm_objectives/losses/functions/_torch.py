"""Functions of PyTorch tensors: differentiated by torch. Only `_source` imports this module, late."""

# mypy: ignore-errors
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from gbm_objectives._core.validation import Array


class Code:
    """A function and its derivatives, on tensors that share the memory of the block.

    Parameters
    ----------
    function : callable
    n_outputs : int
    """

    def __init__(self, function: Callable[..., Any], n_outputs: int) -> None:
        self.function, self.n_outputs = function, n_outputs

    def _rows(self, y: Array, raw: tuple[Array, ...], tracked: bool) -> tuple[list[Any], Any]:
        z = [torch.tensor(column).requires_grad_(tracked) for column in raw]
        label = torch.tensor(np.asarray(y, raw[0].dtype))
        return z, self.function(label, z[0] if self.n_outputs == 1 else torch.stack(z, dim=1))

    def value(self, y: Array, raw: tuple[Array, ...]) -> Array:
        """One number a row."""
        with torch.no_grad():
            return self._rows(y, raw, tracked=False)[1].numpy()

    def gradient(self, y: Array, raw: tuple[Array, ...]) -> list[Array]:
        """The derivatives by each raw prediction."""
        z, value = self._rows(y, raw, tracked=True)
        found = torch.autograd.grad(value.sum(), z, allow_unused=True)
        return [_column(column, raw[0]) for column in found]

    def both(self, y: Array, raw: tuple[Array, ...]) -> list[Array]:
        """The derivatives, and the second ones; 0 where the first do not depend on the prediction."""
        z, value = self._rows(y, raw, tracked=True)
        found = torch.autograd.grad(value.sum(), z, create_graph=True, allow_unused=True)
        seconds = [
            None
            if slope is None or not slope.requires_grad
            else torch.autograd.grad(slope.sum(), one, retain_graph=True, allow_unused=True)[0]
            for slope, one in zip(found, z, strict=True)
        ]
        return [_column(column, raw[0]) for column in (*found, *seconds)]


def _column(found: Any, like: Array) -> Array:
    return np.zeros_like(like) if found is None else found.detach().numpy()


@lru_cache(maxsize=64)
def code(function: Callable[..., Any], n_outputs: int) -> Code:
    """The code of a function; made once."""
    return Code(function, n_outputs)
