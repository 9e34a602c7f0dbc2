"""Models end to end: what `train` costs over the library's own, and where small targets lose splits.

``overhead``: CPU seconds, on one thread, of gbm_objectives' train over the library's own train with the same objective and
the intercept given, 1M x 20, 100 rounds, alternating. ``scale``: what XGBoost's floor under the gain costs
as the target gets smaller, and where `train` warns.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from _common import Bound, Report, arguments

from gbm_objectives import huber


def overhead(report: Report, rows: int, rounds: int, repeats: int) -> None:
    """Both libraries, huber(): the ratio of the fastest of several alternating runs."""
    import lightgbm as lgb
    import xgboost as xgb

    import gbm_objectives.lightgbm as gol
    import gbm_objectives.xgboost as gox

    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 20), dtype=np.float32)
    y = (2 * x[:, 0] + x[:, 1] * x[:, 2] + rng.standard_t(2, rows)).astype(np.float32)
    start = float(huber().intercept(y))
    xgb_params = {"nthread": 1}
    lgb_params = {"verbosity": -1, "num_threads": 1, "force_row_wise": True}
    dtrain = xgb.QuantileDMatrix(x, y)
    dset = lgb.Dataset(x, y, params=lgb_params).construct()
    dstart = lgb.Dataset(x, y, init_score=np.full(rows, start), params=lgb_params).construct()
    runs = {
        ("XGBoost", "own"): lambda: xgb.train(
            {**xgb_params, "base_score": start}, dtrain, rounds, obj=huber()
        ),
        ("XGBoost", "ours"): lambda: gox.train(
            xgb_params, dtrain, rounds, objective=huber(), leaves="library"
        ),
        ("LightGBM", "own"): lambda: lgb.train(
            {**lgb_params, "objective": huber()}, dstart, rounds
        ),
        ("LightGBM", "ours"): lambda: gol.train(
            lgb_params, dset, rounds, objective=huber(), leaves="library"
        ),
    }
    seconds: dict[Any, float] = dict.fromkeys(runs, np.inf)
    for _ in range(repeats):
        for name, run in runs.items():
            begin = time.process_time()
            run()
            seconds[name] = min(seconds[name], time.process_time() - begin)
    table, bounds = [], []
    for library in ("XGBoost", "LightGBM"):
        own, ours = seconds[library, "own"], seconds[library, "ours"]
        table.append({"library": library, "own s": own, "ours s": ours, "ratio": ours / own})
        bounds.append(Bound(f"{library}: train over the library's own", ours / own, 1.02))
    report.table(f"Whole training, {rows} x 20, {rounds} rounds", table)
    report.bounds(bounds)


def scale(report: Report) -> None:
    """Friedman's first data set, 1,500 rows, 200 rounds, eta .1: error relative to that at size 1."""
    import warnings

    import xgboost as xgb
    from sklearn.datasets import make_friedman1

    import gbm_objectives.xgboost as gox
    from gbm_objectives import TrainingWarning, squared_error
    from gbm_objectives._training.starts import Start
    from gbm_objectives.xgboost._guards import GAIN_FLOOR

    x, y = make_friedman1(1500, noise=1.0, random_state=0)
    x_test, y_test = make_friedman1(1000, noise=0.0, random_state=1)
    mean, deviation = y.mean(), y.std()
    y, y_test = (y - mean) / deviation, (y_test - mean) / deviation
    table = []
    for objective in (squared_error(), huber()):
        errors = []
        for size in (1.0, 0.1, 0.01, 0.00316, 0.001, 0.0001):
            target = (size * y).astype(np.float32)
            start = np.array(objective.intercept(target))
            gain = Start.of(objective, target, start, None).gain
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                params = {"eta": 0.1, "nthread": 1}
                booster = gox.train(params, xgb.DMatrix(x, target), 200, objective=objective)
            error = np.mean(np.abs(booster.predict(xgb.DMatrix(x_test)) / size - y_test))
            errors.append(float(error))
            warned = any(issubclass(w.category, TrainingWarning) for w in seen)
            row = {"objective": objective.name, "size": size, "floors": gain / GAIN_FLOOR}
            table.append(row | {"error / at 1": errors[-1] / errors[0], "warned": warned})
    report.table("XGBoost's floor under the gain", table)


def main() -> None:
    """Run what is named."""
    parser = arguments(__doc__)
    parser.add_argument("which", choices=["overhead", "scale"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    report = Report(given.csv)
    if given.which == "overhead":
        overhead(report, given.rows, given.rounds, given.repeats)
    else:
        scale(report)
    report.save()


if __name__ == "__main__":
    main()
