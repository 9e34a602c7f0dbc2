"""Sampling of rows: negatives by chance, weighted up so that sums stay the same on average."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from typing_extensions import override

from gbm_objectives._core import draws as _draws
from gbm_objectives._core.validation import Array, invalid, number, whole_number
from gbm_objectives.loss import Loss
from gbm_objectives.weighting._base import Weighting


@dataclass(frozen=True, slots=True)
class NegativeSampling(Weighting):
    """1 for labels above 0; of the rows with label 0 a ``share`` is kept, with the factor 1/share, the rest gets 0.

    A row is kept by a hash of its number, the seed and a checksum of all labels and predictions of the column:
    the same for the same call, another one after each round. Row numbers are those of the rows at hand, so on
    several machines each makes its own draw.

    Parameters
    ----------
    share : float, default 0.1
        Of the negatives that are kept, in (0, 1].
    seed : int, default 0
        A draw depends on it.
    key : int or None, default None
        Of the draw. Set by `resolve`.
    """

    share: float = 0.1
    seed: int = 0
    key: int | None = field(default=None, repr=False)

    in_metric = False
    drawn = True
    suited = (
        "a loss of labels 0 and 1, such as focal(); for classes that exclude each other use "
        "sampled_softmax()"
    )

    def __post_init__(self) -> None:
        needed = "a number > 0 and <= 1"
        share = number("share", self.share, lambda share: 0 < share <= 1, needed)
        object.__setattr__(self, "share", share)
        object.__setattr__(self, "seed", whole_number("seed", self.seed, 0))

    @override
    def fits(self, loss: Loss) -> bool:
        return loss.labels == "binary"

    @property
    @override
    def pending(self) -> bool:
        return self.key is None

    @override
    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A checksum; columns of equal predictions, as in the first round, differ by their count of positives.

        Without the weights, so that a weight only multiplies.
        """
        return np.array([_draws.checksum(raw_prediction) + _draws.checksum(y_true)])

    @override
    def resolve(self, sums: Array) -> NegativeSampling:
        """With the key of the draw."""
        return replace(self, key=_draws.key(self.seed, float(sums[0])))

    @override
    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """1, 1/share or 0."""
        if self.key is None:
            hint = "Call resolve(sums) first."
            raise invalid("key", given="None", needed="the key of a draw", hint=hint)
        chance = _draws.chances(self.key, rows, y_true)
        factor = (chance < self.share * 2.0**32).astype(raw_prediction.dtype)
        factor *= 1.0 / self.share
        np.copyto(factor, 1.0, where=y_true > 0)
        return factor
