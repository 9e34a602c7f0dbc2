"""Tuning: equal budgets on training rows alone, kept and gone on from; the code trains the tuned model."""

import sys

import numpy as np
import pytest

from gbm_objectives import focal, huber
from gbm_objectives.compare import compare
from gbm_objectives.compare.candidates import LIBRARIES, spaces
from gbm_objectives.compare.cli import main
from gbm_objectives.compare.data import Contamination, Plan, of_arrays
from gbm_objectives.compare.report import html, terminal
from gbm_objectives.compare.report.code import Code
from gbm_objectives.compare.report.statistics import Key
from gbm_objectives.compare.saving import load, save

N, ROUNDS, TRIALS = 120, 3, 4


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 3))
    return of_arrays(x, x[:, 0] + 0.3 * rng.normal(size=N))


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return {
        "folds": 2, "rounds": ROUNDS, "contamination": 0.3, "objectives": "huber", "tune": TRIALS,
        "tune_folder": tmp_path_factory.mktemp("tuning"), "metrics": "mae",
    }  # fmt: skip


@pytest.fixture(scope="module")
def seen():
    """The training rows and the parts of each search."""
    return []


@pytest.fixture(scope="module")
def tuned(data, given, seen):
    pytest.importorskip("optuna")
    from gbm_objectives.compare.running import tuning

    with pytest.MonkeyPatch.context() as patch:
        call = tuning.Goal.__call__

        def spied(self, trial):
            value = call(self, trial)
            seen.append((self.split, self._parts))
            return value

        patch.setattr(tuning.Goal, "__call__", spied)
        return compare(data, None, **given)


def test_each_has_the_same_trials_on_its_training_rows(tuned, data, seen):
    found = tuned.tuning()
    assert set(found["trials"]) == {TRIALS}
    assert set(found["failed"]) == {0}
    assert (found["value"] <= found["untuned"]).all()
    models = tuned.scores[tuned.scores["kind"] != "baseline"]
    assert len(found) == len(models) + 1  # the recommended one, on all rows
    assert found["fold"].isna().sum() == 1
    assert {"eta", "num_leaves"} <= set().union(*found["params"])
    for split, parts in seen:
        labels = dict(zip(split.train, split.y_train, strict=True))
        assert sorted(np.concatenate([part.test for part in parts])) == sorted(split.train)
        for part in parts:
            assert not set(part.train) & set(part.test)
            for rows, y in ((part.train, part.y_train), (part.test, part.y_test)):
                assert np.array_equal(y, [labels[row] for row in rows])  # contaminated ones too
    clean = [np.array_equal(split.y_train, data.y[split.train]) for split, _ in seen]
    assert not all(clean)
    assert any(clean)  # all rows, as they were given


class Trial:
    """Suggests what it is given, else the lowest value."""

    def __init__(self, **given):
        self.given = given

    def suggest_float(self, name, low, high, log):
        return self.given.get(name, low)

    suggest_int = suggest_float

    def suggest_categorical(self, name, choices):
        assert choices[0] == "untuned"
        return self.given.get(name, choices[0])


def test_parameters_of_losses_are_in_the_units_of_the_labels():
    y = np.array([0.0, 100.0, 200.0, 300.0, 1e6])  # 100 robust standard deviations of 1.4826
    for library, objective, name in (
        ("xgboost", "reg:pseudohubererror", "huber_slope"), ("lightgbm", "huber", "alpha"),
        ("lightgbm", "fair", "fair_c"),
    ):  # fmt: skip
        one = LIBRARIES[library]("x", "built-in", library, objective)
        assert spaces.suggested(one, y, Trial(delta=0.5)).params[name] == 74.1
        assert name not in spaces.suggested(one, y, Trial()).params
    ours = LIBRARIES["xgboost"]("huber()", "ours", "xgboost", huber())
    assert spaces.suggested(ours, y, Trial(delta=0.5)).formula == huber(74.1)
    assert spaces.suggested(ours, y, Trial()).formula == huber()
    assert spaces.suggested(ours, y, Trial(eta=0.123456)).params["eta"] == 0.123
    assert set(spaces.untuned(ours)) == {*spaces.TREES["xgboost"], "delta"}
    for given, tuned in ((focal(), ["gamma"]), (huber(2.0), []), (huber() + huber(2.0), [])):
        one = LIBRARIES["lightgbm"]("x", "ours", "lightgbm", given)
        assert list(spaces.untuned(one)) == [*spaces.TREES["lightgbm"], *tuned]


def test_the_code_trains_the_tuned_model(tuned, data, tmp_path):
    """Of each candidate on a fold: lines for train and for scikit-learn, also of a saved result."""
    split = next(Plan(2, (0,), Contamination((0.3,))).splits(data))
    save(tuned, tmp_path)
    assert (tmp_path / "tuning.csv").exists()
    kept = load(tmp_path)
    pairs = tuned.scores.query("kind != 'baseline'")[["library", "candidate"]].drop_duplicates()
    for library, name in pairs.itertuples(index=False, name=None):
        own = tuned.predictions.query("fold == 0 and candidate == @name and library == @library")
        expected = own.set_index("row").loc[split.test, "y_pred"].to_numpy()
        code = Code.of(kept, Key(library, name), ROUNDS, fold=0)
        for text in (code.train, code.sklearn):
            space = {"X": split.matrix_train, "y": split.y_train, "X_new": split.matrix_test}
            exec(text, space)
            np.testing.assert_allclose(
                space["prediction"], expected, rtol=2e-4, atol=1e-5, err_msg=text
            )
        model = code.estimator().fit(split.matrix_train, split.y_train)
        np.testing.assert_allclose(model.predict(split.matrix_test), expected, rtol=2e-4, atol=1e-5)


def test_it_is_recommended_with_the_parameters_of_all_rows(tuned, monkeypatch):
    best, last = tuned.recommendation, tuned.info["tuning"][-1]
    assert last["fold"] is None
    assert (best.library, best.code.name) == (last["library"], last["candidate"])
    assert best.params == last["recipe"]["params"]
    assert best.objective == last["recipe"]["objective"]
    monkeypatch.setattr("gbm_objectives.compare.report.displays.DISPLAYS", ())
    page = html.render(tuned)
    assert "Tuned parameters" in page
    assert f"tuned, {TRIALS} trials for each candidate" in terminal.notes(2, tuned.info)[1]
    assert best.code.sklearn in html.Markup(page).unescape()


def test_trials_are_kept_and_gone_on_from(tuned, data, given, monkeypatch):
    from gbm_objectives.compare.running import tuning

    tried = []
    call = tuning.Goal.__call__

    def counted(self, trial):
        tried.append(trial.number)
        return call(self, trial)

    monkeypatch.setattr(tuning.Goal, "__call__", counted)
    again = compare(data, None, **given)
    assert tried in (
        [],
        [*range(TRIALS)],
    )  # of a tie another may be the fastest: its last search is new
    kept, first = (one.tuning()[:-1].drop(columns="seconds") for one in (again, tuned))
    assert kept.equals(first)
    tried.clear()
    compare(data, None, **{**given, "tune": TRIALS + 1})
    assert tried.count(TRIALS) == len(first) + 1
    assert tried.count(0) <= 1
    given = {**given, "libraries": ["lightgbm"]}
    short = compare(data, None, **{**given, "tune_minutes": 1e-9, "tune_folder": None}).tuning()
    assert set(short["trials"]) == {1}
    assert short["value"].equals(short["untuned"])


def test_what_is_missing_is_one_line(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    for arguments, said in (
        (["--tune", "3"], "pip install 'gbm-objectives[tune]'"),
        (["--tune", "0"], "tune: 0; needed"),
        (["--tune-minutes", "3"], "needed: tune, the number of trials"),
    ):
        assert main(["compare", "--no-out", *arguments]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
