"""Many outputs: one tree for each, or one tree for all of them. ``python benchmarks/vector_leaves.py PROTOCOL``.

targets    30 targets that share five functions of 20 features, with noise of Student's t with 3 degrees; 15,000 rows to
           train on, 5,000 to test on. `huber()`, 40 rounds: test MAE.
classes    100 classes with normal features, 50,000 rows and 10,000. `softmax_cross_entropy()`: test log-loss, and the time
           until it is at most 1.03 times that of one tree a class. Trees for all classes have depth 8, learning rate .6
           and three times as many rounds.

The time is CPU time of the whole process, one thread; the size is that of the saved model (UBJSON in XGBoost, text in
LightGBM). ``--quick`` runs a tenth of the rows.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import huber, softmax_cross_entropy
from gbm_objectives.sklearn import ObjectiveRegressor

Array = np.ndarray[Any, Any]
VECTOR = {"multi_strategy": "multi_output_tree"}


def targets(rows: int) -> tuple[Array, Array]:
    """Features and targets."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 20)).astype(np.float32)
    shared = np.column_stack(
        [
            x[:, 0] + x[:, 1] * x[:, 2],
            np.sin(2 * x[:, 3]) * x[:, 4],
            np.abs(x[:, 5]) + x[:, 6],
            x[:, 7] * (x[:, 8] > 0),
            np.tanh(2 * x[:, 9]) + x[:, 10] ** 2,
        ]
    )
    signal = shared @ rng.normal(size=(5, 30)) / np.sqrt(5)
    return x, signal + 0.7 * rng.standard_t(3, size=(rows, 30))


def classes(rows: int) -> tuple[Array, Array]:
    """Features and class codes."""
    rng = np.random.default_rng(0)
    centres = 0.9 * rng.normal(size=(100, 20))
    codes = rng.integers(0, 100, rows)
    return (centres[codes] + rng.normal(size=(rows, 20))).astype(np.float32), codes


def size(model: Any) -> float:
    """Megabytes of the saved model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.ubj" if isinstance(model, xgb.Booster) else "model.txt")
        model.save_model(path)
        return os.path.getsize(path) / 1e6


def run_targets(train: int, test: int) -> list[Row]:
    """One row a way."""
    x, y = targets(train + test)
    unseen, truth = x[train:], y[train:]
    common = {"n_estimators": 40, "learning_rate": 0.3, "n_jobs": 1}

    def xgboost(projections: int | None = None, **settings: Any) -> Any:
        own = xgb.XGBRegressor(max_depth=6, **common, **settings)
        return ObjectiveRegressor(own, huber(), projections=projections)

    ways: dict[str, Any] = {
        "XGBoost, one tree an output": xgboost(),
        "XGBoost, vector leaves": xgboost(**VECTOR),
        **{f"XGBoost, vector leaves, projections={count}": xgboost(count) for count in (3, 5, 10)},
        "LightGBM, one tree an output": ObjectiveRegressor(
            lgb.LGBMRegressor(num_leaves=64, verbosity=-1, force_col_wise=True, **common), huber()
        ),
    }
    rows = []
    for way, model in ways.items():
        start = time.process_time()
        model.fit(x[:train], y[:train])
        seconds = time.process_time() - start
        fitted = model.estimator_
        booster = fitted.get_booster() if hasattr(fitted, "get_booster") else fitted.booster_
        error = float(np.abs(model.predict(unseen) - truth).mean())
        rows.append({"way": way, "MAE": error, "CPU s": seconds, "MB": size(booster)})
    return compared(rows, "MAE")


def run_classes(train: int, test: int, rounds: int) -> list[Row]:
    """One row a way."""
    x, y = classes(train + test)
    kept, unseen = slice(None, train), slice(train, None)
    matrices = xgb.DMatrix(x[kept], y[kept]), xgb.DMatrix(x[unseen], y[unseen])

    def xgboost(rounds: int, params: dict[str, Any], **options: Any) -> Iterator[Any]:
        clock, history = Clock(), {}
        yield gox.train(
            {"nthread": 1, **params}, matrices[0], rounds, objective=softmax_cross_entropy(),
            evals=[(matrices[1], "test")], evals_result=history, verbose_eval=False,
            guard="ignore", callbacks=[clock], **options,
        )  # fmt: skip
        yield next(iter(history["test"].values())), clock.times

    def lightgbm() -> Iterator[Any]:
        own, history = lgb.Dataset(x[kept], y[kept]), {}
        times: list[float] = []
        start = time.process_time()
        yield gol.train(
            {"num_threads": 1, "verbosity": -1, "force_col_wise": True, "num_leaves": 64,
             "learning_rate": 0.3},
            own, rounds, objective=softmax_cross_entropy(), guard="ignore",
            valid_sets=[own.create_valid(x[unseen], y[unseen])],
            callbacks=[lgb.record_evaluation(history),
                       lambda _: times.append(time.process_time() - start)],
        )  # fmt: skip
        yield next(iter(history["valid_0"].values())), times

    deep = {"max_depth": 8, "learning_rate": 0.6, "min_child_weight": 0.1}
    ways: dict[str, Iterator[Any]] = {
        "XGBoost, one tree a class": xgboost(rounds, {}),
        "XGBoost, one tree a class, eta .6": xgboost(rounds, {"learning_rate": 0.6}),
        "XGBoost, vector leaves, projections=5": xgboost(3 * rounds, deep, projections=5),
        "LightGBM, one tree a class": lightgbm(),
        "XGBoost, vector leaves, projections=10": xgboost(3 * rounds, deep, projections=10),
        "XGBoost, vector leaves": xgboost(3 * rounds, deep | VECTOR),
    }
    rows: list[Row] = []
    for way, (booster, (losses, times)) in ways.items():
        first = rows[0]["log-loss"] if rows else min(losses)
        good = [second for loss, second in zip(losses, times, strict=True) if loss <= 1.03 * first]
        rows.append(
            {
                "way": way,
                "rounds": len(losses),
                "log-loss": min(losses),
                "CPU s": times[-1],
                "MB": size(booster),
                "CPU s to 1.03 of the first": good[0] if good else float("nan"),
            }
        )
        print(rows[-1], flush=True)
    return compared(rows, "log-loss")


class Clock(xgb.callback.TrainingCallback):
    """CPU seconds from the start of training to the end of each round."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.start = time.process_time()

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Look at the clock."""
        self.times.append(time.process_time() - self.start)
        return False


def compared(rows: list[Row], error: str) -> list[Row]:
    """The rows with their ratios to the first one."""
    first = rows[0]
    return [
        {**row, **{f"{name}, ratio": row[name] / first[name] for name in (error, "CPU s", "MB")}}
        for row in rows
    ]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("protocol", choices=("targets", "classes"), nargs="+")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--rounds", type=int, default=40, help="of one tree a class")
    given = parser.parse_args()
    report, part = Report(given.csv), 10 if given.quick else 1
    print(f"XGBoost {xgb.__version__}, LightGBM {lgb.__version__}")
    if "targets" in given.protocol:
        rows = run_targets(15_000 // part, 5_000 // part)
        report.table("30 targets", rows)
        limits = {"MAE, ratio": 1.05, "CPU s, ratio": 0.35, "MB, ratio": 1 / 6}
        five = next(row for row in rows if row["way"].endswith("=5"))
        report.bounds(
            Bound(f"projections=5, {name}", five[name], at) for name, at in limits.items()
        )
    if "classes" in given.protocol:
        rows = run_classes(50_000 // part, 10_000 // part, given.rounds)
        report.table("100 classes", rows)
    report.save()


if __name__ == "__main__":
    main()
