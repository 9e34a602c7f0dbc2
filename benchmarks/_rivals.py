"""The same losses elsewhere: the plain NumPy formula, and the packages that offer them.

The plain formulas are what a careful user writes into a callback: float64, whole arrays, work shared
between gradient and Hessian, np.where, np.sign, np.tanh; no checks, no weights. Their Hessian policy
and their automatic scale are those of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Callback = Callable[[Array, Array], tuple[Array, Array]]

AUTO = "auto"


def _mean_sqrt(a: Array) -> float:
    return float(np.mean(np.sqrt(a))) ** 2


def _robust(
    formulas: Callable[[Array, Array, float], tuple[Array, Array]], delta: float | str
) -> Callback:
    """Gradient and Hessian of the residual r, |r| and delta; with steps of 5 scales for "auto"."""

    def callback(y: Array, raw: Array) -> tuple[Array, Array]:
        r = raw.astype(np.float64) - y.astype(np.float64)
        a = np.abs(r)
        if not isinstance(delta, str):
            return formulas(r, a, delta)
        spread = _mean_sqrt(a)
        scale = max(0.5 * 1.4826 * float(np.median(a)), 0.05 * spread)
        gradient, hessian = formulas(r, a, scale)
        return gradient, np.maximum(hessian, np.abs(gradient) / (5 * max(scale, spread)))

    return callback


def _huber(r: Array, a: Array, delta: float) -> tuple[Array, Array]:
    gradient = np.where(a <= delta, r, delta * np.sign(r))
    return gradient, delta / np.maximum(a, delta)


def _pseudo_huber(r: Array, a: Array, delta: float) -> tuple[Array, Array]:
    hessian = 1 / np.sqrt(1 + (r / delta) ** 2)
    return r * hessian, hessian


def _log_cosh(r: Array, a: Array, delta: float) -> tuple[Array, Array]:
    u = r / delta
    tanh = np.tanh(u)
    return delta * tanh, np.where(u == 0, 1.0, tanh / np.where(u == 0, 1.0, u))


def _quantile(tau: float, delta: float | str, smooth: bool) -> Callback:
    def callback(y: Array, raw: Array) -> tuple[Array, Array]:
        raw = raw.astype(np.float64)
        r = raw - y.astype(np.float64)
        d = delta
        if isinstance(d, str):
            spread, total = _mean_sqrt(np.abs(r)), 1.48 * _mean_sqrt(np.abs(raw - raw.mean()))
            held = min(spread, 1.5 * float(np.median(np.abs(r))))
            d = max(0.33 * held, 0.11 * float(np.hypot(held, total)), 0.05 * spread)
        u = r / d
        if not smooth:
            return d * (np.sign(u) + 1 - 2 * tau), 1 / np.maximum(np.abs(u), 1.0)
        tanh = np.tanh(u)
        hessian = np.where(u == 0, 1.0, tanh / np.where(u == 0, 1.0, u))
        return d * (tanh + 1 - 2 * tau), hessian

    return callback


def _focal(gamma: float) -> Callback:
    def cross_entropy(y: Array, raw: Array) -> tuple[Array, Array]:
        p = 1 / (1 + np.exp(-raw.astype(np.float64)))
        return p - y, p * (1 - p)

    def callback(y: Array, raw: Array) -> tuple[Array, Array]:
        sign = np.where(y == 1, 1.0, -1.0)
        p = 1 / (1 + np.exp(-sign * raw.astype(np.float64)))
        q = 1 - p
        focus, p_log_p = q**gamma, p * np.log(p)
        gradient = focus * (gamma * p_log_p - q)
        hessian = focus * ((1 + 2 * gamma) * p * q + gamma * (q - gamma * p) * p_log_p)
        return sign * gradient, np.maximum(hessian, np.abs(gradient) / 2)

    return cross_entropy if gamma == 0 else callback


def plain(loss: str, delta: float | str = 1.0, **parameters: Any) -> Callback:
    """The plain float64 NumPy callback of a loss."""
    if loss == "quantile":
        return _quantile(delta=delta, **parameters)
    if loss == "focal":
        return _focal(**parameters)
    formulas = {"huber": _huber, "pseudo_huber": _pseudo_huber, "log_cosh": _log_cosh}
    return _robust(formulas[loss], delta)


def _dataset(y: Array) -> Any:
    """As much of a DMatrix as the packages read."""
    return SimpleNamespace(get_label=lambda: y, get_weight=lambda: np.empty(0))


def _jaxboost(loss: str, gamma: float = 2.0, tau: float = 0.5) -> Callback:
    if loss == "softmax_focal":
        classes = import_module("jaxboost.objective.multiclass")
        several = classes.focal_multiclass(n_classes=10, gamma=gamma)
        return lambda y, raw: several.grad_hess(raw, y)
    module = import_module("jaxboost.objective." + ("binary" if loss == "focal" else "regression"))
    arguments = {"focal": {"gamma": gamma}, "quantile": {"q": tau}}.get(loss, {})
    objective = getattr(module, "focal_loss" if loss == "focal" else loss)
    callback: Callback = objective.get_sklearn_objective(**arguments)
    return callback


def _boost_loss(loss: str, tau: float = 0.5) -> Callback:
    module = import_module("boost_loss.regression")
    if loss == "quantile":
        quantile: Callback = module.QuantileLoss(tau)
        return quantile
    callback: Callback = (module.HuberLoss if loss == "huber" else module.LogCoshLoss)()
    return callback


def _bokbokbok(loss: str, gamma: float = 2.0) -> Callback:
    if loss == "focal":
        objective = import_module("bokbokbok.loss_functions.classification").WeightedFocalLoss(
            gamma=gamma
        )
    else:
        objective = import_module("bokbokbok.loss_functions.regression").LogCoshLoss()
    return lambda y, raw: objective(raw, _dataset(y))


def _gbdtcbl(loss: str, gamma: float = 2.0) -> Callback:
    if loss == "softmax_focal":
        several: Callback = import_module("gbdtCBL.xgbmulti").XGBFLMulti(gamma)
        return several
    callback: Callback = import_module("gbdtCBL.binary").FLLoss(gamma)
    return callback


def _imbalance_xgboost(loss: str, gamma: float = 2.0) -> Callback:
    objective = import_module("imxgboost.focal_loss").Focal_Binary_Loss(gamma)
    return lambda y, raw: objective.focal_binary_object(raw, _dataset(y))


#: Each package: the losses it has, and how to make one.
PEERS: dict[str, tuple[set[str], Callable[..., Callback]]] = {
    "jaxboost": (
        {"huber", "pseudo_huber", "log_cosh", "quantile", "focal", "softmax_focal"},
        _jaxboost,
    ),
    "boost-loss": ({"huber", "log_cosh", "quantile"}, _boost_loss),
    "bokbokbok": ({"log_cosh", "focal"}, _bokbokbok),
    "gbdtCBL": ({"focal", "softmax_focal"}, _gbdtcbl),
    "Imbalance-XGBoost": ({"focal"}, _imbalance_xgboost),
}


def peers(
    loss: str, delta: float | str = 1.0, smooth: bool = False, **parameters: Any
) -> tuple[dict[str, Callback], dict[str, str]]:
    """The callbacks of the packages that have the loss, and why the others are left out.

    None has an automatic scale or this smoothed quantile. Their Hessians are their own.
    """
    callbacks: dict[str, Callback] = {}
    reasons: dict[str, str] = {}
    for name, (losses, make) in PEERS.items():
        if loss not in losses or delta == AUTO or smooth:
            reasons[name] = "no such loss"
            continue
        if parameters.keys() - {"tau", "gamma"}:
            reasons[name] = "no such parameter"
            continue
        try:
            callbacks[name] = make(loss, **parameters)
        except ImportError:
            reasons[name] = "not installed"
    return callbacks, reasons
