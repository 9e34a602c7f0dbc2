"""Suspicious labels: how many of the moved ones are found, and how often clean data have any.

    python benchmarks/suspects.py --seeds 0-4

A tenth of the labels is moved by 5 to 15 standard deviations of the noise, up or down. Suspects are named from the
out-of-fold predictions of the recommended model, at a false discovery rate of 5%.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd

from gbm_objectives.compare import compare

NOISES = ("normal", "student 3", "skewed", "counts")
ROWS = 1500


def simulated(noise: str, moved: bool, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, y, and which labels were moved."""
    rng = np.random.default_rng([5, seed])
    x = rng.uniform(-1, 1, (ROWS, 5))
    signal = 3 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 4 * x[:, 2] ** 2 + 2 * x[:, 3]
    if noise == "counts":
        y, deviation = rng.poisson(np.exp(0.5 * signal)).astype(float), 1.0
    else:
        drawn = {
            "normal": rng.normal(size=ROWS), "student 3": rng.standard_t(3, ROWS),
            "skewed": rng.exponential(size=ROWS),
        }[noise]  # fmt: skip
        y, deviation = signal + drawn, {"student 3": 3**0.5}.get(noise, 1.0)
    hit = moved & (rng.random(ROWS) < 0.1)
    y[hit] += (rng.uniform(5, 15, ROWS) * rng.choice([-1, 1], ROWS))[hit] * deviation
    return x, y, hit


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0-4", help="the first and the last, such as 0-9")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    warnings.simplefilter("ignore")
    rows = []
    for noise in NOISES:
        for moved in (False, True):
            if noise == "counts" and moved:
                continue
            for seed in range(first, last + 1):
                x, y, hit = simulated(noise, moved, seed)
                found = compare(
                    x, y, folds=3, rounds=40, contamination=0, libraries=["lightgbm"],
                    objectives="huber, adaptive_robust, absolute_error",
                ).suspects()  # fmt: skip
                right = hit[found["row"].to_numpy(dtype=int)].sum()
                rows.append({
                    "noise": noise, "moved": moved, "named": len(found),
                    "precision": right / len(found) if len(found) else np.nan,
                    "recall": right / hit.sum() if moved else np.nan,
                })  # fmt: skip
    frame = pd.DataFrame(rows)
    print(frame.groupby(["noise", "moved"]).agg(
        runs=("named", "size"), runs_with_suspects=("named", lambda v: int((v > 0).sum())),
        named=("named", "mean"), precision=("precision", "mean"), recall=("recall", "mean"),
    ).round(3).to_string())  # fmt: skip


if __name__ == "__main__":
    main()
