"""What a sum of terms is, read from its losses, and what its losses make of labels and predictions."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from gbm_objectives.curvature import Curvature
from gbm_objectives.links import Columns, HeldLog, Link, Log
from gbm_objectives.loss import Loss
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._tasks import at_hand, by_output, n_outputs_of, name_of
from gbm_objectives.objective._terms import Term

Terms = tuple[Term, ...]


def _logarithmic(link: Link) -> bool:
    """Whether a score, or of a distribution its first one, is the logarithm of what grows with the exposure."""
    first = link.links[0] if isinstance(link, Columns) and link.links else link
    return isinstance(first, Log) or (isinstance(first, HeldLog) and first.offset == 0)


class Traits:
    """The traits of an objective; all losses of a sum have the same link and outputs."""

    __slots__ = ()

    terms: tuple[Term, ...]
    rows: RowTable | None

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return name_of(self.terms)

    @property
    def link(self) -> Link:
        """From raw scores to the response; of several tasks one for each output."""
        if self.of_tasks:
            return Columns(tuple(terms[0].loss.link for terms in by_output(self.terms)))
        return self.terms[0].loss.link

    @property
    def vector(self) -> bool:
        """Whether a row has one loss of several outputs, (n_samples, n_classes) raw predictions."""
        return self.terms[0].loss.vector

    @property
    def n_outputs(self) -> int | None:
        """The number of levels or tasks; None: as many outputs as classes or columns of labels."""
        return self.terms[0].loss.n_outputs or n_outputs_of(self.terms)

    @property
    def of_tasks(self) -> bool:
        """Whether each output has losses of its own, as those of `multi_task` have."""
        return n_outputs_of(self.terms) is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """What the losses use of a row beside its label: what `with_rows` takes, with ``exposure`` for log links."""
        named = dict.fromkeys(name for term in self.terms for name in term.loss.columns)
        logarithmic = all(_logarithmic(loss.link) for loss in self._losses)
        return (*named, "exposure") if logarithmic and "exposure" not in named else tuple(named)

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

    def labels(self, y_true: ArrayLike) -> Any:
        """The labels themselves: where there is a table of rows, those that row numbers stand for.

        Parameters
        ----------
        y_true : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, or row numbers.

        Returns
        -------
        array_like
            Labels. NaN is a label that is missing.
        """
        return y_true if self.rows is None else self.rows.labels(y_true)

    def by_hand(self, y_true: ArrayLike) -> Terms:
        """The terms with their columns for these row numbers: what the table stands for."""
        return at_hand(self.terms, self.rows, y_true)[1]
