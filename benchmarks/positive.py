"""Hessians of the losses with the log link, on made data: test deviance after 30 and 150 rounds.

    python benchmarks/positive.py

Rates of e^-3 (rare), 1 (mid) and e^5 (large), 3000 training rows, mean of three seeds.
"""

from __future__ import annotations

import warnings

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from sklearn.metrics import mean_tweedie_deviance

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import gamma, poisson, tweedie

POWERS = {"poisson": 1.0, "gamma": 2.0, "tweedie": 1.5}
MAKE = {"poisson": poisson, "gamma": gamma, "tweedie": tweedie}
BUILT_IN = {"poisson": "count:poisson", "gamma": "reg:gamma", "tweedie": "reg:tweedie"}
XGB = {"nthread": 1, "eta": 0.1, "max_depth": 4}
LGB = {"num_threads": 1, "verbosity": -1, "num_leaves": 15}
POLICIES = {"default": None, "halley": "halley", "exact": "exact"}
RATES = {"rare": -3.0, "mid": 0.0, "large": 5.0}
N = 3000


def data(kind: str, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (2 N, 8) and labels of a Poisson, gamma or compound Poisson distribution."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2 * N, 8))
    mean = np.exp(rate + 0.8 * x[:, 0] + np.sin(2 * x[:, 1]) + 0.5 * x[:, 2] * x[:, 3])
    if kind == "gamma":
        return x, mean * rng.gamma(1.5, 1 / 1.5, 2 * N) + 1e-9
    count = rng.poisson(mean).astype(float)
    if kind == "poisson":
        return x, count
    return x, np.where(count > 0, rng.gamma(1.5 * np.maximum(count, 1), 1 / 1.5), 0.0)


def main() -> None:
    """Print a table."""
    warnings.simplefilter("ignore")  # of gains that are small
    print(
        f"{'data':6} {'loss':8} {'library':9} rounds", *(f"{p:>9}" for p in ("built-in", *POLICIES))
    )
    for rate in RATES:
        for kind in POWERS:
            for library in ("xgboost", "lightgbm"):
                for rounds in (30, 150):
                    scores = [run(kind, RATES[rate], library, rounds, seed) for seed in range(3)]
                    row = "".join(f"{score:10.4f}" for score in np.mean(scores, axis=0))
                    print(f"{rate:6} {kind:8} {library:9} {rounds:6}{row}", flush=True)


def run(kind: str, rate: float, library: str, rounds: int, seed: int) -> list[float]:
    """The test deviance of the built-in objective and of each policy."""
    x, y = data(kind, rate, seed)
    test = xgb.DMatrix(x[N:]) if library == "xgboost" else x[N:]

    def score(booster: xgb.Booster | lgb.Booster) -> float:
        mean = np.clip(booster.predict(test).astype(float), 1e-9, None)
        return float(mean_tweedie_deviance(y[N:], mean, power=POWERS[kind]))

    if library == "xgboost":
        train = xgb.DMatrix(x[:N], y[:N])
        found = [score(xgb.train({**XGB, "objective": BUILT_IN[kind]}, train, rounds))]
    else:
        built_in = lgb.train({**LGB, "objective": kind}, lgb.Dataset(x[:N], y[:N]), rounds)
        found = [score(built_in)]
    for policy in POLICIES.values():
        objective = MAKE[kind](curvature=policy)
        if library == "xgboost":
            found.append(score(gox.train(XGB, train, rounds, objective=objective)))
        else:
            found.append(
                score(gol.train(LGB, lgb.Dataset(x[:N], y[:N]), rounds, objective=objective))
            )
    return found


if __name__ == "__main__":
    main()
