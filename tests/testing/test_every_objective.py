"""The self-test passes every objective of this package, and says what a function of the user's looks like."""

import numpy as np
import pytest
from variants import CASES, DEFAULTS, SUMS, with_tables

from gbm_objectives import (
    Objective,
    focal,
    huber,
    mape,
    mean_bias_error,
    negative_sampling,
    quantile,
    softmax_cross_entropy,
    squared_error,
)
from gbm_objectives.curvature import Absolute, Unit
from gbm_objectives.losses import HasHessian, MultiOutputLoss
from gbm_objectives.losses.overlap import OverlapLoss
from gbm_objectives.testing import check_objective

BARE = [mean_bias_error(2.0), mean_bias_error(0.5, learning_rate=0.1)]
OTHERS = [pytest.param(one, id=repr(one)) for one in (*SUMS, *with_tables(), *BARE)]

#: Warnings are right for a scale that is far from the data's, for what smooths by a number of rows, and for draws.
WITHOUT_WARNING = [
    one
    for one in DEFAULTS.values()
    if not isinstance(one.terms[0].loss, OverlapLoss) and not any(term.drawn for term in one.terms)
]


def names(checks):
    return {check.name for check in checks}


@pytest.mark.parametrize("objective", [*CASES, *OTHERS])
def test_every_objective_passes(objective):
    report = check_objective(objective)
    assert report.passed, str(report)
    assert report.hint == ""
    assert set(report["doors"].data.values()) == {"fits"}
    # Where weights move with the predictions, gradients are the derivative of nothing.
    moving = not all(w.in_metric for term in objective.terms for w in term.weightings)
    assert report["gradient"].status in ("ok", "skipped")
    if objective in WITHOUT_WARNING:
        assert report["gradient"].status == ("skipped" if moving else "ok")
        assert names(report.warnings) <= ({"hessian"} if moving else set()), str(report)
    assert report["weights"].status == "ok"
    assert "its own value" in report.assumed


def test_what_is_no_objective_fails():
    """The raw mean bias error: linear, so that no tree can split."""
    with pytest.warns(UserWarning, match="no minimum"):
        raw = mean_bias_error(force=True)
    assert {"direction", "xgboost", "lightgbm"} <= names(check_objective(raw).failures)


def test_labels_and_outputs_are_those_that_the_loss_takes():
    """Found by trying: no label 0 for mape, as many classes as class weights, one output for each level."""
    assert "regression on made data" in check_objective(mape(), train=False).assumed
    weighted = softmax_cross_entropy(class_weight=[1.0, 2.0, 0.5, 4.0])
    assert "multiclass, 4 classes" in check_objective(weighted, train=False).assumed
    report = check_objective(quantile([0.1, 0.5, 0.9]))
    assert "regression, 3 outputs" in report.assumed
    assert report["direction"].data == {"that are too high": 0.0, "that are too low": 0.0}
    assert report["scale"].status == "ok"
    assert report["gradient"].data["compared"] > 500
    assert "beside squared_error()" in check_objective(mean_bias_error(1.0), train=False).assumed


def test_a_draw_may_leave_rows_out():
    report = check_objective(negative_sampling(share=0.05))
    assert report.passed, str(report)
    assert report["saturation"].status == "ok"


def test_a_hessian_that_was_chosen_is_a_warning():
    report = check_objective(huber(0.7, curvature="exact"), train=False)
    assert report.passed
    assert report["vanishing"].status == "warning"
    assert "Exact" in report["vanishing"].advice
    assert "in the place of Majorizer" in report["vanishing"].advice


@pytest.mark.parametrize("objective", with_tables(), ids=repr)
def test_tables_of_targets(objective, monkeypatch):
    assert check_objective(objective, train=False)["targets"].status == "ok"
    numbers = type(objective.rows).numbers
    shifted = lambda self, y: np.roll(numbers(self, y), 1)  # noqa: E731
    monkeypatch.setattr(type(objective.rows), "numbers", shifted)
    found = check_objective(objective, train=False)["targets"]
    assert found.status == "failure"
    assert "different results" in found.finding


def test_a_table_of_labels_that_the_loss_refuses():
    found = check_objective(focal().with_targets(np.full((9, 2), 3.0)), train=False)["targets"]
    assert found.status == "failure"
    assert "y_true" in found.finding


# A user's loss of several outputs: the mean and the logarithm of the standard deviation.


class Normal(MultiOutputLoss, HasHessian):
    name = "normal"
    n_outputs = 2
    default_curvature = Absolute()

    def value(self, y_true, raw_prediction):
        mean, scale = raw_prediction.T
        return scale + 0.5 * (y_true - mean) ** 2 * np.exp(-2 * scale)

    def gradient(self, y_true, raw_prediction):
        mean, scale = raw_prediction.T
        r, precision = mean - y_true, np.exp(-2 * scale)
        return np.column_stack([r * precision, 1 - r * r * precision])

    def hessian(self, y_true, raw_prediction):
        mean, scale = raw_prediction.T
        r, precision = mean - y_true, np.exp(-2 * scale)
        return np.column_stack([precision, 2 * r * r * precision])

    def __eq__(self, other):
        return type(self) is type(other)

    __hash__ = None


class HalfSlope(Normal):
    def gradient(self, y_true, raw_prediction):
        return Normal.gradient(self, y_true, raw_prediction) * [1.0, 0.5]


class NegativeBend(Normal):
    default_curvature = Unit()

    def gradient(self, y_true, raw_prediction):
        return -Normal.gradient(self, y_true, raw_prediction)


def normal(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight[:, None]
    bend = np.maximum(Normal().hessian(y_true, y_pred), 0.5)
    return w * Normal().gradient(y_true, y_pred), w * bend


def test_a_loss_of_two_outputs():
    report = check_objective(Objective.of(Normal()))
    assert report.passed, str(report)
    assert "regression, 2 outputs" in report.assumed
    assert report["gradient"].data["compared"] > 400
    assert report["xgboost"].status == report["lightgbm"].status == "ok"
    assert report["direction"].status == "skipped"


def test_wrong_losses_of_two_outputs():
    found = check_objective(Objective.of(HalfSlope()), train=False)["gradient"]
    assert found.status == "failure"
    assert found.data["wrong"] > 200
    assert "output 1" in found.finding
    found = check_objective(Objective.of(NegativeBend()))
    assert {"gradient", "xgboost"} <= names(found.failures)


def test_a_function_of_two_outputs():
    report = check_objective(normal, n_outputs=2, value=Normal().value)
    assert report.passed, str(report)
    assert report["gradient"].data["compared"] > 400
    assert report["xgboost"].status == report["lightgbm"].status == "ok"
    report = check_objective(normal)
    assert names(report.failures) == {"call"}
    assert "pass n_outputs=2" in report.hint
    assert "pass n_outputs=2" in str(report)
    y = np.random.default_rng(0).standard_normal(50)
    own = check_objective(normal, n_outputs=2, y_true=y, raw_prediction=np.zeros((50, 2)))
    assert "your data" in own.assumed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_outputs": 1}, "n_outputs: 1; needed: a whole number >= 2"),
        ({"n_outputs": 2, "task": "binary"}, 'n_outputs: 2 with task="binary"; needed'),
    ],
)
def test_wrong_numbers_of_outputs(options, said):
    with pytest.raises(ValueError, match="n_outputs") as caught:
        check_objective(normal, **options)
    assert str(caught.value).startswith(said)


# What a function looks like, where the task was forgotten.


def log_loss(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    p = 1 / (1 + np.exp(-y_pred))
    return w * (p - y_true), w * p * (1 - p)


def log_loss_in_train(preds, data):
    return log_loss(data.get_label(), preds)


def clipped_log_loss(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    p = np.clip(1 / (1 + np.exp(-y_pred)), 1e-7, 1 - 1e-7)
    inside = (p > 1e-7) & (p < 1 - 1e-7)
    return w * inside * (p - y_true), w * p * (1 - p)


def poisson(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    if (y_true < 0).any():
        raise ValueError("counts are needed")
    mu = np.exp(np.minimum(y_pred, 80.0))
    return w * (mu - y_true), w * mu


def softmax(y_true, y_pred, sample_weight=None):
    w = np.ones(len(y_true)) if sample_weight is None else sample_weight
    e = np.exp(y_pred - y_pred.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    own = y_true.astype(int)[:, None] == np.arange(p.shape[1])
    return w[:, None] * (p - own), w[:, None] * 2 * np.maximum(p * (1 - p), 1e-16)


@pytest.mark.parametrize(
    ("function", "call"),
    [
        (log_loss, 'task="binary"'),
        (log_loss_in_train, 'task="binary"'),
        (clipped_log_loss, 'task="binary"'),
        (poisson, 'task="positive"'),
        (softmax, 'task="multiclass"'),
    ],
)
def test_the_task_that_was_forgotten(function, call):
    report = check_objective(function)
    assert not report.passed
    assert f"pass {call}" in report.hint
    assert report.hint in " ".join(str(report).split())
    task = call.split('"')[1]
    assert check_objective(function, task=task, train=False).hint == ""


def wrong_sign(y_true, y_pred, sample_weight=None):
    return tuple(-a for a in squared_error()(y_true, y_pred, sample_weight))


def constant(y_true, y_pred, sample_weight=None):
    return tuple(map(np.ones_like, squared_error()(y_true, y_pred, sample_weight)))


def exact_log_cosh(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    r = y_pred - y_true
    return w * np.tanh(r), w / np.cosh(np.clip(r, -300, 300)) ** 2


@pytest.mark.parametrize("function", [wrong_sign, constant, exact_log_cosh])
def test_no_hint_for_what_is_wrong_at_any_task(function):
    report = check_objective(function, train=False)
    assert not report.passed
    assert report.hint == ""
