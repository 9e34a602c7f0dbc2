"""Predictions by more and more trees of a LightGBM model, each at the cost of the new trees alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.links import IDENTITY, LOG, LOGIT, SOFTMAX, Link

_LINKS: dict[str, Link] = {
    "binary": LOGIT, "multiclass": SOFTMAX, "multiclassova": LOGIT, "poisson": LOG, "gamma": LOG,
    "tweedie": LOG,
}  # fmt: skip


def link_of(name: str) -> Link:
    """From raw scores to what one of LightGBM's own objectives predicts."""
    return _LINKS.get(name, IDENTITY)


@dataclass(slots=True)
class Staged:
    """Raw scores of the first so many trees, on top of ``start``: those of the last call and of the trees since.

    LightGBM's predict forgets the model's ``num_threads``, and all the cores' threads wait for each other actively.
    """

    booster: Any
    x: Array
    start: Array
    threads: int
    done: int = 0
    raw: Array | None = None

    def __call__(self, trees: int) -> Array:
        """Raw scores, (n_samples,) or (n_samples, n_outputs)."""
        if self.raw is None or trees < self.done:
            self.done, self.raw = 0, None
        if self.raw is None or trees > self.done:
            more = self.booster.predict(
                self.x,
                raw_score=True,
                start_iteration=self.done,
                num_iteration=trees - self.done,
                num_threads=self.threads,
            )
            self.raw = np.asarray(more) + (self.start if self.raw is None else self.raw)
            self.done = trees
        return self.raw
