"""The objective: losses, their curvature and bounds as one callable that both libraries take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.reduction import Reduce, collective, together
from gbm_objectives._core.validation import invalid, number, numeric_array
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.loss import Loss
from gbm_objectives.objective import _intercept
from gbm_objectives.objective._doors import arguments_of_call
from gbm_objectives.objective._evaluation import fill, mean_value
from gbm_objectives.objective._loss_metric import LossMetric
from gbm_objectives.objective._parameters import changed, owners
from gbm_objectives.objective._responses import Responses
from gbm_objectives.objective._targets import Targets
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import (
    refuse_groups,
    validate_labels,
    validate_rows,
    validate_shapes,
    validate_sum,
    validate_trainable,
)
from gbm_objectives.weighting import ClassWeight

Derivatives = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, repr=False)
class Objective(Responses):
    """A custom objective for XGBoost and LightGBM: a sum of losses with their Hessian policies.

    It is called by the libraries, as ``objective(preds, data)`` from `train` and `cv` and as
    ``objective(y_true, raw_prediction, sample_weight)`` from the scikit-learn wrappers, and returns
    ``(gradient, hessian)``, fresh float32 arrays in the shape of the predictions with weights applied.
    It has no state: the result is a function of the arguments alone. Objectives add and scale:
    ``2 * huber() + mean_bias_error(penalty=1)``. Where XGBoost trains on several machines (Dask, Ray), each call
    is for the rows of one of them, and what is global, such as the scale, is summed over all.

    Parameters
    ----------
    terms : tuple of Term
        What is summed. The factories, such as `gbm_objectives.huber`, make objectives of one term.
    targets : Targets or None, default None
        A table of label rows, (n_rows, n_outputs). With it labels are row numbers of the table: a matrix of labels
        for LightGBM, whose labels are one column.
    """

    terms: tuple[Term, ...]
    targets: Targets | None = None

    def __post_init__(self) -> None:
        validate_sum([term.loss for term in self.terms])

    @classmethod
    def of(
        cls,
        loss: Loss,
        *,
        curvature: Curvature | str | None = None,
        clip: tuple[float, float | None] | None = None,
        class_weight: Any = None,
    ) -> Objective:
        """The objective of one loss: for a loss class of your own, as the factories do it for theirs.

        Parameters
        ----------
        loss : Loss
            An instance of a class of `gbm_objectives.losses`, or of your own.
        curvature : Curvature, str or None, default None
            A policy of `gbm_objectives.curvature` or its name. None: the loss' default.
        clip : tuple of float, or None, default None
            (low, high), the bounds of the Hessian before weights.
        class_weight : "balanced", `EffectiveNumber`, sequence or mapping of float, or None, default None
            For losses of classes.

        Returns
        -------
        Objective
            The sum of this one loss.

        Raises
        ------
        TypeError, ValueError
            For a curvature or a class weight that the loss does not go with.
        """
        found: object = loss
        if not isinstance(found, Loss):
            given = f"the class {found.__name__}" if isinstance(found, type) else repr(found)
            needed = "an instance of a Loss, such as Huber()"
            raise invalid("loss", given=given, needed=needed, kind=TypeError)
        policy = None if curvature is None else as_curvature(curvature)
        weightings = () if class_weight is None else (ClassWeight(class_weight),)
        return cls((Term(loss, policy, clip, weightings=weightings),))

    @property
    def metric(self) -> LossMetric:
        """The value of the losses as a metric for both libraries; see `LossMetric`."""
        return LossMetric(link=self.link, terms=self.terms, targets=self.targets)

    @property
    def parameters(self) -> dict[str, Any]:
        """What `with_parameters` can change: the parameters of the loss, ``curvature`` and ``clip``.

        Of a sum, those that one term alone has; a curvature of None is the default of the loss.
        """
        return {name: getattr(owner, name) for name, (_, owner) in owners(self.terms).items()}

    def with_parameters(self, **changes: Any) -> Objective:
        """The objective with other parameters, for a search: ``huber().with_parameters(delta=2.0)``.

        A default curvature follows the parameters, as it does in the factories.

        Parameters
        ----------
        **changes : object
            New values by the names in `parameters`.

        Returns
        -------
        Objective
            A new one; this one stays as it is.

        Raises
        ------
        ValueError
            For a name that is not in `parameters`, or a value that its factory would refuse.
        """
        return replace(self, terms=changed(self.terms, changes))

    def with_targets(self, targets: ArrayLike) -> Objective:
        """The objective with labels that are row numbers of a table, for labels of several columns.

        ``lgb.Dataset(X, np.arange(len(X)))`` with ``objective.with_targets(Y)`` and num_class=Y.shape[1] trains on
        the label matrix Y; folds, samples and evaluation sets number the rows of the same table.

        Parameters
        ----------
        targets : array_like of shape (n_rows, n_outputs)
            The table.

        Returns
        -------
        Objective
            A new one, whose labels are row numbers from 0 to n_rows - 1.
        """
        return replace(self, targets=Targets(targets))

    def __repr__(self) -> str:
        sums = " + ".join(map(repr, self.terms))
        return sums if self.targets is None else f"({sums}).with_targets({self.targets!r})"

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        tables = {objective.targets for objective in (self, other)} - {None}
        if len(tables) > 1:
            raise invalid("targets", given="two tables in a sum", needed="one table for all terms")
        return Objective(self.terms + other.terms, next(iter(tables), None))

    def __mul__(self, factor: float) -> Objective:
        needed = "a finite number > 0: a negative one would turn the Hessians negative"
        scale = number("coefficient", factor, lambda x: x > 0, needed)
        terms = tuple(replace(term, coefficient=scale * term.coefficient) for term in self.terms)
        return replace(self, terms=terms)

    __rmul__ = __mul__

    def __call__(
        self,
        y_true: Any,
        raw_prediction: Any,
        sample_weight: ArrayLike | None = None,
        group: ArrayLike | None = None,
    ) -> Derivatives:
        """Gradient and Hessian, from ``(preds, data)`` or ``(y_true, raw_prediction, sample_weight)``.

        With four parameters by these names, the scikit-learn wrappers of both libraries pass the weights, and
        LightGBM's passes groups too.

        Parameters
        ----------
        y_true : array_like
            Labels; raw predictions where the second argument is a data set.
        raw_prediction : array_like, DMatrix or Dataset
            Raw predictions, or the data set with the labels and weights: whatever has a ``get_label``.
        sample_weight : array_like of shape (n_samples,) or None, default None
            Multiplies both results.
        group : array_like or None, default None
            The sizes of query groups. No loss here knows of groups, so they are refused.

        Returns
        -------
        gradient : ndarray of float32
            As from `gradient_hessian`.
        hessian : ndarray of float32
            As from `gradient_hessian`.

        Raises
        ------
        TypeError, ValueError
            As `gradient_hessian`; for arguments in the wrong order, and for groups.
        """
        y_true, raw_prediction, sample_weight = arguments_of_call(
            self.name, y_true, raw_prediction, sample_weight, group
        )
        allreduce = collective()
        if allreduce is None:
            return self.gradient_hessian(y_true, raw_prediction, sample_weight)

        def compute(reduce: Reduce) -> Derivatives:
            return self.gradient_hessian(y_true, raw_prediction, sample_weight, reduce=reduce)

        return together(compute, allreduce)

    def gradient_hessian(
        self,
        y_true: ArrayLike,
        raw_prediction: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        reduce: Reduce | None = None,
    ) -> Derivatives:
        """Gradient and Hessian in float32, in the shape of the predictions, Fortran order.

        Parameters
        ----------
        y_true : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Labels. Several outputs are separate tasks, but for losses of classes, whose labels are class codes,
            (n_samples,).
        raw_prediction : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.
        sample_weight : array_like of shape (n_samples,) or None, default None
            Multiplies both results. An empty array counts as None.
        reduce : callable or None, default None
            For rows spread over machines, of which one may have none: given the vector of sums over the rows at
            hand, it returns the sum over all machines.

        Returns
        -------
        gradient : ndarray of float32
            A fresh array in the shape of the predictions.
        hessian : ndarray of float32
            A fresh array in the shape of the predictions.

        Raises
        ------
        ValueError
            For NaN, inf, labels outside the loss' domain, wrong shapes, negative or all-zero weights.
        """
        losses, alone = self._losses, reduce is None
        validate_trainable(losses)
        y, raw, weight = validate_shapes(
            losses, self._labels(y_true), raw_prediction, sample_weight, alone=alone
        )
        validate_rows(losses, len(y)) if alone else refuse_groups(losses)
        validate_labels(losses, y, raw)
        gradient = np.empty(raw.shape, dtype=np.float32, order="F")
        hessian = np.empty(raw.shape, dtype=np.float32, order="F")
        for one in self._tasks(raw):
            terms = [term.resolved(y[one], raw[one], weight, reduce) for term in self.terms]
            fill(terms, y[one], raw[one], weight, gradient[one], hessian[one])
        return gradient, hessian

    def fixed(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Objective:
        """The objective with every automatic scale, class weight and draw fixed at what these arguments give it.

        Parameters
        ----------
        y_true, raw_prediction, sample_weight : array_like
            As for `gradient_hessian`.

        Returns
        -------
        Objective
            A new one. It gives the same gradients for the same arguments.
        """
        y, raw, weight = self._validated(y_true, raw_prediction, sample_weight)
        return replace(self, terms=tuple(term.fixed(y, raw, weight) for term in self.terms))

    def value(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The weighted mean loss; where delta is automatic, at the scale of these residuals.

        Its derivative by a row's prediction is the gradient over the sum of weights, at a fixed scale; and at
        fixed weights where these follow the predictions (`ghm_classification`).

        Parameters
        ----------
        y_true, raw_prediction, sample_weight : array_like
            As for `gradient_hessian`.

        Returns
        -------
        float
            The mean over rows, summed over the outputs and the terms.
        """
        y, raw, weight = self._validated(y_true, raw_prediction, sample_weight)
        validate_rows(self._losses, len(y))
        total = 0.0
        for one in self._tasks(raw):
            for term in self.terms:
                found = term.resolved(y[one], raw[one], weight, None)
                total += mean_value(found, y[one], raw[one], weight)
        return total

    def intercept(
        self,
        y_true: ArrayLike,
        sample_weight: ArrayLike | None = None,
        n_outputs: int | None = None,
    ) -> float | NDArray[np.float64]:
        """The raw score of the best constant, where boosting should start; one for each output.

        Give it to XGBoost as ``base_score`` (``link.inverse`` of it under a placeholder objective with
        a link other than softmax), to LightGBM as ``init_score``.

        Parameters
        ----------
        y_true, sample_weight : array_like
            As for `gradient_hessian`.
        n_outputs : int or None, default None
            The number of classes, where labels are class codes and the last ones may be missing.

        Returns
        -------
        float or ndarray of shape (n_outputs,)
            On the raw scale, before the link.
        """
        y = numeric_array("y_true", self._labels(y_true))
        return _intercept.best_constant(self.terms, y, sample_weight, n_outputs)
