"""What sampling saves and what it costs: `sampled_softmax` and `negative_sampling` against the full losses.

The first table is the callback alone: nanoseconds a row in float32, on one thread, all calls interleaved, medians of
CPU time. The others are whole trainings of XGBoost (depth 4) and LightGBM (15 leaves) at learning rate .3, from
the same start: CPU milliseconds a round (the faster of the repeats, in turns), how much of them is the callback, and
the full loss on test rows after the last round. Both libraries grow a tree a class in every round, from all rows,
whatever the gradients are, so look at "of full" for what is saved.

Classes are Gaussian blobs that overlap, their shares fall as 1/k^.7. The rare class is 2% of the rows. What saves time
there is shown beside negative_sampling: the full loss on data with a tenth of the negatives, of weight 10.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Report, Row, arguments, interleaved
from numpy.typing import NDArray

from gbm_objectives import (
    binary_cross_entropy,
    negative_sampling,
    sampled_softmax,
    softmax_cross_entropy,
)
from gbm_objectives.objective import Objective

Array = NDArray[Any]
FULL = "full"
THINNED = "full, a tenth of the negatives in the data"
CLASSES = (10, 100, 1000)


def softmaxes(n_classes: int) -> dict[str, Objective]:
    """The full loss, and samples of 5 classes, a fifth and a half of them, by frequency too."""
    fifth, half = n_classes // 5, n_classes // 2
    counts = list(dict.fromkeys(m for m in (5, fifth, half)))
    objectives = {FULL: softmax_cross_entropy()}
    objectives |= {f"{m} of {n_classes}": sampled_softmax(m) for m in counts}
    by_frequency = sampled_softmax(fifth, distribution="frequency")
    return objectives | {f"{fifth} of {n_classes}, by frequency": by_frequency}


def callbacks(numbers: int, repeats: int) -> list[Row]:
    """One row of the table for each loss, of ``numbers`` scores in all."""
    rng = np.random.default_rng(0)
    table: list[Row] = []
    for n_classes in CLASSES:
        rows = numbers // n_classes
        raw = (2 * rng.standard_normal((rows, n_classes))).astype(np.float32)
        y = rng.integers(0, n_classes, rows).astype(np.float32)
        objectives = softmaxes(n_classes)
        calls = {name: partial(each, y, raw) for name, each in objectives.items()}
        table += _callback_rows(f"{n_classes} classes", calls, rows, repeats)
    y = (rng.random(numbers) < 0.02).astype(np.float32)
    raw = rng.standard_normal(numbers).astype(np.float32)
    calls = {name: partial(each, y, raw) for name, each in binaries().items()}
    return table + _callback_rows("a rare class", calls, numbers, repeats)


def _callback_rows(
    what: str, calls: dict[str, Callable[[], Any]], rows: int, repeats: int
) -> list[Row]:
    seconds = interleaved(calls, repeats, lead=1)
    return [
        {
            "data": what,
            "loss": name,
            "ns/row": 1e9 * each / rows,
            "of full": each / seconds[FULL],
        }
        for name, each in seconds.items()
    ]


def binaries() -> dict[str, Objective]:
    """The full loss, and a tenth and a half of the negatives."""
    return {
        FULL: binary_cross_entropy(),
        "half of the negatives": negative_sampling(share=0.5),
        "a tenth of the negatives": negative_sampling(share=0.1),
    }


def blobs(n_classes: int, rows: int, seed: int) -> tuple[Array, Array]:
    """Features and class codes."""
    centres = 1.2 * np.random.default_rng(0).standard_normal((n_classes, 10))
    rng = np.random.default_rng(seed)
    shares = np.arange(1, n_classes + 1) ** -0.7
    y = rng.choice(n_classes, rows, p=shares / shares.sum())
    return (centres[y] + rng.standard_normal((rows, 10))).astype(np.float32), y


def rare(rows: int, seed: int) -> tuple[Array, Array]:
    """Features and labels, 2% of which are 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, 10)).astype(np.float32)
    logit = X[:, 0] * X[:, 1] + 2 * np.sin(X[:, 2]) + X[:, 3] - 5.8
    return X, (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.float32)


@dataclass(frozen=True)
class Data:
    """Rows to train on and rows to test on."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    rounds: int
    threads: int
    n_outputs: int
    weight: Array | None = None

    @classmethod
    def of(cls, make: Callable[..., tuple[Array, Array]], rows: int, **rest: Any) -> Data:
        """As many test rows as training rows."""
        return cls(*make(rows=rows, seed=1), *make(rows=rows, seed=2), **rest)


def thinned(data: Data, share: float) -> Data:
    """Without most of the negatives; those that are left stand for the others."""
    kept = (data.y > 0) | (np.random.default_rng(0).random(len(data.y)) < share)
    X, y = data.X[kept], data.y[kept]
    return replace(data, X=X, y=y, weight=np.where(y > 0, 1.0, 1.0 / share))


@dataclass
class Clocked:
    """Calls an objective and adds up the CPU time it takes."""

    objective: Objective
    seconds: float = 0.0

    def __call__(self, preds: Any, data: Any) -> tuple[Any, Any]:
        """Gradient and Hessian."""
        start = time.process_time()
        result = self.objective(preds, data)
        self.seconds += time.process_time() - start
        return result


def train(
    library: str, data: Data, objective: Objective, **extra: Any
) -> tuple[float, float, float]:
    """CPU seconds of the training and of the callback in it, and the full loss on test rows."""
    n = len(data.y)
    several = data.n_outputs > 1
    start: Any = objective.intercept(data.y, data.weight, data.n_outputs if several else None)
    margins = np.broadcast_to(start, (n, data.n_outputs) if several else (n,)).copy()
    outputs = {"num_class": data.n_outputs} if several else {}
    clocked = Clocked(objective)
    raw: Any
    if library == "XGBoost":
        matrix = xgb.DMatrix(data.X, data.y, weight=data.weight, base_margin=margins)
        params = {"max_depth": 4, "eta": 0.3, "nthread": data.threads, "verbosity": 0}
        params |= {"disable_default_eval_metric": 1, "base_score": 0.0, **outputs}
        began = time.process_time()
        booster = xgb.train(params, matrix, data.rounds, obj=clocked)
        seconds = time.process_time() - began
        raw = booster.predict(xgb.DMatrix(data.X_test), output_margin=True)
    else:
        dataset = lgb.Dataset(data.X, data.y, weight=data.weight, init_score=margins)
        # A function, since LightGBM copies its parameters deeply.
        params = {"objective": lambda preds, d: clocked(preds, d), "metric": "None", **outputs}
        params |= {"num_leaves": 15, "learning_rate": 0.3, "num_threads": data.threads}
        params |= {"lambda_l2": 1, "min_sum_hessian_in_leaf": 1, "verbosity": -1}
        dataset.params = {"verbosity": -1}
        dataset.construct()
        began = time.process_time()
        model = lgb.train(params, dataset, data.rounds)
        seconds = time.process_time() - began
        raw = model.predict(data.X_test, raw_score=True)
    full = softmax_cross_entropy() if several else binary_cross_entropy()
    return seconds, clocked.seconds, float(full.metric(data.y_test, start + raw))


def compare(what: str, data: Data, objectives: dict[str, Objective], repeats: int) -> list[Row]:
    """One row of the table for each library and loss."""
    table: list[Row] = []
    for library in ("XGBoost", "LightGBM"):
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in objectives}
        for repeat in range(repeats):
            for name in list(objectives)[:: 1 - 2 * (repeat % 2)]:
                found[name].append(train(library, data, objectives[name]))
        fastest = {name: min(runs) for name, runs in found.items()}
        first = next(iter(fastest.values()))[0]
        for name, (seconds, callback, loss) in fastest.items():
            table.append(
                {
                    "library": library,
                    "data": what,
                    "loss": name,
                    "CPU ms/round": 1e3 * seconds / data.rounds,
                    "of full": seconds / first,
                    "callback share": callback / seconds,
                    "test log-loss": loss,
                }
            )
    return table


def main() -> None:
    """Callbacks, then trainings on classes and on a rare class."""
    parser = arguments(__doc__)
    parser.add_argument("--numbers", type=int, default=2_000_000, help="scores of a callback")
    parser.add_argument("--rows", type=int, default=5000, help="training rows, of classes")
    parser.add_argument("--rare-rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, nargs=3, default=[60, 30, 6], help="by classes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    report = Report(options.csv)
    report.table(
        f"Callback, {options.numbers:,} scores, one thread, CPU time",
        callbacks(options.numbers, 7),
    )
    for n_classes, rounds in zip(CLASSES, options.rounds, strict=True):
        data = Data.of(
            partial(blobs, n_classes), options.rows, rounds=rounds, threads=options.threads,
            n_outputs=n_classes,
        )  # fmt: skip
        repeats = options.repeats if n_classes < CLASSES[-1] else 1
        title = f"{n_classes} classes, {options.rows:,} rows, {rounds} rounds"
        report.table(title, compare(f"{n_classes} classes", data, softmaxes(n_classes), repeats))
    data = Data.of(
        rare, options.rare_rows, rounds=60, threads=options.threads, n_outputs=1
    )  # fmt: skip
    table = compare("a rare class", data, binaries(), options.repeats)
    few = {THINNED: binary_cross_entropy()}
    table += compare("a rare class", thinned(data, 0.1), few, options.repeats)
    table.sort(key=lambda row: str(row["library"]), reverse=True)
    full = {row["library"]: row["CPU ms/round"] for row in table if row["loss"] == FULL}
    for row in table:
        row["of full"] = row["CPU ms/round"] / full[row["library"]]
    title = f"A rare class, {options.rare_rows:,} rows, 60 rounds"
    report.table(title, table)
    report.save()


if __name__ == "__main__":
    main()
