"""Leaves by steps of the loss against the libraries' own. ``python benchmarks/leaves.py PROTOCOL``.

robust     The sets, noises and parameters of `robustness.py`: clean-test MAE over that of the median constant, with
           leaves="library" and leaves="step", geometric means.
structure  Clean labels whose rows lag: two exponential sets, and 2% of the rows ten deviations away, told by a
           feature, and 3% of fewer rows. The same figure, over that of the library's absolute error.
cost       CPU time of whole trainings on 200,000 x 20, in turns, over that of leaves="library"; and of twice the
           rounds. The data sets are built before.

``--rows`` takes other limits of rows a leaf, ``--sets`` some of the sets: the default limit was chosen on concrete,
abalone and insurance. One thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments, interleaved
from _roles import LIBRARIES, Array, Task, sized
from robustness import HELD_OUT, SETS, noisy, real

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives.metrics import mae
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES

BASE: dict[str, dict[str, Any]] = {
    "XGBoost": {"nthread": 1, "verbosity": 0},
    "LightGBM": {"num_threads": 1, "verbosity": -1, "force_col_wise": True},
}
LIMIT = {"XGBoost": "min_child_weight", "LightGBM": "min_data_in_leaf"}
ABSOLUTE = {"XGBoost": "reg:absoluteerror", "LightGBM": "regression_l1"}
NOISES = ["none", "one", "sym", "far"]


@dataclass
class Trained:
    """A booster of our `train`, or of the library's own where the objective is a name."""

    library: str
    objective: Objective | str
    leaves: Any
    parameters: dict[str, Any]
    rounds: int = 200
    booster: Any = None

    def fit(self, X: Array, y: Array) -> Trained:
        """Train."""
        self.booster = train(
            self.library, made(self.library, X, y), self.rounds, self.objective, self.leaves,
            self.parameters,
        )  # fmt: skip
        return self

    def predict(self, X: Array) -> Array:
        """On the scale of the target."""
        data = xgb.DMatrix(X) if self.library == "XGBoost" else X
        return np.asarray(self.booster.predict(data), dtype=np.float64)


def made(library: str, X: Array, y: Array) -> Any:
    return xgb.DMatrix(X, y) if library == "XGBoost" else lgb.Dataset(X, y, params=BASE[library])


def train(
    library: str,
    data: Any,
    rounds: int,
    objective: Objective | str,
    leaves: Any,
    parameters: dict[str, Any],
) -> Any:
    module, own = (gox, xgb) if library == "XGBoost" else (gol, lgb)
    params = {**BASE[library], **parameters}
    if isinstance(objective, str):
        return own.train({**params, "objective": objective}, data, rounds)
    return module.train(
        params, data, rounds, objective=objective, leaves=leaves, guard="ignore"
    )  # fmt: skip


def exponential() -> tuple[Array, Array]:
    rng = np.random.default_rng(5)
    X = rng.uniform(0, 1, (2000, 6))
    return X, np.exp(6 * X[:, 0] - 3 * X[:, 1]) * (1 + 0.02 * rng.normal(size=2000))


def gridded() -> tuple[Array, Array]:
    rng = np.random.default_rng(7)
    X = np.round(9 * rng.uniform(0, 1, (427, 2))) / 9
    return X, 0.2 * np.exp(5 * X[:, 0] ** 2 + X[:, 1]) * (1 + 0.02 * rng.normal(size=427))


def far_group() -> tuple[Array, Array]:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(5333, 7))
    X[:, 6] = rng.random(5333) < 0.02
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=5333)
    return X, y + 10 * y.std() * X[:, 6]


def small_group() -> tuple[Array, Array]:
    """Of about 45 rows of the training data, fewer than two leaves of the default limit in LightGBM hold."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(2200, 3))
    X[:, 2] = rng.random(2200) < 0.03
    return X, X[:, 0] + 0.3 * rng.normal(size=2200) + 10 * X[:, 2]


STRUCTURE: dict[str, Callable[[], tuple[Array, Array]]] = {
    "exponential": exponential,
    "on a grid": gridded,
    "far group": far_group,
    "small group": small_group,
}


def candidates(library: str, options: Any) -> Iterator[tuple[str, Objective, Any, dict[str, Any]]]:
    """Objectives with the library's leaves and with steps, at each limit asked for."""
    for name in options.objectives:
        if "library" in options.leaves:
            yield f"{name}(), library", OBJECTIVES[name](), "library", {}
        for rows in (options.rows or [None]) * ("step" in options.leaves):
            limit = {} if rows is None else {LIMIT[library]: rows}
            title = f"{name}(), step" + ("" if rows is None else f", {rows:g} rows")
            yield title, OBJECTIVES[name](), "step", limit


def task_of(name: str, options: Any, seed: int) -> Task:
    if name in STRUCTURE:
        X, y = STRUCTURE[name]()
    else:
        X, y = HELD_OUT[name]() if name in HELD_OUT else real(options.data, name)
    task = Task.of(X, y, seed=seed)
    return replace(task, X=task.X[:5000], y=task.y[:5000])


def mean(values: Any) -> float:
    return math.exp(float(np.mean(np.log(list(values)))))


def robust(report: Report, options: Any) -> Iterator[Bound]:
    """Against the library's leaves, on real sets."""
    names = list(HELD_OUT) if options.held_out else options.sets
    tasks = {key: task_of(key[0], options, key[1]) for key in product(names, options.seeds)}
    for library in options.libraries:
        rows = []
        for title, objective, leaves, limit in candidates(library, options):
            parameters = sized(library, 6, 31) | limit
            errors = {
                (kind, *key): replace(task, y=noisy(task.y, kind, key[1])).score(
                    Trained(library, objective, leaves, parameters), mae()
                )
                / task.of_median(mae())
                for (key, task), kind in product(tasks.items(), options.noises)
            }
            row: Row = {"objective": title}
            row |= {
                kind: mean(e for k, e in errors.items() if k[0] == kind) for kind in options.noises
            }
            rows.append(row | {"all": mean(errors.values())})
        report.table(f"{library}: test MAE over the median constant's, {', '.join(names)}", rows)
    return iter(())


def structure(report: Report, options: Any) -> Iterator[Bound]:
    """Against the library's absolute error."""
    for library in options.libraries:
        rows = []
        for title, objective, leaves, limit in candidates(library, options):
            row: Row = {"objective": title}
            for name, kind in product(STRUCTURE, ("none", "one")):
                task = task_of(name, options, 0)
                task = replace(task, y=noisy(task.y, kind, 0))
                parameters = sized(library, 6, 31)
                own = task.score(Trained(library, ABSOLUTE[library], None, parameters), mae())
                ours = task.score(Trained(library, objective, leaves, parameters | limit), mae())
                row[f"{name}, {kind}"] = ours / own
            rows.append(row)
            if leaves == "step" and not limit:
                clean = mean(row[f"{name}, none"] for name in ("exponential", "on a grid"))
                yield Bound(f"{library} {title}, two exponential sets, clean", clean, 2.0)
                yield Bound(f"{library} {title}, far group, clean", row["far group, none"], 1.3)
        report.table(f"{library}: test MAE over that of its absolute error", rows)


def cost(report: Report, options: Any) -> Iterator[Bound]:
    """CPU time."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(options.size, 20)).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3] + rng.standard_t(2, size=len(X))
    bounds = []
    for library in options.libraries:
        data, rows = made(library, X, y.astype(np.float32)), []
        for name in options.objectives:
            objective, parameters = OBJECTIVES[name](), sized(library, 6, 31)
            calls = {
                (leaves, n): partial(train, library, data, n, objective, leaves, parameters)
                for leaves, n in (
                    ("library", options.rounds),
                    ("step", options.rounds),
                    ("step", 2 * options.rounds),
                )
            }
            seconds = interleaved(calls, options.repeats)
            ratio = seconds["step", options.rounds] / seconds["library", options.rounds]
            twice = seconds["step", 2 * options.rounds] / seconds["step", options.rounds]
            per_round = 1e3 * seconds["step", options.rounds] / options.rounds
            rows.append(
                {"objective": name, "ms/round": per_round, "over library": ratio, "twice": twice}
            )
            bounds.append(
                Bound(
                    f"{library} {name}: CPU over library",
                    ratio,
                    1.15 if library == "XGBoost" else 1.25,
                )
            )
            bounds.append(Bound(f"{library} {name}: twice the rounds", twice, 2.1))
        report.table(f"{library}: CPU time, {options.size} x 20, {options.rounds} rounds", rows)
    yield from bounds


PROTOCOLS = {"robust": robust, "structure": structure, "cost": cost}


def main() -> None:
    """Run one protocol."""
    parser = arguments(__doc__)
    parser.add_argument("protocol", choices=PROTOCOLS)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the CSV files of the six sets")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--held-out", action="store_true", help="the other four sets")
    parser.add_argument("--noises", nargs="+", choices=NOISES, default=NOISES)
    parser.add_argument("--objectives", nargs="+", choices=sorted(OBJECTIVES),
                        default=["huber", "cauchy", "adaptive_robust"])  # fmt: skip
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    both = ["library", "step"]
    parser.add_argument("--leaves", nargs="+", choices=both, default=both, help="not of cost")
    parser.add_argument("--rows", type=int, nargs="+", help="other limits of rows a leaf")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--size", type=int, default=200_000, help="cost: rows")
    parser.add_argument("--rounds", type=int, default=50, help="cost: rounds")
    parser.add_argument("--repeats", type=int, default=3, help="cost: trainings of each kind")
    options = parser.parse_args()
    if options.data is None and options.protocol == "robust" and not options.held_out:
        parser.error("robust needs --data FOLDER or --held-out")
    report = Report(options.csv)
    report.bounds(list(PROTOCOLS[options.protocol](report, options)))
    report.save()


if __name__ == "__main__":
    main()
