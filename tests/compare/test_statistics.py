"""The statistics of a comparison: against values by hand, and the interval's coverage by simulation."""

import numpy as np
import pytest
from _results import from_values, result

from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.contests import contests
from gbm_objectives.compare.report.numbers import number
from gbm_objectives.compare.report.statistics import Key, corrected_interval
from gbm_objectives.compare.report.verdict import lines, verdict

A, B, C = Key("xgboost", "a"), Key("xgboost", "b"), Key("-", "constant")


def two(ours, rival, constant=None, **options):
    values = {(*A, "ours"): {0.0: ours}, (*B, "built-in"): {0.0: rival}}
    if constant is not None:
        values[(*C, "baseline")] = {0.0: constant}
    return from_values(values, **options)


def test_interval_by_hand():
    # d = 1, 2, 3: mean 2, s^2 = 1, 3 folds: error = sqrt(1/3 + 1/2); for 2 degrees of freedom
    # t = (2 q - 1) / sqrt(2 q (1 - q)) in closed form.
    found = corrected_interval([1.0, 2.0, 3.0], 1 / 2)
    half = 0.95 / (2 * 0.975 * 0.025) ** 0.5 * (5 / 6) ** 0.5
    assert found.mean == 2
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), rel=1e-12)
    # p of t with 2 degrees of freedom in closed form: 1 - t / sqrt(2 + t^2).
    t = 2 / (5 / 6) ** 0.5
    assert found.p == pytest.approx(1 - t / (2 + t * t) ** 0.5, rel=1e-12)
    assert not found.clear


def test_interval_without_correction_is_students():
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(0).normal(1, 1, 8)
    found, plain = corrected_interval(values, 0.0), ttest_1samp(values, 0)
    low, high = plain.confidence_interval(0.95)
    assert (found.low, found.high, found.p) == pytest.approx((low, high, plain.pvalue))


def test_interval_of_one_pair_and_of_none_and_of_equals():
    one = corrected_interval([1.0], 0.25)
    assert np.isnan(one.low)
    assert not one.clear
    assert not corrected_interval([0.0, 0.0], 1.0).clear
    with pytest.raises(ValueError, match="one for each fold and seed"):
        corrected_interval([], 0.25)


@pytest.mark.parametrize("folds", [5, 10])
def test_coverage_on_correlated_folds(folds):
    """Scores of folds with the correlation 1/k that is assumed: 95% coverage, and Student's far below."""
    rng, n = np.random.default_rng(1), 4000
    rho = 1 / folds
    shared = rng.normal(size=(n, 1)) * rho**0.5
    values = 0.3 + shared + rng.normal(size=(n, folds)) * (1 - rho) ** 0.5

    def coverage(ratio):
        found = [corrected_interval(row, ratio) for row in values]
        return np.mean([one.low <= 0.3 <= one.high for one in found])

    assert 0.94 < coverage(1 / (folds - 1)) < 0.96
    assert coverage(0.0) < 0.87


def test_coverage_on_real_cross_validation():
    """Mean against median as the constant for skewed labels: the interval covers the true difference."""
    rng, n, folds, repeats = np.random.default_rng(2), 60, 5, 1500
    train = n - n // folds

    def errors(constant):  # expected |y - c| of an exponential label: c - 1 + 2 exp(-c)
        return constant - 1 + 2 * np.exp(-constant)

    many = rng.exponential(size=(20000, train))
    truth = np.mean(errors(many.mean(1)) - errors(np.median(many, axis=1)))
    covered = 0
    for _ in range(repeats):
        y = rng.exponential(size=(folds, n // folds))
        differences = []
        for fold in range(folds):
            rest = np.delete(y, fold, axis=0)
            differences.append(np.mean(abs(y[fold] - rest.mean()) - abs(y[fold] - np.median(rest))))
        found = corrected_interval(differences, 1 / (folds - 1))
        covered += found.low <= truth <= found.high
    assert 0.93 < covered / repeats <= 1


def test_difference_is_paired():
    found = statistics.difference(two([1.0, 5.0, 9.0], [2.0, 6.0, 10.5]), A, B, 0.0)
    assert found == corrected_interval([-1.0, -1.0, -1.5], 1 / 2)


def test_ranks():
    made = from_values({
        (*A, "ours"): {0.0: [1.0, 3.0]}, (*B, "built-in"): {0.0: [2.0, 2.0]}, (*C, "baseline"): {0.0: [2.0, 4.0]},
    })  # fmt: skip
    found = statistics.ranks(made)[0.0]
    assert found.to_dict() == {A: 1.5, B: 1.75, C: 2.75}


def test_leaderboard_by_hand():
    made = two([1.0, 2.0], [2.0, 2.0], [4.0, 4.0])
    board = statistics.leaderboard(made).set_index("candidate")
    assert list(board.index) == ["a", "b", "constant"]
    assert board.loc["a", ["mean", "to_builtin", "to_constant"]].tolist() == [1.5, -0.5, 0.375]
    assert np.isnan(board.loc["a", "to_best"])
    assert board.loc["b", "to_best"] == 0.5
    assert np.isnan(board.loc["b", "to_builtin"])
    hand = corrected_interval([1.0, 0.0], 1.0)
    assert board.loc["b", ["to_best_low", "to_best_high"]].tolist() == [hand.low, hand.high]


def test_higher_is_better_turns_the_order():
    made = two([0.9, 0.8, 0.9], [0.7, 0.6, 0.7], higher_is_better=True, metric="auc")
    assert statistics.leaderboard(made)["candidate"].tolist() == ["a", "b"]
    assert contests(made)[0].ours_better
    assert "a ours · XGBoost (auc 0.8667) is better than b XGBoost (0.6667)." in verdict(made)


def test_a_candidate_that_failed_once_is_not_ranked_but_named():
    made = two([1.0, None, 1.0], [2.0, 2.0, 2.1])
    assert list(statistics.table(made, 0.0)) == [B]
    text = verdict(made)
    assert "Nothing can be compared" in text
    assert "Failed, so left out: a ours · XGBoost" in text
    assert statistics.failures(made)[["candidate", "reason", "fits"]].values.tolist() == [
        ["a", "ValueError: no", 1]
    ]


def test_only_folds_that_all_have_are_compared():
    made = two(
        [1.0, 1.0, 1.0],
        [2.0, 2.0],
        folds=5,
    )
    assert len(statistics.table(made, 0.0)) == 2
    assert statistics.test_to_train(made) == 1 / 4  # of the folds planned


def test_everything_failed():
    made = two([None, None], [None, None])
    assert statistics.leaderboard(made).empty
    assert "Nothing can be compared" in verdict(made)


def test_verdict_says_no_clear_difference():
    text = verdict(two([1.0, 2.0, 3.0], [1.1, 1.9, 3.05], [9.0, 9.1, 9.3]))
    assert text.startswith(
        "On clean training labels, no clear difference between a ours · XGBoost (mae 2) and b XGBoost (2.017)."
    )
    assert "flatters" in text
    details = lines(two([1.0, 2.0, 3.0], [1.1, 1.9, 3.05], [9.0, 9.1, 9.3]))[0]
    assert details.startswith(text.partition(". ")[0])
    assert "95% interval" in details
    assert "3 folds" in details


def test_verdict_needs_more_for_one_of_many():
    """p = 0.034 of the best of ours is not enough when it is the best of ten."""
    ours, rival = [0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.9, 1.0, 0.4, 1.0]
    assert 0.01 < contests(two(ours, rival))[0].difference.p < 0.05
    assert " is better than " in verdict(two(ours, rival))
    values = {("xgboost", f"a{i}", "ours"): {0.0: [x + i for x in ours]} for i in range(10)}
    text = verdict(from_values({**values, (*B, "built-in"): {0.0: rival}}))
    assert "may be better" in text
    assert "one among 10" in text


def test_verdict_says_when_the_constant_is_as_good():
    text = verdict(two([1.0, 2.0, 3.0], [1.1, 1.9, 3.05], [1.2, 1.8, 3.0]))
    assert "no model is clearly better than constant" in text


def test_verdict_of_worse():
    text = verdict(two([2.0, 2.1, 2.0], [1.0, 1.0, 1.1], [9.0, 9.1, 9.3]))
    assert " is worse than " in text


@pytest.mark.parametrize("task", ["regression", "quantile", "binary", "multiclass"])
def test_verdict_of_every_task_is_at_most_three_sentences(task):
    text = verdict(result(task))
    assert 1 <= text.count(". ") + 1 <= 3
    assert "With 40% of the training labels contaminated" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.12343, "−0.1234"), (123456.0, "123,456"), (0.0, "0"), (float("nan"), "–")],
)
def test_numbers(value, text):
    assert number(value) == text


def test_verdict_names_a_transformed_target():
    made = from_values({
        (*A, "ours"): {0.1: [1.0, 1.1, 1.0]}, ("xgboost", "log", "transformed"): {0.1: [2.0, 2.1, 2.0]},
    })  # fmt: skip
    text = verdict(made)
    assert text.startswith(
        "With 10% of the training labels contaminated, a ours · XGBoost (mae 1.033) is better than log XGBoost (2.033)."
    )
    assert "difference −1, " in lines(made)[0]
