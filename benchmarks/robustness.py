"""One default for clean and contaminated labels? ``python benchmarks/robustness.py --data FOLDER``.

Six real sets, four kinds of noise in the training labels, both libraries; 75% of the rows to train, at most
5,000, and the clean rest to test; 200 rounds, learning rate .1, depth 6 / 31 leaves, library defaults
otherwise. The figure is the test MAE over that of the median constant, its geometric mean over sets and seeds.

none   the labels as they are
one    20% of the labels raised by 1 to 10 standard deviations
sym    30% with normal noise of 5 standard deviations: many outliers are near
far    40% moved by +-10 standard deviations

``--held-out`` takes scikit-learn's diabetes and Friedman's three functions, on which nothing was chosen. ``--sets`` takes
sets by name, among them three in which a robust loss can take structure for outliers:

exponential       exp(6 x0 - 3 x1) with 2% of noise, 2,000 rows
exponential_grid  .2 exp(5 x0^2 + x1), x0 on a grid of 10, 2% of noise, 320 rows
far_group         2% of 4,000 rows are 10 standard deviations away, told by a feature; the error is that of the
                  group's test rows

``--warnings`` counts the trainings in which `train` warns of rows left behind, instead of errors.
``--objectives`` takes names of factories, ``--factor`` other automatic scales than the default, in units of
1.4826 median |r|: ``--objectives cauchy --factor 1 1.75 2.385`` repeats how the defaults were found.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Report, Row, arguments
from _roles import BUILT_IN, LIBRARIES, Array, Model, Task, read, sized
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3

from gbm_objectives.lightgbm import train as train_lightgbm
from gbm_objectives.metrics import mae
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES
from gbm_objectives.xgboost import train as train_xgboost

SETS = {
    "california_housing": ("median_house_value", []),
    "insurance": ("charges", []),
    "concrete": ("strength", []),
    "abalone": ("rings", []),
    "ames_house": ("SalePrice", []),
    "bike_hourly": ("cnt", ["casual", "registered"]),  # the two add up to the target
}
HELD_OUT = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "friedman1": lambda: make_friedman1(3000, noise=1, random_state=0),
    "friedman2": lambda: make_friedman2(3000, noise=100, random_state=0),
    "friedman3": lambda: make_friedman3(3000, noise=0.1, random_state=0),
}


def exponential(seed: int) -> tuple[Array, Array]:
    """A smooth function of four decades."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(2000, 5))
    return X, np.exp(6 * X[:, 0] - 3 * X[:, 1]) * (1 + 0.02 * rng.standard_normal(2000))


def exponential_grid(seed: int) -> tuple[Array, Array]:
    """Few rows, and a few values of the feature that matters."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 10, 320) / 9, rng.uniform(size=320)])
    f = 0.2 * np.exp(5 * X[:, 0] ** 2 + X[:, 1])
    return X, f * (1 + 0.02 * rng.standard_normal(320))


def far_group(seed: int) -> tuple[Array, Array]:
    """The last feature tells the group."""
    rng = np.random.default_rng(seed)
    X, group = rng.uniform(size=(4000, 5)), rng.random(4000) < 0.02
    y = 5 * X[:, 0] + np.sin(6 * X[:, 1]) + 0.3 * rng.standard_normal(4000)
    return np.column_stack([X, group]), y + 10 * y.std() * group


STRUCTURE = {
    "exponential": exponential,
    "exponential_grid": exponential_grid,
    "far_group": far_group,
}
DEFAULT = [
    "adaptive_robust", "cauchy", "geman_mcclure", "welsch", "tukey",
    "huber", "log_cosh", "fair", "absolute_error",
]  # fmt: skip


def real(folder: Path, name: str) -> tuple[Array, Array]:
    """One of the six sets."""
    target, leaks = SETS[name]
    return read(folder / f"{name}.csv", target, leaks)


def noisy(y: Array, kind: str, seed: int) -> Array:
    """The labels with noise of a kind."""
    rng, size = np.random.default_rng(seed), len(y)
    chance = rng.random(size)
    share, noise = {
        "none": (0.0, np.zeros(size)),
        "one": (0.2, rng.uniform(1, 10, size)),
        "sym": (0.3, 5 * rng.standard_normal(size)),
        "far": (0.4, 10 * rng.choice([-1.0, 1.0], size)),
    }[kind]
    return y + np.where(chance < share, noise * y.std(), 0.0)


def candidates(options: Any) -> Iterator[tuple[str, Objective]]:
    """Our objectives by name, at each factor asked for."""
    for name in options.objectives:
        objective = OBJECTIVES[name]()
        if not options.factor:
            yield f"{name}()", objective
        for factor in options.factor or ():
            scaled = {"__slots__": (), "auto_factor": factor}
            loss = type("Scaled", (type(objective.loss),), scaled)()
            yield f"{name}(), {factor:g}", Objective.of(loss)


def named(name: str, seed: int, options: Any) -> Task:
    """Training rows, and clean rows to test on."""
    if name in STRUCTURE:
        X, y = STRUCTURE[name](seed)
    else:
        X, y = HELD_OUT[name]() if name in HELD_OUT else real(options.data, name)
    task = Task.of(X, y, seed=seed)
    task = replace(task, X=task.X[:5000], y=task.y[:5000])
    if name == "far_group":
        group = task.X_test[:, -1] > 0
        task = replace(task, X_test=task.X_test[group], y_test=task.y_test[group])
    return task


def tasks(options: Any) -> Iterator[tuple[str, Task, str, Array]]:
    """Each set and seed, with each kind of noise in its labels."""
    for name, seed in product(options.sets, options.seeds):
        task = named(name, seed, options)
        for kind in options.noises:
            yield name, task, kind, noisy(task.y, kind, seed)


def figures(library: str, objective: Objective | str, options: Any) -> Row:
    """The geometric mean of each kind of noise, and of all."""
    logarithms: dict[str, list[float]] = {kind: [] for kind in options.noises}
    threads = "nthread" if library == "XGBoost" else "num_threads"
    parameters = sized(library, 6, 31) | {threads: options.threads}
    for _, task, kind, y in tasks(options):
        model = Model(library, objective, 200, parameters)
        error = replace(task, y=y).score(model, mae())
        logarithms[kind].append(float(np.log(error / task.of_median(mae()))))
    means = {kind: float(np.exp(np.mean(values))) for kind, values in logarithms.items()}
    return means | {"all": float(np.exp(np.mean(list(logarithms.values()))))}


def alarms(library: str, objective: Objective, options: Any) -> Row:
    """The number of trainings that warn of rows left behind, of each kind of noise, and the sets."""
    counts: Row = dict.fromkeys(options.noises, 0)
    warned: list[str] = []
    for name, task, kind, y in tasks(options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if library == "XGBoost":
                params = sized(library, 6, 31) | {"nthread": options.threads}
                train_xgboost(params, xgb.DMatrix(task.X, y), 200, objective=objective)
            else:
                params = sized(library, 6, 31) | {"num_threads": options.threads, "verbosity": -1}
                train_lightgbm(params, lgb.Dataset(task.X, y), 200, objective=objective)
        if any("left behind" in str(one.message) for one in caught):
            counts[kind] += 1
            warned.append(f"{name} {kind}")
    return counts | {"in": ", ".join(dict.fromkeys(warned))}


def main() -> None:
    """Run the sweep."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the CSV files of the six sets")
    parser.add_argument("--held-out", action="store_true", help="the other four sets")
    known = [*SETS, *HELD_OUT, *STRUCTURE]
    parser.add_argument("--sets", nargs="+", choices=known, help="in place of the six real ones")
    parser.add_argument("--warnings", action="store_true", help="count warnings, not errors")
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--objectives", nargs="*", choices=sorted(OBJECTIVES), default=DEFAULT)
    parser.add_argument("--factor", type=float, nargs="+", help="other automatic scales")
    noises = ["none", "one", "sym", "far"]
    parser.add_argument("--noises", nargs="+", choices=noises, default=noises)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--built-in", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    options.sets = options.sets or list(HELD_OUT if options.held_out else SETS)
    if options.data is None and set(SETS).intersection(options.sets):
        parser.error("needs --data FOLDER, --held-out or --sets without the real ones")
    report = Report(options.csv)
    for library in options.libraries:
        if options.warnings:
            counted = [
                {"objective": name} | alarms(library, objective, options)
                for name, objective in candidates(options)
            ]
            report.table(f"{library}: trainings that warn of rows left behind", counted)
            continue
        pairs: list[tuple[str, Objective | str]] = []
        rows = []
        if options.built_in:
            pairs += [(f"built-in {name}", spec) for name, spec in BUILT_IN[library].items()]
        for name, objective in (*candidates(options), *pairs):
            rows.append({"objective": name} | figures(library, objective, options))
        report.table(f"{library}: test MAE over the median constant's", rows)
    report.save()


if __name__ == "__main__":
    main()
