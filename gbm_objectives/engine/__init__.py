"""Compiled code for the formulas of losses: one pass over the rows, on all threads of a training.

Formulas are written once, in NumPy. The engine calls them with arrays that write down what is done to them, and makes
of that one loop over the rows, which numba compiles. Without numba, for few rows, and for formulas that have no
compiled form, NumPy computes them, with the same results up to the rounding of float32.
"""

from gbm_objectives.engine._settings import (
    Engine,
    as_training,
    compiles,
    description,
    n_threads,
    use,
)

__all__ = ["Engine", "as_training", "compiles", "description", "n_threads", "use"]
