"""Label smoothing: a share of each label goes to the other classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from gbm_objectives._validation import Array, message, number

Smoothing = Literal["uniform", "others"]


@dataclass(frozen=True, slots=True)
class LabelSmoothing:
    """The parameters of losses that smooth their labels.

    Parameters
    ----------
    label_smoothing : e, the share that is taken from the true class, in [0, 1).
    smoothing : who gets it. "uniform": all K classes alike, (1 - e) onehot + e/K, as in PyTorch, Keras and
        optax. "others": the K - 1 wrong ones, e/(K - 1) each.
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

    def unsmooth(self, log_odds: Array) -> Array:
        """The log-odds of a binary label from those of the smoothed one, within +-700."""
        other = self.smoothed(2)[1]
        if not other:
            return log_odds
        towards, against = (np.maximum(expit(z) - other, 1e-304) for z in (log_odds, -log_odds))
        difference: Array = np.log(towards) - np.log(against)
        return difference

    def unsmoothed(self, log_p: Array) -> Array:
        """The log of what smoothing made of it, up to a constant a row: log(p - other), at least log 1e-300."""
        other = self.smoothed(log_p.shape[1])[1]
        if not other:
            return log_p
        p = np.exp(log_p - np.logaddexp.reduce(log_p, axis=1)[:, None])
        log_probabilities: Array = np.log(np.maximum(p - other, 1e-300))
        return log_probabilities
