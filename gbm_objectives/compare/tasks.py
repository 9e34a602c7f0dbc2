"""The tasks: what is predicted, by which candidates, with which metrics and figures. A new task is one entry here.

Names are text: those of ours and of metrics are parsed as on the command line, where ``{tau}`` is the level, or all of
them in brackets; of several, ``{low}`` and ``{high}`` are the ends and ``{share}`` is what lies between these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.kinds import When, holds

#: What a constant is of.
Constants = Literal["median", "mean", "quantile", "shares", "distribution"]
#: A level, or several.
Levels = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A library's own objective.

    Parameters
    ----------
    name : str
        The library's.
    params : mapping of str to str
        What it needs: the parameter's name, and the name of the data's attribute.
    least : float, default -inf
        Labels below it are not for this objective.
    above : bool, default False
        Whether labels equal to ``least`` are not for it either.
    when : When
        The labels for which it takes part.
    family : str, default ""
        Of the task "distribution": the family that its predictions are the means of.
    """

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    least: float = -np.inf
    above: bool = False
    when: When = "always"
    family: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Parameters
    ----------
    name : str
        On the command line.
    metrics : str
        The first one decides.
    constants : tuple of Constants
        What a model has to beat.
    built_in : mapping of str to tuple of BuiltIn
        For each library its own objectives.
    ours : tuple of (str, When)
        Ours, and for which labels.
    figures : tuple of str
        Names of displays, beside those of every task.
    of_classes : bool, default False
        Whether labels are classes.
    least : float, default -inf
        Smaller labels are an error.
    contaminations : tuple of float
        The probabilities with which a training label is moved, or flipped to another class.
    one_sided : bool, default False
        Whether labels can be moved up only.
    transformed : bool, default False
        Whether least squares of a transformed target takes part.
    ordered : bool, default False
        Whether the classes have an order, which their codes follow.
    early_stopping : int, default 0
        The rounds without improvement after which training stops, where the user does not say; 0 for never.
    """

    name: str
    metrics: str
    constants: tuple[Constants, ...]
    built_in: Mapping[str, tuple[BuiltIn, ...]]
    ours: tuple[tuple[str, When], ...]
    figures: tuple[str, ...]
    of_classes: bool = False
    least: float = -np.inf
    contaminations: tuple[float, ...] = (0.0, 0.1, 0.4)
    one_sided: bool = False
    transformed: bool = False
    ordered: bool = False
    early_stopping: int = 0

    def candidates_of_ours(self, y: Array, tau: Levels | None) -> str:
        """Ours for these labels, as text."""
        return filled(", ".join(text for text, when in self.ours if holds(when, y)), tau)


def filled(text: str, tau: Levels | None) -> str:
    """The text with the levels in their places."""
    if isinstance(tau, tuple):
        share = float(f"{tau[-1] - tau[0]:.6g}")
        return text.format(tau=list(tau), share=share, low=tau[0], high=tau[-1])
    return text.format(tau=0.5 if tau is None else tau)


def _all(*names: str) -> tuple[BuiltIn, ...]:
    return tuple(map(BuiltIn, names))


def _log(name: str, when: When = "always") -> BuiltIn:
    """One with the log link, for labels from 0."""
    return BuiltIn(name, least=0.0, above="gamma" in name, when=when)


_REGRESSION = Task(
    "regression",
    metrics="mae, rmse, median_absolute_error",
    constants=("median", "mean"),
    built_in={
        "xgboost": (
            *_all("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"),
            _log("count:poisson", "counts"), _log("reg:gamma", "amounts"),
        ),
        "lightgbm": (
            *_all("regression", "regression_l1", "huber", "fair"),
            _log("poisson", "counts"), _log("gamma", "amounts"),
        ),
    },
    ours=(
        ("huber(), log_cosh(), absolute_error(), cauchy(), adaptive_robust(), squared_error()", "always"),
        ("poisson()", "counts"), ("gamma()", "amounts"),
    ),
    figures=("residuals",),
    transformed=True,
)  # fmt: skip

_QUANTILE = Task(
    "quantile",
    metrics="pinball({tau})",
    constants=("quantile",),
    built_in={
        "xgboost": (BuiltIn("reg:quantileerror", {"quantile_alpha": "tau"}),),
        "lightgbm": (BuiltIn("quantile", {"alpha": "tau"}),),
    },
    ours=(("quantile({tau}), quantile({tau}, smooth=False)", "always"),),
    figures=("residuals", "coverage"),
)

#: Several quantiles, such as the two ends of an interval.
_QUANTILES = Task(
    "quantiles",
    metrics="pinball({tau}), interval_score({low}, {high}), interval_width, coverage, coverage_error({share})",
    constants=("quantile",),
    built_in={
        "xgboost": (BuiltIn("reg:quantileerror", {"quantile_alpha": "tau"}),),
        "lightgbm": (BuiltIn("quantile", {"alpha": "tau"}),),
    },
    ours=(("quantile({tau}), quantile({tau}, smooth=False)", "always"),),
    figures=("coverage",),
)

_BINARY = Task(
    "binary",
    metrics="log_loss, brier, average_precision, roc_auc",
    constants=("shares",),
    built_in={"xgboost": _all("binary:logistic"), "lightgbm": _all("binary")},
    ours=(("binary_cross_entropy(), focal(), binary_cross_entropy() + dice()", "always"),),
    figures=("reliability",),
    of_classes=True,
    contaminations=(0.0, 0.1, 0.2),
)

_MULTICLASS = Task(
    "multiclass",
    metrics="negative_log_likelihood, accuracy, balanced_accuracy",
    constants=("shares",),
    built_in={
        "xgboost": _all("multi:softprob"),
        "lightgbm": _all("multiclass", "multiclassova"),
    },
    ours=(("softmax_cross_entropy(), softmax_focal()", "always"),),
    figures=("reliability",),
    of_classes=True,
    contaminations=(0.0, 0.1, 0.2),
)

#: Classes with an order, such as grades or stages: how far a wrong level is counts.
_ORDINAL = Task(
    "ordinal",
    metrics="ranked_probability_score, quadratic_weighted_kappa, level_error",
    constants=("shares",),
    built_in={"xgboost": _all("multi:softprob"), "lightgbm": _all("multiclass")},
    ours=(("ordinal(), ordinal(link='probit'), ordinal(link='cloglog')", "always"),),
    figures=("reliability",),
    of_classes=True,
    contaminations=(0.0, 0.1, 0.2),
    ordered=True,
)

#: Numbers of events: the mean is predicted, which the Poisson deviance is lowest for.
_COUNTS = Task(
    "counts",
    metrics="poisson_deviance, mae, rmse",
    constants=("mean",),
    built_in={
        "xgboost": (_log("count:poisson"), _log("reg:tweedie")),
        "lightgbm": (_log("poisson"), _log("tweedie")),
    },
    ours=(("poisson(), tweedie()", "always"), ("gamma()", "positive")),
    figures=("residuals",),
    least=0.0,
    one_sided=True,
)

#: Sums of money, times, rain: from 0, with far large ones. The mean is predicted.
_AMOUNTS = Task(
    "amounts",
    metrics="tweedie_deviance(1.5), mae, rmse",
    constants=("mean",),
    built_in={
        "xgboost": (_log("reg:tweedie"), _log("count:poisson"), _log("reg:gamma", "positive")),
        "lightgbm": (_log("tweedie"), _log("poisson"), _log("gamma", "positive")),
    },
    ours=(("tweedie(), poisson()", "always"), ("gamma()", "positive")),
    figures=("residuals",),
    least=0.0,
    one_sided=True,
)


def _families(*names: str) -> str:
    return ", ".join(f"distribution('{name}')" for name in names)


#: The whole distribution of each row. A library's own objective gives the mean of one whose spread is the same in all
#: rows. Early stopping, since spreads get too narrow long before means get worse.
_DISTRIBUTION = Task(
    "distribution",
    metrics="log_score, crps, pit_error, coverage, interval_width",
    constants=("distribution",),
    built_in={
        "xgboost": (
            BuiltIn("reg:squarederror", when="density", family="normal"),
            BuiltIn("count:poisson", when="events", family="poisson"),
            BuiltIn("binary:logistic", when="zero or one", family="bernoulli"),
        ),
        "lightgbm": (
            BuiltIn("regression", when="density", family="normal"),
            BuiltIn("poisson", when="events", family="poisson"),
            BuiltIn("binary", when="zero or one", family="bernoulli"),
        ),
    },
    ours=(
        (_families("normal", "student_t", "laplace", "logistic"), "density"),
        (_families("gamma", "lognormal", "weibull"), "positive density"),
        (_families("beta"), "share"),
        (_families("poisson", "negative_binomial", "zero_inflated_poisson"), "events"),
        (_families("zero_inflated_negative_binomial"), "events"),
        (_families("bernoulli"), "zero or one"),
    ),
    figures=("pit", "quantiles", "coverage", "sharpness"),
    contaminations=(0.0,),
    early_stopping=20,
)

#: Every task by its name.
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _REGRESSION,
        _QUANTILE,
        _QUANTILES,
        _BINARY,
        _MULTICLASS,
        _ORDINAL,
        _COUNTS,
        _AMOUNTS,
        _DISTRIBUTION,
    )
}
