"""The self-test on the objectives of other packages: it should find what is known to be wrong with them.

    python benchmarks/peers.py            # the packages that are installed; others are skipped
    python benchmarks/peers.py --full     # with the whole diagnosis of each objective

The packages pin old libraries: install them into an environment of their own. The values that their
gradients are compared with are written here, from the papers or the packages' own formulas.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from _common import Report as Tables
from _common import arguments
from numpy.typing import NDArray

from gbm_objectives.testing import Report, check_objective

Array = NDArray[Any]


def log_cosh(y: Array, raw: Array) -> Array:
    a = np.abs(raw - y)
    return a + np.log1p(np.exp(-2 * a)) - np.log(2)


def huber(y: Array, raw: Array) -> Array:
    a = np.abs(raw - y)
    return np.where(a <= 1, a**2 / 2, a - 0.5)


def fair(y: Array, raw: Array) -> Array:
    a = np.abs(raw - y)
    return (a - np.log1p(a)) / 2


def msle(y: Array, raw: Array) -> Array:
    return (np.log1p(y) - np.log1p(raw)) ** 2


def smape(y: Array, raw: Array) -> Array:
    return np.abs(y - raw) / ((np.abs(y) + np.abs(raw)) / 2)


def tweedie(y: Array, raw: Array) -> Array:
    """As the docstring of boost-loss has it, at p = 1.5; the usual one has both exponents swapped."""
    return -y * raw**0.5 / 0.5 + raw**-0.5 / -0.5


def focal(y: Array, raw: Array, gamma: float = 2.0, alpha: tuple[float, float] = (1, 1)) -> Array:
    m = np.where(y > 0.5, raw, -raw)
    weight = np.where(y > 0.5, alpha[1], alpha[0]) * np.exp(-gamma * np.logaddexp(0, m))
    return weight * np.logaddexp(0, -m)


def log_softmax(y: Array, raw: Array) -> Array:
    z = raw - raw.max(axis=1, keepdims=True)
    own = np.take_along_axis(z, y.astype(int)[:, None], axis=1)[:, 0]
    return own - np.log(np.exp(z).sum(axis=1))


def multiclass_focal(y: Array, raw: Array) -> Array:
    log_p = log_softmax(y, raw)
    return -((1 - np.exp(log_p)) ** 2) * log_p


def class_balanced(y: Array, raw: Array, beta: float = 0.99) -> Array:
    """Cui et al. (2019): cross-entropy over the effective number of rows of the class."""
    count = np.bincount(y.astype(int))[y.astype(int)]
    return -(1 - beta) / (1 - beta**count) * log_softmax(y, raw)


RNG = np.random.default_rng(0)
POSITIVE: dict[str, Any] = {"y_true": RNG.gamma(2, 1, 300) + 0.1}
POSITIVE["raw_prediction"] = POSITIVE["y_true"] * np.exp(0.5 * RNG.standard_normal(300))


@dataclass(frozen=True)
class Case:
    """An objective of a package.

    ``known`` has the defects that were found in it by hand, each with the checks that may tell of it, and
    with what the finding must then mention; without a check it is out of the self-test's sight.
    """

    package: str
    objective: str
    make: Callable[[], Callable[..., Any]]
    options: Mapping[str, Any]
    known: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)


def attribute(path: str) -> Any:
    module, name = path.rsplit(".", 1)
    return getattr(import_module(module), name)


def _treeboost() -> Callable[..., Any]:
    def absolute_error(preds: Any, targets: Any) -> Any:  # the example of its read-me
        return attribute("torch.abs")(preds - targets).sum()

    callback: Callable[..., Any] = attribute("treeboost_autograd.XgboostObjective")(absolute_error)
    return callback


def _jaxboost(path: str) -> Callable[[], Callable[..., Any]]:
    return lambda: attribute(f"jaxboost.objective.{path}").xgb_objective


def _boost_loss(name: str) -> Callable[[], Callable[..., Any]]:
    return lambda: attribute(f"boost_loss.regression.regression.{name}")()


BINARY: dict[str, Any] = {"task": "binary"}
EXACT: dict[str, Any] = {"hessian": "exact"}
REFUSED = {"ignores weights": ("weights", "")}

CASES = [
    Case(
        "jaxboost", "log_cosh", _jaxboost("regression.log_cosh"), {"value": log_cosh, **EXACT},
        {"gradient NaN at |r| = 100": ("finite", "nan"), "exact Hessian, no split at size 1000": ("vanishing", "")},
    ),
    Case(
        "jaxboost", "huber", _jaxboost("regression.huber"), {"value": huber, **EXACT},
        {"Hessian 0 beyond delta": ("vanishing", ""), "nothing splits": ("xgboost", "no tree splits")},
    ),
    Case(
        "jaxboost", "focal_loss", _jaxboost("binary.focal_loss"),
        {**BINARY, **EXACT, "value": partial(focal, alpha=(0.75, 0.25))},
        {"clipped: gradient 0 at |z| = 30": ("saturation", "exactly 0")},
    ),
    Case(
        "jaxboost", "binary_crossentropy", _jaxboost("binary.binary_crossentropy"),
        {**BINARY, **EXACT, "value": partial(focal, gamma=0)},
        {"clipped: gradient 0 at |z| = 30": ("saturation", "exactly 0")},
    ),
    Case(
        "boost-loss", "FairLoss", _boost_loss("FairLoss"), {"value": fair, **EXACT},
        {"derivatives wrong": ("gradient", "not the derivative")},
    ),
    Case(
        "boost-loss", "MSLELoss", _boost_loss("MSLELoss"), {"value": msle, **EXACT, **POSITIVE},
        {"derivatives wrong": ("hessian", "not the derivative")},
    ),
    Case(
        "boost-loss", "SMAPELoss", _boost_loss("SMAPELoss"), {"value": smape, **EXACT, **POSITIVE},
        {"derivatives wrong": ("gradient", "not the derivative")},
    ),
    Case(
        "boost-loss", "TweedieLoss", _boost_loss("TweedieLoss"), {"value": tweedie, **EXACT, **POSITIVE},
        {"derivatives wrong": ("gradient", "not the derivative")},
    ),
    Case("boost-loss", "LogCoshLoss", _boost_loss("LogCoshLoss"), {"value": log_cosh, **EXACT}),
    Case("boost-loss", "HuberLoss", _boost_loss("HuberLoss"), {"value": huber}),
    Case(
        "bokbokbok", "WeightedFocalLoss",
        lambda: attribute("bokbokbok.loss_functions.classification.WeightedFocalLoss")(gamma=2.0),
        {**BINARY, **EXACT, "value": focal},
        {
            "Hessian wrong": ("hessian", "not the derivative"),
            "Hessian 0 for every positive": ("vanishing", "vanish"),
            **REFUSED,
        },
    ),
    Case(
        "bokbokbok", "LogCoshLoss",
        lambda: attribute("bokbokbok.loss_functions.regression.LogCoshLoss")(),
        {"value": log_cosh, **EXACT},
        {"exact Hessian, no split at size 1000": ("vanishing", ""), **REFUSED, "metric inf at |r| = 800": None},
    ),
    Case(
        "gbdtCBL", "FLLoss", lambda: attribute("gbdtCBL.binary.FLLoss")(2.0),
        {**BINARY, **EXACT, "value": focal},
        {"negative Hessians passed through": ("sign", "negative"), **REFUSED},
    ),
    Case(
        "gbdtCBL", "XGBCBEMulti", lambda: attribute("gbdtCBL.xgbmulti.XGBCBEMulti")(0.99),
        {"task": "multiclass", "value": class_balanced},
        {"sums label indices, not counts": ("gradient", "derivative of the value")},
    ),
    Case(
        "gbdtCBL", "LGBCBEMulti", lambda: attribute("gbdtCBL.lgbmulti.LGBCBEMulti")(0.99),
        {"task": "multiclass", "value": class_balanced},
        {"sums label indices, not counts": ("gradient", "derivative of the value")},
    ),
    Case(
        "Imbalance-XGBoost", "Focal_Binary_Loss",
        lambda: attribute("imxgboost.focal_loss.Focal_Binary_Loss")(2.0).focal_binary_object,
        {**BINARY, **EXACT, "value": focal},
        {"Hessian NaN at y = 0, z >= 40": ("finite", "the Hessian"), "holds out a random 25%": None},
    ),
    Case(
        "imlightgbm", "multiclass focal",
        lambda: partial(attribute("imlightgbm.objective.multiclass_focal_lgb_objective"), gamma=2.0, num_class=3),
        {"task": "multiclass", "value": multiclass_focal},
        {"gradient off by up to .29": ("gradient", "not the derivative")},
    ),
    Case(
        "treeboost_autograd", "absolute error", _treeboost, {"value": lambda y, raw: np.abs(raw - y)},
        {"Hessian 0 in its own example": ("vanishing", ""), "Hessian in O(n^2)": None},
    ),
]  # fmt: skip


def checked(case: Case) -> Report | str:
    """The diagnosis, or why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = case.make()
        except ImportError as error:
            return f"not installed ({error})"
    return check_objective(function, **case.options)


def found(report: Report, defect: tuple[str, str] | None) -> str:
    """Whether the self-test tells of a known defect."""
    if defect is None:
        return "not its business"
    check, words = defect
    seen = [one for one in report.checks if one.name in (check, "call")]
    hit = any(one.status in ("failure", "warning") and words in one.finding for one in seen)
    return f"yes: {check}" if hit else "NO"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--full", action="store_true", help="print the diagnosis of each objective")
    options = parser.parse_args()
    tables = Tables(csv=options.csv)
    known, all_findings = [], []
    for case in CASES:
        row = {"package": case.package, "objective": case.objective}
        report = checked(case)
        if isinstance(report, str):
            known += [{**row, "known defect": "", "found": f"skipped: {report}"}]
            continue
        if options.full:
            print(f"\n{'=' * 100}\n{case.package}\n{report}")
        known += [
            {**row, "known defect": what, "found": found(report, defect)}
            for what, defect in case.known.items()
        ]
        failed = ", ".join(check.name for check in report.failures)
        warned = ", ".join(check.name for check in report.warnings)
        all_findings += [{**row, "failures": failed, "warnings": warned}]
    tables.table("Defects known beforehand, and whether check_objective finds them", known)
    if all_findings:
        tables.table("All findings", all_findings)
    tables.save()


if __name__ == "__main__":
    main()
