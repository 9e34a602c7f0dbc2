"""What a weighting is: a factor for each row's loss, found from its label, its gradient, its loss or a draw.

A weighting belongs to a term of an objective, beside the loss, so the loss keeps its formulas and the
Hessian its policy. What it needs of all rows is a vector of sums, as for losses: stateless and
mergeable over machines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from typing_extensions import Self

from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.loss import Loss


class Weighting(ABC):
    """A factor of each row's loss; a frozen dataclass whose fields are its parameters."""

    __slots__ = ()

    #: The factor is a function of the label, so it acts on intercepts and metrics as a sample weight does.
    of_labels: ClassVar[bool] = False
    #: Whether the metric of the objective has the factor too.
    in_metric: ClassVar[bool] = True
    #: The factor is a random draw by row number, another one for other predictions.
    drawn: ClassVar[bool] = False
    #: Whether a part of the rows is enough for `statistics`, as it is for a quantile.
    sampled: ClassVar[bool] = False
    #: The losses that it fits, in words.
    suited: ClassVar[str] = "a loss"

    def fits(self, loss: Loss) -> bool:
        """Whether the factor makes sense for the loss."""
        return True

    def validate_loss(self, loss: Loss) -> None:
        """Raise TypeError for a loss that the weighting does not fit."""
        if not self.fits(loss):
            needed = f"{self.suited}, for {self!r}"
            raise invalid("objective", given=loss.name, needed=needed, kind=TypeError)

    def validate_labels(self, y_true: Array) -> None:
        """Raise ValueError for labels that have no factor; ``y_true`` is all of them."""
        return

    @property
    def pending(self) -> bool:
        """Whether `statistics` must be gathered and resolved first."""
        return False

    def statistics(
        self, loss: Loss, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A vector of sums over the rows; zeros where there are no rows."""
        return np.zeros(0)

    def resolve(self, sums: Array) -> Self:
        """The weighting with what the sums over all rows tell."""
        return self

    def class_shares(self, shares: Array) -> Array:
        """The shares of K classes for which the loss's own best constant is best with the factors too."""
        return shares

    def of_hessian(self, factor: Array) -> Array:
        """The factor of the Hessian, from that of the loss and the gradient."""
        return factor

    @abstractmethod
    def factor(
        self,
        loss: Loss,
        rows: slice,
        y_true: Array,
        raw_prediction: Array,
        gradient: Array | None = None,
    ) -> Array:
        """The factor of each row, (n,), in the dtype of the predictions; from the loss's gradient if it is known."""
