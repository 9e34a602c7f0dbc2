"""The comparison: tasks, candidates, run, summary, report and the command line."""

import io
import re
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from rich.console import Console

from gbm_objectives.compare import app, summary, tasks
from gbm_objectives.compare.candidates import Candidate, Constant, Settings, candidates
from gbm_objectives.compare.cli import main
from gbm_objectives.compare.report import report
from gbm_objectives.compare.run import Score, run, score
from gbm_objectives.registry import OBJECTIVES

TASK = tasks.diabetes()
TINY = ["--folds", "2", "--rounds", "3"]
MODELS = 1 + (3 + 4) + (4 + 4)


@pytest.fixture(scope="module")
def scores():
    return list(run(tasks.splits(TASK, 2, 0), candidates(), Settings(rounds=60)))


@dataclass(frozen=True, slots=True)
class Broken(Candidate):
    """Raises its error, or predicts NaN where it has none; healthy on the folds before ``since``."""

    error: BaseException | None = None
    since: int = 0

    def predict(self, split, settings):
        if split.fold < self.since:
            return np.zeros(len(split.y_test))
        if self.error is not None:
            raise self.error
        return np.full(len(split.y_test), np.nan)


def shown(scores, width=200):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    report(console, scores, TASK)
    return console.file.getvalue()


# Tasks


def test_contamination_moves_training_labels_only():
    original = TASK.y.copy()
    by_fold = {}
    for split in tasks.splits(TASK, 3, seed=1):
        by_fold.setdefault(split.fold, []).append(split)
    assert len(by_fold) == 3
    for clean, some, many in by_fold.values():
        assert (clean.contamination, some.contamination, many.contamination) == (0.0, 0.1, 0.4)
        assert sorted([*clean.y_train, *clean.y_test]) == sorted(TASK.y)
        distance = tasks.SHIFT * clean.y_train.std()
        moved = {}
        for split in (some, many):
            assert np.array_equal(split.x_train, clean.x_train)
            assert np.array_equal(split.x_test, clean.x_test)
            assert np.array_equal(split.y_test, clean.y_test)
            moved[split.contamination] = split.y_train != clean.y_train
            shift = (split.y_train - clean.y_train)[moved[split.contamination]]
            np.testing.assert_allclose(np.abs(shift), distance)
            assert {-1.0, 1.0} == set(np.sign(shift))
        assert 0.05 < moved[0.1].mean() < 0.16
        assert 0.33 < moved[0.4].mean() < 0.47
        assert not (moved[0.1] & ~moved[0.4]).any()
    assert np.array_equal(TASK.y, original)


def test_splits_are_a_function_of_the_seed():
    def labels(seed):
        return [split.y_train for split in tasks.splits(TASK, 2, seed)]

    def moved(seed):
        clean, _, many = labels(seed)[:3]
        return clean != many

    assert all(map(np.array_equal, labels(3), labels(3)))
    assert not any(map(np.array_equal, labels(3), labels(4)))
    assert not np.array_equal(moved(3), moved(4))


def test_contamination_leaves_its_argument_alone():
    for y in (np.arange(100), np.arange(100.0)):
        labels = tasks.contaminate(y, 0.5, np.random.default_rng(0))
        assert np.array_equal(y, np.arange(100))
        assert set(np.round(np.abs(labels - y) / y.std(), 6)) == {0.0, 10.0}


# Candidates


def test_candidates_are_complete():
    found = {(c.library, c.kind, c.name) for c in candidates()}
    ours = ("ours: huber()", "ours: pseudo_huber()", "ours: log_cosh()", "ours: quantile(0.5)")
    built_in = {
        "xgboost": ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"),
        "lightgbm": ("regression", "regression_l1", "huber", "fair"),
    }
    expected = {("-", "baseline", "constant (median)")}
    for library, names in built_in.items():
        expected |= {(library, "built-in", name) for name in names}
        expected |= {(library, "ours", name) for name in ours}
    assert found == expected
    assert {c.library for c in candidates(["lightgbm"])} == {"-", "lightgbm"}


# XGBoost's own pseudo-Huber loss is left out: the intercept that it estimates is far off.
@pytest.mark.parametrize(
    "candidate",
    [c for c in candidates() if c.name != "reg:pseudohubererror"],
    ids=lambda c: f"{c.library} {c.name}",
)
def test_boosting_starts_at_the_intercept(candidate):
    """An offset of the target moves the predictions by as much; without an intercept it would not."""
    split = next(tasks.splits(TASK, 5, 0))
    far = replace(split, y_train=split.y_train + 4096.0)
    near = candidate.predict(split, Settings(rounds=3))
    np.testing.assert_allclose(candidate.predict(far, Settings(rounds=3)), near + 4096.0, atol=2.0)


# Run


def test_a_run_has_all_rows(scores):
    cells = [(s.library, s.candidate, s.contamination, s.fold) for s in scores]
    assert len(cells) == len(set(cells)) == MODELS * 3 * 2
    assert {s.reason for s in scores} == {""}
    assert all(0 < s.mae < np.inf for s in scores)


def test_a_run_can_be_repeated(scores):
    first = next(tasks.splits(TASK, 2, 0))
    again = [score(candidate, first, Settings(rounds=60)) for candidate in candidates()]
    assert again == scores[:MODELS]


@pytest.mark.parametrize(
    ("library", "squared"), [("xgboost", "reg:squarederror"), ("lightgbm", "regression")]
)
def test_robust_objectives_withstand_contamination(scores, library, squared):
    rows = {row.candidate: row for row in summary.rows(scores) if row.library == library}
    baseline = next(row for row in summary.rows(scores) if row.kind == "baseline")
    for name in ("ours: huber()", "ours: pseudo_huber()", "ours: log_cosh()"):
        assert rows[name].mean(0.4) < 0.6 * rows[squared].mean(0.4)
        assert rows[name].mean(0.1) < 0.8 * rows[squared].mean(0.1)
        assert rows[name].mean(0.0) < 0.85 * baseline.mean(0.0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("no luck\nsecond line"), "RuntimeError: no luck"),
        (KeyError(), "KeyError"),
        (None, "ValueError: y_pred: NaN or inf in 221 of 221 rows, first in row 0"),
    ],
)
def test_a_failure_is_a_row_with_its_reason(error, reason):
    broken = Broken("broken", "ours", "xgboost", error, since=1)
    rows = list(run(tasks.splits(TASK, 2, 0), [broken, Constant()], Settings()))
    assert len(rows) == 2 * 3 * 2
    failed = [row for row in rows if row.mae is None]
    assert {(row.candidate, row.fold) for row in failed} == {("broken", 1)}
    assert all(row.reason.startswith(reason) for row in failed)
    assert "\n" not in failed[0].reason

    text = shown(rows)
    assert f"xgboost, broken failed in 3 of 6 fits: {reason}" in text
    line = next(line for line in text.splitlines() if line.startswith("xgboost  broken"))
    assert line.split()[2:] == ["none", "none", "none"]


# Summary


def made(candidate, kind, *maes, library="xgboost", contamination=0.0):
    return [
        Score(candidate, library, kind, contamination, fold, mae) for fold, mae in enumerate(maes)
    ]


def test_an_estimate_is_mean_and_standard_error():
    estimate = summary.Estimate.of([1.0, 2.0, 6.0])
    assert estimate.mean == 3.0
    assert estimate.error == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert np.isnan(summary.Estimate.of([4.0]).error)


def test_differences_are_paired_and_judged_by_two_standard_errors():
    built_in = made("b", "built-in", 10.0, 20.0, 30.0)
    worse = made("w", "built-in", 50.0, 50.0, 50.0)
    for ours, clear, words in (
        ((9.0, 18.9, 29.1), True, "ours lower by more than 2"),
        ((11.0, 21.1, 30.9), True, "ours higher by more than 2"),
        ((9.0, 21.0, 29.0), False, "no clear difference"),  # half a standard error
        ((9.0, 19.99, 29.7), False, "no clear difference"),  # one and a half
    ):
        scores = made("o", "ours", *ours) + worse + built_in
        (pair,) = summary.comparisons(summary.rows(scores), [0.0])
        assert (pair.candidate.candidate, pair.other.candidate) == ("o", "b")
        assert pair.difference.mean == pytest.approx(np.mean(ours) - 20.0)
        assert pair.clear is clear
        assert words in shown(scores)


def test_rows_are_sorted_and_failures_come_last():
    failed = [
        replace(s, mae=None, reason="x") if s.fold else s for s in made("f", "ours", 1.0, 1.0)
    ]
    scores = failed + made("b", "ours", 3.0, 5.0) + made("a", "ours", 2.0, 3.0)
    scores += made("c", "baseline", 9.0, 9.0, library="-")
    assert [row.candidate for row in summary.rows(scores)] == ["c", "a", "b", "f"]


def test_the_baseline_is_named_where_no_model_is_clearly_better():
    baseline = made("constant", "baseline", 10.0, 10.2, 10.4, library="-")
    better, same = (made("m", "ours", *maes) for maes in ((8.0, 8.1, 8.6), (9.0, 11.0, 10.0)))
    assert summary.unbeaten(summary.rows(baseline + better), [0.0]) == []
    (pair,) = summary.unbeaten(summary.rows(baseline + same), [0.0])
    assert (pair.candidate.candidate, pair.other.candidate) == ("m", "constant")


# Report


def test_the_report_fits_80_columns_and_marks_the_lowest(scores):
    lines = shown(scores, width=80).splitlines()
    assert max(map(len, lines)) <= 80
    rows = summary.rows(scores)
    table = [line for line in lines if re.match(r"(xgboost|lightgbm|-) +\S+.* ± ", line)]
    assert len(table) == len(rows) == MODELS
    assert sum(line.count("*") for line in table) == 3
    assert not any("…" in line for line in lines)
    for line, row in zip(table, rows, strict=True):
        assert re.match(rf"{row.library} +{re.escape(row.candidate)} ", line)
        for share in tasks.CONTAMINATIONS:
            if row.mean(share) < 1000:
                assert f"{row.mean(share):.1f} ± {row.estimate(share).error:.1f}" in line


def test_one_fold_is_not_compared(scores):
    text = shown([s for s in scores if s.fold == 0])
    assert "±" not in text
    assert "One fold is too few" in text
    assert "clear difference" not in text


# Command line


def test_compare(capsys):
    assert main(["compare", *TINY]) == 0
    out, err = capsys.readouterr()
    assert re.match(r"diabetes: 442 rows, 2 folds, 3 rounds, seed 0; xgboost \S+, lightgbm", out)
    assert out.count("\nxgboost ") == 7
    assert out.count("\nlightgbm ") == 8
    assert len(re.findall(r"^- (?:xgboost|lightgbm), ", out, re.MULTILINE)) == 6
    assert err.splitlines() == ["fold 1 of 2 done", "fold 2 of 2 done"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + err)


def test_quick_is_the_same_with_fewer_folds_and_rounds(capsys, monkeypatch):
    monkeypatch.setattr(app, "candidates", lambda libraries: [Constant()])
    main(["compare", "--quick"])
    assert "442 rows, 3 folds, 50 rounds, seed 0" in capsys.readouterr().out
    main(["compare", "--quick", "--rounds", "7", "--seed", "5"])
    assert "442 rows, 3 folds, 7 rounds, seed 5" in capsys.readouterr().out
    main(["compare"])
    assert "442 rows, 5 folds, 200 rounds, seed 0" in capsys.readouterr().out


def test_one_library_is_enough(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert main(["compare", *TINY]) == 0
    out = capsys.readouterr().out
    assert "Left out: lightgbm is not installed" in out
    assert "\nxgboost " in out
    assert "\nlightgbm " not in out

    assert main(["compare", *TINY, "--libraries", "lightgbm"]) == 2
    err = capsys.readouterr().err
    assert "lightgbm is not installed. Try: pip install 'gbm-objectives[compare]'" in err
    assert err.count("\n") == 1


def test_the_exit_code_tells_when_every_model_failed(capsys, monkeypatch):
    broken = Broken("broken", "ours", "xgboost", RuntimeError("no luck"))
    monkeypatch.setattr(app, "candidates", lambda libraries: [Constant(), broken])
    assert main(["compare", *TINY]) == 1
    assert "broken failed in 6 of 6 fits: RuntimeError: no luck" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (0, "Interrupted after 0 of 2 folds. Of the first, 1 of 6 models are done."),
        (1, "Interrupted after 1 of 2 folds. The 1 models of the next one are left out."),
    ],
)
def test_ctrl_c_shows_what_is_done(capsys, monkeypatch, since, said):
    stop = Broken("stop", "ours", "xgboost", KeyboardInterrupt(), since)
    monkeypatch.setattr(app, "candidates", lambda libraries: [Constant(), stop])
    assert main(["compare", *TINY]) == 130
    out = capsys.readouterr().out
    assert said in out
    assert "constant (median)" in out.partition(said)[2]
    assert ("xgboost  stop" in out) is bool(since)
    assert "of a single fold" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--folds", "1"], "folds: 1; needed"),
        (["compare", "--folds", "443"], "folds: 443; needed"),
        (["compare", "--folds", "many"], "'--folds'"),
        (["compare", "--rounds", "0"], "rounds: 0; needed"),
        (["compare", "--threads", "0"], "threads: 0; needed"),
        (["compare", "--seed", "-1"], "seed: -1; needed"),
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


@pytest.mark.parametrize("missing", ["typer", "rich", "sklearn"])
def test_a_missing_extra_is_one_line(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None; "
        "from gbm_objectives.compare.cli import main; sys.exit(main(['list']))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1
    assert "pip install 'gbm-objectives[compare]'" in found.stderr


def test_the_package_does_not_import_the_comparison():
    code = "import sys, gbm_objectives; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = found.stdout.split()
    assert "gbm_objectives.factories" in loaded
    assert not {"gbm_objectives.compare", "typer", "rich", "sklearn"} & set(loaded)
