"""Several quantiles in one model, or one model for each? ``python benchmarks/levels.py [--data FOLDER]``.

Noise that depends on the row, of three kinds (6,000 rows), and with ``--data`` three real sets, at 3, 9 and 19
levels, both libraries, 200 rounds, learning rate .1, depth 6 / 31 leaves. The figure is the mean pinball loss of the
levels on test rows over that of one `quantile(tau)` model for each level.

sorted        quantile(levels), of which `predict` gives the sorted outputs, as it was trained
as they come  the same loss without the sort, ``ordered=False``
sorted after  these, sorted when they are predicted
built-in      XGBoost's reg:quantileerror of several levels; one model a level in LightGBM
gaps          the level nearest the median and the logarithms of the gaps to the others: an ordered model of
              another kind, with the chain rule's gradients, the Hessian of each output alone, and the gaps' Hessians
              scaled to a mean of 1

and the share of test rows that cross, of the separate models and of the outputs as they come. ``--far`` trains on all
six sets instead, predicts rows far outside of their features' range, and counts those that cross: none may.
"""

from __future__ import annotations

from argparse import Namespace
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments
from _roles import LIBRARIES, Array, sized
from accuracy import heteroscedastic
from robustness import SETS, real
from sklearn.model_selection import train_test_split

from gbm_objectives import quantile
from gbm_objectives.lightgbm import train as train_lightgbm
from gbm_objectives.metrics import crossing, pinball
from gbm_objectives.objective import Objective
from gbm_objectives.xgboost import train as train_xgboost

LEVELS = {3: [0.05, 0.5, 0.95], 9: np.linspace(0.1, 0.9, 9), 19: np.linspace(0.05, 0.95, 19)}


def ours(library: str, objective: Objective, X: Array, y: Array, X_test: Array, rounds: int) -> Any:
    """The response, and the outputs as they come."""
    if library == "XGBoost":
        data = xgb.DMatrix(X_test)
        params = sized(library, 6, 31) | {"nthread": 1}
        booster: Any = train_xgboost(params, xgb.DMatrix(X, y), rounds, objective=objective)
    else:
        data = X_test
        params = sized(library, 6, 31) | {"num_threads": 1, "verbosity": -1}
        booster = train_lightgbm(params, lgb.Dataset(X, y), rounds, objective=objective)
    return objective.predict(booster, data), booster.predict(data)


def built_in(library: str, levels: Array, X: Array, y: Array, X_test: Array, rounds: int) -> Array:
    """The library's own."""
    size = sized(library, 6, 31)
    if library == "XGBoost":
        params = size | {"objective": "reg:quantileerror", "quantile_alpha": levels, "nthread": 1}
        booster = xgb.train(params, xgb.DMatrix(X, y), rounds)
        return np.asarray(booster.predict(xgb.DMatrix(X_test)), dtype=np.float64)
    columns = []
    for tau in levels:
        params = size | {"objective": "quantile", "alpha": tau, "num_threads": 1, "verbosity": -1}
        columns.append(lgb.train(params, lgb.Dataset(X, y), rounds).predict(X_test))
    return np.column_stack(columns)


class Gaps:
    """Level m and the logarithms of the gaps between neighbours as outputs."""

    def __init__(self, levels: Array, y: Array) -> None:
        self.levels, self.y = levels, y
        self.middle = int(np.argmin(np.abs(levels - 0.5)))
        self.loss = quantile(levels, ordered=False)
        start = self.loss.intercept(y)
        gaps = np.log(np.maximum(np.diff(start), 1e-3 * y.std()))
        self.start = np.insert(gaps, self.middle, start[self.middle])

    def levels_of(self, z: Array) -> tuple[Array, Array]:
        """The levels, and the gaps."""
        m, gaps = self.middle, np.exp(np.clip(z, -80, 80))
        above = np.cumsum(gaps[:, m + 1 :], axis=1)
        below = np.cumsum(gaps[:, :m][:, ::-1], axis=1)[:, ::-1]
        centre = z[:, [m]]
        return np.hstack([centre - below, centre, centre + above]), gaps

    def __call__(self, preds: Array, data: Any) -> tuple[Array, Array]:
        """Gradient and Hessian."""
        m, z = self.middle, preds.astype(np.float64)
        q, gaps = self.levels_of(z)
        g, h = (a.astype(np.float64) for a in self.loss(self.y, q))
        gradient, hessian = np.empty_like(g), np.empty_like(h)
        gradient[:, m], hessian[:, m] = g.sum(axis=1), h.sum(axis=1)
        for k in range(len(self.levels)):
            if k != m:
                moved, sign = (slice(k, None), 1) if k > m else (slice(None, k + 1), -1)
                slope = sign * gaps[:, k] * g[:, moved].sum(axis=1)
                curved = gaps[:, k] ** 2 * h[:, moved].sum(axis=1) + np.maximum(slope, 0)
                bounded = np.maximum(curved, np.abs(slope))
                unit = bounded.mean()
                gradient[:, k], hessian[:, k] = slope / unit, bounded / unit
        return np.asfortranarray(gradient, np.float32), np.asfortranarray(
            np.maximum(hessian, 1e-16), np.float32
        )

    def predict(self, library: str, X: Array, X_test: Array, rounds: int) -> Array:
        """Train, and predict the levels."""
        count, size = len(self.levels), sized(library, 6, 31)
        if library == "XGBoost":
            params = size | {"num_target": count, "base_score": self.start.tolist(), "nthread": 1}
            booster: Any = xgb.train(params, xgb.DMatrix(X, self.y), rounds, obj=self)
            return self.levels_of(booster.predict(xgb.DMatrix(X_test)).astype(np.float64))[0]
        params = size | {"objective": self, "num_class": count, "num_threads": 1, "verbosity": -1}
        data = lgb.Dataset(X, self.y, init_score=np.repeat(self.start, len(X)))
        return self.levels_of(lgb.train(params, data, rounds).predict(X_test) + self.start)[0]


def data_of(name: str, options: Namespace) -> list[Array]:
    """Features to train and test on, and labels."""
    if name in ("normal", "skew", "t2"):
        X, y = heteroscedastic(name, 6000, 0, 1.0)
        X_test, y_test = heteroscedastic(name, 10000, 100, 1.0)
        return [X, X_test, y, y_test]
    X, y = real(options.data, name)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
    return [X[:5000], X_test, y[:5000], y_test]


def accuracy(report: Report, options: Namespace) -> list[Bound]:
    """Pinball losses against one model a level."""
    rows: list[Row] = []
    for name, count, library in product(options.sets, options.levels, LIBRARIES):
        X, X_test, y, y_test = data_of(name, options)
        levels, rounds = np.asarray(LEVELS[count]), options.rounds
        metric = pinball(levels)
        alone = [ours(library, quantile(t), X, y, X_test, rounds)[0] for t in levels]
        separate = np.column_stack(alone)
        found = {"sorted": ours(library, quantile(levels), X, y, X_test, rounds)[0]}
        plain, _ = ours(library, quantile(levels, ordered=False), X, y, X_test, rounds)
        found |= {"as they come": plain, "sorted after": np.sort(plain)}
        found["built-in"] = built_in(library, levels, X, y, X_test, rounds)
        found["gaps"] = Gaps(levels, y).predict(library, X, X_test, rounds)
        base = metric.evaluate(y_test, separate)
        losses = {key: metric.evaluate(y_test, q) / base for key, q in found.items()}
        row = {"data": name, "levels": count, "library": library} | losses
        row["separate cross"] = crossing().evaluate(y_test, separate)
        row["sorted cross"] = crossing().evaluate(y_test, found["sorted"])
        rows.append(row)
        if (count, library) == (options.levels[-1], LIBRARIES[-1]):
            title = (
                f"{name}: mean pinball loss over that of separate models, {options.rounds} rounds"
            )
            report.table(title, [row for row in rows if row["data"] == name])
    return [
        Bound("sorted: largest ratio", max(row["sorted"] for row in rows), 1.01),
        Bound("sorted: share of rows that cross", max(row["sorted cross"] for row in rows), 0.0),
    ]


def far(report: Report, options: Namespace) -> list[Bound]:
    """Rows that cross, of each real set, on test rows and far outside."""
    rows: list[Row] = []
    real_sets = [name for name in options.sets if name in SETS]
    for name, count, library in product(real_sets, options.levels, LIBRARIES):
        X, X_test, y, _ = data_of(name, options)
        rng = np.random.default_rng(0)
        outside = np.nan_to_num(X_test) * rng.choice([-100.0, -1.0, 10.0, 1e4], X_test.shape)
        unseen = np.concatenate([X_test, outside])
        predicted, outputs = ours(library, quantile(LEVELS[count]), X, y, unseen, options.rounds)
        shares = {
            "crossing": crossing().evaluate(np.zeros(len(unseen)), predicted),
            "outputs before the sort": crossing().evaluate(np.zeros(len(unseen)), outputs),
        }
        rows.append({"data": name, "levels": count, "library": library} | shares)
    report.table("Share of rows that cross, test rows and rows far outside", rows)
    return [Bound("share of rows that cross", max(row["crossing"] for row in rows), 0.0)]


def main() -> None:
    """Run the comparison."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the CSV files of the sets")
    known = ["normal", "skew", "t2", *SETS]
    parser.add_argument("--sets", nargs="+", choices=known, help="default: those of the purpose")
    parser.add_argument("--far", action="store_true", help="crossing outside of the data")
    parser.add_argument("--levels", type=int, nargs="+", choices=LEVELS, default=list(LEVELS))
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    if options.far and options.data is None:
        parser.error("--far needs --data FOLDER")
    if options.sets is None and options.far:
        options.sets = list(SETS)
    elif options.sets is None:
        options.sets = ["normal", "skew", "t2"]
        options.sets += ["california_housing", "concrete", "abalone"] if options.data else []
    report = Report(options.csv)
    report.bounds((far if options.far else accuracy)(report, options))
    report.save()


if __name__ == "__main__":
    main()
