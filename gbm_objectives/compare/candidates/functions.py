"""A user's plain function ``(gradient, hessian)`` as a candidate: called as it wants, begun at its best constant."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq

from gbm_objectives._core.validation import Array, message, reject_non_finite
from gbm_objectives.links import IDENTITY, LOGIT, SOFTMAX, Link
from gbm_objectives.testing import _calls

#: What raw scores of a function stand for; regression has the identity.
LINKS: dict[str, Link] = {"binary": LOGIT, "multiclass": SOFTMAX, "ordinal": SOFTMAX}


@dataclass(frozen=True, slots=True)
class Plain:
    """The function with the link of its task.

    Parameters
    ----------
    function : callable
        ``f(y_true, y_pred)`` or ``f(y_true, y_pred, sample_weight)``, as the scikit-learn wrappers of both
        libraries call it, or ``f(preds, data)``, as ``train`` does. Labels are numbers or class codes, predictions
        raw scores: of the target itself, or log-odds.
    link : Link
        From raw scores to predictions.
    """

    function: Callable[..., Any]
    link: Link = IDENTITY

    def begun(
        self, y: Array, n_classes: int, library: Literal["xgboost", "lightgbm"]
    ) -> tuple[Callback, Array]:
        """How the function is called, and the raw scores, one for each output, where boosting starts.

        Raises
        ------
        ValueError
            Where no way of calling it gives a gradient and a Hessian, or where the gradient has the wrong sign.
        """
        several = self.link == SOFTMAX
        start = np.zeros(n_classes if several else 1)
        raw = np.zeros((len(y), n_classes)) if several else np.full(len(y), float(np.median(y)))
        found, error = _calls.recognise(self.function, "auto", y, raw)
        if not found:
            raise ValueError(
                message(
                    "candidates", f"a function that can't be called: {error}",
                    "f(y_true, y_pred) that returns (gradient, hessian)",
                    "See gbm-objectives check module:function.",
                )
            )  # fmt: skip
        callback = Callback(replace(found[0], library=library))
        if several:
            start = np.log((np.bincount(y.astype(int), minlength=n_classes) + 1) / len(y))
            return callback, start - start.mean()
        ends = (-10.0, 10.0) if self.link == LOGIT else (float(y.min()), float(y.max()))
        rate = float(np.clip(y.mean(), 1e-4, 1 - 1e-4))
        usual = np.log(rate / (1 - rate)) if self.link == LOGIT else np.median(y)
        return callback, np.array([_best_constant(callback, y, ends, float(usual))])


@dataclass(frozen=True, slots=True)
class Callback:
    """The function as both libraries are given it: its results checked, in float32 and in the right shape."""

    call: _calls.Candidate

    def __call__(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """Gradient and Hessian."""
        try:
            gradient, hessian = self.call.evaluate(y, raw)
        except _calls.Broken as error:
            raise ValueError(str(error)) from error
        for name, values in (("gradient", gradient), ("hessian", hessian)):
            reject_non_finite(name, values)
        return np.asfortranarray(gradient, np.float32), np.asfortranarray(hessian, np.float32)

    def warn(self, prediction: Array) -> None:
        """What the function has warned of, and a model that has learned nothing."""
        for text in self.call.heard:
            warnings.warn(text, UserWarning, stacklevel=2)
        if len(prediction) > 1 and np.ptp(prediction, axis=0).max() == 0:
            text = "Every prediction is the same: no tree splits. See gbm-objectives check."
            warnings.warn(text, UserWarning, stacklevel=2)


def _best_constant(callback: Callback, y: Array, ends: tuple[float, float], usual: float) -> float:
    """Where the gradients sum to 0; the usual start where they change no sign between the ends."""

    def slope(constant: float) -> float:
        return float(callback.call.gradient(y, np.full(len(y), constant)).sum())

    low, high = ends
    first, last = slope(low), slope(high)
    if first > 0 > last:
        raise ValueError(
            message(
                "candidates", "a gradient that falls as the prediction grows",
                "the derivative of the loss by the prediction, such as y_pred - y_true",
                "Turn its sign.",
            )
        )  # fmt: skip
    if not first < 0 < last:
        return usual
    try:
        return float(brentq(slope, low, high, xtol=1e-12 * (high - low)))
    except (ValueError, RuntimeError):  # gradients that are no numbers between the ends
        return usual
