"""Do 90% intervals hold 90%? ``python benchmarks/intervals.py --data FOLDER``.

Six real sets, ten splits (75% to train, of which a quarter calibrates, and 25% to test), both libraries at their
defaults, 100 rounds: coverage and mean width, over the target's standard deviation, of `IntervalRegressor` and of its
quantiles before the correction. The mean coverage over the splits must be within 1.5 points of the level.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from _common import Bound, Report, arguments
from robustness import SETS, real
from sklearn.model_selection import train_test_split

from gbm_objectives.intervals import IntervalRegressor
from gbm_objectives.metrics import coverage, interval_width


def main() -> None:
    """Run the sets."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", required=True)
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument(
        "--calibration", type=float, help="share of the training rows; the default's"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    estimators = {
        "XGBoost": xgb.XGBRegressor(n_jobs=options.threads),
        "LightGBM": lgb.LGBMRegressor(n_jobs=options.threads, verbosity=-1),
    }
    report, rows, bounds = Report(options.csv), [], []
    share = {} if options.calibration is None else {"calibration": options.calibration}
    for name, (library, estimator) in product(options.sets, estimators.items()):
        X, y = real(options.data, name)
        figures = []
        for seed in range(options.splits):
            parts = train_test_split(X, y, test_size=0.25, random_state=seed)
            X_train, X_test, y_train, y_test = parts
            model = IntervalRegressor(estimator, level=options.level, random_state=seed, **share)
            model.fit(X_train, y_train)
            pairs = model.predict_interval(X_test), model.estimator_.predict(X_test)
            figures.append(
                [m(y_test, ends) for ends in pairs for m in (coverage(), interval_width())]
            )
        each, deviation = np.array(figures), y.std()
        means = each.mean(axis=0)
        rows.append(
            {
                "data": name, "library": library, "coverage": means[0],
                "least": each[:, 0].min(), "most": each[:, 0].max(), "width": means[1] / deviation,
                "quantiles' own": means[2], "their width": means[3] / deviation,
            }
        )  # fmt: skip
        off = abs(float(means[0]) - options.level)
        bounds.append(Bound(f"{name}, {library}: |mean coverage - level|", off, 0.015))
    report.table(f"Intervals at {options.level:g}, {options.splits} splits", rows)
    report.bounds(bounds)
    report.save()


if __name__ == "__main__":
    main()
