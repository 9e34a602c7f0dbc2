"""What a sum of terms is, read from its losses, and what its losses make of labels and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import Array
from gbm_objectives.curvature import Curvature
from gbm_objectives.links import Link
from gbm_objectives.loss import Loss
from gbm_objectives.objective._targets import Targets
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import validate_data


class Traits:
    """The traits of an objective; all losses of a sum have the same link and outputs."""

    __slots__ = ()

    terms: tuple[Term, ...]
    targets: Targets | None

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return "+".join(term.loss.name for term in self.terms)

    @property
    def link(self) -> Link:
        """From raw scores to the response."""
        return self.terms[0].loss.link

    @property
    def vector(self) -> bool:
        """Whether a row has one loss of several outputs, (n_samples, n_classes) raw predictions."""
        return self.terms[0].loss.vector

    @property
    def n_outputs(self) -> int | None:
        """The number of levels, of losses that have some; None: as many outputs as classes or columns of labels."""
        return self.terms[0].loss.n_outputs

    @property
    def of_classes(self) -> bool:
        """Whether the outputs of a row are scores of classes."""
        return self.vector and self.n_outputs is None

    @property
    def learns(self) -> bool:
        """Whether a loss learns parameters that a trained model answers by, and does not have them yet."""
        return any(loss.learns and loss.pending for loss in self._losses)

    @property
    def loss(self) -> Loss:
        """The loss of an objective of one term."""
        return self._single.loss

    @property
    def curvature(self) -> Curvature:
        """The Hessian policy of an objective of one term."""
        return self._single.policy

    @property
    def _single(self) -> Term:
        if len(self.terms) != 1:
            raise AttributeError(f"{self.name} is a sum: see its terms")
        return self.terms[0]

    @property
    def _losses(self) -> list[Loss]:
        return [term.loss for term in self.terms]

    def _labels(self, y_true: ArrayLike) -> ArrayLike:
        return y_true if self.targets is None else self.targets.rows(y_true)

    def _tasks(self, raw: Array) -> list[Any]:
        """Indices of each task, of labels and predictions alike: all outputs of one, or a column each."""
        if self.vector:
            return [slice(None)]
        return [(slice(None), *column) for column in np.ndindex(raw.shape[1:])]

    def _validated(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        return validate_data(self._losses, self._labels(y_true), raw_prediction, sample_weight)
