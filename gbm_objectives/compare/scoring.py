"""Metrics of a comparison: those of each task, by name, and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np

from gbm_objectives import metrics
from gbm_objectives._core.validation import Array, message, open_unit
from gbm_objectives.compare import distributions
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.compare.tasks import TASKS, Levels, filled


@runtime_checkable
class Metric(Protocol):
    """What a metric has to have; those of `gbm_objectives.metrics` have it.

    Predictions are numbers (n_samples,), probabilities of class 1 (n_samples,), or of every class
    (n_samples, n_classes); labels are numbers or class codes (n_samples,).
    """

    @property
    def name(self) -> str:
        """Of the column in the tables."""

    @property
    def higher_is_better(self) -> bool:
        """The direction."""

    def evaluate(self, y_true: Array, y_pred: Array) -> float:
        """The value."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function ``f(y_true, y_pred)`` as a metric; scikit-learn's are of this form."""

    function: Callable[[Array, Array], float]
    name: str
    higher_is_better: bool = False

    def evaluate(self, y_true: Array, y_pred: Array) -> float:
        """The function's value."""
        return float(self.function(y_true, y_pred))


def _auc(y_true: Array, y_pred: Array) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y_true, y_pred))


def _average_precision(y_true: Array, y_pred: Array) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(y_true, y_pred))


def _balanced_accuracy(y_true: Array, y_pred: Array) -> float:
    from sklearn.metrics import recall_score

    likeliest = y_pred.argmax(axis=1) if y_pred.ndim == 2 else y_pred > 0.5
    present = np.unique(y_true)  # a fold may lack a class
    return float(recall_score(y_true, likeliest, labels=present, average="macro"))


def roc_auc() -> Metric:
    """The area under the ROC curve: how well class 1 is ranked above class 0."""
    return Function(_auc, "roc_auc", True)


def average_precision() -> Metric:
    """The mean precision over the recalls; its value at random is the share of class 1."""
    return Function(_average_precision, "average_precision", True)


def balanced_accuracy() -> Metric:
    """The mean over the classes of the share of right answers."""
    return Function(_balanced_accuracy, "balanced_accuracy", True)


def interval_score(lower: float = 0.05, upper: float = 0.95) -> Metric:
    """The width of the interval between two levels, and what labels below and above it cost: distance / tail.

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 43, for levels of any tails.
    """
    below, above = open_unit("lower", lower), 1 - open_unit("upper", upper)

    def score(y_true: Array, y_pred: Array) -> float:
        low, high = y_pred[:, 0], y_pred[:, -1]
        missed = np.maximum(low - y_true, 0) / below + np.maximum(y_true - high, 0) / above
        return float(np.mean(high - low + missed))

    return Function(score, f"interval_score_{lower:g}_to_{upper:g}")


_FACTORIES = [name for name in metrics.__all__ if name[0].islower()]
#: Every metric by its name.
METRICS: dict[str, Callable[..., Any]] = {
    **{name: getattr(metrics, name) for name in _FACTORIES},
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "balanced_accuracy": balanced_accuracy,
    "interval_score": interval_score,
}


@dataclass(frozen=True, slots=True)
class OfFamily:
    """A metric of this package that is made for one family, for distributions of any."""

    name: str
    higher_is_better = False

    def evaluate(self, y_true: Array, y_pred: Array) -> float:
        """The value."""
        family, parameters = distributions.unpacked(y_pred)
        return float(METRICS[self.name](family).evaluate(y_true, parameters))


@dataclass(frozen=True, slots=True)
class OfInterval:
    """A metric of intervals, for the central intervals of distributions."""

    name: str
    level: float = distributions.LEVEL

    @property
    def higher_is_better(self) -> bool:
        """The direction."""
        return bool(self._metric.higher_is_better)

    @property
    def _metric(self) -> Any:
        needs_level = self.name == "coverage_error"
        return METRICS[self.name](*((self.level,) if needs_level else ()))

    def evaluate(self, y_true: Array, y_pred: Array) -> float:
        """The value."""
        return float(self._metric.evaluate(y_true, distributions.ends(y_pred, self.level)))


@dataclass(frozen=True, slots=True)
class OfMean:
    """A metric of points, for the means of distributions."""

    metric: Metric

    @property
    def name(self) -> str:
        """That of the metric."""
        return self.metric.name

    @property
    def higher_is_better(self) -> bool:
        """The direction."""
        return self.metric.higher_is_better

    def evaluate(self, y_true: Array, y_pred: Array) -> float:
        """The value."""
        return self.metric.evaluate(y_true, distributions.mean(y_pred))


#: In the task "distribution" these names are of any family; intervals are by default those of 80%.
OF_DISTRIBUTIONS: dict[str, Callable[..., Any]] = {
    **{name: partial(OfFamily, name) for name in ("log_score", "crps", "pit_error")},
    **{
        name: partial(OfInterval, name) for name in ("coverage", "coverage_error", "interval_width")
    },
}


def chosen(given: Any, task: str, tau: Levels | None) -> list[Metric]:
    """The metrics that are asked for: as text, as objects, as functions, or those of the task for None."""
    if given is None:
        given = filled(TASKS[task].metrics, tau)
    of_distributions = task == "distribution"
    known = {**METRICS, **OF_DISTRIBUTIONS} if of_distributions else METRICS
    items = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    found = [metric for item in items for metric in _one(item, known)]
    if of_distributions:
        found = [one if isinstance(one, (OfFamily, OfInterval)) else OfMean(one) for one in found]
    names = [metric.name for metric in found]
    if not found or len(set(names)) < len(names):
        raise ValueError(
            message("metrics", ", ".join(names) or "none", "one or more, all different")
        )
    return found


def _one(item: Any, known: Mapping[str, Callable[..., Any]]) -> list[Metric]:
    if isinstance(item, str):
        return [metric for _, metric in parse_calls("metrics", item, known)]
    if isinstance(item, Metric):
        return [item]
    if callable(item):
        higher = bool(getattr(item, "higher_is_better", False))
        return [Function(item, getattr(item, "__name__", type(item).__name__), higher)]
    needed = (
        "a name, a function f(y_true, y_pred), or an object with name, higher_is_better, evaluate"
    )
    raise TypeError(message("metrics", f"{item!r}", needed))
