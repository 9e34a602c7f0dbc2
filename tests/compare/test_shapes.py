"""The figure of gradients and Hessians: which objectives have one, over what, and why others haven't."""

from dataclasses import replace

import numpy as np
import pytest
from _results import result
from numpy.testing import assert_allclose

from gbm_objectives import gamma, softmax_cross_entropy
from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.report.displays import ShapesDisplay, shapes


def with_objective(task, name):
    """A result in which the first of ours has this name."""
    made = result(task)
    old = made.scores.query("kind == 'ours'")["candidate"].iloc[0]
    frames = {}
    for part in ("scores", "predictions", "curves"):
        frame = getattr(made, part)
        frames[part] = frame.assign(candidate=frame["candidate"].replace({old: name}))
    one = objective_of(name)
    given = {} if one is None else {name: one}
    return replace(made, **frames, objectives={**made.objectives, **given})


def shape(made, name):
    frame = ShapesDisplay.of(made).frame
    return frame[frame["candidate"] == name]


@pytest.mark.parametrize(
    ("task", "name", "axis"),
    [
        ("regression", "cauchy()", "r = prediction − label"),
        ("regression", "adaptive_robust()", "r = prediction − label"),
        ("regression", "mape(floor=1.0)", "r = prediction − label, label"),
        ("regression", "ghm_regression()", "r = prediction − label"),
        ("regression", "ohem(huber())", "r = prediction − label"),
        ("binary", "hinge()", "raw score z, label 1"),
        ("binary", "dice()", "raw score z, label 1"),
        ("binary", "ghm_classification()", "raw score z, label 1"),
        ("multiclass", "softmax_focal(label_smoothing=0.1)", "raw score of the true class"),
        ("multiclass", "multiclass_hinge()", "raw score of the true class"),
        ("multiclass", "ohem(softmax_cross_entropy())", "raw score of the true class"),
    ],
)
def test_drawn_over(task, name, axis):
    made = with_objective(task, name)
    frame = shape(made, name)
    assert len(frame) == shapes.POINTS
    assert frame["axis"].iloc[0].startswith(axis)
    assert np.isfinite(frame[["gradient", "hessian"]]).all(axis=None)
    assert (frame["hessian"] >= 0).all()
    assert np.ptp(frame["gradient"]) > 0
    assert name not in shapes.undrawn(made)


@pytest.mark.parametrize(
    ("task", "name", "reason"),
    [
        ("binary", "negative_sampling()", "random draw"),
        ("multiclass", "sampled_softmax(1)", "random draw"),
        ("multiclass", "kl_divergence()", "distributions"),
        ("regression", "huber() + mean_bias_error(1.0)", "by their mean"),
        ("regression", "my own", "name only"),
        ("regression", "binary_cross_entropy()", "not for these labels"),
    ],
)
def test_not_drawn_and_why(task, name, reason):
    made = with_objective(task, name)
    display = ShapesDisplay.of(made)
    assert name not in set(display.frame["candidate"])
    assert name in shapes.undrawn(made)
    assert reason in shapes.undrawn(made)
    assert reason in display.text()  # the caption


def test_positive_losses_at_a_label_over_the_hessian_there():
    made = with_objective("regression", "gamma()")
    frame = shape(made, "gamma()")
    label = float(np.median(made.predictions.drop_duplicates("row")["y_true"]))
    g, h = gamma()(np.full(len(frame), label), np.log(label) + frame["x"].to_numpy())
    assert_allclose(frame["gradient"], g / h[len(h) // 2], rtol=1e-4, atol=1e-4)
    assert frame["hessian"].iloc[len(h) // 2] == 1


def test_classes_move_the_score_of_the_true_class():
    made = with_objective("multiclass", "softmax_cross_entropy()")
    frame = shape(made, "softmax_cross_entropy()")
    true = int(made.predictions.drop_duplicates("row")["y_true"].mode().iloc[0])
    scores = np.zeros((len(frame), 3))
    scores[:, true] = frame["x"]
    g, h = softmax_cross_entropy()(np.full(len(frame), true), scores)
    assert_allclose(frame["gradient"], g[:, true], rtol=1e-5, atol=1e-6)
    assert_allclose(frame["hessian"], h[:, true], rtol=1e-5, atol=1e-6)
