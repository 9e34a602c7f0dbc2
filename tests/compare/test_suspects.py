"""Suspicious labels: found where they were moved, named on clean data no more often than stated."""

import numpy as np
import pandas as pd
import pytest
from _results import from_values

from gbm_objectives.compare import compare
from gbm_objectives.compare.report import html
from gbm_objectives.compare.report.mixture import chance_of_noise, most_suspect
from gbm_objectives.compare.saving import load, save

NAN = float("nan")


@pytest.mark.parametrize("size", [(5.0, 5.0), (5.0, 15.0)])
def test_moved_labels_are_found(size):
    precision, recall = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        moved = rng.random(1000) < 0.1
        residuals = rng.normal(size=1000)
        residuals += moved * rng.uniform(*size, 1000) * rng.choice([-1, 1], 1000)
        rows = most_suspect(chance_of_noise(residuals, 0.05), 0.05)
        precision.append(moved[rows].mean())
        recall.append(moved[rows].sum() / moved.sum())
    assert np.mean(precision) >= 0.9
    assert np.mean(recall) >= 0.9


def test_clean_noise_is_left_alone():
    """16 draws: at a rate of .05, something is named more than 3 times with a probability of 1%."""
    named = {"normal": 0, "student": 0}
    for seed in range(16):
        rng = np.random.default_rng(100 + seed)
        for name, residuals in (
            ("normal", rng.normal(size=500)),
            ("student", rng.standard_t(3, 500)),
        ):
            named[name] += len(most_suspect(chance_of_noise(residuals, 0.05), 0.05)) > 0
    assert max(named.values()) <= 3


def test_rows_are_those_of_the_user(tmp_path):
    """From the data to the file: rows without a label keep their numbers."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (600, 3))
    y = 3 * x[:, 0] + rng.normal(size=600)
    moved = np.sort(rng.choice(600, 60, replace=False))
    y[moved] += rng.uniform(6, 15, 60) * rng.choice([-1, 1], 60)
    missing = np.arange(0, 600, 7)
    given = y.copy()
    given[missing] = NAN
    result = compare(
        x, given, folds=3, rounds=30, contamination=0, objectives="huber", libraries=["lightgbm"]
    )
    found = result.suspects()
    assert list(found.columns) == ["row", "label", "prediction", "distance", "false_discovery"]
    np.testing.assert_allclose(found["label"], y[found["row"].astype(int)])
    hidden = np.setdiff1d(moved, missing)
    hits = np.isin(found["row"], hidden)
    assert hits.mean() >= 0.9
    assert hits.sum() >= 0.9 * len(hidden)
    assert found["distance"].abs().iloc[0] > 5
    shown = html.suspect_rows(result)
    assert shown["count"] == len(found) > len(shown["rows"]) == html.SUSPECTS
    assert shown["rows"][0][0] == str(found["row"].iloc[0])
    assert shown["rows"][0][-1] == "0.0%"
    save(result, tmp_path)
    pd.testing.assert_frame_equal(load(tmp_path).suspects(), found)
    written = pd.read_csv(tmp_path / "suspects.csv")
    assert written["row"].tolist() == found["row"].tolist()
    with pytest.raises(ValueError, match=r"rate: 1\.5"):
        result.suspects(1.5)


@pytest.mark.parametrize(
    ("scale", "flips", "least"), [(8.0, 0.15, 0.5), (8.0, 0.0, 0), (0.6, 0.0, 0)]
)
def test_classes(scale, flips, least):
    """Probabilities of a model that knows its data; overlapping classes are no wrong labels."""
    rng = np.random.default_rng(0)
    n = 2000
    clean = 1 / (1 + np.exp(-scale * rng.normal(size=n)))
    label = rng.random(n) < clean
    flipped = rng.random(n) < flips
    p = flips + (1 - 2 * flips) * clean
    frame = pd.DataFrame({
        "candidate": "a", "library": "xgboost", "contamination": 0.0, "seed": 0, "fold": 0, "row": np.arange(n),
        "y_true": (label ^ flipped).astype(float), "p_0": 1 - p, "p_1": p,
    })  # fmt: skip
    made = from_values(
        {("xgboost", "a", "ours"): {0.0: [1.0]}}, task="binary", classes=["no", "yes"]
    )
    object.__setattr__(made, "predictions", frame)
    found = made.suspects()
    if not least:
        assert found.empty
        return
    rows = found["row"].to_numpy(int)
    assert flipped[rows].mean() >= 0.9
    assert flipped[rows].sum() >= least * flipped.sum()
    assert set(found["label"]) == {"no", "yes"}
    assert (found["probability"] < 0.5).all()


def test_a_result_without_predictions_has_none():
    assert from_values({("xgboost", "a", "ours"): {0.0: [1.0]}}).suspects().empty
