"""The objective: losses, their curvature and bounds as one callable that both libraries take."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from gbm_objectives import _blocks
from gbm_objectives._blocks import Reduce
from gbm_objectives._loss_metric import LossMetric
from gbm_objectives._terms import Term, checked
from gbm_objectives._validation import (
    Array,
    labels_and_predictions,
    message,
    number,
    numeric_array,
    sample_weights,
)
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.links import Link
from gbm_objectives.losses._base import Loss
from gbm_objectives.losses._residual import ResidualLoss
from gbm_objectives.losses.binary import BinaryLoss


def _public_fields(loss: Loss) -> list[str]:
    """A user's parameters; what the data set (a spread, biases) stays out of the repr, and of here."""
    return [field.name for field in fields(loss) if field.repr]  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, repr=False)
class Objective:
    """A custom objective for XGBoost and LightGBM: a sum of losses with their Hessian policies.

    It is called by the libraries, as ``objective(preds, data)`` from `train` and `cv` and as
    ``objective(y_true, raw_prediction, sample_weight)`` from the scikit-learn wrappers, and returns
    ``(gradient, hessian)``, fresh float32 arrays in the shape of the predictions with weights applied.
    It has no state: the result is a function of the arguments alone. Objectives add and scale:
    ``2 * huber() + mean_bias_error(penalty=1)``.

    Parameters
    ----------
    terms : what is summed; the factories, such as `gbm_objectives.huber`, make objectives of one term.
    """

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        links = {term.loss.link for term in self.terms}
        if len(links) != 1:
            raise ValueError(
                message(
                    "objective", f"a sum of {self.name} with the links {sorted(map(repr, links))}",
                    "losses of one link",
                )
            )  # fmt: skip

    @property
    def name(self) -> str:
        """The names of the losses, joined by +."""
        return "+".join(term.loss.name for term in self.terms)

    @property
    def link(self) -> Link:
        """From raw scores to the response."""
        return self.terms[0].loss.link

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
        return LossMetric(link=self.link, terms=self.terms)

    @property
    def parameters(self) -> dict[str, Any]:
        """What `with_parameters` can change: the parameters of the loss, ``curvature`` and ``clip``.

        Of a sum, those that one term alone has; a curvature of None is the default of the loss.
        """
        return {name: getattr(owner, name) for name, (_, owner) in self._owners().items()}

    def with_parameters(self, **changes: Any) -> Objective:
        """The objective with other parameters, for a search: ``huber().with_parameters(delta=2.0)``.

        A default curvature follows the parameters, as it does in the factories.

        Raises
        ------
        ValueError
            For a name that is not in `parameters`, or a value that its factory would refuse.
        """
        owners, terms = self._owners(), list(self.terms)
        for name, value in changes.items():
            if name not in owners:
                needed = f"one of {', '.join(owners) or 'none'}"
                raise ValueError(message("parameter", f"{name!r} for {self.name}", needed))
            index, owner = owners[name]
            if name == "curvature" and value is not None:
                value = as_curvature(value)
            on_term = owner is self.terms[index]
            if not on_term:
                loss: Any = terms[index].loss  # a dataclass, which its base class is not
                name, value = "loss", replace(loss, **{name: value})
            terms[index] = replace(terms[index], **{name: value})
        return Objective(tuple(terms))

    def _owners(self) -> dict[str, tuple[int, Loss | Term]]:
        """Each parameter that one term has: the term's index, and the loss or the term it belongs to."""
        found: dict[str, list[tuple[int, Loss | Term]]] = {}
        for index, term in enumerate(self.terms):
            for name in _public_fields(term.loss):
                found.setdefault(name, []).append((index, term.loss))
            for name in ("curvature", "clip"):
                found.setdefault(name, []).append((index, term))
        return {name: owners[0] for name, owners in found.items() if len(owners) == 1}

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms)

    def __mul__(self, factor: float) -> Objective:
        needed = "a finite number > 0: a negative one would turn the Hessians negative"
        scale = number("coefficient", factor, lambda x: x > 0, needed)
        return Objective(
            tuple(replace(term, coefficient=scale * term.coefficient) for term in self.terms)
        )

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
            return self.gradient_hessian(data.get_label(), preds, data.get_weight())
        if hasattr(y_true, "get_label"):
            given = f"a {type(y_true).__name__} as the first argument"
            needed = "objective(preds, data) or objective(y_true, raw_prediction, sample_weight)"
            raise TypeError(message("y_true", given, needed, "Swap the arguments."))
        return self.gradient_hessian(y_true, raw_prediction, sample_weight)

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
        y_true, raw_prediction : (n_samples,) or (n_samples, n_outputs); outputs are separate tasks.
        sample_weight : (n_samples,), None or empty. Multiplies both results.
        reduce : for rows spread over machines: given the vector of sums over the rows at hand,
            returns the sum over all machines.

        Raises
        ------
        ValueError
            For NaN, inf, labels outside the loss' domain, wrong shapes, negative or all-zero weights.
        """
        self._check_stands_alone()
        y, raw = labels_and_predictions(y_true, raw_prediction)
        weight = sample_weights(sample_weight, len(y))
        gradient = np.empty(raw.shape, dtype=np.float32, order="F")
        hessian = np.empty(raw.shape, dtype=np.float32, order="F")
        for column in np.ndindex(raw.shape[1:]):
            one = (slice(None), *column)
            self._fill(y[one], raw[one], weight, reduce, gradient[one], hessian[one])
        return gradient, hessian

    def _fill(
        self,
        y: Array,
        raw: Array,
        weight: Array | None,
        reduce: Reduce | None,
        gradient: NDArray[np.float32],
        hessian: NDArray[np.float32],
    ) -> None:
        self._check_rows(len(y))
        terms = [term.resolved(y, raw, weight, reduce) for term in self.terms]

        def derivatives(rows: slice, y_block: Array, raw_block: Array) -> tuple[Array, Array]:
            g, h = terms[0].derivatives(rows, y_block, raw_block)
            for term in terms[1:]:
                more_g, more_h = term.derivatives(rows, y_block, raw_block)
                g, h = g + more_g, h + more_h
            return g, h

        losses = tuple(term.loss for term in terms)
        _blocks.fill(derivatives, losses, y, raw, weight, gradient, hessian)

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
        """The objective with every automatic scale fixed at what these arguments give it, (n_samples,)."""
        y, raw, weight = checked(self.terms, y_true, raw_prediction, sample_weight)
        return Objective(
            tuple(
                term.resolved(y, raw, weight, None) if isinstance(term.loss, ResidualLoss) else term
                for term in self.terms
            )
        )

    def log_odds(self, raw_prediction: ArrayLike) -> NDArray[np.float64]:
        """The log-odds of class 1 that raw predictions of a binary model stand for, in their shape.

        A loss other than cross-entropy is minimised by a raw score that is not the logit of the
        probability: focal loss with gamma > 0 or alpha pulls the scores towards 0. This is the increasing
        map back, from log_odds = log g(0) - log -g(1), g(y) the gradient at label y; its sigmoid is the
        calibrated probability where the model has learned the minimum.

        Raises
        ------
        TypeError
            For losses of another kind of label.
        """
        losses = [term.loss for term in self.terms]
        if not all(isinstance(loss, BinaryLoss) for loss in losses):
            raise TypeError(message("objective", self.name, "losses of a binary label"))
        raw = numeric_array("raw_prediction", raw_prediction).astype(np.float64)
        if len(losses) == 1:
            return cast(BinaryLoss, losses[0]).log_odds(raw)
        z = np.clip(raw, -30.0, 30.0)  # beyond, gradients of some losses underflow
        against, towards = (
            sum(term.coefficient * term.loss.gradient(y, z) for term in self.terms)
            for y in (np.zeros_like(z), np.ones_like(z))
        )
        return np.log(against) - np.log(-towards) + (raw - z)

    def value(
        self, y_true: ArrayLike, raw_prediction: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The weighted mean loss; where delta is automatic, at the scale of these residuals.

        Its derivative by a row's prediction is the gradient over the sum of weights, at a fixed scale.
        """
        y, raw, weight = checked(self.terms, y_true, raw_prediction, sample_weight)
        self._check_rows(len(y))
        total = 0.0
        for column in np.ndindex(raw.shape[1:]):
            one = (slice(None), *column)
            for term in self.terms:
                loss = term.resolved(y[one], raw[one], weight, None).loss
                total += term.coefficient * _blocks.mean_value(loss, y[one], raw[one], weight)
        return total

    def intercept(
        self, y_true: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float | NDArray[np.float64]:
        """The raw score of the best constant, where boosting should start; one an output.

        Give it to XGBoost as ``base_score`` (``link.inverse`` of it under a placeholder objective with
        a link), to LightGBM as ``init_score``.
        """
        y = numeric_array("y_true", y_true)
        y, _, weight = checked(self.terms, y, np.zeros(y.shape), sample_weight)
        y = y.astype(np.float64)
        if y.ndim == 2:
            return np.array([self._intercept(column, weight) for column in y.T])
        return self._intercept(y, weight)

    def _intercept(self, y: Array, weight: Array | None) -> float:
        starts = [term.loss.intercept(y, weight) for term in self.terms]
        low, high = min(starts), max(starts)
        if low == high:
            return low
        # The minimum of a sum of convex functions lies between their minima; of others, a local one.
        anchored = Objective(
            tuple(replace(term, loss=term.loss.anchored(y, weight)) for term in self.terms)
        )

        def slope(constant: float) -> float:
            gradient, _ = anchored.gradient_hessian(y, np.full_like(y, constant), weight)
            return float(gradient.sum(dtype=np.float64))

        if slope(low) < 0 < slope(high):
            return float(brentq(slope, low, high, xtol=1e-9 * (high - low)))
        if all(term.loss.convex for term in self.terms):  # float32 can't tell them apart
            return 0.5 * (low + high)
        return min((low, high), key=lambda c: anchored.value(y, np.full_like(y, c), weight))
