"""Synthetic results of a comparison, one for each task, for the tests of statistics and report."""

import numpy as np
import pandas as pd

from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.result import CURVES, PREDICTIONS, SCORES, WARNINGS, Result

METRICS = {
    "regression": "mae",
    "quantile": "pinball",
    "binary": "log_loss",
    "multiclass": "log_loss",
}
OURS = {
    "regression": ("huber(delta=2.0)", "log_cosh()", "cauchy()"),
    "quantile": ("quantile(0.9)", "expectile(0.9)"),
    "binary": ("binary_cross_entropy()", "focal(gamma=2.0)"),
    "multiclass": ("softmax_cross_entropy()", "softmax_focal(gamma=1.0)"),
}
BUILT_IN = {
    "regression": {"xgboost": ("reg:squarederror", "reg:absoluteerror"), "lightgbm": ("regression", "huber")},
    "quantile": {"xgboost": ("reg:quantileerror",), "lightgbm": ("quantile",)},
    "binary": {"xgboost": ("binary:logistic",), "lightgbm": ("binary",)},
    "multiclass": {"xgboost": ("multi:softprob",), "lightgbm": ("multiclass",)},
}  # fmt: skip


def candidates(task):
    """(candidate, library, kind, error) of each."""
    found = [("constant", "-", "baseline", 2.0)]
    for library, names in BUILT_IN[task].items():
        found += [(name, library, "built-in", 1.0 + 0.1 * i) for i, name in enumerate(names)]
        found += [(name, library, "ours", 0.9 + 0.1 * i) for i, name in enumerate(OURS[task])]
    if task == "regression":
        found.append(("log target, squared error", "xgboost", "transformed", 1.05))
    return found


def result(
    task="regression",
    folds=5,
    seeds=(0,),
    contaminations=(0.0, 0.4),
    rows=120,
    noise=0.02,
    failing=True,
):
    """A result with scores, predictions and curves that could be those of a run."""
    rng = np.random.default_rng(0)
    scores, predictions, curves, warned = [], [], [], []
    y = (
        rng.lognormal(3, 1.5, rows)
        if task in ("regression", "quantile")
        else rng.integers(0, 2 + (task == "multiclass"), rows)
    )
    for share in contaminations:
        for seed in seeds:
            for fold in range(folds):
                common = rng.normal(0, 0.1)
                for name, library, kind, level in candidates(task):
                    key = (name, library, share, seed, fold)
                    own = level * (1 + share * (kind != "ours")) + common + rng.normal(0, noise)
                    scores.append(
                        (
                            task,
                            name,
                            kind,
                            library,
                            share,
                            seed,
                            fold,
                            METRICS[task],
                            own,
                            False,
                            0.1,
                            20,
                            "ok",
                            "",
                        )
                    )
                    predictions += [
                        (*key, row, y[row], *_prediction(task, y[row], own, rng))
                        for row in range(fold, rows, folds)
                    ]
                    if kind != "baseline":
                        curves += [
                            (
                                *key,
                                i,
                                i * 0.01 * (1 + (library == "xgboost")),
                                METRICS[task],
                                own * (1 + np.exp(-i / 5)),
                            )
                            for i in range(1, 21)
                        ]
                if failing:
                    scores.append(
                        (
                            task,
                            "tukey()",
                            "ours",
                            "xgboost",
                            share,
                            seed,
                            fold,
                            METRICS[task],
                            np.nan,
                            False,
                            0.0,
                            0,
                            "failed",
                            "ValueError: y_true: <all> & one",
                        )
                    )
        warned.append(
            ("cauchy()", "xgboost", share, 0, 0, "no split in round 1: the Hessian is 1e-12")
        )
    columns = [*PREDICTIONS[:-1]]
    columns += (
        ["y_pred"]
        if task in ("regression", "quantile")
        else [f"p_{k}" for k in range(2 + (task == "multiclass"))]
    )
    info = {
        "task": task, "name": "made-up.csv", "target": "y", "n_rows": rows, "n_features": 7,
        "classes": None if "y_pred" in columns else [str(k) for k in range(2 + (task == "multiclass"))],
        "metric": METRICS[task], "contaminations": list(contaminations), "seeds": list(seeds), "folds": folds,
        "versions": {"python": "3.11.7", "xgboost": "2.1.0", "lightgbm": "4.5.0"},
        "command": "gbm-objectives compare made-up.csv --target y --folds 5", "seconds": 12.3, "complete": True,
    }  # fmt: skip
    if task == "quantile":
        info["tau"] = 0.9
    return Result(
        pd.DataFrame(scores, columns=list(SCORES)), pd.DataFrame(predictions, columns=columns),
        pd.DataFrame(curves, columns=list(CURVES)), pd.DataFrame(warned, columns=list(WARNINGS)), info,
        {name: objective_of(name) for name in OURS[task]},
    )  # fmt: skip


def _prediction(task, y, error, rng):
    if task == "regression":
        return (y * np.exp(rng.normal(0, 0.3 * error)),)
    if task == "quantile":
        return (y * np.exp(rng.normal(0.4, 0.3 * error)),)
    n = 2 + (task == "multiclass")
    logits = rng.normal(0, 1, n) + 1.5 * (np.arange(n) == y) / error
    p = np.exp(logits)
    return tuple(p / p.sum())


def from_values(values, *, higher_is_better=False, folds=None, metric="mae", **info):
    """A result of scores alone: {(library, candidate, kind): {contamination: [one for each fold]}}."""
    scores = [
        ("regression", name, kind, library, share, 0, fold, metric, value, higher_is_better, 0.1, 10,
         "ok" if value is not None else "failed", "" if value is not None else "ValueError: no")
        for (library, name, kind), shares in values.items()
        for share, found in shares.items()
        for fold, value in enumerate(found)
    ]  # fmt: skip
    frame = pd.DataFrame(scores, columns=list(SCORES)).astype({"value": float})
    n = folds or int(frame["fold"].max()) + 1
    empty = [pd.DataFrame(columns=list(columns)) for columns in (PREDICTIONS, CURVES, WARNINGS)]
    return Result(
        frame,
        *empty,
        {"task": "regression", "metric": metric, "folds": n, "complete": True, **info},
    )
