"""Splits by groups and by time: no group on both sides, no row that is predicted by later ones."""

import re

import numpy as np
import pandas as pd
import pytest

from gbm_objectives.compare import compare
from gbm_objectives.compare.cli import main
from gbm_objectives.compare.data import Plan, of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.saving import load

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({
    "size": RNG.normal(size=120), "customer": RNG.choice(list("abcdefghijklm"), 120),
    "day": pd.date_range("2024-01-01", periods=40).repeat(3).strftime("%Y-%m-%d")[RNG.permutation(120)],
    "price": RNG.normal(size=120).round(3), "kind": RNG.choice(["x", "y"], 120),
})  # fmt: skip


@pytest.mark.parametrize("target", ["price", "kind"])
def test_no_group_is_on_both_sides(target):
    data = of_arrays(FRAME, target, groups="customer")
    assert "customer" not in data.features
    rows = Plan(4, (3,)).rows(data, 3)
    assert sorted(np.concatenate([test for _, test in rows])) == list(range(120))
    for split in Plan(4, (3,)).splits(data):
        assert not set(FRAME["customer"][split.train]) & set(FRAME["customer"][split.test])
        assert 10 <= len(split.test) <= 50
        train, inner = (split.train[part] for part in split.inner(0.2))
        assert not set(FRAME["customer"][train]) & set(FRAME["customer"][inner])
    other = Plan(4, (4,)).rows(data, 4)
    assert [list(test) for _, test in rows] != [list(test) for _, test in other]


@pytest.mark.parametrize("as_numbers", [False, True])
def test_no_row_is_predicted_by_later_ones(as_numbers):
    day = FRAME["day"]
    time = pd.to_datetime(day).dt.day_of_year.to_numpy() if as_numbers else "day"
    data = of_arrays(FRAME, "price", time=time)
    assert ("day" in data.features) is as_numbers
    tested = []
    for split in Plan(3).splits(data):
        assert day[split.train].max() < day[split.test].min()
        train, inner = (split.train[part] for part in split.inner(0.2))
        assert day[train].max() < day[inner].min()
        tested += list(split.test)
    assert len(tested) == len(set(tested)) >= 85


def test_of_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "gbm_objectives.compare.result.Result.report", lambda self, path, figures: path
    )
    path, out = tmp_path / "sales.csv", tmp_path / "out"
    FRAME.assign(price=FRAME["price"].where(FRAME.index != 5)).to_csv(path, index=False)
    given = [
        "compare",
        str(path),
        "--target",
        "price",
        "--folds",
        "3",
        "--rounds",
        "2",
        "--workers",
        "1",
    ]
    given += [
        "--objectives",
        "huber",
        "--contamination",
        "0",
        "--libraries",
        "lightgbm",
        "--out",
        str(out),
    ]
    assert main([*given, "--time", "day"]) == 0
    saved = load(out)
    assert saved.info["split"] == "time"
    ratio = np.mean([1, 1 / 2, 1 / 3])
    assert statistics.test_to_train(saved) == pytest.approx(ratio, rel=0.1)
    assert re.search(
        r"These folds would usually show a difference of [\d.]+ mae", capsys.readouterr().out
    )
    assert main([*given, "--groups", "customer"]) == 0
    assert load(out).info["split"] == "groups"
    capsys.readouterr()
    for bad, said in (
        (
            ["--groups", "custom"],
            "groups: 'custom'; needed: a column of sales. Did you mean: customer",
        ),
        (["--groups", "customer", "--time", "day"], "groups, time: both; needed: one of the two"),
        (["--time", "customer"], "time: text such as"),
        (
            ["--groups", "customer", "--folds", "20"],
            "groups: 13 different values for 20 folds; needed: 20",
        ),
    ):
        assert main([*given, *bad]) == 2
        assert said in capsys.readouterr().err


def test_a_given_test_file(tmp_path, monkeypatch, capsys):
    """Models are trained once, on the one file, and scored on ten parts of the other."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("gbm_objectives.compare.report.displays.DISPLAYS", ())
    path, test, out = (tmp_path / name for name in ("old.csv", "new.csv", "out"))
    FRAME[:80].to_csv(path, index=False)
    new = FRAME[80:].iloc[:, ::-1]  # in another order
    new.assign(price=new["price"].where(new.index != 85)).to_csv(test, index=False)
    given = ["compare", str(path), "--target", "price", "--rounds", "2", "--workers", "1"]
    given += ["--objectives", "huber", "--contamination", "0", "--libraries", "lightgbm"]
    assert main([*given, "--test", str(test), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "119 rows, regression of price, 39 of them to test on" in said
    assert "over 3 parts of the test rows" in said
    found = load(out)
    assert statistics.test_to_train(found) == 0
    own = found.predictions.query("candidate == 'huber()'")
    assert sorted(own["row"]) == list(range(80, 119))
    scores = found.scores.query("candidate == 'huber()' and metric == 'mae'")
    assert len(scores) == 3
    assert scores["seconds"].nunique() == 1  # one model
    by_part = (own["y_true"] - own["y_pred"]).abs().groupby(own["fold"]).mean()
    np.testing.assert_allclose(scores.set_index("fold")["value"], by_part)
    assert "Each model was trained once" in (out / "report.html").read_text("utf-8")
    new.drop(columns="size").to_csv(test, index=False)
    for bad, why in ((["--test", str(test)], "without size; needed: the columns of"),
                     (["--test", str(path), "--time", "day"], "one of the two")):  # fmt: skip
        assert main([*given, *bad]) == 2
        assert why in capsys.readouterr().err


def test_few_rows_are_split_again_where_nothing_says_how():
    data = of_arrays(FRAME[["size"]], FRAME["price"])
    given = {"rounds": 1, "contamination": (0, 0.3), "objectives": "huber"}
    plan = Options().plan(data, 29)
    assert (plan.folds, plan.seeds, plan.repeats) == (5, (0,), (1, 2, 3, 4))
    assert Options().plan(data, 500).repeats == (1, 2)
    assert Options().plan(data, 5000).repeats == ()
    for chosen in ({"folds": 5}, {"seeds": 0}, {"tune": 3}):
        assert Options(**chosen).plan(data, 29).repeats == ()
    assert Options().plan(of_arrays(FRAME, "price", time="day"), 29).repeats == ()
    found = compare(data, None, libraries=["lightgbm"], **given)
    counts = found.leaderboard().groupby("contamination")["pairs"].agg(set)
    assert counts.to_dict() == {0.0: {25}, 0.3: {5}}


def test_of_arrays():
    groups = np.arange(120) // 10
    found = compare(
        FRAME[["size"]], FRAME["price"], groups=groups, folds=3, rounds=2, contamination=0,
        objectives="huber", libraries=["lightgbm"],
    )  # fmt: skip
    one = found.predictions.query("candidate == 'huber()'")
    assert (one.groupby(groups[one["row"].to_numpy()])["fold"].nunique() == 1).all()
    with pytest.raises(ValueError, match="time: missing in 1 rows"):
        of_arrays(FRAME, "price", time=FRAME["day"].where(FRAME.index != 5))
    with pytest.raises(ValueError, match="groups: 3 values; needed: 120"):
        of_arrays(FRAME, "price", groups=[1, 2, 3])
    with pytest.raises(ValueError, match="time: most rows at the same time"):
        Plan(3).check(of_arrays(FRAME, "price", time=np.maximum(np.arange(120), 100)))
