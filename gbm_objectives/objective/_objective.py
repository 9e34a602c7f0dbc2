"""The objective: losses, their curvature and bounds as one callable that both libraries take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.reduction import Reduce, collective
from gbm_objectives._core.validation import (
    Array,
    labels_and_predictions,
    message,
    number,
    numeric_array,
    sample_weights,
)
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.links import Link
from gbm_objectives.loss import Loss
from gbm_objectives.objective import _blocks, _intercept, _machines, _probabilities
from gbm_objectives.objective._loss_metric import LossMetric
from gbm_objectives.objective._parameters import changed, owners
from gbm_objectives.objective._targets import Targets
from gbm_objectives.objective._terms import Term, beyond, checked
from gbm_objectives.weighting import ClassWeight


@dataclass(frozen=True, slots=True, repr=False)
class Objective:
    """A custom objective for XGBoost and LightGBM: a sum of losses with their Hessian policies.

    It is called by the libraries, as ``objective(preds, data)`` from `train` and `cv` and as
    ``objective(y_true, raw_prediction, sample_weight)`` from the scikit-learn wrappers, and returns
    ``(gradient, hessian)``, fresh float32 arrays in the shape of the predictions with weights applied.
    It has no state: the result is a function of the arguments alone. Objectives add and scale:
    ``2 * huber() + mean_bias_error(penalty=1)``. Where XGBoost trains on several machines (Dask, Ray), each call
    is for the rows of one of them, and what is global, such as the scale, is summed over all.

    Parameters
    ----------
    terms : what is summed; the factories, such as `gbm_objectives.huber`, make objectives of one term.
    targets : a table of label rows, (n_rows, n_outputs), or None. With it labels are row numbers of the table:
        a matrix of labels for LightGBM, whose labels are one column.
    """

    terms: tuple[Term, ...]
    targets: Targets | None = None

    def __post_init__(self) -> None:
        if len({term.loss.vector for term in self.terms}) != 1:
            given = f"a sum of {self.name}, of one output and of several"
            raise ValueError(message("objective", given, "losses of one kind"))
        if len(self.terms) > 1 and self.n_outputs is not None:
            given = f"a sum of {self.name}, of several levels"
            raise ValueError(message("objective", given, "one loss, of all levels"))
        links = {term.loss.link for term in self.terms}
        if len(links) != 1:
            raise ValueError(
                message(
                    "objective", f"a sum of {self.name} with the links {sorted(map(repr, links))}",
                    "losses of one link",
                )
            )  # fmt: skip

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
        loss : an instance of a `gbm_objectives.losses.Loss`.
        curvature : a policy of `gbm_objectives.curvature` or its name; None for the loss' default.
        clip : (low, high) bounds of the Hessian before weights.
        class_weight : of losses of classes: "balanced", `EffectiveNumber`, or a weight for each class.
        """
        found: object = loss
        if not isinstance(found, Loss):
            given = f"the class {found.__name__}" if isinstance(found, type) else repr(found)
            raise TypeError(message("loss", given, "an instance of a Loss, such as Huber()"))
        policy = None if curvature is None else as_curvature(curvature)
        weightings = () if class_weight is None else (ClassWeight(class_weight),)
        return cls((Term(loss, policy, clip, weightings=weightings),))

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
        """The number of outputs of a row, where the loss fixes it; None: as many as classes or columns of labels."""
        return self.terms[0].loss.n_outputs

    @property
    def of_classes(self) -> bool:
        """Whether the outputs of a row are scores of classes."""
        return self.vector and self.n_outputs is None

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
        targets : (n_rows, n_outputs).
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
            raise ValueError(message("targets", "two tables in a sum", "one table for all terms"))
        return Objective(self.terms + other.terms, next(iter(tables), None))

    def __mul__(self, factor: float) -> Objective:
        needed = "a finite number > 0: a negative one would turn the Hessians negative"
        scale = number("coefficient", factor, lambda x: x > 0, needed)
        terms = tuple(replace(term, coefficient=scale * term.coefficient) for term in self.terms)
        return replace(self, terms=terms)

    __rmul__ = __mul__

    def __call__(
        self, y_true: Any, raw_prediction: Any, sample_weight: ArrayLike | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gradient and Hessian, from ``(preds, data)`` or ``(y_true, raw_prediction, sample_weight)``.

        The three-parameter signature, by these names, is the one under which both scikit-learn
        wrappers pass the weights; data is whatever has a ``get_label``: DMatrix and Dataset.
        """
        if hasattr(raw_prediction, "get_label"):
            preds, data = y_true, raw_prediction
            return self._here(data.get_label(), preds, data.get_weight())
        if hasattr(y_true, "get_label"):
            given = f"a {type(y_true).__name__} as the first argument"
            needed = "objective(preds, data) or objective(y_true, raw_prediction, sample_weight)"
            raise TypeError(message("y_true", given, needed, "Swap the arguments."))
        return self._here(y_true, raw_prediction, sample_weight)

    def _here(
        self, y_true: Any, raw_prediction: Any, sample_weight: ArrayLike | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`gradient_hessian`, with sums over all machines where XGBoost trains on several."""
        allreduce = collective()
        if allreduce is None:
            return self.gradient_hessian(y_true, raw_prediction, sample_weight)
        return _machines.gradient_hessian(self, y_true, raw_prediction, sample_weight, allreduce)

    def gradient_hessian(
        self,
        y_true: ArrayLike,
        raw_prediction: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        reduce: Reduce | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gradient and Hessian in float32, in the shape of the predictions, Fortran order.

        Parameters
        ----------
        y_true, raw_prediction : (n_samples,) or (n_samples, n_outputs); outputs are separate tasks, but for
            losses of classes, whose labels are class codes, (n_samples,).
        sample_weight : (n_samples,), None or empty. Multiplies both results.
        reduce : for rows spread over machines: given the vector of sums over the rows at hand,
            returns the sum over all machines.

        Raises
        ------
        ValueError
            For NaN, inf, labels outside the loss' domain, wrong shapes, negative or all-zero weights.
        """
        self._check_stands_alone()
        labels = self._labels(y_true)
        y, raw = labels_and_predictions(labels, raw_prediction, self.vector, self.n_outputs)
        weight = sample_weights(sample_weight, len(y))
        self._check_rows(len(y))
        gradient = np.empty(raw.shape, dtype=np.float32, order="F")
        hessian = np.empty(raw.shape, dtype=np.float32, order="F")
        for one, column in self._tasks(raw):
            self._fill(y[column], raw[one], weight, reduce, gradient[one], hessian[one])
        return gradient, hessian

    def _labels(self, y_true: ArrayLike) -> ArrayLike:
        return y_true if self.targets is None else self.targets.rows(y_true)

    def _tasks(self, raw: Array) -> list[tuple[Any, Any]]:
        """Indices of the predictions and the labels of each task: all outputs of one, or a column each."""
        if self.vector:
            return [(slice(None), slice(None))]
        columns = [(slice(None), *column) for column in np.ndindex(raw.shape[1:])]
        return [(column, column) for column in columns]

    def _fill(
        self,
        y: Array,
        raw: Array,
        weight: Array | None,
        reduce: Reduce | None,
        gradient: NDArray[np.float32],
        hessian: NDArray[np.float32],
    ) -> None:
        if self.of_classes:
            self._check_codes(y, raw)
        terms = [term.resolved(y, raw, weight, reduce) for term in self.terms]

        def derivatives(rows: slice, y_block: Array, raw_block: Array) -> tuple[Array, Array]:
            labels = y[rows]
            g, h = terms[0].derivatives(rows, y_block, raw_block, labels)
            for term in terms[1:]:
                more_g, more_h = term.derivatives(rows, y_block, raw_block, labels)
                g, h = g + more_g, h + more_h
            return g, h

        losses = tuple(term.loss for term in terms)
        _blocks.fill(derivatives, losses, y, raw, weight, gradient, hessian)

    def _check_codes(self, y: Array, raw: Array) -> None:
        """Labels are used as an index: they are looked at before anything else is."""
        for term in self.terms:
            if beyond(y, raw) or not term.loss.check_labels(y):
                term.loss.reject_labels(y, raw)

    def _check_stands_alone(self) -> None:
        if not any(term.loss.stands_alone for term in self.terms):
            raise ValueError(
                message(
                    "objective", f"{self.name} alone, whose gradient is the same in every row",
                    "a loss beside it", f"Write huber() + {self.name.removesuffix('_penalty')}_error(...).",
                )
            )  # fmt: skip

    def _check_rows(self, n_samples: int) -> None:
        for term in self.terms:
            n_rows = term.loss.n_rows
            if n_rows is not None and n_rows != n_samples:
                raise ValueError(
                    message(
                        "groups", f"{n_rows} rows where the data has {n_samples}",
                        "the group of each row of the training data",
                        "In cross-validation make one objective a fold, with the fold's groups.",
                    )
                )  # fmt: skip

    def fixed(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Objective:
        """The objective with every automatic scale, class weight and draw fixed at what these arguments give it."""
        y, raw, weight = checked(self.terms, self._labels(y_true), raw_prediction, sample_weight)

        def pinned(term: Term) -> Term:
            lasting = [weighting.of_labels or weighting.drawn for weighting in term.weightings]
            if not (term.loss.scaled or term.loss.drawn or any(lasting)):
                return term
            found = term.resolved(y, raw, weight, None)
            pairs = zip(lasting, found.weightings, term.weightings, strict=True)
            return replace(
                found, weightings=tuple(new if last else old for last, new, old in pairs)
            )

        return replace(self, terms=tuple(pinned(term) for term in self.terms))

    def response(self, raw_prediction: ArrayLike) -> NDArray[Any]:
        """What raw predictions stand for, in their shape: the inverse of the link.

        Of several levels, ``quantile([.05, .5, .95])``, the sorted raw predictions. Models of XGBoost 3.4 and later
        say so themselves; ``booster.predict`` of older ones and of LightGBM leaves them as they are.
        """
        return self.link.inverse(numeric_array("raw_prediction", raw_prediction))

    def predict(self, booster: Any, data: Any, **arguments: Any) -> NDArray[Any]:
        """The response of a booster of either library that was trained with this objective.

        Parameters
        ----------
        booster : an ``xgboost.Booster`` or ``lightgbm.Booster``, from `train` or loaded.
        data : what its ``predict`` takes.
        **arguments : of its ``predict``, such as iteration_range or num_iteration.
        """
        raw_scores = "output_margin" if hasattr(booster, "num_boosted_rounds") else "raw_score"
        return self.response(booster.predict(data, **arguments, **{raw_scores: True}))

    def log_odds(self, raw_prediction: ArrayLike) -> NDArray[np.float64]:
        """The log-odds of class 1 that raw predictions of a binary model stand for, in their shape.

        A loss other than cross-entropy is minimised by a raw score that is not the logit of the
        probability: focal loss with gamma > 0 or alpha pulls the scores towards 0. This is the increasing
        map back, from log_odds = log g(0) - log -g(1), g(y) the gradient at label y; its sigmoid is the
        calibrated probability where the model has learned the minimum. Overlap losses, alone and in sums, have
        no such map, and get the raw scores themselves.

        Raises
        ------
        TypeError
            For losses of another kind of label, and for `hinge`, which tells no probabilities.
        """
        return _probabilities.log_odds(self.terms, raw_prediction)

    def log_probabilities(self, raw_prediction: ArrayLike) -> NDArray[np.float64]:
        """log P(class) that raw predictions (n_samples, n_classes) of a model of classes stand for, in their shape.

        As `log_odds` for two classes: focal loss draws the scores together, this is the map back.

        Raises
        ------
        TypeError
            For losses of another kind of label, sums, and losses whose scores say nothing about probabilities.
        """
        return _probabilities.log_probabilities(self.terms, raw_prediction)

    def value(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The weighted mean loss; where delta is automatic, at the scale of these residuals.

        Its derivative by a row's prediction is the gradient over the sum of weights, at a fixed scale; and at
        fixed weights where these follow the predictions (`ghm_classification`).
        """
        y, raw, weight = checked(self.terms, self._labels(y_true), raw_prediction, sample_weight)
        self._check_rows(len(y))
        total = 0.0
        for one, column in self._tasks(raw):
            for term in self.terms:
                found = term.resolved(y[column], raw[one], weight, None)
                total += _blocks.mean_value(found.value, y[column], raw[one], weight)
        return total

    def intercept(
        self,
        y_true: ArrayLike,
        sample_weight: ArrayLike | None = None,
        n_outputs: int | None = None,
    ) -> float | NDArray[np.float64]:
        """The raw score of the best constant, where boosting should start; one an output.

        Give it to XGBoost as ``base_score`` (``link.inverse`` of it under a placeholder objective with
        a link other than softmax), to LightGBM as ``init_score``.

        Parameters
        ----------
        y_true, sample_weight : as for `gradient_hessian`.
        n_outputs : the number of classes, where labels are class codes and the last ones may be missing.
        """
        y = numeric_array("y_true", self._labels(y_true))
        if self.vector:
            return self._intercepts(y, sample_weight, n_outputs)
        y, _, weight = checked(self.terms, y, np.broadcast_to(0.0, y.shape), sample_weight)
        y = y.astype(np.float64)
        if y.ndim == 2:
            return np.array([_intercept.constant(self.terms, column, weight) for column in y.T])
        return _intercept.constant(self.terms, y, weight)

    def _intercepts(
        self, y: Array, sample_weight: ArrayLike | None, n_outputs: int | None
    ) -> NDArray[np.float64]:
        """Of losses of several outputs."""
        if self.n_outputs is not None:
            n_outputs = self.n_outputs
        elif n_outputs is None:
            n_outputs = y.shape[1] if y.ndim == 2 else max(int(np.nanmax(y)) + 1, 2)
        scores = np.broadcast_to(0.0, (len(y), n_outputs))
        y, _, weight = checked(self.terms, y, scores, sample_weight)
        return _intercept.scores(self.terms, y, weight, n_outputs)
