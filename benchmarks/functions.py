"""What an objective of a user's function costs: ``python benchmarks/functions.py``.

CPU time of a call in ns a row, one thread, 1,000,000 rows, for formulas as text (SymPy) and functions of JAX and PyTorch
where these are installed, over that of our objective of the same loss. The first call compiles, and isn't counted; it is
shown on its own. ``safe``: the safe Hessian alone; ``default``: with gradients and Hessians over their mean.

The leaves of large labels, ``--train``: log-cosh of delta 1 on labels in the thousands, mean absolute error on test
rows over that of the median, with the second derivative as Hessian, with the default, and of our `log_cosh(1.0)`.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Report, Row, arguments, interleaved

from gbm_objectives import Objective, distribution, engine, focal, log_cosh
from gbm_objectives.lightgbm import train as train_lightgbm
from gbm_objectives.xgboost import train as train_xgboost

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "log-cosh": ("log(cosh(raw - y))", {}),
    "focal": (
        "-y*(1 - sigmoid(raw))**2*log(sigmoid(raw)) - (1 - y)*sigmoid(raw)**2*log(1 - sigmoid(raw))",
        {"link": "logit"},
    ),
    "normal": (
        "((mean - y)/exp(log_scale))**2/2 + log_scale + log(2*pi)/2",
        {"outputs": ("mean", "log_scale")},
    ),
}
OURS = {
    "log-cosh": log_cosh(1.0),
    "focal": focal(2.0),
    "normal": distribution("normal", curvature="fisher"),
}


def of_jax() -> dict[str, Callable[[Any, Any], Any]]:
    """The three losses in JAX."""
    import jax
    import jax.numpy as jnp

    def smooth(y: Any, raw: Any) -> Any:
        r = jnp.abs(raw - y)
        return r + jnp.log1p(jnp.exp(-2 * r)) - jnp.log(2.0)

    def focal_loss(y: Any, raw: Any) -> Any:
        m = jnp.where(y > 0, raw, -raw)
        return -(jax.nn.sigmoid(-m) ** 2) * jax.nn.log_sigmoid(m)

    def normal(y: Any, raw: Any) -> Any:
        mean, log_scale = raw.T
        return ((mean - y) / jnp.exp(log_scale)) ** 2 / 2 + log_scale

    return {"log-cosh": smooth, "focal": focal_loss, "normal": normal}


def of_torch() -> dict[str, Callable[[Any, Any], Any]]:
    """The three losses in PyTorch."""
    import torch

    torch.set_num_threads(1)

    def smooth(y: Any, raw: Any) -> Any:
        r = raw - y
        return r + torch.nn.functional.softplus(-2 * r)

    def focal_loss(y: Any, raw: Any) -> Any:
        m = torch.where(y > 0, raw, -raw)
        return -(torch.sigmoid(-m) ** 2) * torch.nn.functional.logsigmoid(m)

    def normal(y: Any, raw: Any) -> Any:
        mean, log_scale = raw.T
        return ((mean - y) / torch.exp(log_scale)) ** 2 / 2 + log_scale

    return {"log-cosh": smooth, "focal": focal_loss, "normal": normal}


def speed(options: Namespace, report: Report) -> None:
    """Every loss by every tool."""
    rng = np.random.default_rng(0)
    n = options.rows
    y = rng.standard_normal(n).astype(np.float32)
    raw = rng.standard_normal(n).astype(np.float32)
    both = np.asfortranarray(np.column_stack([raw, 0.3 * raw]))
    functions: dict[str, Any] = {}
    if find_spec("jax") is not None:
        functions["jax"] = of_jax()
    if find_spec("torch") is not None:
        functions["torch"] = of_torch()
    rows: list[Row] = []
    for name, ours in OURS.items():
        text, told = TEXTS[name]
        labels = (y > 0).astype(np.float32) if name == "focal" else y
        scores = both if name == "normal" else raw
        made: dict[str, Objective] = {"ours": ours}
        if find_spec("sympy") is not None:
            made["sympy, default"] = Objective.from_function(text, **told, check=False)
            made["sympy, safe"] = made["sympy, default"].with_parameters(curvature="safe")
        for tool, known in functions.items():
            made[f"{tool}, default"] = Objective.from_function(
                known[name], **told, tool=tool, check=False
            )
            made[f"{tool}, safe"] = made[f"{tool}, default"].with_parameters(curvature="safe")
        first: dict[str, float] = {}
        for key, objective in made.items():
            start = time.perf_counter()
            objective(labels, scores)
            first[key] = time.perf_counter() - start
        calls = {key: partial(objective, labels, scores) for key, objective in made.items()}
        seconds = interleaved(calls, options.repeats)
        rows += [
            {
                "loss": name,
                "by": key,
                "ns a row": 1e9 * seconds[key] / n,
                "times ours": seconds[key] / seconds["ours"],
                "first call, s": first[key],
            }
            for key in made
        ]
    report.table(f"{n:,} rows, engine: {engine.description()}", rows)


def training(report: Report) -> None:
    """Labels in the thousands."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (4000, 4))
    clean = 1000 * np.sin(X[:, 0]) + 300 * X[:, 1]
    y = clean + 100 * rng.standard_t(2, 4000)
    train, test = slice(0, 3000), slice(3000, None)
    formula = Objective.from_function(TEXTS["log-cosh"][0], check=False)
    tried = {
        "second derivative": formula.with_parameters(curvature="exact"),
        "default": formula,
        "log_cosh(1.0)": log_cosh(1.0),
    }
    constant = np.abs(clean[test] - np.median(y[train])).mean()
    rows: list[Row] = []
    for name, objective in tried.items():
        booster = train_xgboost(
            {"nthread": 1},
            xgb.DMatrix(X[train], y[train]),
            150,
            objective=objective,
            guard="ignore",
        )
        first = np.abs(booster.predict(xgb.DMatrix(X[test])) - clean[test]).mean()
        model = train_lightgbm(
            {"num_threads": 1, "verbosity": -1}, lgb.Dataset(X[train], y[train]), 150,
            objective=objective, guard="ignore",
        )  # fmt: skip
        second = np.abs(model.predict(X[test]) - clean[test]).mean()
        rows.append({"Hessian": name, "XGBoost": first / constant, "LightGBM": second / constant})
    report.table("Labels in the thousands: error over that of the median", rows)


def main() -> None:
    """Run what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--train", action="store_true", help="train on large labels instead")
    options = parser.parse_args()
    report = Report(options.csv)
    if options.train:
        training(report)
    else:
        speed(options, report)
    report.save()


if __name__ == "__main__":
    main()
