"""Distributional objectives: likelihood, CRPS and time beside other packages, the curvatures, and calibration.

    python benchmarks/distributions.py example
    python benchmarks/distributions.py sets --data FOLDER --splits 10
    python benchmarks/distributions.py pit --seeds 20

`example`: mean and spread of 3,000 made rows, the excess of the negative log-likelihood over the truth's, by curvature.
`sets`: real tables (CSV files whose last column is the target), normal distributions, 200 trees of depth 3 for each
parameter, learning rate .1, without early stopping: ngboost, xgboost-distribution and ngboost-lightning are candidates
where they are installed. `pit`: the right family, Kolmogorov-Smirnov of F(y) on 20,000 rows that the
model was not trained on.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from scipy import stats

from gbm_objectives.curvature import Fisher, Natural
from gbm_objectives.metrics import crps, log_score
from gbm_objectives.sklearn import DistributionRegressor

SETS = ("concrete", "abalone", "california_housing", "bike_hourly", "insurance")
DEPTH, ETA = 3, 0.1
CURVATURES: dict[str, Any] = {
    "default": None,
    "natural, undamped, unbounded": Natural(trust=None, damping=1.0),
    "natural, damped": Natural(trust=None),
    "natural, bounded": Natural(damping=1.0),
    "Fisher": Fisher(),
}


def ours(library: str, rounds: int, family: str = "normal", curvature: Any = None) -> Any:
    """The estimator of a library, one thread."""
    if library == "xgboost":
        base: Any = xgb.XGBRegressor(
            n_estimators=rounds, max_depth=DEPTH, learning_rate=ETA, n_jobs=1
        )
    else:
        base = lgb.LGBMRegressor(
            n_estimators=rounds, max_depth=DEPTH, num_leaves=2**DEPTH, learning_rate=ETA, n_jobs=1, verbosity=-1
        )  # fmt: skip
    return DistributionRegressor(base, family, curvature=curvature, guard="ignore")


def example(seeds: int) -> None:
    """The excess over the truth, by curvature and library, after 100 rounds."""
    print("| curvature | XGBoost | LightGBM |\n|---|---|---|")
    for name, curvature in CURVATURES.items():
        found = []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            x = rng.standard_normal((6000, 5))
            mean, scale = np.sin(x[:, 0]), np.exp(0.6 * x[:, 1] - 0.5)
            y = mean + scale * rng.standard_normal(6000)
            truth = stats.norm(mean, scale).logpdf(y)[3000:].mean()
            models = [
                ours(library, 100, curvature=curvature) for library in ("xgboost", "lightgbm")
            ]
            found.append(
                [truth - m.fit(x[:3000], y[:3000]).score(x[3000:], y[3000:]) for m in models]
            )
        print(
            f"| {name} | " + " | ".join(f"{excess:.3f}" for excess in np.mean(found, axis=0)) + " |"
        )


def candidates(rounds: int) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Names, and functions of (x, y, x_test) that give location and scale."""
    for library in ("xgboost", "lightgbm"):
        yield (
            f"DistributionRegressor, {library}",
            lambda x, y, t, library=library: ours(library, rounds).fit(x, y).predict_parameters(t),
        )
    if find_spec("ngboost"):
        from ngboost import NGBRegressor
        from sklearn.tree import DecisionTreeRegressor

        def natural(x: Any, y: Any, t: Any) -> Any:
            tree = DecisionTreeRegressor(criterion="friedman_mse", max_depth=DEPTH)
            model = NGBRegressor(Base=tree, n_estimators=rounds, learning_rate=ETA, verbose=False)
            found = model.fit(x, y).pred_dist(t)
            return np.column_stack([found.loc, found.scale])

        yield "ngboost", natural
    if find_spec("xgboost_distribution"):
        from xgboost_distribution import XGBDistribution

        def boosted(x: Any, y: Any, t: Any) -> Any:
            model = XGBDistribution(
                distribution="normal", n_estimators=rounds, max_depth=DEPTH, learning_rate=ETA, n_jobs=1
            )  # fmt: skip
            found = model.fit(x, y).predict(t)
            return np.column_stack([found.loc, found.scale])

        yield "xgboost-distribution", boosted
    if find_spec("ngboost_lightning"):
        from ngboost_lightning import LightningBoostRegressor

        def lightning(x: Any, y: Any, t: Any) -> Any:
            model = LightningBoostRegressor(
                n_estimators=rounds, learning_rate=ETA, max_depth=DEPTH, num_leaves=2**DEPTH, verbose=False
            )  # fmt: skip
            found = model.fit(x, y).pred_dist(t)
            return np.column_stack([found.loc, found.scale])

        yield "ngboost-lightning", lightning


def table(path: Path, split: int, rows: int) -> tuple[Any, ...]:
    """Features and labels of a training part and of the rest, text as codes, gaps as medians."""
    frame = pd.read_csv(path)
    frame = frame.sample(min(rows, len(frame)), random_state=split)
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            frame[column] = frame[column].astype("category").cat.codes
    frame = frame.fillna(frame.median())
    target = "median_house_value" if "median_house_value" in frame else frame.columns[-1]
    x, y = frame.drop(columns=target).to_numpy(float), frame[target].to_numpy(float)
    y = y / y.std()
    part = int(0.7 * len(y))
    return x[:part], y[:part], x[part:], y[part:]


def sets(folder: Path, splits: int, rounds: int, rows: int) -> None:
    """Mean negative log-likelihood, CRPS and seconds of each candidate on each set, labels over their deviation."""
    print("| set | candidate | NLL | CRPS | seconds |\n|---|---|---|---|---|", flush=True)
    for name in SETS:
        data = [table(folder / f"{name}.csv", split, rows) for split in range(splits)]
        for candidate, fit in candidates(rounds):
            found = []
            for x, y, t, labels in data:
                start = time.perf_counter()
                parameters = np.asarray(fit(x, y, t), dtype=float)
                seconds = time.perf_counter() - start
                scores = (
                    log_score().evaluate(labels, parameters),
                    crps().evaluate(labels, parameters),
                )
                found.append((*scores, seconds))
            nll, ranked, seconds = np.mean(found, axis=0)
            print(
                f"| {name} | {candidate} | {nll:.3f} | {ranked:.4f} | {seconds:.2f} |", flush=True
            )


def pit(seeds: int, library: str, rounds: int) -> None:
    """How often F(y) of the right family is uniform, of 20,000 rows beside 200,000 training rows."""
    for family in ("normal", "gamma", "negative_binomial"):
        right = 0
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            x = rng.uniform(-1, 1, (220_000, 2))
            z = np.column_stack([0.5 * x[:, 0] + 1, 0.3 * x[:, 1] + 0.5])
            model = ours(library, rounds, family)
            loss = model._model(family).objective.loss
            y = loss.frozen(loss.link.inverse(z)).rvs(random_state=rng)
            model.fit(x[20_000:], y[20_000:])
            right += stats.kstest(model.pit(x[:20_000], y[:20_000]), "uniform").pvalue > 0.01
        print(f"{family}: uniform (p > .01) in {right} of {seeds} seeds", flush=True)


def main() -> None:
    """One of the three."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["example", "sets", "pit"])
    parser.add_argument("--data", type=Path, default=Path())
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--library", default="lightgbm", choices=["xgboost", "lightgbm"])
    given = parser.parse_args()
    if given.what == "example":
        example(given.seeds)
    elif given.what == "sets":
        sets(given.data, given.splits, given.rounds, given.rows)
    else:
        pit(given.seeds, given.library, given.rounds)


if __name__ == "__main__":
    main()
