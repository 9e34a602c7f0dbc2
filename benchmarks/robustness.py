"""One default for clean and contaminated labels? ``python benchmarks/robustness.py --data FOLDER``.

Six real sets, four kinds of noise in the training labels, both libraries; 75% of the rows to train, at most
5,000, and the clean rest to test; 200 rounds, learning rate .1, depth 6 / 31 leaves, library defaults
otherwise. The figure is the test MAE over that of the median constant, its geometric mean over sets and seeds.

none   the labels as they are
one    20% of the labels raised by 1 to 10 standard deviations
sym    30% with normal noise of 5 standard deviations: many outliers are near
far    40% moved by +-10 standard deviations

``--held-out`` takes scikit-learn's diabetes and Friedman's three functions, on which nothing was chosen.
``--objectives`` takes names of factories, ``--factor`` other automatic scales than the default, in units of
1.4826 median |r|: ``--objectives cauchy --factor 1 1.75 2.385`` repeats how the defaults were found.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from _common import Report, Row, arguments
from _roles import BUILT_IN, LIBRARIES, Array, Model, Task, read, sized
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3

from gbm_objectives.metrics import mae
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES

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


def figures(library: str, objective: Objective | str, options: Any) -> Row:
    """The geometric mean of each kind of noise, and of all."""
    logarithms: dict[str, list[float]] = {kind: [] for kind in options.noises}
    names = HELD_OUT if options.held_out else SETS
    for name, seed in product(names, options.seeds):
        X, y = HELD_OUT[name]() if options.held_out else real(options.data, name)
        task = Task.of(X, y, seed=seed)
        task = replace(task, X=task.X[:5000], y=task.y[:5000])
        constant = task.of_median(mae())
        for kind in options.noises:
            threads = "nthread" if library == "XGBoost" else "num_threads"
            parameters = sized(library, 6, 31) | {threads: options.threads}
            noised = replace(task, y=noisy(task.y, kind, seed))
            error = noised.score(Model(library, objective, 200, parameters), mae())
            logarithms[kind].append(float(np.log(error / constant)))
    means = {kind: float(np.exp(np.mean(values))) for kind, values in logarithms.items()}
    return means | {"all": float(np.exp(np.mean(list(logarithms.values()))))}


def main() -> None:
    """Run the sweep."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the CSV files of the six sets")
    parser.add_argument("--held-out", action="store_true", help="the other four sets")
    parser.add_argument("--objectives", nargs="*", choices=sorted(OBJECTIVES), default=DEFAULT)
    parser.add_argument("--factor", type=float, nargs="+", help="other automatic scales")
    noises = ["none", "one", "sym", "far"]
    parser.add_argument("--noises", nargs="+", choices=noises, default=noises)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--built-in", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    if options.data is None and not options.held_out:
        parser.error("needs --data FOLDER or --held-out")
    report = Report(options.csv)
    for library in LIBRARIES:
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
