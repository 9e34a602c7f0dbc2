"""Who sets the leaves: the library, or this package, by a rule of the loss.

Both libraries give a leaf -G/(H + lambda), and limit leaves by sums of Hessians. A rule grows trees on derivatives of
its own choice, and then says what each leaf is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message
from gbm_objectives.loss import Loss
from gbm_objectives.objective import Objective

Leaves = Literal["auto", "library", "step", "refit"]


@dataclass(frozen=True)
class Penalty:
    """What a library's parameters ask of a leaf's value, before the learning rate.

    Parameters
    ----------
    l2 : float, default 0
        Shrinks a leaf of n rows by n/(n + l2).
    l1 : float, default 0
        Taken off the sum of gradients.
    largest : float, default inf
        The largest value.
    """

    l2: float = 0.0
    l1: float = 0.0
    largest: float = np.inf


class Growth(ABC):
    """What one round is grown on, and the leaves that it gets.

    Parameters
    ----------
    gradient, hessian : ndarray of float32
        For the library, in the shape of the scores.
    """

    def __init__(self, gradient: NDArray[np.float32], hessian: NDArray[np.float32]) -> None:
        self.gradient, self.hessian = gradient, hessian

    @abstractmethod
    def values(self, output: int, leaf: Array, penalty: Penalty) -> NDArray[Any]:
        """The value of each leaf before the learning rate; 0 for leaves without rows.

        Parameters
        ----------
        output : int
            The column of the scores that the tree is of.
        leaf : ndarray of shape (n_samples,)
            Whole numbers >= 0.
        penalty : Penalty
        """


class LeafRule(ABC):
    """A kind of `Objective` that sets the leaves of its trees."""

    __slots__ = ()

    @abstractmethod
    def growth(self, y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Growth:
        """The next round, from the scores before it; arguments as for `Objective.gradient_hessian`."""


def validate_leaves(leaves: Any) -> Leaves:
    """The argument, or an error."""
    choices = get_args(Leaves)
    if not isinstance(leaves, str) or leaves not in choices:
        needed = f"one of {', '.join(map(repr, choices))}"
        kind = ValueError if isinstance(leaves, str) else TypeError
        raise kind(message("leaves", repr(leaves), needed))
    return leaves  # type: ignore[return-value]


def refuse_beside(leaves: Leaves, clashes: Mapping[str, object]) -> None:
    """Raise for the first that is given of what a rule doesn't go with."""
    for what, given in clashes.items():
        if given:
            instead = 'leaves="library" goes with all.'
            raise ValueError(
                message("leaves", f"{leaves!r} with {what}", "one of the two", instead)
            )


def of_each_residual(loss: Loss) -> bool:
    """Whether the loss of a row is a function of its residual, whichever row it is."""
    return loss.shift_invariant and not loss.vector and loss.n_rows is None


def by_loss(objective: Objective) -> bool:
    """Whether "auto" takes steps for this objective: its losses gain by it, and the user gives no Hessian."""
    terms = objective.terms
    return not objective.of_tasks and all(
        of_each_residual(term.loss)
        and (term.loss.takes_steps or not term.loss.stands_alone)
        and ((term.curvature is None and term.clip is None) or not term.loss.stands_alone)
        and not term.weightings
        for term in terms
    )


def refuse_on_cluster(arguments: dict[str, Any]) -> None:
    """Take ``leaves`` from the arguments of a cluster's door, or raise where it asks for more than the library's."""
    leaves = validate_leaves(arguments.pop("leaves", "auto"))
    several = {"several machines, each of which has a part of the rows": True}
    refuse_beside(leaves, several if leaves in ("step", "refit") else {})
