"""What a loss is: elementwise mathematics without weights, libraries or clipping.

A loss of your own derives from one of these, which lie in `gbm_objectives.losses`, and gives the formulas:

- `RobustLoss`: an even loss of the residual, by ``rho``, ``psi`` and ``psi_deriv``;
- `ResidualLoss`: any loss of the residual over a scale;
- `MultiOutputLoss`: one value for each row from several outputs, such as a likelihood of two parameters;
- `Loss` itself, with `HasHessian`, `HasMajorizer` or neither, for all others.

The traits (``link``, ``labels``, ``shift_invariant`` ...) tell the rest of the package what a loss is; the contract
tests hold each loss to what it declares. Arrays are blocks of rows: ``y_true`` and ``raw_prediction`` of shape (n,),
float32 or float64, and every method returns an array of their shape and dtype. Of several outputs
``raw_prediction`` is (n, n_outputs): see `MultiOutputLoss`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.validation import Array, message, numeric_array, reject_non_finite
from gbm_objectives.links import IDENTITY, Link

Labels = Literal["number", "binary", "class", "level", "distribution"]


class Loss(ABC):
    """A loss; a frozen dataclass whose fields are its parameters.

    A loss may need something global, such as the scale of the residuals. Then it is `pending`:
    `statistics` gives a vector of sums over rows, which add up over blocks and over machines, and
    `resolve` turns the total into a loss that is nearer to what can be evaluated, until it isn't pending.
    """

    __slots__ = ()

    #: What a label is: a real "number" or a count; "binary", 0 or 1 or a probability between them, one column; a
    #: "class" code from 0 to K - 1; the same of a "level", with one output for all levels; or a "distribution", a row
    #: of K shares.
    labels: ClassVar[Labels] = "number"
    #: Raw scores tell the probabilities of the classes (`Objective.log_odds`, `Objective.log_probabilities`).
    probabilistic: ClassVar[bool] = False
    #: Whether value(y, raw) = value(0, raw - y). The difference is then taken in the precision of the data.
    shift_invariant: ClassVar[bool] = False
    #: What `resolve` finds is a scale of the residuals, if anything; it can be kept from then on.
    scaled: ClassVar[bool] = False
    #: Trees grown by rows, with leaves set to steps of the loss, suit it better than the libraries' own leaves: what
    #: ``leaves="auto"`` does. For losses of the residual; found by measurement.
    takes_steps: ClassVar[bool] = False
    #: What `resolve` finds is a random draw, another one for other predictions.
    drawn: ClassVar[bool] = False
    #: What `resolve` finds are parameters that a trained model answers by: they are kept with it.
    learns: ClassVar[bool] = False
    #: One value a row from all outputs; else each output is a task of its own, with its own labels.
    vector: ClassVar[bool] = False
    #: What it uses of a row beside the label: see `HasColumns`.
    columns: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """A name for metrics and tables, without spaces and colons."""

    @property
    def link(self) -> Link:
        """From the raw prediction to the response."""
        return IDENTITY

    @abstractmethod
    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The loss of each row."""

    @abstractmethod
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """Its derivative by the raw prediction."""

    @abstractmethod
    def intercept(self, y_true: Array, sample_weight: Array | None) -> Any:
        """The raw score of the best constant for the whole of ``y_true``, in float64; one for each output.

        Of class codes there are as many outputs as codes up to the largest: a class without rows is given as a
        label without weight.
        """

    @property
    def convex(self) -> bool:
        """Whether the value is convex in the raw prediction."""
        return True

    @property
    def default_curvature(self) -> Any:
        """The Hessian policy that suits the loss, of `gbm_objectives.curvature`; None: the first that fits.

        That is the majorizer where there is one, else the exact Hessian where it is not flat, else 1.
        """
        return None

    @property
    def scale(self) -> float:
        """The unit, on the raw scale, in which a trust region measures its step."""
        return 1.0

    @property
    def limit(self) -> float:
        """The largest |raw_prediction| (|r| if shift invariant) that the formulas are given."""
        return float(np.finfo(np.float32).max)

    @property
    def criterion(self) -> Loss:
        """The loss that this one stands for: `intercept` minimises it and the metric reports it."""
        return self

    @property
    def unit(self) -> float:
        """The size of the values; the metric divides by it to be of order 1."""
        return 1.0

    @property
    def flat(self) -> bool:
        """Whether the exact second derivative is 0 almost everywhere."""
        return False

    @property
    def stands_alone(self) -> bool:
        """Whether the loss can be trained on its own; a mere penalty can't."""
        return True

    @property
    def has_best_constant(self) -> bool:
        """Whether a finite constant minimises the loss; if not, `intercept` is a good start."""
        return True

    @property
    def n_outputs(self) -> int | None:
        """How many outputs a row has, where the loss fixes it; None: as many as classes or columns of labels."""
        return None

    @property
    def n_rows(self) -> int | None:
        """How many training rows the loss carries data of, having no value on others; None: of none."""
        return None

    @property
    def pending(self) -> bool:
        """Whether `statistics` must be gathered and resolved before the formulas can be used."""
        return False

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A vector of sums over the rows; empty where nothing global is needed."""
        return np.zeros(0)

    def resolve(self, sums: Array) -> Loss:
        """The loss with what the sums over all rows tell filled in; it may need others after that."""
        return self

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Loss:
        """The loss with its scale found around the best constant: the same for every prediction."""
        return self

    @property
    def gradient_bound(self) -> float | None:
        """The supremum of |gradient| of one output, if there is one: what a gradient norm is relative to."""
        return None

    @property
    def sampled(self) -> bool:
        """Whether a part of the rows is enough for `statistics`, as it is for a scale."""
        return self.scaled

    @property
    def missing_columns(self) -> tuple[str, ...]:
        """The columns that the loss needs and has not been given; see `HasColumns`."""
        return ()

    def take(self, rows: slice | NDArray[np.intp]) -> Loss:
        """The loss of these rows alone; only losses that carry data of their rows differ."""
        return self

    def check_labels(self, y_true: Array) -> bool:
        """Whether all labels, known to be finite, lie in the domain. Fast: run on each block."""
        return True

    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        """The error for labels outside the domain, with the count and the first row."""
        return

    def _advice(self, raw_prediction: Array | None, otherwise: str) -> str:
        """What to do about bad labels: swap the arguments where the predictions would be good ones."""
        swapped = (
            raw_prediction is not None
            and self.check_labels(raw_prediction)
            and raw_prediction.min() < raw_prediction.max()  # all 0: the first round's scores
        )
        swap = "The arguments look swapped: the call is objective(y_true, raw_prediction)."
        return swap if swapped else otherwise


class HasColumns(Loss):
    """A loss that uses more of a row than its label, such as its cost or its group.

    A loss of your own derives from this beside others, names the ``columns``, and has a field of each name whose
    default is None. `Objective.with_rows` fills the fields; so may the user. The formulas read the column of the rows
    at hand by ``self.column(name)``. Compiled code is not used for such losses.
    """

    __slots__ = ()

    columns: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        inherited = getattr(super(), "__post_init__", None)
        if inherited is not None:
            inherited()
        for name in self.columns:
            given = getattr(self, name)
            if given is not None and not hasattr(given, "part"):
                object.__setattr__(self, name, self._as_column(name, given))
        sizes = {name: len(held) for name, held in self._held().items()}
        if len(set(sizes.values())) > 1:
            given = ", ".join(f"{name} of {size} rows" for name, size in sizes.items())
            raise ValueError(message("columns", given, "columns of as many rows"))

    def _as_column(self, name: str, values: Any) -> Any:
        """A column as it is kept: something of a length that has a ``part(rows)``. By default finite numbers."""
        array = numeric_array(name, values)
        reject_non_finite(name, array)
        return FrozenArray(array)

    def _held(self) -> dict[str, Any]:
        pairs = ((name, getattr(self, name)) for name in self.columns)
        return {name: held for name, held in pairs if held is not None}

    @property
    def n_rows(self) -> int | None:
        """As many as the columns have."""
        return next((len(held) for held in self._held().values()), None)

    @property
    @override
    def missing_columns(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if getattr(self, name) is None)

    @property
    @override
    def sampled(self) -> bool:
        return False

    @override
    def take(self, rows: slice | NDArray[np.intp]) -> Loss:
        loss: Any = self  # a dataclass, which this base is not
        parts = {name: held.part(rows) for name, held in self._held().items()}
        taken: Loss = replace(loss, **parts) if parts else self
        return taken

    def column(self, name: str) -> Array:
        """A column of the rows at hand.

        Parameters
        ----------
        name : str
            One of ``columns``.

        Returns
        -------
        ndarray
            With a value, or a row of values, for each row.
        """
        values: Array = getattr(self, name).values
        return values


class HasHessian(Loss):
    """A loss with a useful second derivative; it may be 0 or negative."""

    __slots__ = ()

    @abstractmethod
    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """The exact second derivative by the raw prediction, row by row.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        raw_prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.

        Returns
        -------
        ndarray
            In the shape of the predictions. It may be 0 or negative.
        """

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both; a loss overrides this to share work between them.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        raw_prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.

        Returns
        -------
        gradient : ndarray
            The first derivative by the raw prediction, in its shape.
        hessian : ndarray
            The second derivative, in the same shape.
        """
        return self.gradient(y_true, raw_prediction), self.hessian(y_true, raw_prediction)


class HasMajorizer(Loss):
    """A loss with a known touching quadratic upper bound."""

    __slots__ = ()

    #: The parabola lies above the loss only on the way from a row's point to its minimum.
    majorizes_downhill: ClassVar[bool] = False

    @abstractmethod
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """The curvature h >= 0 of a parabola that touches the loss here and lies above it elsewhere.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        raw_prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.

        Returns
        -------
        ndarray
            In the shape of the predictions.
        """

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both; a loss overrides this to share work between them.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        raw_prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.

        Returns
        -------
        gradient : ndarray
            The first derivative by the raw prediction, in its shape.
        majorizer : ndarray
            The curvature of a parabola that touches the loss and lies above it, in the same shape.
        """
        return self.gradient(y_true, raw_prediction), self.majorizer(y_true, raw_prediction)


class HasFisher(Loss):
    """A loss that is a negative log-likelihood with a known Fisher information."""

    __slots__ = ()

    @abstractmethod
    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """The expectation of the second derivative under the model's own distribution of y."""


class HasNaturalGradient(HasFisher):
    """A likelihood of several parameters with a known Fisher matrix in each row."""

    __slots__ = ()

    @abstractmethod
    def natural_gradient(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The inverse Fisher matrix times the gradient, and its length in units of the standard error.

        The second, of the same shape, is |step| sqrt(information): how many standard errors, as a single row tells
        the parameter, the step is long.
        """


class HasReach(HasHessian):
    """A loss that tells how far a row may ask a leaf to move."""

    __slots__ = ()

    @abstractmethod
    def reach(self, y_true: Array, raw_prediction: Array) -> Array:
        """The longest step of each row, > 0, such as the distance to its minimum; in the shape of the predictions."""


class HasSize(HasReach):
    """A loss that has found how large its safe Hessian is on average, in each round."""

    __slots__ = ()

    #: One number an output; None before it is found.
    size: tuple[float, ...] | None


class HasHalley(Loss):
    """A loss whose best step for a leaf is known up to a Hessian for each row that never passes it."""

    __slots__ = ()

    @abstractmethod
    def gradient_halley(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The gradient, and the Hessian with which -G/H is Halley's step towards the leaf's minimum."""


class HasDamping(HasHessian):
    """A loss whose second derivative is smaller than the curvature that a step meets, by a known factor.

    The diagonal of the Hessian doesn't show that softmax couples the outputs of a row; the slope of an exponential
    grows on the way. Two factors are in use.
    """

    __slots__ = ()

    @abstractmethod
    def bounding_factor(self, n_outputs: int) -> float:
        """The Hessian times this bounds the curvature that a step meets."""

    @abstractmethod
    def average_factor(self, n_outputs: int) -> float:
        """The Hessian times this is the curvature that a step meets on average."""

    def gradient_undamped(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The gradient, and the Hessian that is to be multiplied, a fresh array."""
        return self.gradient_hessian(y_true, raw_prediction)
