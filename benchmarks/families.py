"""The families of distributions on two tables that come with statsmodels: counts of visits, and amounts above 0.

    python benchmarks/families.py visits
    python benchmarks/families.py amounts

Each is the comparison's task "distribution" on three folds: with XGBoost on 4,000 rows of `randhie`, with LightGBM on the
rows of `fair` that have an amount. The lines are CSV, as docs/measured keeps them.
"""

from __future__ import annotations

import argparse

import pandas as pd
from statsmodels.datasets import fair, randhie

from gbm_objectives.compare import compare

METRICS = {
    "visits": ["log_score", "crps", "coverage"],
    "amounts": ["log_score", "crps", "pit_error"],
}


def table(name: str) -> pd.DataFrame:
    """The mean over the folds of each candidate and metric."""
    if name == "visits":
        rows, target, library = randhie.load_pandas().data, "mdvis", "xgboost"
        rows = rows.sample(4000, random_state=0).reset_index(drop=True)
    else:
        rows, target, library = fair.load_pandas().data, "affairs", "lightgbm"
        rows = rows[rows[target] > 0].reset_index(drop=True)
    result = compare(rows, target, task="distribution", libraries=[library], folds=3)
    wide = result.scores.pivot_table(index="candidate", columns="metric", values="value")
    return wide[METRICS[name]].sort_values("log_score", ascending=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=METRICS)
    name = parser.parse_args().table
    print(table(name).to_csv(float_format="%.3f"))
