"""Which Hessian the trees are given: policies, each an object.

A leaf's value is -G/(H + lambda). Where the exact second derivative vanishes or is negative, leaves
explode or no split is found, so the Hessian is a choice. The safe rule is

    h = max(kappa h_majorizer, h_exact, |g| / (trust scale))

A leaf whose H is the sum of majorizers cannot raise its loss at any learning rate up to 1 (half the sum
is enough); one whose rows all have h >= |g|/step moves by ``step`` at most.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, message, non_negative, positive
from gbm_objectives.loss import (
    HasDamping,
    HasFisher,
    HasHalley,
    HasHessian,
    HasMajorizer,
    HasNaturalGradient,
    HasReach,
    HasSize,
    Loss,
)


@dataclass(frozen=True, slots=True)
class Curvature(ABC):
    """A policy: gradient and Hessian of a block of rows.

    Parameters
    ----------
    trust : float or None, default None
        The largest step a leaf may take, in units of the loss' scale (for losses of the residual
        the larger of delta and, where delta is automatic, (mean sqrt|r|)^2; 1 on a logit or log scale);
        None for no bound.
    """

    trust: float | None = None

    requires: ClassVar[type[Loss]]
    lacking: ClassVar[str]
    #: The gradient that it gives is another than the derivative of the loss.
    preconditions: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.trust is not None:
            object.__setattr__(self, "trust", positive("trust", self.trust))

    @property
    def unpreconditioned(self) -> Curvature:
        """A policy whose gradient is the derivative of the loss: this one, if it is such a policy."""
        return Unit() if self.preconditions else self

    def fits(self, loss: Loss) -> bool:
        """Whether the loss has what this policy needs."""
        return isinstance(loss, self.requires)

    def check(self, loss: Loss) -> None:
        """Raise TypeError where it has not, and name the policies that fit."""
        if not self.fits(loss):
            fitting = " or ".join(f'"{name}"' for name, cls in POLICIES.items() if cls().fits(loss))
            raise TypeError(
                message(
                    "curvature", f"{self!r} for {loss.name}", f"a loss with {self.lacking}",
                    f"For {loss.name} use {fitting}.",
                )
            )  # fmt: skip

    @abstractmethod
    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Gradient and Hessian before the trust region."""

    def evaluate(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Gradient and Hessian; the Hessian may still be 0 where the policy says so."""
        gradient, hessian = self._both(loss, y_true, raw_prediction)
        if self.trust is not None:
            bound = np.abs(gradient)
            bound *= 1.0 / (self.trust * loss.scale)
            hessian = np.maximum(hessian, bound, out=bound)
        return gradient, hessian


@dataclass(frozen=True, slots=True)
class Majorizer(Curvature):
    """The curvature of a touching parabola that lies above the loss, times kappa.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.
    kappa : float, default 1.0
        The factor, > 0.

    Examples
    --------
    >>> _, hessian = huber(1.0, curvature=Majorizer())([0.0, 0.0], [0.5, 3.0])
    >>> hessian.round(3)
    array([1.   , 0.333], dtype=float32)
    """

    kappa: float = 1.0

    requires = HasMajorizer
    lacking = "a known quadratic majorizer"

    def __post_init__(self) -> None:
        Curvature.__post_init__(self)
        object.__setattr__(self, "kappa", positive("kappa", self.kappa))

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient, hessian = cast(HasMajorizer, loss).gradient_majorizer(y_true, raw_prediction)
        if self.kappa != 1.0:
            hessian = hessian * self.kappa
        return gradient, hessian


@dataclass(frozen=True, slots=True)
class Exact(Curvature):
    """The second derivative where it is positive, and at least kappa times the majorizer if kappa > 0.

    On its own it is unsafe for every loss whose second derivative vanishes.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.
    kappa : float, default 0.0
        The share of the majorizer that the Hessian has at least, >= 0.

    Examples
    --------
    >>> _, hessian = huber(1.0, curvature=Exact(kappa=0.1))([0.0, 0.0], [0.5, 3.0])
    >>> hessian.round(3)
    array([1.   , 0.033], dtype=float32)
    """

    kappa: float = 0.0

    requires = HasHessian
    lacking = "a second derivative that is not 0 almost everywhere (trust or kappa > 0 would do)"

    def __post_init__(self) -> None:
        Curvature.__post_init__(self)
        object.__setattr__(self, "kappa", non_negative("kappa", self.kappa))

    def fits(self, loss: Loss) -> bool:
        """Whether there is a second derivative, and something beside it where it is 0.

        Parameters
        ----------
        loss : Loss
            The loss that an objective is to have.

        Returns
        -------
        bool
            Where it is False, `Objective.of` refuses the two.
        """
        safeguarded = self.trust is not None or self.kappa > 0
        majorized = self.kappa == 0 or isinstance(loss, HasMajorizer)
        return isinstance(loss, HasHessian) and majorized and (safeguarded or not loss.flat)

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient, hessian = cast(HasHessian, loss).gradient_hessian(y_true, raw_prediction)
        if self.kappa:
            bound = cast(HasMajorizer, loss).majorizer(y_true, raw_prediction)
            hessian = np.maximum(hessian, self.kappa * bound)
        return gradient, hessian


@dataclass(frozen=True, slots=True)
class Fisher(Curvature):
    """The expected second derivative under the model's own distribution.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.

    Examples
    --------
    >>> _, hessian = poisson(curvature=Fisher())([0.0, 3.0], [0.0, 1.0])
    >>> hessian.round(3)
    array([1.   , 2.718], dtype=float32)
    """

    requires = HasFisher
    lacking = "a Fisher information"

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient = loss.gradient(y_true, raw_prediction)
        return gradient, cast(HasFisher, loss).fisher(y_true, raw_prediction)


@dataclass(frozen=True, slots=True)
class Natural(Curvature):
    """The natural gradient: the inverse Fisher matrix times the gradient, with a Hessian from 1 on.

    So each row counts alike, as for squared error, however narrow its distribution is. With the plain gradient and
    the Fisher information, rows of narrow distributions outweigh all others, and a target in large units has Hessians
    that no min_child_weight is made for.

    Parameters
    ----------
    trust : float or None, default 1.0
        The longest step of a row, in standard errors of a parameter as one row tells it; a row that asks for a longer
        one has a larger Hessian. None for no bound.
    damping : float, default 2.0
        The Hessian of each parameter but the first. Training rows are nearer to their location than new rows are, so
        a spread that is learned at full speed soon is too narrow. Chosen by measurement: ``benchmarks/distributions.py``.
    """

    trust: float | None = 1.0
    damping: float = 2.0

    requires = HasNaturalGradient
    lacking = "a Fisher matrix"
    preconditions = True

    def __post_init__(self) -> None:
        Curvature.__post_init__(self)
        object.__setattr__(self, "damping", positive("damping", self.damping))

    @override
    def evaluate(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The natural gradient in place of the gradient, and its Hessian.

        Parameters
        ----------
        loss : Loss
            The likelihood, with its Fisher matrix.
        y_true : ndarray of shape (n_samples,)
            Labels.
        raw_prediction : ndarray of shape (n_samples, n_parameters)
            Raw parameters.

        Returns
        -------
        step : ndarray of shape (n_samples, n_parameters)
            The inverse Fisher matrix times the gradient.
        hessian : ndarray of shape (n_samples, n_parameters)
            At least 1 for the first parameter, at least ``damping`` for the others.
        """
        step, length = cast(HasNaturalGradient, loss).natural_gradient(y_true, raw_prediction)
        hessian = np.ones_like(step) if self.trust is None else np.maximum(length / self.trust, 1.0)
        hessian[:, 1:] *= self.damping
        return step, hessian

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        return self.evaluate(loss, y_true, raw_prediction)


@dataclass(frozen=True, slots=True)
class Halley(Curvature):
    """The Hessian with which a leaf steps towards the minimum of its loss and never past it.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.

    Examples
    --------
    >>> _, hessian = poisson(curvature=Halley())([0.0, 3.0], [0.0, 1.0])
    >>> hessian.round(3)
    array([0.5  , 2.859], dtype=float32)
    """

    requires = HasHalley
    lacking = "a minimum over each leaf that is known"

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        return cast(HasHalley, loss).gradient_halley(y_true, raw_prediction)


@dataclass(frozen=True, slots=True)
class Absolute(Curvature):
    """|g|/step: no leaf moves by more than ``step``, in units of the loss' scale.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.
    step : float, default 1.0
        The largest step of a leaf, in units of the loss' scale, > 0.

    Examples
    --------
    >>> _, hessian = huber(1.0, curvature=Absolute(2.0))([0.0, 0.0], [0.5, 3.0])
    >>> hessian.round(3)
    array([0.5, 1. ], dtype=float32)
    """

    step: float = 1.0

    requires = Loss
    lacking = "a gradient"

    def __post_init__(self) -> None:
        Curvature.__post_init__(self)
        object.__setattr__(self, "step", positive("step", self.step))

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient = loss.gradient(y_true, raw_prediction)
        return gradient, np.abs(gradient) / (self.step * loss.scale)


@dataclass(frozen=True, slots=True)
class Safe(Curvature):
    """The second derivative, and at least |g| over the longest step that the loss allows a row.

    For losses of which nothing else is known. Where that step is the distance to the minimum of the row, |g| over it
    is the majorizer of an even loss of the residual, psi(r)/r.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no further bound.
    """

    requires = HasReach
    lacking = "a known longest step of each row (trust > 0 with another policy would do)"

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        found = cast(HasReach, loss)
        gradient, hessian = found.gradient_hessian(y_true, raw_prediction)
        bound = np.abs(gradient)
        bound /= found.reach(y_true, raw_prediction)
        return gradient, np.maximum(hessian, bound)


@dataclass(frozen=True, slots=True)
class Normalized(Safe):
    """As `Safe`, with gradient and Hessian over the mean Hessian of the round.

    The leaves are the same, but for lambda, min_child_weight and min_sum_hessian_in_leaf: these then mean what they
    mean for squared error, whatever the size of the labels is, and whatever the loss is multiplied by.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no further bound.
    """

    requires = HasSize
    lacking = "a Hessian whose mean is known"
    preconditions = True

    @property
    @override
    def unpreconditioned(self) -> Curvature:
        """`Safe`, whose gradient is the derivative of the loss."""
        return Safe(self.trust)

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient, hessian = Safe._both(self, loss, y_true, raw_prediction)
        size = cast(HasSize, loss).size or (1.0,)
        if len(size) == 1:
            return gradient * (1.0 / size[0]), hessian * (1.0 / size[0])
        divided = [
            np.column_stack(
                [column * (1.0 / mean) for column, mean in zip(part.T, size, strict=True)]
            )
            for part in (gradient, hessian)
        ]
        return divided[0], divided[1]


@dataclass(frozen=True, slots=True)
class Unit(Curvature):
    """1 everywhere: gradient boosting without curvature.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.

    Examples
    --------
    >>> _, hessian = huber(1.0, curvature=Unit())([0.0, 0.0], [0.5, 3.0])
    >>> hessian.round(3)
    array([1., 1.], dtype=float32)
    """

    requires = Loss
    lacking = "a gradient"

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient = loss.gradient(y_true, raw_prediction)
        return gradient, np.ones_like(gradient)


@dataclass(frozen=True, slots=True)
class Damped(Curvature):
    """The second derivative times the factor that bounds the curvature of a step, or that is right on average."""

    requires = HasDamping
    lacking = "a known factor between its second derivative and the curvature that a step meets"

    def _both(self, loss: Loss, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        damped = cast(HasDamping, loss)
        gradient, hessian = damped.gradient_undamped(y_true, raw_prediction)
        hessian *= self._factor(damped, hessian.shape[1] if hessian.ndim == 2 else 1)
        return gradient, hessian

    def _factor(self, loss: HasDamping, n_outputs: int) -> float:
        return loss.bounding_factor(n_outputs)


@dataclass(frozen=True, slots=True)
class XGBoost(Damped):
    """The Hessian of XGBoost's own objective for this loss: the same trees, where nothing else differs.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.
    """

    lacking = "an objective in XGBoost whose Hessian is another than its second derivative"


@dataclass(frozen=True, slots=True)
class LightGBM(Damped):
    """The Hessian of LightGBM's own objective for this loss.

    Parameters
    ----------
    trust : float or None, default None
        The largest step of a leaf, in units of the loss' scale, > 0. None: no bound.
    """

    lacking = "an objective in LightGBM whose Hessian is another than its second derivative"

    @override
    def _factor(self, loss: HasDamping, n_outputs: int) -> float:
        return loss.average_factor(n_outputs)


POLICIES: dict[str, type[Curvature]] = {
    "majorizer": Majorizer,
    "exact": Exact,
    "fisher": Fisher,
    "natural": Natural,
    "halley": Halley,
    "absolute": Absolute,
    "safe": Safe,
    "normalized": Normalized,
    "unit": Unit,
    "xgboost": XGBoost,
    "lightgbm": LightGBM,
}


def as_curvature(curvature: Curvature | str) -> Curvature:
    """The policy itself, or the one of that name with its defaults."""
    if isinstance(curvature, Curvature):
        return curvature
    if not isinstance(curvature, str) or curvature not in POLICIES:
        needed = f"one of {', '.join(POLICIES)}, or an object of gbm_objectives.curvature"
        raise ValueError(message("curvature", repr(curvature), needed))
    return POLICIES[curvature]()


def default_for(loss: Loss) -> Curvature:
    """The policy that the loss prefers; without a preference the first of `Majorizer`, `Exact`, `Unit` that fits."""
    if loss.default_curvature is not None:
        return as_curvature(loss.default_curvature)
    return next(policy for policy in (Majorizer(), Exact(), Unit()) if policy.fits(loss))
