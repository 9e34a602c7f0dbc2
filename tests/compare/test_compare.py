"""The comparison: tasks, candidates, run, report and the command line."""

import io
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from gbm_objectives import focal, huber, metrics
from gbm_objectives.compare import compare, prepared
from gbm_objectives.compare.candidates import (
    LIBRARIES,
    Boosted,
    Candidate,
    Constant,
    Fit,
    Settings,
    lineup,
)
from gbm_objectives.compare.cli import main
from gbm_objectives.compare.data import Contamination, Plan, diabetes, of_arrays
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.compare.report import displays, statistics, verdict
from gbm_objectives.compare.report.displays import CoverageDisplay, ShapesDisplay
from gbm_objectives.compare.report.statistics import Key
from gbm_objectives.compare.report.terminal import report
from gbm_objectives.compare.result import CURVES, PREDICTIONS, SCORES, WARNINGS, Result
from gbm_objectives.compare.running import workers
from gbm_objectives.compare.running.experiment import Experiment, fit
from gbm_objectives.compare.saving import load
from gbm_objectives.registry import OBJECTIVES

DATA = diabetes()
FEW = of_arrays(DATA.x.iloc[:160], DATA.y[:160])
TINY = ["--folds", "2", "--rounds", "2", "--workers", "1"]
#: What is recorded and shown does not depend on how many candidates there are.
ONE = [*TINY, "--objectives", "huber", "--libraries", "lightgbm"]
ROUNDS = 20
OURS = "huber, cauchy, log_cosh, poisson"
PLAN = Plan(2, (0,), Contamination((0.0, 0.1, 0.4)))


@pytest.fixture(autouse=True)
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def result():
    return compare(DATA, None, folds=2, rounds=ROUNDS, objectives=OURS, contamination=(0, 0.4))


def classes(n_classes, n=240):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    x = rng.normal(size=(n, 3))
    x[:, 0] += 2 * y
    return of_arrays(x, y, "binary" if n_classes == 2 else "multiclass")


@dataclass(frozen=True, slots=True)
class Broken(Candidate):
    """Raises its error, or predicts NaN where it has none; healthy on the folds before ``since``."""

    error: BaseException | None = None
    since: int = 0

    def fit(self, split, settings, metric):
        if split.fold < self.since:
            return Fit(lambda _: np.zeros(len(split.y_test)))
        if self.error is not None:
            raise self.error
        return Fit(lambda _: np.full(len(split.y_test), np.nan))


def line_up(monkeypatch, *candidates):
    monkeypatch.setattr(prepared, "lineup", lambda *_: list(candidates))


def shown(result, width=200):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    report(console, result)
    return console.file.getvalue()


# Tasks


def test_contamination_moves_training_labels_only():
    original = DATA.y.copy()
    by_fold = {}
    for split in replace(PLAN, folds=3, seeds=(1,)).splits(DATA):
        by_fold.setdefault(split.fold, []).append(split)
    assert len(by_fold) == 3
    for clean, some, many in by_fold.values():
        assert (clean.contamination, some.contamination, many.contamination) == (0.0, 0.1, 0.4)
        assert sorted([*clean.y_train, *clean.y_test]) == sorted(DATA.y)
        distance = 10.0 * clean.y_train.std()
        moved = {}
        for split in (some, many):
            assert np.array_equal(split.matrix_train, clean.matrix_train)
            assert np.array_equal(split.matrix_test, clean.matrix_test)
            assert np.array_equal(split.y_test, clean.y_test)
            moved[split.contamination] = split.y_train != clean.y_train
            shift = (split.y_train - clean.y_train)[moved[split.contamination]]
            np.testing.assert_allclose(np.abs(shift), distance)
            assert {-1.0, 1.0} == set(np.sign(shift))
        assert 0.05 < moved[0.1].mean() < 0.16
        assert 0.33 < moved[0.4].mean() < 0.47
        assert not (moved[0.1] & ~moved[0.4]).any()
    assert np.array_equal(DATA.y, original)


def test_contamination_can_be_one_sided_and_of_another_size():
    plan = Plan(2, (0,), Contamination((0.0, 0.2), size=3.0, one_sided=True))
    clean, moved = list(plan.splits(DATA))[:2]
    shift = moved.y_train - clean.y_train
    assert 0.1 < (shift > 0).mean() < 0.3
    np.testing.assert_allclose(shift[shift != 0], 3.0 * clean.y_train.std())


@pytest.mark.parametrize("n_classes", [2, 4])
def test_labels_of_classes_are_flipped_to_another_class(n_classes):
    data = classes(n_classes, 1200)
    for clean, some, many in zip(*[PLAN.splits(data)] * 3, strict=True):
        assert np.array_equal(many.y_test, clean.y_test)
        flipped = [split.y_train != clean.y_train for split in (some, many)]
        assert 0.05 < flipped[0].mean() < 0.16
        assert 0.33 < flipped[1].mean() < 0.47
        assert not (flipped[0] & ~flipped[1]).any()
        assert set(np.unique(many.y_train)) == set(range(n_classes))
        steps = (many.y_train - clean.y_train)[flipped[1]] % n_classes
        assert set(np.unique(steps)) == set(range(1, n_classes))


def test_folds_of_classes_are_stratified():
    y = np.repeat([0, 1], [190, 10])
    data = of_arrays(np.random.default_rng(0).normal(size=(200, 2)), y)
    for split in Plan(5, (0, 1)).splits(data):
        assert split.y_test.sum() == 2


def test_splits_are_a_function_of_the_seed():
    def labels(seed):
        return [split.y_train for split in replace(PLAN, seeds=(seed,)).splits(DATA)]

    def moved(seed):
        clean, _, many = labels(seed)[:3]
        return clean != many

    assert all(map(np.array_equal, labels(3), labels(3)))
    assert not any(map(np.array_equal, labels(3), labels(4)))
    assert not np.array_equal(moved(3), moved(4))


def test_contamination_leaves_its_argument_alone():
    for y in (np.arange(100), np.arange(100.0)):
        labels = Contamination().numbers(y, 0.5, np.random.default_rng(0))
        assert np.array_equal(y, np.arange(100))
        assert set(np.round(np.abs(labels - y) / y.std(), 6)) == {0.0, 10.0}


# Candidates


def names(data, kind, library="xgboost", **given):
    return [c.name for c in lineup(data, **given) if (c.kind, c.library) == (kind, library)]


def test_candidates_of_regression():
    ours = [
        "huber()", "log_cosh()", "absolute_error()", "cauchy()", "adaptive_robust()",
        "squared_error()", "poisson()",
    ]  # fmt: skip
    for library in LIBRARIES:
        assert names(DATA, "ours", library) == ours
        assert names(DATA, "transformed", library) == [
            "squared, log(y)",
            "squared, normal scores",
        ]
    xgboost = ["reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "count:poisson"]
    assert names(DATA, "built-in") == xgboost
    lightgbm = ["regression", "regression_l1", "huber", "fair", "poisson"]
    assert names(DATA, "built-in", "lightgbm") == lightgbm
    assert names(DATA, "baseline", "-") == ["constant (median)", "constant (mean)"]
    assert {c.library for c in lineup(DATA, ["lightgbm"])} == {"-", "lightgbm"}

    signed = of_arrays(DATA.x, DATA.y - 200.5)
    assert "gamma()" not in names(signed, "ours")
    assert names(signed, "transformed") == ["squared, normal scores"]
    positive = of_arrays(DATA.x, DATA.y + 0.5)
    assert "reg:gamma" in names(positive, "built-in")


def test_candidates_of_the_other_tasks():
    two, three = classes(2), classes(3)
    quantile = of_arrays(DATA.x, DATA.y, tau=0.9)
    assert names(two, "built-in") == ["binary:logistic"]
    assert "focal()" in names(two, "ours")
    assert names(two, "baseline", "-") == ["constant (class shares)"]
    assert names(three, "built-in", "lightgbm") == ["multiclass", "multiclassova"]
    assert "softmax_cross_entropy()" in names(three, "ours")
    assert names(quantile, "built-in") == ["reg:quantileerror"]
    assert names(quantile, "ours") == ["quantile(0.9)", "quantile(0.9, smooth=False)"]
    assert names(quantile, "baseline", "-") == ["constant (quantile 0.9)"]


def test_several_quantiles(capsys):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = x[:, 0] + rng.normal(size=300)
    data = of_arrays(x, y, tau=(0.1, 0.5, 0.9))
    assert (data.task, data.tau) == ("quantiles", (0.1, 0.5, 0.9))
    assert of_arrays(x, y, "quantiles").tau == (0.05, 0.95)
    assert names(data, "built-in", "lightgbm") == ["quantile"]
    given = {
        "folds": 2,
        "rounds": 15,
        "contamination": 0,
        "objectives": "quantile([0.1, 0.5, 0.9])",
    }
    found = compare(data, None, early_stopping=5, **given)
    assert (found.scores["status"] == "ok").all(), found.scores["reason"].unique()
    assert list(found.predictions.columns[-3:]) == ["q_0.1", "q_0.5", "q_0.9"]
    one = found.predictions.query("candidate == 'quantile' and fold == 0")
    low, middle, high = one.iloc[:, -3:].to_numpy().T
    values = found.scores.query("candidate == 'quantile' and fold == 0").set_index("metric")[
        "value"
    ]
    label = one["y_true"].to_numpy()
    pinball = np.mean(
        [
            metrics.pinball(t).evaluate(label, q)
            for t, q in zip((0.1, 0.5, 0.9), (low, middle, high), strict=True)
        ]
    )
    assert values["pinball_0.1_to_0.9"] == pytest.approx(pinball)
    ends = [metrics.pinball(t).evaluate(label, q) for t, q in ((0.1, low), (0.9, high))]
    assert values["interval_score_0.1_to_0.9"] == pytest.approx(sum(ends) / 0.1)
    assert values["interval_width"] == pytest.approx((high - low).mean())
    assert values["coverage"] == pytest.approx(((low <= label) & (label <= high)).mean())
    shown_ = CoverageDisplay.of(found).frame.set_index(["library", "candidate"])["coverage"]
    both = found.scores.query("metric == 'coverage'").groupby(["library", "candidate"])["value"]
    pd.testing.assert_series_equal(shown_.sort_index(), both.mean(), check_names=False)
    assert found.suspects().empty
    for bad, said in (("0.9,0.1", "tau: [0.9, 0.1]; needed: different levels"), ("x", "tau: 'x'")):
        assert main(["compare", "--no-out", "--tau", bad]) == 2
        assert said in capsys.readouterr().err


def test_counts_and_amounts():
    """Labels from 0, moved up only; the mean is predicted, and a deviance decides."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = rng.poisson(np.exp(x[:, 0]))
    counts, amounts = of_arrays(x, y, "counts"), of_arrays(x, 1.5 * y, "amounts")
    assert of_arrays(x, y).task == "regression"
    assert names(counts, "ours") == ["poisson()", "tweedie()"]
    assert names(counts, "built-in", "lightgbm") == ["poisson", "tweedie"]
    assert names(amounts, "built-in") == ["reg:tweedie", "count:poisson"]
    assert names(of_arrays(x, y + 0.5, "amounts"), "ours") == ["tweedie()", "poisson()", "gamma()"]
    with pytest.raises(ValueError, match="counts: y is below 0 in 1 of 200 rows"):
        of_arrays(x, np.where(np.arange(200) == 3, -1, y), "counts")
    for data, metric in ((counts, "poisson_deviance"), (amounts, "tweedie_deviance_1.5")):
        found = compare(data, None, folds=2, rounds=10, contamination=(0, 0.2))
        assert (found.scores["status"] == "ok").all(), found.scores["reason"].unique()
        assert found.info["metric"] == metric
        assert found.info["one_sided"]
        means = statistics.table(found, 0.0).mean()
        assert (means.drop(Key("-", "constant (mean)")) < means[Key("-", "constant (mean)")]).all()


def test_objectives_as_text():
    text = "huber(delta=2.0), cauchy, 2 * huber() + log_cosh(), ohem(huber(), keep=0.5)"
    found = parse_calls("objectives", text, OBJECTIVES)
    assert [name for name, _ in found] == [
        "huber(delta=2.0)", "cauchy()", "2 * huber() + log_cosh()", "ohem(huber(), keep=0.5)",
    ]  # fmt: skip
    assert found[0][1] == huber(delta=2.0)
    assert names(DATA, "ours", objectives=[huber(2.0), "cauchy"]) == [
        "huber(delta=2.0)",
        "cauchy()",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hubert", "Did you mean: huber?"),
        ("huber(delta=-1)", "huber: delta: -1"),
        ("huber(", "needed: names with arguments"),
        ("", "needed: names with arguments"),
        ("1.5", "needed: names with arguments"),
        ("huber(delta=__import__('os').getpid())", "needed: names with arguments"),
        ("[].__class__", "needed: names with arguments"),
        ("huber(**{'delta': 1})", "needed: names with arguments"),
    ],
)
def test_text_that_is_no_objective(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_calls("objectives", text, OBJECTIVES)


# XGBoost's own pseudo-Huber loss is left out: the intercept that it estimates is far off. A logarithm's scale is
# not the target's, so that an offset does more than move the predictions.
@pytest.mark.parametrize(
    "candidate",
    [
        c
        for c in lineup(DATA)
        if not re.search(r"pseudohuber|poisson|log\(y\)", c.name) and isinstance(c, Boosted)
    ],
    ids=lambda c: f"{c.library} {c.name}",
)
def test_boosting_starts_at_the_intercept(candidate):
    """An offset of the target moves the predictions by as much; without an intercept it would not."""
    split = next(Plan(5).splits(DATA))
    far = replace(split, y_train=split.y_train + 4096.0)
    near, moved = (
        candidate.fit(s, Settings(rounds=3), metrics.mae()).predict(3) for s in (split, far)
    )
    np.testing.assert_allclose(moved, near + 4096.0, atol=2.0)


@pytest.mark.parametrize("library", LIBRARIES)
def test_focal_loss_gives_calibrated_probabilities(library):
    data = classes(2, 2000)
    split = next(Plan(2).splits(data))
    metric, settings = metrics.log_loss(), Settings(rounds=20)

    def loss(objective):
        candidate = LIBRARIES[library]("x", "ours", library, objective)
        return metric.evaluate(split.y_test, candidate.fit(split, settings, metric).predict(20))

    built_in = loss({"xgboost": "binary:logistic", "lightgbm": "binary"}[library])
    assert built_in < 0.6 * np.log(2)
    assert loss(focal(gamma=3.0)) < 1.2 * built_in


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("objective", ["reg:squarederror", "huber()"])
def test_early_stopping(library, objective):
    candidate = next(
        c
        for c in lineup(DATA)
        if c.library == library
        and c.name
        == (
            objective
            if library == "xgboost"
            else objective.replace("reg:squarederror", "regression")
        )
    )
    split = next(PLAN.splits(DATA))
    settings = Settings(rounds=300, early_stopping=4)
    stopped = candidate.fit(split, settings, metrics.mae())
    assert 5 < stopped.rounds < 200
    train, inner = split.inner(settings.validation)
    assert not set(train) & set(inner)
    assert len(inner) == pytest.approx(0.15 * len(split.y_train), abs=1)
    shorter = replace(
        split,
        matrix_train=split.matrix_train[train],
        y_train=split.y_train[train],
    )
    plain = candidate.fit(shorter, Settings(rounds=stopped.rounds), metrics.mae())
    np.testing.assert_allclose(
        stopped.predict(stopped.rounds), plain.predict(plain.rounds), rtol=1e-5
    )


# Run


def test_a_run_has_all_rows(result):
    scores = result.frame()
    assert list(scores.columns) == list(SCORES)
    models = len(lineup(DATA, objectives=OURS))
    assert len(scores) == models * 2 * 2 * 3  # contaminations, folds, metrics
    cells = ["library", "candidate", "contamination", "seed", "fold", "metric"]
    assert not scores.duplicated(cells).any()
    done = scores[scores["status"] == "ok"]
    assert ((done["value"] > 0) & np.isfinite(done["value"])).all()
    assert (done["reason"] == "").all()
    assert set(result.info["versions"]) >= {"xgboost", "lightgbm", "gbm_objectives", "python"}
    assert result.info["complete"]


def test_labels_that_an_objective_has_no_use_for_are_skipped(result):
    scores = result.scores
    skipped = scores[scores["status"] == "skipped"]
    assert set(skipped["candidate"]) == {
        "count:poisson", "poisson", "poisson()", "squared, log(y)",
    }  # fmt: skip
    assert set(skipped["contamination"]) == {0.4}
    assert skipped["reason"].str.contains("needed").all()
    assert not (scores["status"] == "failed").any()


def test_scores_can_be_recomputed_from_predictions(result):
    assert list(result.predictions.columns) == list(PREDICTIONS)
    keys = ["candidate", "library", "contamination", "seed", "fold"]
    rows = result.predictions.groupby(keys, observed=True)
    mae = rows[["y_true", "y_pred"]].apply(lambda f: (f["y_true"] - f["y_pred"]).abs().mean())
    mae = mae.rename("mae").reset_index().astype({"candidate": str, "library": str})
    scores = result.scores[result.scores["metric"] == "mae"].dropna(subset="value")
    both = scores.merge(mae, on=keys)
    assert len(both) == len(scores) == len(mae)
    np.testing.assert_allclose(both["value"], both["mae"])
    one = result.predictions[result.predictions["candidate"] == "constant (mean)"]
    clean = one[one["contamination"] == 0]
    assert sorted(clean["row"]) == list(range(len(DATA.y)))
    assert np.array_equal(clean["y_true"], DATA.y[clean["row"]])


def test_curves_end_at_the_score(result):
    assert list(result.curves.columns) == list(CURVES)
    keys = ["candidate", "library", "contamination", "seed", "fold"]
    last = result.curves.groupby(keys, observed=True).last()
    assert (last["round"] == ROUNDS).all()
    last = last.reset_index().astype({"candidate": str, "library": str})
    scores = result.scores[result.scores["metric"] == "mae"]
    boosted = scores[(scores["kind"] != "baseline") & (scores["status"] == "ok")]
    both = last.merge(boosted, on=keys)
    assert len(boosted) == len(last) == len(both)
    np.testing.assert_allclose(both["value_x"], both["value_y"])
    assert (both["seconds_x"] <= both["seconds_y"]).all()
    first = result.curves.groupby(keys, observed=True).first()
    assert (first["round"] == 1).all()
    assert (first["seconds"] > 0).all()


def same(one, other):
    columns = [name for name in SCORES if name != "seconds"]
    pd.testing.assert_frame_equal(one.scores[columns], other.scores[columns])
    pd.testing.assert_frame_equal(one.predictions, other.predictions)


def test_two_processes_find_what_one_finds(monkeypatch):
    given = {"folds": 2, "rounds": 2, "objectives": "huber", "contamination": 0}
    given["libraries"] = ["lightgbm"]
    alone = compare(FEW, None, **given)
    others, here, outcome = [], [], Experiment.outcome

    class Seen(workers._Process):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            others.append(self)

    def slow(self, job):
        if others:
            others[0].ready.result(120)  # both train, however long the start takes
            time.sleep(0.05)
        here.append(job)
        return outcome(self, job)

    monkeypatch.setattr(workers, "_Process", Seen)
    monkeypatch.setattr(Experiment, "outcome", slow)
    together = compare(FEW, None, workers=2, **given)
    assert 0 < len(here) < alone.info["fits"]
    same(alone, together)


def test_a_short_run_does_not_wait_for_a_second_process(monkeypatch):
    ready = []

    class Seen(workers._Process):
        def end(self, kill):
            super().end(kill)
            ready.append(self.ready)

    monkeypatch.setattr(workers, "_Process", Seen)
    monkeypatch.setattr(workers, "_prepare", lambda path: time.sleep(3600))
    given = {"rounds": 2, "contamination": 0, "objectives": "huber", "workers": 2}
    found = compare(FEW, None, folds=2, **given)
    assert (found.scores["status"] == "ok").all()
    assert ready[0].exception(60) is not None  # killed


def test_lightgbm_predicts_with_the_models_threads(monkeypatch):
    import lightgbm

    given, predict = [], lightgbm.Booster.predict

    def seen(self, *arguments, **named):
        given.append(named.get("num_threads"))
        return predict(self, *arguments, **named)

    monkeypatch.setattr(lightgbm.Booster, "predict", seen)
    few = of_arrays(DATA.x[:40], DATA.y[:40])
    given_to = {"folds": 2, "rounds": 1, "contamination": 0, "objectives": "huber"}
    compare(few, None, libraries=["lightgbm"], threads=2, **given_to)
    assert set(given) == {2}


@pytest.mark.parametrize("task", ["binary", "multiclass", "quantile"])
def test_other_tasks_run(task):
    data = {"binary": classes(2), "multiclass": classes(3)}.get(task)
    if data is None:
        data = of_arrays(DATA.x, DATA.y, tau=0.8)
    found = compare(data, None, folds=2, rounds=20, contamination=0)
    assert (found.scores["status"] == "ok").all(), found.scores["reason"].unique()
    assert found.info["task"] == task
    mean = (
        found.scores[found.scores["metric"] == found.info["metric"]]
        .groupby(["kind", "candidate"])["value"].mean()
    )  # fmt: skip
    assert (mean.drop("baseline") < 0.8 * mean["baseline"].iloc[0]).all()
    if task != "quantile":
        n = len(data.classes)
        assert list(found.predictions.columns[-n:]) == [f"p_{code}" for code in range(n)]
        np.testing.assert_allclose(found.predictions.iloc[:, -n:].sum(axis=1), 1.0, atol=1e-5)
    assert (
        data.target in shown(found)
        or found.info["metric"].replace("_", " ") in shown(found).lower()
    )


def test_ordered_classes_stop_early_and_a_users_regressor_is_rounded():
    """Also where folds lack the highest level; ordered classes are no candidate for classes without an order."""
    from sklearn.linear_model import LinearRegression

    three = classes(3)
    y = np.where(np.arange(240) < 2, 3, three.y)
    given = {"folds": 2, "rounds": 20, "contamination": 0, "objectives": "ordinal"}
    found = compare(
        three.x.to_numpy(), y, task="ordinal", early_stopping=9, candidates=LinearRegression(),
        **given,
    )  # fmt: skip
    assert (found.scores["status"] == "ok").all(), found.scores["reason"].unique()
    score = found.scores.query("metric == 'ranked_probability_score'").groupby("candidate")["value"]
    constant = score.mean()["constant (class shares)"]
    assert (score.mean().drop("constant (class shares)") < 0.8 * constant).all()
    ours = found.curves.query("candidate == 'ordinal()' and fold == 0").sort_values("round")
    assert (
        ours.groupby("library", observed=True)["value"].first().gt(score.mean()["ordinal()"]).all()
    )
    assert set(ShapesDisplay.of(found).frame["axis"]) == {"score z, level 1"}
    given |= {"rounds": 1, "libraries": ["xgboost"]}
    unordered = compare(three, None, **given).scores.query("kind == 'ours'")
    assert set(unordered["status"]) == {"skipped"}
    assert unordered["reason"].str.contains("task ordinal").all()


def test_a_users_estimator_objective_and_metric():
    from sklearn.linear_model import LinearRegression

    def worst(y_true, y_pred):
        return float(np.abs(y_true - y_pred).max())

    found = compare(
        DATA.x.to_numpy(), DATA.y, folds=2, rounds=5, contamination=0, libraries=["xgboost"],
        candidates={"line": LinearRegression(), "my huber": huber(20.0)}, metrics=["mae", worst],
    )  # fmt: skip
    own = found.scores[found.scores["kind"] == "user"]
    assert (own["status"] == "ok").all()
    assert set(zip(own["candidate"], own["library"], strict=True)) == {
        ("line", "sklearn"),
        ("my huber", "xgboost"),
    }
    assert set(own["metric"]) == {"mae", "worst"}
    assert (own[own["metric"] == "worst"]["value"] > 100).all()
    with pytest.raises(TypeError, match="fit and predict"):
        compare(DATA, None, candidates=[3])
    with pytest.raises(ValueError, match="two named 'line'"):
        compare(DATA, None, candidates=[replace(Constant("line"), library="a")] * 2)


def squared(y_true, y_pred, sample_weight=None):
    return y_pred - y_true, np.ones_like(y_pred)


def squared_of_train(preds, data):
    return preds - data.get_label(), np.ones_like(preds)


def reversed_sign(y_true, y_pred):
    return y_true - y_pred, np.ones_like(y_pred)


def tiny(y_true, y_pred):
    return (y_pred - y_true) * 1e-9, np.full(len(y_true), 1e-9)


@pytest.mark.parametrize("early_stopping", [None, 2])
def test_a_plain_function_is_the_built_in_objective_that_it_writes_out(early_stopping):
    found = compare(
        FEW, None, folds=2, rounds=8, contamination=0, objectives="huber", metrics="rmse",
        early_stopping=early_stopping, candidates=[squared, squared_of_train, reversed_sign, tiny],
    )  # fmt: skip
    rows = found.scores.set_index(["library", "candidate", "fold"])
    for library, name in (("xgboost", "reg:squarederror"), ("lightgbm", "regression")):
        for fold in (0, 1):
            built_in = rows.loc[(library, name, fold)]
            for own in ("squared", "squared_of_train"):
                row = rows.loc[(library, own, fold)]
                assert row["value"] == pytest.approx(built_in["value"], rel=1e-4)
                assert row["rounds"] == built_in["rounds"]
            assert "Turn its sign" in rows.loc[(library, "reversed_sign", fold)]["reason"]
    warned = found.warnings[found.warnings["candidate"] == "tiny"]
    assert warned["text"].str.contains("Every prediction is the same").all()
    assert set(warned["library"]) == {"xgboost", "lightgbm"}
    said = verdict.lines(found)
    assert any(re.search(r"squared(_of_train)? yours · \w+ \(rmse", line) for line in said)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_plain_function_of_classes(n_classes):
    from scipy.special import expit, softmax

    def loss(y_true, y_pred):
        if n_classes == 2:
            p, y = expit(y_pred), y_true
        else:
            p, y = softmax(y_pred, axis=1), np.eye(n_classes)[y_true.astype(int)]
        return p - y, (1 if n_classes == 2 else 2) * p * (1 - p)

    ours = {2: "binary_cross_entropy", 3: "softmax_cross_entropy"}[n_classes]
    found = compare(classes(n_classes), None, folds=2, rounds=10, contamination=0, objectives=ours,
                    libraries=["xgboost"], candidates={"mine": loss})  # fmt: skip
    rows = found.scores[found.scores["metric"] == found.info["metric"]].set_index("candidate")
    built_in = {2: "binary:logistic", 3: "multi:softprob"}[n_classes]
    np.testing.assert_allclose(rows.loc["mine", "value"], rows.loc[built_in, "value"], rtol=0.02)


def test_a_metric_that_fails_is_a_row_with_its_reason():
    def broken(y_true, y_pred):
        raise RuntimeError("no luck")

    found = compare(
        FEW, None, folds=2, rounds=2, contamination=0, objectives="huber", metrics=["mae", broken]
    ).scores
    assert set(found[found["metric"] == "broken"]["reason"]) == {"RuntimeError: no luck"}
    assert (found[found["metric"] == "mae"]["status"] == "ok").all()


@pytest.mark.parametrize(
    ("library", "squared"), [("xgboost", "reg:squarederror"), ("lightgbm", "regression")]
)
def test_robust_objectives_withstand_contamination(result, library, squared):
    means = {share: statistics.table(result, share).mean() for share in (0.0, 0.4)}
    baseline = means[0.0][Key("-", "constant (median)")]
    for name in ("huber()", "cauchy()", "log_cosh()"):
        ours, theirs = Key(library, name), Key(library, squared)
        assert means[0.4][ours] < 0.6 * means[0.4][theirs]
        assert means[0.0][ours] < 0.85 * baseline


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("no luck\nsecond line"), "RuntimeError: no luck"),
        (KeyError(), "KeyError"),
        (None, "ValueError: y_pred: NaN or inf in 221 of 221 rows, first in row 0"),
    ],
)
def test_a_failure_is_a_row_with_its_reason(monkeypatch, error, reason):
    broken = Broken("broken", "ours", "xgboost", error, since=1)
    line_up(monkeypatch, broken, Constant())
    found = compare(DATA, None, folds=2)
    rows = found.scores[found.scores["metric"] == "mae"]
    assert len(rows) == 2 * 3 * 2
    failed = rows[rows["status"] == "failed"]
    assert set(zip(failed["candidate"], failed["fold"], strict=True)) == {("broken", 1)}
    assert failed["value"].isna().all()
    assert failed["reason"].str.startswith(reason).all()
    assert "\n" not in failed["reason"].iloc[0]

    text = shown(found)
    said = next(line for line in text.splitlines() if line.startswith("Failed in 3 of 6 fits: "))
    assert said.split(": ", 1)[1].startswith(reason)
    assert said.endswith(" (broken ours · XGBoost)")
    line = next(line for line in text.splitlines() if line.startswith("xgboost  broken ours"))
    assert line.split()[3:] == ["none", "none", "none"]


def test_warnings_are_rows():
    y = DATA.y * 1e-9  # XGBoost's floor under the gain forbids all splits
    found = compare(of_arrays(DATA.x, y), None, folds=2, rounds=2, contamination=0,
                    libraries=["xgboost"], objectives="huber")  # fmt: skip
    assert list(found.warnings.columns) == list(WARNINGS)
    ours = found.warnings[found.warnings["candidate"] == "huber()"]
    assert len(ours) == 2
    assert ours["text"].str.contains("gradients are small for XGBoost").all()


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    given = {"folds": 2, "rounds": 2, "objectives": "huber", "cache": tmp_path / "kept"}
    given["libraries"] = ["lightgbm"]
    fits = []

    def counted(*arguments):
        fits.append(arguments)
        return fit(*arguments)

    monkeypatch.setattr("gbm_objectives.compare.running.experiment.fit", counted)
    first = compare(FEW, None, **given)
    total = len(fits)
    assert total == first.info["fits"] > 25
    skipped = (first.scores[first.scores["metric"] == "mae"]["status"] == "skipped").sum()
    fits.clear()
    again = compare(FEW, None, **given)
    assert len(fits) == skipped  # which cost nothing
    same(first, again)
    pd.testing.assert_frame_equal(first.scores, again.scores)
    pd.testing.assert_frame_equal(first.curves, again.curves)

    def new(**changed):
        fits.clear()
        compare(**{"X": FEW, "y": None, **given, **changed})
        return len(fits)

    assert new(rounds=3) == total
    assert new(objectives="huber, cauchy") == skipped + 2 * 3
    assert new(X=of_arrays(FEW.x, FEW.y + 1.0)) == total
    assert new(contamination=(0.0, 0.2), seeds=(0,)) > 10
    assert new(cache=False) == total
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:50])  # a full disk
    same(first, compare(FEW, None, **given))


def test_the_time_budget_leaves_the_rest_as_rows():
    found = compare(DATA, None, folds=2, rounds=3, budget=1e-9)
    assert (found.scores["status"] == "skipped").all()
    assert (found.scores["reason"] == "the time budget was spent").all()
    assert found.info["complete"]
    assert len(found.predictions) == len(found.curves) == 0
    assert shown(found)


# Terminal


def made(candidate, kind, *maes, library="xgboost", failed=()):
    """Rows of scores, one for each fold."""
    return [
        (
            "regression", candidate, kind, library, 0.0, 0, fold, "mae", mae, False, 1.0, 1,
            "failed" if fold in failed else "ok", "x" if fold in failed else "",
        )
        for fold, mae in enumerate(maes)
    ]  # fmt: skip


@lru_cache
def any_info():
    return compare(DATA, None, folds=2, budget=1e-9, contamination=0).info


def as_result(rows):
    none = pd.DataFrame()
    return Result(pd.DataFrame(rows, columns=list(SCORES)), none, none, none, any_info())


def test_the_terminal_says_what_the_report_says():
    """One judgement: that of `verdict`, with corrected intervals."""
    built_in = made("b", "built-in", 10.0, 20.0, 30.0)
    worse = made("w", "built-in", 50.0, 50.0, 50.0)
    for ours, words in (
        ((9.0, 18.99, 29.01), "o ours · XGBoost (mae 19) is better than b XGBoost (20)"),
        ((11.0, 21.01, 30.99), "o ours · XGBoost (mae 21) is worse than b XGBoost (20)"),
        (
            (9.0, 21.0, 29.0),
            "no clear difference between o ours · XGBoost (mae 19.67) and b XGBoost (20)",
        ),
    ):
        found = as_result(made("o", "ours", *ours) + worse + built_in)
        text = shown(found)
        assert words in text
        for line in verdict.lines(found):
            assert line in text


def test_rows_are_sorted_and_failures_come_last():
    rows = made("f", "ours", 1.0, 1.0, failed=(1,))
    rows += made("b", "ours", 3.0, 5.0) + made("a", "ours", 2.0, 3.0)
    rows += made("c", "baseline", 9.0, 9.0, library="-")
    lines = shown(as_result(rows)).splitlines()
    assert [line.split()[1] for line in lines if re.match(r"(-|xgboost) {2,}", line)] == list(
        "cabf"
    )
    assert "Failed in 1 of 2 fits: x (f ours · XGBoost)" in "\n".join(lines)


def test_reasons_that_differ_in_figures_only_are_one():
    rows = made("c", "baseline", 9.0, 9.0, library="-")
    for library in ("xgboost", "lightgbm"):
        found = made("f", "ours", 1.0, 1.0, failed=(0, 1), library=library)
        rows += [(*row[:-1], f"{n} of 20 are not") for row, n in zip(found, (12, 7), strict=True)]
    said = [line for line in shown(as_result(rows)).splitlines() if "are not" in line]
    assert said == ["Failed in 2 of 2 fits: 12 of 20 are not (f ours · XGBoost, f ours · LightGBM)"]


def test_margins_are_no_probabilities():
    found = compare(classes(2), None, folds=2, rounds=2, objectives="squared_hinge")
    ours = found.scores[found.scores["kind"] == "ours"]
    assert set(ours["status"]) == {"skipped"}
    assert set(ours["reason"]) == {
        "it gives margins, and classes are compared by their probabilities"
    }


def test_the_baseline_is_named_where_no_model_is_clearly_better():
    baseline = made("constant", "baseline", 10.0, 10.2, 10.4, library="-")
    better, same = (made("m", "ours", *maes) for maes in ((8.0, 8.1, 8.6), (9.0, 11.0, 10.0)))
    assert "no model is clearly better" not in shown(as_result(baseline + better))
    assert "no model is clearly better than constant: the best is m ours · XGBoost." in shown(
        as_result(baseline + same)
    )


# Report


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """The command line writes its report where it is called."""
    monkeypatch.chdir(tmp_path)


def test_the_report_fits_80_columns_and_marks_the_lowest(result):
    lines = shown(result, width=80).splitlines()
    assert max(map(len, lines)) <= 80
    board = statistics.leaderboard(result)
    table = [line for line in lines if re.match(r"(xgboost|lightgbm|-) {2,}\S+.* ± ", line)]
    assert len(table) == len(lineup(DATA, objectives=OURS))
    assert sum(line.count("*") for line in table) == 2
    assert not any("…" in line for line in lines)
    found = 0
    for row in board.itertuples():
        if row.mean < 1000 and row.high - row.low < 2000:
            cell = f"{row.mean:.1f} ± {(row.high - row.low) / 2:.1f}"
            start = rf"{row.library} +{re.escape(row.candidate)}( ours| XGBoost| LightGBM)? "
            assert any(re.match(start, line) and cell in line for line in table)
            found += 1
    assert found > 25


def test_one_fold_is_not_compared(result):
    first = result.scores[result.scores["fold"] == 0]
    text = shown(replace(result, scores=first))
    assert "±" not in text
    assert "One fold is too few" in text
    assert "clear difference" not in text


def test_a_metric_of_which_more_is_better(capsys):
    data = classes(2)
    given = {"contamination": 0, "metrics": "roc_auc", "objectives": "binary_cross_entropy"}
    found = compare(data, None, folds=2, rounds=5, **given)
    text = shown(found)
    best = next(line for line in text.splitlines() if "*" in line)
    assert "constant" not in best
    assert not re.search(r"-0\.\d+ ±", text.partition("The best of ours")[0])
    assert re.search(r"-  +constant \(class shares\) +0\.5000 ± 0\.0000", text)


# Command line


def test_compare(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(displays, "DISPLAYS", displays.DISPLAYS[1:2])  # drawing takes seconds
    tiny = [*TINY, "--objectives", "huber,poisson"]
    assert main(["compare", *tiny, "--out", str(tmp_path / "new" / "out")]) == 0
    out, err = capsys.readouterr()
    assert re.match(
        r"diabetes: 442 rows, regression of progression, 2 folds, 2 rounds, seed 0; xgboost \S+, lightgbm",
        out,
    )
    assert out.count("\nxgboost  ") == 8
    assert out.count("\nlightgbm  ") == 9
    said = re.findall(r"^- (?:On clean|With \d+%).* ours · \w+ \(mae", out, re.MULTILINE)
    assert len(said) == 6
    assert f"Report: {tmp_path / 'new' / 'out' / 'report.html'}" in out.replace("\n", "")
    page = (tmp_path / "new" / "out" / "report.html").read_text(encoding="utf-8")
    assert "gbm-objectives compare --folds 2" in page
    assert sorted((tmp_path / "new" / "out" / "figures").glob("*.png"))
    assert re.fullmatch(r"114 of 114 models done in \d+ s", err.splitlines()[-1])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + err)

    saved = load(tmp_path / "new" / "out")
    assert list(saved.scores.columns) == list(SCORES)
    assert list(saved.predictions.columns) == list(PREDICTIONS)
    assert list(saved.curves.columns) == list(CURVES)
    assert list(saved.warnings.columns) == list(WARNINGS)
    assert saved.info["command"].startswith("gbm-objectives compare --folds 2 --rounds 2")

    main(["compare", *tiny, "--no-out"])  # again: nothing is trained, nothing is written
    assert not (tmp_path / "comparison").exists()
    assert "models known from an earlier run" in capsys.readouterr().err
    main(["compare", *tiny, "--no-out", "--no-cache", "--budget", "0.000001"])
    assert "known" not in capsys.readouterr().err


def test_quick_is_the_same_with_fewer_folds_and_rounds(capsys, monkeypatch):
    line_up(monkeypatch, Constant())
    main(["compare", "--quick", "--workers", "1", "--no-out"])
    assert ", 3 folds, 50 rounds, seed 0" in capsys.readouterr().out
    main(["compare", "--quick", "--rounds", "7", "--seed", "5", "--workers", "1", "--no-out"])
    assert ", 3 folds, 7 rounds, seed 5" in capsys.readouterr().out
    main(["compare", "--workers", "1", "--no-out"])
    assert ", 5 folds (5 times on clean labels), 200 rounds, seed 0" in capsys.readouterr().out


def test_one_library_is_enough(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert (
        main(["compare", *TINY, "--contamination", "0", "--objectives", "huber", "--no-out"]) == 0
    )
    out = capsys.readouterr().out
    assert "Left out: lightgbm is not installed" in out
    assert "\nxgboost " in out
    assert "\nlightgbm " not in out

    assert main(["compare", *TINY, "--libraries", "lightgbm"]) == 2
    err = capsys.readouterr().err
    assert "lightgbm is not installed. Try: pip install 'gbm-objectives[compare]'" in err
    assert err.count("\n") == 1


def test_the_exit_code_tells_when_every_model_failed(capsys, monkeypatch):
    line_up(monkeypatch, Constant(), Broken("broken", "ours", "xgboost", RuntimeError("no luck")))
    assert main(["compare", *TINY, "--no-out"]) == 1
    assert (
        "Failed in 6 of 6 fits: RuntimeError: no luck (broken ours · XGBoost)"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (0, "Interrupted after 0 of 2 folds. Of the first, 1 of 6 models are done."),
        (1, "Interrupted after 1 of 2 folds. The 1 models of the next are left out."),
    ],
)
def test_ctrl_c_shows_what_is_done(capsys, monkeypatch, since, said, tmp_path):
    stop = Broken("stop", "ours", "xgboost", KeyboardInterrupt(), since)
    line_up(monkeypatch, Constant(), stop)
    assert main(["compare", *TINY, "--out", str(tmp_path)]) == 130
    out = capsys.readouterr().out
    assert said in out
    assert "constant (median)" in out.partition(said)[2]
    assert ("xgboost  stop" in out) is bool(since)
    assert "of a single fold" in out
    saved = load(tmp_path)
    assert not saved.info["complete"]
    assert len(saved.scores) == 3 * (7 if since else 1)


@pytest.fixture
def interruptible():
    """What a shell starts in the background ignores interrupts, and so do the processes of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_amid_the_training(capsys, monkeypatch):
    """A signal, while the libraries train."""
    outcome = Experiment.outcome

    def late(self, job):
        if job.fold == 1:
            monkeypatch.setattr(Experiment, "outcome", outcome)
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
        return outcome(self, job)

    monkeypatch.setattr(Experiment, "outcome", late)
    given = ["--folds", "2", "--workers", "1", "--contamination", "0", "--libraries", "lightgbm"]
    given += ["--objectives", "huber", "--rounds", "1000", "--no-cache", "--no-out"]
    try:
        assert main(["compare", *given]) == 130
    except KeyboardInterrupt:
        pytest.fail("an interrupt got through")
    assert "Interrupted after 1 of 2 folds." in capsys.readouterr().out


def test_ctrl_c_in_a_real_process_with_others():
    # A job in the background of a shell ignores interrupts, and so would its children.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    code += "from gbm_objectives.compare.cli import main; raise SystemExit(main())"
    arguments = ["compare", "--rounds", "300", "--no-cache", "--workers", "2", "--folds", "40"]
    arguments += ["--objectives", "huber", "--libraries", "lightgbm", "--no-out"]
    command = [sys.executable, "-c", code, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("diabetes")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)  # the first models
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted after" in out
    # An interrupt in XGBoost's finaliser is told there, once in some thirty runs; nothing else may be.
    assert "Traceback" not in err.split("Exception ignored in: <function Booster.__del__")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--folds", "1"], "folds: 1; needed"),
        (["compare", "--folds", "443"], "folds: 443; needed"),
        (["compare", "--folds", "many"], "'--folds'"),
        (["compare", "--rounds", "0"], "rounds: 0; needed"),
        (["compare", "--threads", "0"], "threads: 0; needed"),
        (["compare", "--seed", "-1"], "seeds: -1; needed"),
        (["compare", "--seeds", "1,x"], "seeds: '1,x'; needed: whole numbers"),
        (["compare", "--seeds", "1,1"], "seeds: (1, 1); needed: different"),
        (["compare", "--folds", "-3"], "folds: -3; needed"),
        (["compare", "--workers", "0"], "workers: 0; needed"),
        (["compare", "--budget", "-1"], "budget: -1.0; needed"),
        (["compare", "--early-stopping", "0"], "early_stopping: 0; needed"),
        (["compare", "--contamination", "0,1.5"], "contamination: 1.5; needed"),
        (["compare", "--contamination-size", "0"], "size: 0.0; needed"),
        (["compare", "--tau", "1.5"], "tau: 1.5; needed"),
        (["compare", "--task", "ranking"], "task: 'ranking'; needed"),
        (["compare", "--task", "binary"], "task: 214 classes in progression; needed"),
        (["compare", "--metrics", "maee"], "Did you mean: mae"),
        (["compare", "--objectives", "hubert"], "Did you mean: huber"),
        (["compare", "--out", "/dev/null/out"], "out: /dev/null/out: Not a directory; needed"),
        (["compare", "--cache", "/dev/null/cache"], "cache: /dev/null/cache: Not a directory"),
        (["compare", "--target", "y"], "target: 'y'; needed: a CSV file"),
        (["check", "nonsense"], "needed: module:function"),
        (["check", "no_such_module:f"], "No module named 'no_such_module'"),
        (["check", "gbm_objectives:f"], "has no attribute 'f'"),
        (["compare", "--libraries", "xgboost,catboost"], "libraries: 'catboost'; needed"),
        (["compare", "--unknown"], "--unknown"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_arguments_are_one_line(capsys, arguments, said):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gbm-objectives: ")
    assert said in err
    assert err.count("\n") == 1


def test_check_tells_a_right_objective_from_a_wrong_one(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def right(y_true, y_pred, sample_weight=None):\n"
        "    weight = np.ones_like(y_pred) if sample_weight is None else sample_weight\n"
        "    return (y_pred - y_true) * weight, np.ones_like(y_pred) * weight\n"
        "def wrong(y_true, y_pred):\n"
        "    return y_true - y_pred, np.ones_like(y_pred)\n"
    )
    assert main(["check", f"{tmp_path}/mine.py:right"]) == 0
    assert main(["check", f"{tmp_path}/mine.py:wrong"]) == 1
    assert "direction" in capsys.readouterr().out
    assert main(["check", "gbm_objectives.registry:OBJECTIVES"]) == 2


OWN = """
import os
import numpy as np
def loss(y_true, y_pred):
    return y_pred - y_true, np.ones_like(y_pred)
class Column:
    def fit(self, X, y):
        self.mean = y.mean()
        return self
    def predict(self, X):
        return np.full((len(X), 1), self.mean)
class Dies(Column):
    def fit(self, X, y):
        if 0 in X.index:  # in one fold of two, and with it the process
            os._exit(1)
        return super().fit(X, y)
def worst(y_true, y_pred):
    return np.abs(y_true - y_pred).max()
"""


def test_a_users_own_in_other_processes_of_which_one_dies(capsys, tmp_path, monkeypatch):
    """On the command line: what a file has goes to other processes; one that dies is a row with its reason."""
    from sklearn.linear_model import LinearRegression

    monkeypatch.setattr(Result, "report", lambda self, path, figures: path)  # takes seconds
    (tmp_path / "own_losses.py").write_text(OWN)
    path = f"{tmp_path}/own_losses.py"
    given = ["compare", *ONE, "--contamination", "0", "--workers", "2"]
    own = f"{path}:loss,{path}:Column,{path}:Dies,sklearn.linear_model:LinearRegression"
    out = str(tmp_path / "out")
    metrics = f"mae,{path}:worst,pinball(0.9)"
    assert main([*given, "--candidates", own, "--metrics", metrics, "--out", out]) == 0
    found = load(tmp_path / "out")
    scores = found.scores
    assert len(scores) == found.info["fits"] * 3
    assert len(set(scores["metric"])) == 3
    assert {"mae", "worst"} < set(scores["metric"])
    status = scores.groupby("candidate")["status"].agg(sorted)
    assert status.pop("Dies") == ["failed"] * 3 + ["ok"] * 3
    assert set(status.sum()) == {"ok"}
    values = scores[scores["metric"] == "mae"].set_index(["candidate", "fold"])["value"]
    for fold in (0, 1):
        assert values["Column", fold] == pytest.approx(values["constant (mean)", fold])
        split = list(Plan(2).splits(DATA))[fold]
        line = LinearRegression().fit(split.x_train, split.y_train).predict(split.x_test)
        assert values["LinearRegression", fold] == pytest.approx(np.abs(line - split.y_test).mean())
    assert "loss" in status.index
    capsys.readouterr()
    for bad, said in (
        (f"{path}:nothing", "has no attribute 'nothing'"),
        (f"{tmp_path}/none.py:f", "no such file"),
        ("plain", "needed: module:function"),
        (f"{path}:loss,{path}:loss", "two named 'loss'"),
    ):
        assert main([*given, "--candidates", bad]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1


def test_list_names_every_objective(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = dict(re.split(" {2,}", line.strip(), maxsplit=1) for line in lines)
    assert listed == {name: make.__doc__.splitlines()[0] for name, make in OBJECTIVES.items()}


def test_without_arguments_there_is_help(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "compare" in out
    assert "list" in out


def test_a_missing_extra_is_one_line():
    """Each in a fork of one process, which has imported the package alone."""
    code = """
import os, sys
from gbm_objectives.compare.cli import main
for missing in ("typer", "rich", "sklearn", "pandas", "joblib"):
    if os.fork() == 0:
        sys.modules[missing] = None
        os._exit(main(["list"]))
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 2, missing
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert found.stdout == ""
    lines = found.stderr.splitlines()
    assert len(lines) == 5
    assert all("pip install 'gbm-objectives[compare]'" in line for line in lines)
