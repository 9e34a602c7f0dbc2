"""Two correlated targets, 40% of the labels missing at random: one model of both against two models.

Each of the two models is trained on the rows that have its own label. 2,000 rows to train on and 4,000 to test on, three
seeds, 60 rounds of depth 4 at the learning rate .1, no constant chosen. The error is the MAE over the observed test
cells, each target in units of its own standard deviation. ``python benchmarks/missing_labels.py``
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, Row, arguments

from gbm_objectives import absolute_error, huber, squared_error
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn import ObjectiveRegressor

Array = np.ndarray[Any, Any]
TRAIN, TEST = 2000, 4000
COMMON = {"n_estimators": 60, "learning_rate": 0.1, "n_jobs": 1}
WAYS: dict[str, Any] = {
    "XGBoost, a tree an output": xgb.XGBRegressor(max_depth=4, **COMMON),
    "XGBoost, vector leaves": xgb.XGBRegressor(
        max_depth=4, multi_strategy="multi_output_tree", **COMMON
    ),
    "LightGBM, a tree an output": lgb.LGBMRegressor(num_leaves=16, verbosity=-1, **COMMON),
}
OBJECTIVES = {
    "squared_error": squared_error(),
    "huber": huber(),
    "absolute_error": absolute_error(),
}


def data(seed: int) -> tuple[Array, Array]:
    """Features and labels with NaN; noise of Student's t with 3 degrees, correlated at .7."""
    rng = np.random.default_rng(seed)
    n = TRAIN + TEST
    x = rng.standard_normal((n, 8))
    shared = 2 * x[:, 0] + x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3])
    signal = np.column_stack([shared + x[:, 4], shared - 0.5 * x[:, 5]])
    noise = rng.standard_normal((n, 2)) @ np.linalg.cholesky([[1, 0.7], [0.7, 1]]).T
    noise /= np.sqrt(rng.chisquare(3, (n, 1)) / 3)
    y = (signal + noise) * [1.0, 10.0]
    missing = rng.random((n, 2)) < 0.4
    kept = ~missing.all(axis=1)
    return x[kept], np.where(missing, np.nan, y)[kept]


def error(predictions: Array, y: Array) -> float:
    """MAE over the observed cells, in standard deviations of the columns."""
    return float(np.nanmean(np.abs(predictions - y) / np.nanstd(y, axis=0)))


def run(model: Any, objective: Objective, plain: Any, seeds: int) -> Row:
    """The errors of both ways."""
    together, apart = [], []
    for seed in range(seeds):
        x, y = data(seed)
        new, truth = x[TRAIN:], y[TRAIN:]
        x, y = x[:TRAIN], y[:TRAIN]
        found = ObjectiveRegressor(model, objective).fit(x, y).predict(new)
        together.append(error(found, truth))
        columns = []
        for labels in y.T:
            seen = ~np.isnan(labels)
            alone = ObjectiveRegressor(plain, objective).fit(x[seen], labels[seen])
            columns.append(alone.predict(new))
        apart.append(error(np.column_stack(columns), truth))
    return {"one model": np.mean(together), "two models": np.mean(apart)}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    report, rows = Report(given.csv), []
    print(f"XGBoost {xgb.__version__}, LightGBM {lgb.__version__}")
    for way, model in WAYS.items():
        plain = WAYS["XGBoost, a tree an output"] if "XGBoost" in way else model
        for name, objective in OBJECTIVES.items():
            row = run(model, objective, plain, given.seeds)
            ratio = row["one model"] / row["two models"]
            rows.append({"way": way, "objective": name, **row, "ratio": float(ratio)})
    report.table("40% of the labels missing: MAE of observed test cells", rows)
    report.bounds(Bound(f"{row['way']}, {row['objective']}", row["ratio"], 1.02) for row in rows)
    report.save()


if __name__ == "__main__":
    main()
