"""Label smoothing: a share of each label goes to the other classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gbm_objectives._core.validation import Array, message, number

Smoothing = Literal["uniform", "others"]


@dataclass(frozen=True, slots=True)
class LabelSmoothing:
    """The parameters of losses that smooth their labels.

    Probabilities are then those of the smoothed label. Smoothing is not undone: where a model predicts less
    than the share of a wrong class the answer would be 0.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        e, the share that is taken from the true class, in [0, 1).
    smoothing : {"uniform", "others"}, default "uniform"
        Who gets it. "uniform": all K classes alike, (1 - e) onehot + e/K, as in PyTorch, Keras and optax.
        "others": the K - 1 wrong ones, e/(K - 1) each.
    """

    label_smoothing: float = 0.0
    smoothing: Smoothing = "uniform"

    def __post_init__(self) -> None:
        if self.smoothing not in ("uniform", "others"):
            raise ValueError(message("smoothing", repr(self.smoothing), '"uniform" or "others"'))
        needed = "a number >= 0 and < 1"
        share = number("label_smoothing", self.label_smoothing, lambda e: 0 <= e < 1, needed)
        object.__setattr__(self, "label_smoothing", share)

    def smoothed(self, n_outputs: int) -> tuple[float, float]:
        """The label of the true class and of each other one."""
        if self.smoothing == "uniform":
            other = self.label_smoothing / n_outputs
            return 1.0 - self.label_smoothing + other, other
        return 1.0 - self.label_smoothing, self.label_smoothing / max(n_outputs - 1, 1)

    def smooth(self, y_true: Array) -> Array:
        """A binary label, or probability, as it is smoothed."""
        true, other = self.smoothed(2)
        return other + (true - other) * y_true if other else y_true
