"""Accuracy where the built-in objectives are weak. ``python benchmarks/accuracy.py PROTOCOL ...``.

california   California housing (target / 1e5) with 0, 10 and 40% of the training labels moved by +-10
             standard deviations; 300 rounds, depth 6 / 31 leaves; MAE on clean test rows.
insurance    Insurance charges, a skewed target near 1e4; 200 rounds, depth 4 / 15 leaves; test MAE.
concrete     Concrete strength, a clean target; the same protocol.
mammography  2.3% positives, 5 folds, the same trees, focal loss with gamma 2: average precision, and log-loss of
             recovered and raw probabilities, against the built-in logistic loss.
quantile     Synthetic data with noise that depends on the row; 8,000 rows, 400 rounds; pinball loss on
             20,000 rows against the built-in objective of the same library, and coverage. ``--kinds far``:
             2% of the training labels are moved far away.
scale        log_cosh() with library defaults on targets multiplied by 1, 1e3 and 1e6: the error must be
             proportional and the first tree must split. A synthetic set and scikit-learn's diabetes.

The first four read FOLDER/california_housing.csv, insurance.csv, concrete.csv and mammography.csv. The learning
rate is .1 but in `scale`; all that is not named is at library defaults. Our objectives start at
their intercept. Rows with the name of another package are figures of `_published`, not of this run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from _common import Bound, Report, Row, arguments
from _published import FOCAL, MAE
from _roles import BUILT_IN, LIBRARIES, Array, Model, Task, read, sized
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import StratifiedKFold

from gbm_objectives import (
    absolute_error,
    adaptive_robust,
    cauchy,
    fair,
    focal,
    geman_mcclure,
    huber,
    log_cosh,
    pseudo_huber,
    quantile,
    tukey,
    welsch,
)
from gbm_objectives.metrics import mae, pinball
from gbm_objectives.sklearn import ObjectiveClassifier

CONVEX = {"huber()": huber(), "pseudo_huber()": pseudo_huber(), "log_cosh()": log_cosh()}
REDESCENDING = {
    "adaptive_robust()": adaptive_robust(),
    "cauchy()": cauchy(),
    "geman_mcclure()": geman_mcclure(),
    "welsch()": welsch(),
    "tukey()": tukey(),
}
OURS = CONVEX | {"fair()": fair(), "absolute_error()": absolute_error()} | REDESCENDING


def regression(library: str, task: Task, rounds: int, depth: int, leaves: int) -> Row:
    """Test MAE of our objectives, the library's own and the median constant."""
    errors: Row = {"median constant": task.of_median(mae())}
    for name, objective in (OURS | BUILT_IN[library]).items():
        model = Model(library, objective, rounds, sized(library, depth, leaves))
        errors[name] = task.score(model, mae())
    return errors


def by_objective(columns: dict[str, Row]) -> Iterator[Row]:
    """Columns of figures by objective, as rows of a table."""
    for name in dict.fromkeys(name for column in columns.values() for name in column):
        yield {"objective": name} | {
            title: column.get(name, "") for title, column in columns.items()
        }


def california(report: Report, options: Any) -> Iterator[Bound]:
    """Contaminated labels."""
    X, y = read(options.data / "california_housing.csv", "median_house_value")
    task = Task.of(X, y / 1e5, test_size=0.2, seed=42)
    columns = {}
    for library, share in product(LIBRARIES, (0.0, 0.1, 0.4)):
        rng = np.random.default_rng(0)
        moved, labels = rng.random(len(task.y)) < share, task.y.copy()
        labels[moved] += 10 * task.y.std() * rng.choice([-1, 1], moved.sum())
        columns[f"{library} {share:.0%}"] = regression(library, replace(task, y=labels), 300, 6, 31)
    report.table(
        "California housing: clean MAE by share of contaminated labels", by_objective(columns)
    )
    for library, limit in zip(LIBRARIES, (0.375, 0.345), strict=True):
        errors = columns[f"{library} 40%"]
        best = min(errors["huber()"], errors["log_cosh()"])
        yield Bound(f"{library} 40%: the better of huber() and log_cosh()", best, limit)
    limits = {"XGBoost": (0.305, 0.310, 0.330), "LightGBM": (0.300, 0.305, 0.320)}
    for library, name in product(LIBRARIES, ("adaptive_robust()", "cauchy()")):
        for share, limit in zip(("0%", "10%", "40%"), limits[library], strict=True):
            yield Bound(f"{library} {share}: {name}", columns[f"{library} {share}"][name], limit)


def small(report: Report, options: Any, name: str, target: str) -> dict[str, Row]:
    """A small table: 25% test rows, seed 0; the test MAE by library, other packages' beside it."""
    task = Task.of(*read(options.data / f"{name}.csv", target))
    columns = {library: regression(library, task, 200, 4, 15) for library in LIBRARIES}
    others = MAE[name]
    shown = {key: columns.get(key, {}) | others.get(key, {}) for key in columns | others}
    report.table(f"{name}: test MAE", by_objective(shown))
    return columns


def insurance(report: Report, options: Any) -> Iterator[Bound]:
    """A skewed target of size 1e4."""
    columns = small(report, options, "insurance", "charges")
    best = min(min(errors.values()) for errors in MAE["insurance"].values())
    for library, name in product(LIBRARIES, CONVEX):
        built_in = min(columns[library][other] for other in BUILT_IN[library])
        yield Bound(f"{library}: {name}, best of the others", columns[library][name], best)
        yield Bound(f"{library}: {name}, best built-in", columns[library][name], built_in)


def concrete(report: Report, options: Any) -> Iterator[Bound]:
    """A clean target, where squared error wins; no bound."""
    small(report, options, "concrete", "strength")
    yield from ()


def mammography(report: Report, options: Any) -> Iterator[Bound]:
    """Rare positives: ranking and calibration, means over 5 folds."""
    frame = pd.read_csv(options.data / "mammography.csv")
    X, y = frame.drop(columns="label").to_numpy(), frame["label"].to_numpy()
    estimators = {
        "XGBoost": xgb.XGBClassifier(n_estimators=200, max_depth=4, learning_rate=0.1),
        "LightGBM": lgb.LGBMClassifier(n_estimators=200, num_leaves=15, verbosity=-1),
    }
    rows, bounds = [], []
    for library, estimator in estimators.items():
        models = {
            "built-in": estimator,
            "focal, recovered": ObjectiveClassifier(estimator, focal(gamma=2.0)),
            "focal, raw": ObjectiveClassifier(estimator, focal(gamma=2.0), recover_proba=False),
        }
        found = {}
        for name, model in models.items():
            scores = []
            for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
                p = clone(model).fit(X[train], y[train]).predict_proba(X[test])[:, 1]
                scores.append((average_precision_score(y[test], p), log_loss(y[test], p)))
            found[name] = tuple(np.mean(scores, axis=0).tolist())
        for name, (precision, loss) in (found | FOCAL[library]).items():
            rows.append({"library": library, "model": name, "AP": precision, "log-loss": loss})
        precision, loss = found["focal, recovered"]
        least = min(other for _, other in FOCAL[library].values())
        bounds += [
            Bound(f"{library}: log-loss over the built-in's", loss / found["built-in"][1], 1.1),
            Bound(f"{library}: log-loss, best of the other focal losses", loss, least),
            Bound(
                f"{library}: AP of the built-in less ours", found["built-in"][0] - precision, 0.02
            ),
        ]
    report.table("Mammography, 5 folds", rows)
    yield from bounds


def heteroscedastic(kind: str, rows: int, seed: int, factor: float) -> tuple[Array, Array]:
    """Friedman's function of 10 uniform columns, plus noise whose size depends on two of them.

    Kinds: normal; skew; t2, Student's with 2 degrees of freedom; far, normal with 2% of the rows moved by +-1e4.
    """
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(rows, 10))
    mean = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    mean += 10 * X[:, 3] + 5 * X[:, 4]
    size = factor * (0.5 + 2 * X[:, 5] + 1.5 * X[:, 0])
    if kind == "skew":
        noise = (rng.gamma(2, 1, rows) - 2) / math.sqrt(2)
    else:
        noise = rng.standard_t(2, rows) if kind == "t2" else rng.normal(size=rows)
    y = mean + size * noise
    moved = rng.random(rows) < (0.02 if kind == "far" else 0.0)
    y[moved] += 1e4 * rng.choice([-1, 1], moved.sum())
    return X, y


def quantiles(report: Report, options: Any) -> Iterator[Bound]:
    """quantile(tau) against the built-in of the same library."""
    rows, bounds = [], []
    for seed, kind in product(options.seeds, options.kinds):
        X, y = heteroscedastic(kind, 8000, seed, options.noise)
        clean = "normal" if kind == "far" else kind
        X_test, y_test = heteroscedastic(clean, 20000, seed + 100, options.noise)
        for tau, (depth, leaves), library in product(options.tau, ((4, 15), (6, 31)), LIBRARIES):
            xgboost = library == "XGBoost"
            built_in = "reg:quantileerror" if xgboost else "quantile"
            size, level = sized(library, depth, leaves), "quantile_alpha" if xgboost else "alpha"
            theirs = Model(library, built_in, 400, size | {level: tau}).fit(X, y).predict(X_test)
            ours = Model(library, quantile(tau), 400, size).fit(X, y).predict(X_test)
            losses = [pinball(tau).evaluate(y_test, p) for p in (ours, theirs)]
            covered = [float(np.mean(y_test <= p)) for p in (ours, theirs)]
            rows.append(
                {
                    "seed": seed, "noise": kind, "tau": str(tau), "library": library,
                    "size": f"depth {depth}" if xgboost else f"{leaves} leaves",
                    "pinball": losses[0], "built-in's": losses[1],
                    "ratio": losses[0] / losses[1],
                    "coverage": covered[0], "built-in's coverage": covered[1],
                }
            )  # fmt: skip
            cell = f"{library} {rows[-1]['size']}, {kind} noise, seed {seed}, tau {tau}"
            ours_off, theirs_off = (abs(share - tau) for share in covered)
            if depth == 4:
                bounds.append(Bound(f"{cell}: |coverage - tau|", ours_off, 0.025))
            if tau != 0.5:  # there both are within a point or two of it
                bounds.append(
                    Bound(f"{cell}: |coverage - tau| against the built-in's", ours_off, theirs_off)
                )
    report.table(f"Quantiles, noise x {options.noise:g}", rows)
    ratios = [row["ratio"] for row in rows]
    means: list[Row] = []
    for kind, tau in product(options.kinds, options.tau):
        cell = [row["ratio"] for row in rows if (row["noise"], row["tau"]) == (kind, str(tau))]
        means.append({"noise": kind, "tau": str(tau), "mean ratio": float(np.mean(cell))})
    report.table("Mean pinball ratios", means)
    yield Bound("mean pinball ratio", float(np.mean(ratios)), 0.97)
    yield Bound("largest pinball ratio", max(ratios), 1.0)
    yield from bounds


def scale(report: Report, options: Any) -> Iterator[Bound]:
    """The same errors whatever the units of the target."""
    sets = {
        "synthetic": heteroscedastic("normal", 4000, 0, 0.3),
        "diabetes": load_diabetes(return_X_y=True),
    }
    rows, unscaled = [], math.nan
    for (name, (X, y)), library in product(sets.items(), LIBRARIES):
        task = Task.of(X, y)
        for factor in (1.0, 1e3, 1e6):
            scaled = replace(task, y=factor * task.y, y_test=factor * task.y_test)
            model = Model(library, log_cosh(), 100)
            error = scaled.score(model, mae())
            relative = error / float(np.mean(np.abs(scaled.y_test)))
            unscaled = relative if factor == 1 else unscaled
            rows.append(
                {
                    "data": name, "library": library, "factor": f"{factor:g}",
                    "first split in round": model.first_split(),
                    "MAE": error, "MAE / mean |y|": relative,
                    "against x 1": relative / unscaled,
                }
            )  # fmt: skip
    report.table("log_cosh() on scaled targets, library defaults, 100 rounds", rows)
    for row in rows:
        cell = f"{row['data']}, {row['library']}, x {row['factor']}"
        yield Bound(f"{cell}: first split in round", row["first split in round"], 1.0)
        yield Bound(f"{cell}: |ratio - 1|", abs(row["against x 1"] - 1), 0.01)


PROTOCOLS = {
    "california": california,
    "insurance": insurance,
    "concrete": concrete,
    "mammography": mammography,
    "quantile": quantiles,
    "scale": scale,
}


def main() -> None:
    """Run protocols."""
    parser = arguments(__doc__)
    parser.add_argument("protocol", nargs="+", choices=PROTOCOLS)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the CSV files are")
    parser.add_argument("--noise", type=float, default=1.0, help="quantile: factor of the noise")
    kinds = ["normal", "skew", "t2"]
    parser.add_argument("--kinds", nargs="+", choices=[*kinds, "far"], default=kinds)
    parser.add_argument("--tau", nargs="+", type=float, default=[0.05, 0.5, 0.95])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="quantile: seeds")
    options = parser.parse_args()
    of_files = {"california", "insurance", "concrete", "mammography"}.intersection(options.protocol)
    if options.data is None and of_files:
        parser.error(f"{', '.join(sorted(of_files))}: give --data FOLDER")
    report = Report(options.csv)
    for protocol in options.protocol:
        report.bounds(list(PROTOCOLS[protocol](report, options)))
    report.save()


if __name__ == "__main__":
    main()
