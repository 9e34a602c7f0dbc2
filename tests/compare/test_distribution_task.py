"""The task "distribution": families beside each other, scored, drawn, recommended, also of a user's own models."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from _results import from_values
from lightgbm import LGBMRegressor
from scipy import stats

from gbm_objectives import distribution, huber
from gbm_objectives.compare import compare, distributions
from gbm_objectives.compare.candidates import lineup
from gbm_objectives.compare.data import of_arrays
from gbm_objectives.compare.report import displays, html
from gbm_objectives.sklearn import DistributionRegressor


def data_of(y):
    return of_arrays(np.arange(float(len(y)))[:, None], y, "distribution")


def test_families_are_those_that_labels_allow():
    rng = np.random.default_rng(0)
    labels = {
        "real": rng.normal(size=200), "prices": np.arange(1.0, 201), "shares": rng.uniform(0.1, 0.9, 200),
        "events": rng.poisson(2.0, 200), "clicks": rng.integers(0, 2, 200),
    }  # fmt: skip
    line = ["normal", "student_t", "laplace", "logistic"]
    positive = [*line, "gamma", "lognormal", "weibull"]
    counts = ["poisson", "negative_binomial", "zero_inflated_poisson"]
    expected = {
        "real": (line, "regression, one spread"), "prices": (positive, "regression, one spread"),
        "shares": ([*positive, "beta"], "regression, one spread"),
        "events": ([*counts, "zero_inflated_negative_binomial"], "poisson, mean only"),
        "clicks": (["bernoulli"], "binary, mean only"),
    }  # fmt: skip
    for name, y in labels.items():
        families, rival = expected[name]
        found = lineup(data_of(y), ["lightgbm"])
        assert [one.name for one in found if one.kind == "ours"] == families
        assert [one.name for one in found if one.kind == "built-in"] == [rival]
        constants = [one.name for one in found if one.kind == "baseline"]
        assert constants == [f"constant ({family})" for family in families]
    for given, said in (
        ("huber()", "objectives: huber.*needed: distributions"),
        ([distribution("gamma"), distribution("poisson")], "gamma, poisson: counts and densities"),
    ):
        with pytest.raises(ValueError, match=said):
            lineup(data_of(labels["prices"]), ["lightgbm"], given)
    for own, error in ((huber(), ValueError), (lambda y, p: (y, p), TypeError)):
        with pytest.raises(error, match="distribution"):
            lineup(data_of(labels["real"]), ["lightgbm"], None, own)


class Normal:
    """As ngboost names its distributions."""


class NGBRegressor:
    Dist = Normal

    def fit(self, X, y):
        self.mean, self.scale = float(np.mean(y)), float(np.std(y))

    def predict(self, X):
        return np.full(len(X), self.mean)

    def pred_dist(self, X):
        mean = self.predict(X)
        return SimpleNamespace(params={"loc": mean, "scale": np.full(len(X), self.scale)})


def test_a_comparison_of_distributions(monkeypatch):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(240, 2))
    y = rng.gamma(3.0, np.exp(X[:, 0]))
    own = {
        "regressor": DistributionRegressor(
            LGBMRegressor(n_estimators=5, n_jobs=1, verbosity=-1), "lognormal"
        ),
        "ng": NGBRegressor(),
        "point": LGBMRegressor(n_estimators=2, n_jobs=1, verbosity=-1),
    }
    result = compare(
        X, y, task="distribution", libraries=["lightgbm"], folds=2, rounds=15, candidates=own,
        objectives="distribution('gamma'), distribution('gamma', curvature='fisher')",
        metrics="log_score, crps, pit_error, coverage, interval_width, rmse",
    )  # fmt: skip
    assert result.info["early_stopping"] == 20
    failed = result.scores[result.scores["status"] != "ok"]
    assert set(failed["candidate"]) == {"point"}
    assert "needed: a DistributionRegressor" in failed["reason"].iloc[0]
    means = result.scores.query("fold == 0").pivot_table("value", "candidate", "metric")
    for name, own_rows in result.predictions.query("fold == 0").groupby("candidate", observed=True):
        label, p = own_rows["y_true"], own_rows.filter(like="parameter_").to_numpy()
        frozen = {
            "gamma": stats.gamma(p[:, 1], scale=p[:, 0] / np.maximum(p[:, 1], 1e-9)),
            "lognormal": stats.lognorm(p[:, 1], scale=np.exp(np.minimum(p[:, 0], 50))),
            "normal": stats.norm(p[:, 0], p[:, 1]),
        }[own_rows["family"].iloc[0]]
        low, high = frozen.ppf(0.1), frozen.ppf(0.9)
        expected = {
            "log_score": -frozen.logpdf(label).mean(), "interval_width": (high - low).mean(),
            "coverage": ((low <= label) & (label <= high)).mean(),
            "rmse": np.sqrt(np.mean((label - frozen.mean()) ** 2)),
        }  # fmt: skip
        for metric, value in expected.items():
            assert means.loc[name, metric] == pytest.approx(value, rel=1e-6), (name, metric)
    ng = result.predictions.query("candidate == 'ng' and fold == 0")["parameter_1"]
    assert ng.nunique() == 1
    board = result.leaderboard().set_index("candidate")["mean"]
    assert result.recommendation.name == "gamma ours · LightGBM"
    assert board["gamma"] < min(board["constant (gamma)"], board["regression, one spread"])
    drawn = [display.name for display in displays.filled(result)]
    assert drawn == ["scores", "pit", "quantiles", "coverage", "sharpness", "learning"]
    monkeypatch.setattr(displays, "DISPLAYS", ())  # drawing takes seconds
    page = html.render(result)
    assert "Which distribution for y?" in page
    assert "change from<br>the constant" in page


def test_figures_of_distributions_that_are_right():
    n = 2000
    y = stats.norm(3.0, 2.0).ppf((np.arange(n) + 0.5) / n)
    frame = pd.DataFrame({
        "candidate": "normal", "library": "xgboost", "contamination": 0.0, "seed": 0,
        "fold": np.arange(n) % 2, "row": np.arange(n), "y_true": y,
    })  # fmt: skip
    parameters = np.tile([3.0, 2.0], (n, 1))
    rows = distributions.packed("normal", parameters)
    values = {("xgboost", "normal", "ours"): {0.0: [1.0, 1.0]}}
    made = from_values(values, metric="log_score", task="distribution")
    right = replace(made, predictions=pd.concat([frame, distributions.framed([rows])], axis=1))
    pit = displays.PITDisplay.of(right).frame
    assert len(pit) == 20
    np.testing.assert_allclose(pit["density"], 1.0, atol=1e-6)
    quantiles = displays.QuantilesDisplay.of(right).frame
    np.testing.assert_allclose(quantiles["excess"], 0.0, atol=1e-6)
    assert displays.CoverageDisplay.of(right).frame["coverage"].tolist() == pytest.approx([0.8])
    width = displays.SharpnessDisplay.of(right).frame["width"]
    assert width.tolist() == pytest.approx([4.0 * stats.norm.ppf(0.9)])
    assert right.suspects().empty
    far = right.predictions.assign(y_true=np.where(np.arange(n) == 7, 40.0, y))
    assert replace(right, predictions=far).suspects()["row"].tolist() == [7]
    wide = distributions.packed("normal", parameters * [1.0, 2.0])
    off = replace(made, predictions=pd.concat([frame, distributions.framed([wide])], axis=1))
    assert displays.PITDisplay.of(off).frame["density"].iloc[0] < 0.2
    assert all(plot().axes for plot in (off.plot_pit, off.plot_calibration, off.plot_sharpness))


def test_counts_stay_counts_where_they_are_contaminated_and_points_are_no_distributions():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(100, 2))
    y = rng.poisson(2.0, 100)
    given = {"libraries": ["lightgbm"], "folds": 2, "rounds": 2, "contamination": [0.0, 0.2]}
    result = compare(
        X, y, task="distribution", objectives="distribution('negative_binomial')", **given
    )
    assert (result.scores["status"] == "ok").all(), result.scores["reason"].unique()
    assert result.info["one_sided"]
    other = compare(X, y, task="counts", objectives="distribution('negative_binomial')", **given)
    ours = other.scores.query("kind == 'ours'")
    assert set(ours["status"]) == {"skipped"}
    assert 'task="distribution"' in ours["reason"].iloc[0]
