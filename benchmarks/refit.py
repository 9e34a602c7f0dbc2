"""Refitted leaves: equal to the built-in ones, their cost, their worth. ``python benchmarks/refit.py PROTOCOL``.

parity     quantile(tau) and absolute_error() with leaves="refit" against the built-in objectives: the largest
           difference of predictions on the training rows, with and without weights.
cost       CPU time of whole trainings, in turns, over that of the built-in quantile (of absolute_error() over its own
           counterpart); and how it grows with the rounds.
quantile   Noise that depends on the row (normal, skew, Student's t with 2 degrees), 8,000 rows, 400 rounds: pinball loss on
           20,000 rows over that of the same library's built-in.
robust     California housing as in `accuracy.py california`, and insurance and concrete as there: test MAE of robust
           losses with refitted leaves over theirs without.

The last one reads the files of FOLDER. One thread; parity and cost at the default size of trees (depth 6, 31 leaves).
XGBoost refits leaves itself before version 3.4 only, LightGBM takes weights as here from 4.7 on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments, interleaved
from _roles import LIBRARIES, Array, read, sized
from accuracy import heteroscedastic
from sklearn.model_selection import train_test_split

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import absolute_error, cauchy, huber, log_cosh, pseudo_huber, quantile
from gbm_objectives.metrics import mae, pinball
from gbm_objectives.objective import Objective

BASE: dict[str, dict[str, Any]] = {
    "XGBoost": {"nthread": 1, "verbosity": 0},
    "LightGBM": {"num_threads": 1, "verbosity": -1, "force_col_wise": True},
}


def built_in(library: str, tau: float | None) -> dict[str, Any]:
    """The parameters of a library's own quantile, or of its absolute error."""
    if library == "XGBoost":
        quantiles = {"objective": "reg:quantileerror", "quantile_alpha": tau}
        return quantiles if tau else {"objective": "reg:absoluteerror"}
    return {"objective": "quantile", "alpha": tau} if tau else {"objective": "regression_l1"}


def train(
    library: str,
    data: Any,
    rounds: int,
    objective: Objective | dict[str, Any],
    parameters: Mapping[str, Any] = {},
    refit: bool = False,
) -> Any:
    """A booster of our `train`, or of the library's own with the parameters of a built-in objective."""
    module, own = (gox, xgb) if library == "XGBoost" else (gol, lgb)
    both = {**BASE[library], **parameters}
    if isinstance(objective, dict):
        return own.train({**both, **objective}, data, rounds)
    return module.train(
        both,
        data,
        rounds,
        objective=objective,
        leaves="refit" if refit else "library",
        guard="ignore",
    )


def made(library: str, X: Array, y: Array, weight: Array | None = None) -> Any:
    """The library's data set, with its features."""
    if library == "XGBoost":
        return xgb.DMatrix(X, y, weight=weight)
    return lgb.Dataset(X, y, weight=weight, free_raw_data=False, params=BASE[library])


def predict(booster: Any, X: Array) -> Array:
    return np.asarray(booster.predict(xgb.DMatrix(X) if isinstance(booster, xgb.Booster) else X))


def large(rows: int) -> tuple[Array, Array, Array]:
    """Twenty normal columns, a target with heavy tails, weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 20)).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3] + rng.standard_t(2, size=rows)
    return X, y.astype(np.float32), rng.uniform(0.2, 3.0, rows).astype(np.float32)


def parity(report: Report, options: Any) -> Iterator[Bound]:
    """The same predictions."""
    X, y, w = large(options.rows)
    rows = []
    for library, weighted, tau in product(LIBRARIES, (False, True), (None, 0.05, 0.5, 0.9)):
        data = made(library, X, y, w if weighted else None)
        ours = train(
            library, data, options.rounds, quantile(tau) if tau else absolute_error(), refit=True
        )
        theirs = train(library, data, options.rounds, built_in(library, tau))
        difference = float(np.abs(predict(ours, X) - predict(theirs, X)).max())
        name = f"quantile({tau:g})" if tau else "absolute_error()"
        weights = "weights" if weighted else "no weights"
        rows.append({"library": library, "objective": name, "rows": weights, "largest": difference})
        yield Bound(f"{library} {name}, {weights}: largest difference", difference, 1e-5)
    report.table(f"Against the built-in, {options.rows} x 20, {options.rounds} rounds", rows)


OWN_LEVELS = {"built-in quantile": 0.9, "built-in absolute error": None}


def cost(report: Report, options: Any) -> Iterator[Bound]:
    """CPU time, the data sets built before; of absolute errors over the built-in one, of others over the quantile."""
    X, y, w = large(options.rows)
    bounded = {"quantile(.9)": quantile(0.9), "absolute_error()": absolute_error()}
    robust = {"huber()": huber(), "log_cosh()": log_cosh()}
    rows, bounds = [], []
    for library, weighted in product(LIBRARIES, (False, True)):
        data = made(library, X, y, w if weighted else None)

        def training(case: Any, refit: bool, n: int) -> Any:
            return partial(train, library, data, n, case, refit=refit)  # noqa: B023

        n = options.rounds
        calls = {
            (own, n): training(built_in(library, tau), False, n) for own, tau in OWN_LEVELS.items()
        }
        for name, objective in bounded.items():
            calls |= {(f"{name}, refitted", k): training(objective, True, k) for k in (n, 2 * n)}
        for name, objective in robust.items():
            calls |= {
                (name + ", refitted" * refit, n): training(objective, refit, n)
                for refit in (False, True)
            }
        seconds = interleaved(calls, options.repeats)
        weights = "weights" if weighted else "no weights"
        for name, k in calls:
            if k != n:
                continue
            row: Row = {"library": library, "rows": weights, "objective": name}
            row["ms/round"] = 1e3 * seconds[name, n] / n
            own = "built-in absolute error" if "absolute" in name else "built-in quantile"
            row["over built-in"] = seconds[name, n] / seconds[own, n]
            if (name, 2 * n) in calls:
                row["twice the rounds"] = seconds[name, 2 * n] / seconds[name, n]
                cell = f"{library}, {weights}, {name}"
                bounds.append(Bound(f"{cell}: over the built-in", row["over built-in"], 1.5))
                bounds.append(Bound(f"{cell}: twice the rounds", row["twice the rounds"], 2.1))
            rows.append(row)
    report.table(
        f"CPU time, {options.rows} x 20, {options.rounds} rounds, one thread",
        rows,
    )
    yield from bounds


def noisy(kind: str, rows: int, seed: int) -> tuple[Array, Array]:
    """`accuracy.heteroscedastic`, with heavy tails too."""
    if kind != "t2":
        return heteroscedastic(kind, rows, seed, 1.0)
    X, mean = heteroscedastic("normal", rows, seed, 0.0)
    size = 0.5 + 2 * X[:, 5] + 1.5 * X[:, 0]
    return X, mean + size * np.random.default_rng(seed + 1000).standard_t(2, rows)


def quantiles(report: Report, options: Any) -> Iterator[Bound]:
    """Pinball loss with refitted leaves and without."""
    ours: dict[str, tuple[dict[str, Any], bool]] = {
        "not refitted": ({}, False),
        "refitted": ({}, True),
        "smooth trees, refitted": ({"curvature": "majorizer"}, True),
    }
    rows = []
    for library, seed, kind, tau in product(
        LIBRARIES, options.seeds, ("normal", "skew", "t2"), (0.05, 0.5, 0.95)
    ):
        X, y = noisy(kind, 8000, seed)
        X_test, y_test = noisy(kind, 20000, seed + 100)
        size, data = sized(library, 6, 31), made(library, X, y)
        theirs = predict(train(library, data, 400, built_in(library, tau), size), X_test)
        base = pinball(tau).evaluate(y_test, theirs)
        row: Row = {"library": library, "seed": seed, "noise": kind, "tau": str(tau), "own": base}
        for name, (given, refit) in ours.items():
            booster = train(library, data, 400, quantile(tau, **given), size, refit)
            row[name] = pinball(tau).evaluate(y_test, predict(booster, X_test)) / base
        rows.append(row)
    report.table("Pinball loss over the built-in's", rows)
    means = []
    for library, name in product(LIBRARIES, ours):
        ratios = [row[name] for row in rows if row["library"] == library]
        mean = float(np.exp(np.mean(np.log(ratios))))
        means.append({"library": library, "trees": name, "mean": mean, "largest": max(ratios)})
        if name == "refitted":
            yield Bound(f"{library}: largest ratio, refitted", max(ratios), 1.0)
    report.table("Geometric means", means)


def robust(report: Report, options: Any) -> Iterator[Bound]:
    """Test MAE; no bound."""
    objectives = {
        "huber()": huber(),
        "pseudo_huber()": pseudo_huber(),
        "log_cosh()": log_cosh(),
        "absolute_error()": absolute_error(),
        "cauchy()": cauchy(),
    }
    X, y = read(options.data / "california_housing.csv", "median_house_value")
    sets = {}
    for share in (0.0, 0.1, 0.4):
        X_train, X_test, labels, y_test = train_test_split(
            X, y / 1e5, test_size=0.2, random_state=42
        )
        rng = np.random.default_rng(0)
        moved = rng.random(len(labels)) < share
        labels[moved] += 10 * labels.std() * rng.choice([-1, 1], moved.sum())
        sets[f"california {share:.0%}"] = 300, 6, 31, (X_train, X_test, labels, y_test)
    for name, target in (("insurance", "charges"), ("concrete", "strength")):
        data = read(options.data / f"{name}.csv", target)
        sets[name] = 200, 4, 15, train_test_split(*data, test_size=0.25, random_state=0)
    rows = []
    for library, (name, objective) in product(LIBRARIES, objectives.items()):
        row: Row = {"library": library, "objective": name}
        for title, (rounds, depth, leaves, (X_train, X_test, labels, y_test)) in sets.items():
            data = made(library, X_train, labels)
            with_refit, without = (
                mae().evaluate(
                    y_test,
                    predict(
                        train(
                            library, data, rounds, objective, sized(library, depth, leaves), refit
                        ),
                        X_test,
                    ),
                )
                for refit in (True, False)
            )
            row[title] = with_refit / without
        row["mean"] = math.exp(np.mean([math.log(row[title]) for title in sets]))
        rows.append(row)
    report.table("Test MAE with refitted leaves over that without", rows)
    return iter(())


PROTOCOLS = {"parity": parity, "cost": cost, "quantile": quantiles, "robust": robust}


def main() -> None:
    """Run one protocol."""
    parser = arguments(__doc__)
    parser.add_argument("protocol", choices=PROTOCOLS)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the CSV files are")
    parser.add_argument("--rows", type=int, default=100_000, help="of parity and cost")
    parser.add_argument("--rounds", type=int, default=100, help="of parity and cost")
    parser.add_argument("--repeats", type=int, default=3, help="cost: trainings of each kind")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="quantile: seeds")
    options = parser.parse_args()
    if options.data is None and options.protocol == "robust":
        parser.error("robust needs --data FOLDER")
    report = Report(options.csv)
    report.bounds(list(PROTOCOLS[options.protocol](report, options)))
    report.save()


if __name__ == "__main__":
    main()
