"""Memory of very large data: the callback on simulated predictions, and whole trainings of data that come in batches.

The callback is given labels and predictions, float32 as XGBoost has them and float64 as LightGBM has them, and returns
gradient and Hessian. What it needs beyond these arrays is the process's peak less what it held before the call, less
the two results. The intercept and the metric are measured alike; they have no large result.

The trainings read batches of ten columns: XGBoost an ExtMemQuantileDMatrix (pages on disk; from XGBoost 3.0) and a
QuantileDMatrix, both from a DataIter, LightGBM a Dataset from a Sequence. Peak memory is read after a quarter of the
rounds, at least 3, and at the end: it must not grow. Each case runs in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from _common import Bound, Report, Row, arguments
from numpy.typing import NDArray

from gbm_objectives import (
    binary_cross_entropy,
    dice,
    focal,
    ghm_classification,
    huber,
    ohem,
    quantile,
)
from gbm_objectives.links import LOGIT
from gbm_objectives.objective import Objective

OBJECTIVES: dict[str, Objective] = {
    "huber()": huber(),
    "huber(delta=1)": huber(delta=1.0),
    "quantile(.9)": quantile(0.9),
    "focal()": focal(),
    "dice()": dice(),
    "ghm_classification()": ghm_classification(),
    "ohem(binary_cross_entropy())": ohem(binary_cross_entropy()),
}
COLUMNS = 10
BATCH = 1 << 18
MB = 1e6


def memory() -> float:
    """MB that the process holds."""
    return _status("VmRSS")


def peak() -> float:
    """The most MB that the process has held since `reset`."""
    return _status("VmHWM")


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if name in line)
    return int(line.split()[1]) * 1024 / MB


def reset() -> None:
    """Forget the peak."""
    Path("/proc/self/clear_refs").write_text("5")


def fill(array: NDArray[Any], binary: bool, rng: np.random.Generator) -> None:
    """Heavy-tailed numbers, or labels of which a tenth is 1, a block at a time."""
    for start in range(0, len(array), BATCH):
        part = array[start : start + BATCH]
        part[:] = rng.random(len(part)) < 0.1 if binary else rng.standard_t(3, len(part))


def callback(name: str, rows: int, dtype: str) -> list[Row]:
    """The gradients, the intercept and the metric of one objective."""
    objective, rng = OBJECTIVES[name], np.random.default_rng(0)
    y, raw = np.empty(rows, np.float32), np.empty(rows, dtype)
    fill(y, objective.link == LOGIT, rng)
    fill(raw, False, rng)
    objective(y[:1000], raw[:1000])
    results = 2 * 4 * rows / MB
    calls: dict[str, tuple[Callable[[], Any], float]] = {
        "callback": (lambda: objective(y, raw), results),
        "intercept": (lambda: objective.intercept(y), 0.0),
        "metric": (lambda: objective.metric(y, raw), 0.0),
    }
    found = []
    for what, (call, result) in calls.items():
        reset()
        held, begun = memory(), time.perf_counter()
        kept = call()
        seconds = time.perf_counter() - begun
        beyond = peak() - held - result
        del kept
        row: Row = {"call": what, "objective": name, "predictions": dtype, "rows": rows}
        row |= {"inputs MB": (y.nbytes + raw.nbytes) / MB, "results MB": result}
        found.append(row | {"beyond MB": beyond, "bytes a row": beyond * MB / rows, "s": seconds})
    return found


@lru_cache(maxsize=1)  # LightGBM draws its sample row by row
def batch(start: int, stop: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows ``start`` to ``stop`` of the data, made anew."""
    rng = np.random.default_rng(start)
    X = rng.standard_normal((stop - start, COLUMNS)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + 2 * np.sin(X[:, 2]) + rng.standard_t(3, stop - start)
    return X, y.astype(np.float32)


def training(kind: str, rows: int, rounds: int, threads: int) -> list[Row]:
    """A whole training; memory after a quarter of the rounds and at the end."""
    peaks: dict[int, float] = {}
    early = max(rounds // 4, 3)
    reset()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        built = _lightgbm if kind == "LightGBM Sequence" else _xgboost
        at_start = built(kind, rows, rounds, threads, folder, peaks)
        seconds = time.perf_counter() - begun
    row: Row = {"data": kind, "rows": rows, "rounds": rounds, "held before the rounds MB": at_start}
    row |= {f"peak after {early} MB": peaks[early], "peak at the end MB": peaks[rounds]}
    growth = peaks[rounds] - peaks[early]
    return [row | {"growth MB": growth, "MB of float32 X": 4 * COLUMNS * rows / MB, "s": seconds}]


def _xgboost(
    kind: str, rows: int, rounds: int, threads: int, folder: str, peaks: dict[int, float]
) -> float:
    import xgboost as xgb

    import gbm_objectives.xgboost

    class Batches(xgb.DataIter):
        def __init__(self) -> None:
            self.start = 0
            cache = {"cache_prefix": f"{folder}/cache"} if "ExtMem" in kind else {}
            super().__init__(**cache)

        def next(self, input_data: Callable[..., Any]) -> bool:
            if self.start >= rows:
                return False
            stop = min(self.start + BATCH, rows)
            X, y = batch(self.start, stop)
            input_data(data=X, label=y)
            self.start = stop
            return True

        def reset(self) -> None:
            self.start = 0

    class Peaks(xgb.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            peaks[epoch + 1] = peak()
            return False

    make = getattr(xgb, kind.split()[1])
    dtrain = make(Batches(), max_bin=256, nthread=threads)
    held = memory()
    reset()
    params = {"nthread": threads, "max_depth": 6}
    gbm_objectives.xgboost.train(params, dtrain, rounds, objective=huber(), callbacks=[Peaks()])
    return held


def _lightgbm(
    kind: str, rows: int, rounds: int, threads: int, folder: str, peaks: dict[int, float]
) -> float:
    import lightgbm as lgb

    import gbm_objectives.lightgbm

    class Rows(lgb.Sequence):
        batch_size = BATCH

        def __init__(self, start: int, stop: int) -> None:
            self.X = (start, stop)

        def __getitem__(self, index: Any) -> Any:
            X, _ = batch(*self.X)
            return X[index].astype(np.float64)

        def __len__(self) -> int:
            return self.X[1] - self.X[0]

    def note(env: Any) -> None:
        peaks[env.iteration + 1] = peak()

    pieces = [(start, min(start + BATCH, rows)) for start in range(0, rows, BATCH)]
    y = np.concatenate([batch(*piece)[1] for piece in pieces])
    params = {"num_threads": threads, "verbosity": -1}
    train_set = lgb.Dataset([Rows(*piece) for piece in pieces], y, params=params)
    train_set.construct()
    held = memory()
    reset()
    gbm_objectives.lightgbm.train(params, train_set, rounds, objective=huber(), callbacks=[note])
    return held


def alone(call: Callable[..., list[Row]], *given: Any) -> list[Row]:
    """``call(*given)`` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(call, given)


def parse() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--callback-rows", type=int, default=5_000_000)
    parser.add_argument("--training-rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--objectives", nargs="*", default=list(OBJECTIVES), choices=OBJECTIVES)
    return parser.parse_args()


def main() -> None:
    given = parse()
    report = Report(given.csv)
    bounds = []
    rows: list[Row] = []
    for name in given.objectives:
        for dtype in ("float32", "float64"):
            rows += alone(callback, name, given.callback_rows, dtype)
    if rows:
        report.table("Callback on simulated predictions", rows)
        worst = max(row["beyond MB"] for row in rows if row["call"] == "callback")
        bounds.append(Bound("callback: MB beyond inputs and results", worst, 100.0))
    found: list[Row] = []
    for kind in ("XGBoost ExtMemQuantileDMatrix", "XGBoost QuantileDMatrix", "LightGBM Sequence"):
        if given.training_rows:
            found += alone(training, kind, given.training_rows, given.rounds, given.threads)
    if found:
        report.table("Whole training, huber()", found)
        growth = max(row["growth MB"] for row in found)
        bounds.append(Bound("training: MB that rounds add", growth, 50.0))
    report.bounds(bounds)
    report.save()


if __name__ == "__main__":
    main()
