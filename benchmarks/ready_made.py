"""What a callback adds to a training of the same trees: XGBoost (depth 6), LightGBM (31 leaves), otherwise defaults.

One million rows, 20 columns (correlated normals, skewed amounts, counts, flags), a nonlinear target with
heavy-tailed noise that depends on the row; for focal() the upper 10% of it.
With both engines. A first training records the gradients and Hessians of every round. Then trainings with the objective
alternate with trainings that are handed the recorded arrays: the same trees, so the same work, except for
the callback. Reported are medians of wall time and of CPU time, their ratios, and the callback's own
wall time. Datasets are built once, before; the objectives start at their intercepts.

Where other processes take a core, trainings stall at the barriers of their threads, for many times their
length: look at the ratio of the fastest then, or wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments
from numpy.typing import NDArray
from training import make_data

from gbm_objectives import engine, focal, huber, log_cosh, quantile
from gbm_objectives.objective import Objective

LIMIT = 1.05
ENGINES: tuple[engine.Engine, ...] = ("numpy", "compiled")
OBJECTIVES = {
    "huber()": huber(),
    "log_cosh()": log_cosh(),
    "quantile(.9)": quantile(0.9),
    "focal()": focal(),
}

Callback = Callable[[Any, Any], tuple[Any, Any]]
Trainer = Callable[[Callback], str | bytes]


@dataclass
class Clocked:
    """Calls an objective and adds up the time it takes."""

    objective: Callback
    seconds: float = 0.0
    keep: list[tuple[Any, Any]] | None = None

    def __call__(self, preds: Any, data: Any) -> tuple[Any, Any]:
        """Gradient and Hessian."""
        start = time.perf_counter()
        result = self.objective(preds, data)
        self.seconds += time.perf_counter() - start
        if self.keep is not None:
            self.keep.append(result)
        return result


@dataclass
class Times:
    """Wall and CPU seconds of repeated trainings."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self, train: Trainer, callback: Callback) -> str | bytes:
        """Train once."""
        wall, cpu = time.perf_counter(), time.process_time()
        model = train(callback)
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return model


def trainers(
    X: NDArray[np.float32], rounds: int, threads: int
) -> Iterator[tuple[str, Callable[[NDArray[np.float32], float], Trainer]]]:
    """For each library: labels and start in, a function from a callback to the trained model out."""
    matrix = xgb.QuantileDMatrix(X, nthread=threads)

    def with_xgboost(y: NDArray[np.float32], start: float) -> Trainer:
        matrix.set_label(y)
        parameters = {"max_depth": 6, "nthread": threads, "base_score": start, "verbosity": 0}
        return lambda callback: bytes(
            xgb.train(parameters, matrix, rounds, obj=callback).save_raw()
        )

    yield "XGBoost", with_xgboost

    # What LightGBM finds by a timing at each start; a start that found otherwise would round otherwise.
    parameters = {"num_threads": threads, "verbosity": -1, "force_row_wise": True}
    dataset = lgb.Dataset(X, label=np.zeros(len(X)), params=parameters).construct()

    def with_lightgbm(y: NDArray[np.float32], start: float) -> Trainer:
        dataset.set_label(y).set_init_score(np.full(len(y), start))

        def train(callback: Callback) -> str:
            # A function, since LightGBM copies its parameters deeply, with all that a callback holds.
            objective = {"objective": lambda preds, data: callback(preds, data)}
            return lgb.train({**parameters, **objective}, dataset, rounds).model_to_string()

        return train

    yield "LightGBM", with_lightgbm


def compare(train: Trainer, objective: Objective, rounds: int, repeats: int) -> Row:
    """Trainings with the objective and with its recorded gradients, in turns."""
    recorder = Clocked(objective, keep=[])
    model = train(recorder)
    recorded = recorder.keep or []
    same = True
    ours, ready = Times(), Times()
    own = []
    for repeat in range(repeats):
        for turn in (repeat % 2, 1 - repeat % 2):
            if turn:
                clocked = Clocked(objective)
                same &= ours.measure(train, clocked) == model
                own.append(clocked.seconds)
            else:
                replay = iter(recorded)
                same &= ready.measure(train, lambda *_, replay=replay: next(replay)) == model
    return {
        "s": median(ours.wall),
        "s, ready-made": median(ready.wall),
        "ratio": median(ours.wall) / median(ready.wall),
        "ratio of fastest": min(ours.wall) / min(ready.wall),
        "CPU s": median(ours.cpu),
        "CPU s, ready-made": median(ready.cpu),
        "CPU ratio": median(ours.cpu) / median(ready.cpu),
        "callback ms/round": 1e3 * median(own) / rounds,
        "callback share": median(own) / median(ours.wall),
        "same trees": "yes" if same else "NO",
    }


def main() -> None:
    """Run both libraries over all objectives."""
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(OBJECTIVES), help="of the objectives")
    options = parser.parse_args()
    X, target = make_data(options.rows, options.columns)
    classes = (target > np.quantile(target, 0.9)).astype(np.float32)
    report, table = Report(options.csv), []
    for library, trainer in trainers(X, options.rounds, options.threads):
        for name in options.only:
            objective = OBJECTIVES[name]
            y = classes if name == "focal()" else target
            train = trainer(y, float(objective.intercept(y)))
            for chosen in ENGINES:
                with engine.use(chosen, threads=options.threads):
                    row = compare(train, objective, options.rounds, options.repeats)
                table.append({"library": library, "objective": name, "engine": chosen, **row})
    report.table(
        f"{options.rows:,} x {options.columns}, {options.rounds} rounds, {options.threads} threads, "
        f"medians of {options.repeats}",
        table,
    )
    report.bounds(
        Bound(f"{row['library']} {row['objective']}, {row['engine']}: {ratio}", row[ratio], LIMIT)
        for row in table
        for ratio in ("ratio", "CPU ratio")
    )
    report.save()


if __name__ == "__main__":
    main()
