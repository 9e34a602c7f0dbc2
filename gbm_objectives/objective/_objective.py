"""The objective: losses, their curvature and bounds as one callable that both libraries take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.reduction import Reduce, collective, together
from gbm_objectives._core.validation import invalid, number
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.loss import Loss
from gbm_objectives.objective import _intercept
from gbm_objectives.objective._doors import arguments_of_call
from gbm_objectives.objective._evaluation import fill, mean_value
from gbm_objectives.objective._functions import loss_of, warn_of_failures
from gbm_objectives.objective._loss_metric import LossMetric
from gbm_objectives.objective._parameters import changed, owners
from gbm_objectives.objective._responses import Responses
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._tasks import by_output, tasks_of, together_of
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import (
    validate_gradients,
    validate_sum,
    validate_table,
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
    rows : RowTable or None, default None
        A table of rows; see `with_rows`. With it labels are row numbers of the table.

    Examples
    --------
    >>> objective = 2 * huber() + mean_bias_error(penalty=3.0)
    >>> huber(delta=1.0).value([0.0, 0.0], [0.5, 3.0])
    1.3125
    """

    terms: tuple[Term, ...]
    rows: RowTable | None = None

    def __post_init__(self) -> None:
        for terms in by_output(self.terms):
            validate_sum([term.loss for term in terms])
        if self.rows is not None:
            validate_table(self._losses, len(self.rows))
        validate_gradients([(term.loss, term.policy) for term in self.terms])

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

    @classmethod
    def from_function(
        cls,
        loss: str | Callable[[Any, Any], Any],
        *,
        outputs: int | Sequence[str] | None = None,
        link: Literal["identity", "logit", "log"] = "identity",
        parameters: Mapping[str, float] | None = None,
        curvature: Curvature | str | None = None,
        clip: tuple[float, float | None] | None = None,
        tool: Literal["jax", "torch"] | None = None,
        check: bool = True,
    ) -> Objective:
        """The objective of any function: its derivatives are found, and its Hessian is made safe.

        Parameters
        ----------
        loss : str or callable
            A formula of ``y`` and ``raw``, the raw prediction, such as ``"log(cosh(raw - y))"``: SymPy differentiates
            it. ``r`` is raw - y. Or ``loss(y_true, raw_prediction)``, written with `jax.numpy` or `torch`, which
            returns one number a row. A formula is read, never run as code.
        outputs : int, sequence of str or None, default None
            For several raw predictions for one label: their number, or their names in a formula, such as
            ``("mean", "log_scale")``. A function is given them as (n_samples, n_outputs). None: one raw prediction,
            (n_samples,).
        link : {"identity", "logit", "log"}, default "identity"
            What a raw prediction is: a number in the unit of the label; the logit of the probability of label 1,
            for labels 0 and 1; the logarithm of a prediction.
        parameters : mapping of str to float, or None, default None
            The numbers that a formula names.
        curvature : Curvature, str or None, default None
            None: `curvature.Normalized`, for the links logit and log `curvature.Safe`: the second derivative where it
            is enough, and more where it vanishes or is negative.
        clip : tuple of float, or None, default None
            (low, high), the bounds of the Hessian before weights.
        tool : {"jax", "torch"} or None, default None
            What a function is written with. None: the one that takes it.
        check : bool, default True
            Run `gbm_objectives.testing.check_objective` once, without training, and warn of what fails.

        Returns
        -------
        Objective
            Its metric is the function, and its intercept the constant that minimises it.

        Raises
        ------
        ImportError
            If SymPy, JAX, PyTorch or cloudpickle is needed and missing.
        TypeError, ValueError
            For a formula that can't be read, or a function that can't be differentiated.
        """
        found = loss_of(loss, outputs, link, parameters, tool)
        objective = cls.of(found, curvature=curvature, clip=clip)
        if check:
            warn_of_failures(objective)
        return objective

    @property
    def metric(self) -> LossMetric:
        """The value of the losses as a metric for both libraries; see `LossMetric`."""
        return LossMetric(link=self.link, terms=self.terms, rows=self.rows)

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

    def with_rows(
        self, targets: Any, *, exposure: ArrayLike | None = None, **columns: ArrayLike
    ) -> Objective:
        """The objective with a table of rows. Labels are then row numbers of the table.

        ``lgb.Dataset(X, np.arange(len(X)))`` with ``objective.with_rows(targets=Y, groups=g)`` trains on the labels Y
        and the groups g, whatever takes rows away or brings them in another order: folds, samples, searches. The rows
        of evaluation sets are in the same table.

        Parameters
        ----------
        targets : array_like of shape (n_rows,) or (n_rows, n_outputs), or data frame
            The labels of all rows, held in float32. NaN in one of several columns is a label that is missing: it has
            no part in anything. Of a data frame that has a column for each column that the losses use, these are
            taken, and the labels are all its other columns.
        exposure : array_like of shape (n_rows,), or None, default None
            Of losses with a log link: how long, or how much, a row was observed, > 0. The model predicts the rate for
            an exposure of 1; log(exposure) is added to the raw prediction of each row. Of distributions whose first
            parameter is a mean, rate or scale above 0: that parameter is multiplied by the exposure.
        **columns : array_like of shape (n_rows, ...)
            What the losses use by its name: ``groups`` of `mean_bias_error`, ``cost`` of
            `cost_sensitive_cross_entropy`, the columns of a loss of your own (`HasColumns`).

        Returns
        -------
        Objective
            A new one, whose labels are row numbers from 0 to n_rows - 1.

        Raises
        ------
        TypeError, ValueError
            For a column that no loss uses, columns of different lengths, a row or a column without any label.
        """
        if hasattr(targets, "columns"):
            found = {name: targets[name] for name in self.columns if name in targets.columns}
            targets = targets[[name for name in targets.columns if name not in found]]
            own = found.pop("exposure", None)
            columns, exposure = {**found, **columns}, own if exposure is None else exposure
        uses = {name for loss in self._losses for name in loss.columns}
        if (
            exposure is not None and "exposure" in uses
        ):  # a loss of the user's, which does what it likes
            columns, exposure = {**columns, "exposure": exposure}, None
        for name in columns:
            if name not in uses:
                needed = f"one of {', '.join(sorted(uses))}" if uses else "no columns"
                raise invalid(
                    name, given=f"a column that {self.name} has no use for", needed=needed
                )
        if exposure is not None and "exposure" not in self.columns:
            given = f"a column for {self.name}, whose link is no logarithm"
            raise invalid(
                "exposure", given=given, needed="a loss with a log link, such as poisson()"
            )
        terms = tuple(term.with_columns(columns) for term in self.terms)
        n_parameters = (self.n_outputs or 1) if self.vector else 1
        return replace(self, terms=terms, rows=RowTable.of(targets, exposure, n_parameters))

    def with_targets(self, targets: ArrayLike) -> Objective:
        """`with_rows` of labels alone.

        Parameters
        ----------
        targets : array_like of shape (n_rows,) or (n_rows, n_outputs)
            The table.

        Returns
        -------
        Objective
            A new one, whose labels are row numbers from 0 to n_rows - 1.
        """
        return self.with_rows(targets)

    def __repr__(self) -> str:
        sums = " + ".join(map(repr, self.terms))
        return sums if self.rows is None else f"({sums}).with_rows({self.rows!r})"

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        tables = {objective.rows for objective in (self, other)} - {None}
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
        validate_trainable(self._losses)
        shape, tasks = tasks_of(
            self.terms, self.rows, y_true, raw_prediction, sample_weight, alone=reduce is None
        )
        gradient = np.empty(shape, dtype=np.float32, order="F")
        hessian = np.empty(shape, dtype=np.float32, order="F")
        for task in tasks:
            y, raw, weight = task.y_true, task.raw_prediction, task.sample_weight
            terms = [term.resolved(y, raw, weight, reduce) for term in task.terms]
            if task.observed is None:
                fill(terms, y, raw, weight, gradient[task.at], hessian[task.at])
                continue
            found = np.empty((2, len(y)), dtype=np.float32)
            fill(terms, y, raw, weight, found[0], found[1])
            for results, values in zip((gradient, hessian), found, strict=True):
                results[task.at] = 0.0  # a label that is missing has no part in anything
                results[task.at][task.observed] = values
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
        _, tasks = tasks_of(
            self.terms, self.rows, y_true, raw_prediction, sample_weight, finite=True
        )
        if not self.of_tasks:
            tasks = [together_of(tasks)]
        terms = [
            term.fixed(task.y_true, task.raw_prediction, task.sample_weight)
            for task in tasks
            for term in task.terms
        ]
        return replace(self, terms=tuple(map(Term.with_columns_of, terms, self.terms)))

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
            The mean over rows, summed over the outputs and the terms; of an output over the rows that have a label.
        """
        _, tasks = tasks_of(
            self.terms, self.rows, y_true, raw_prediction, sample_weight, finite=True
        )
        total = 0.0
        for task in tasks:
            y, raw, weight = task.y_true, task.raw_prediction, task.sample_weight
            for term in task.terms:
                total += mean_value(term.resolved(y, raw, weight, None), y, raw, weight)
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
        return _intercept.best_constant(self.terms, self.rows, y_true, sample_weight, n_outputs)
