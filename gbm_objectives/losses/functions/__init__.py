"""Losses of a function that a user gives, as text or written with JAX or PyTorch."""

from gbm_objectives.losses.functions._loss import (
    BinaryFunction,
    LogFunction,
    NumberFunction,
)
from gbm_objectives.losses.functions._outputs import OutputsFunction
from gbm_objectives.losses.functions._source import Formula, Function, Source

__all__ = [
    "BinaryFunction",
    "Formula",
    "Function",
    "LogFunction",
    "NumberFunction",
    "OutputsFunction",
    "Source",
]
