"""Every registered objective, with its defaults, on real data: 100 rounds in both libraries lower the loss."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from variants import DEFAULTS, of_levels

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives.links import LOG
from gbm_objectives.losses.binary import BinaryLoss

ROUNDS = 100
DIABETES, CANCER, WINE = (
    f(return_X_y=True) for f in (load_diabetes, load_breast_cancer, load_wine)
)


def data(objective):
    """Features and labels of the objective's kind."""
    losses = [term.loss for term in objective.terms]
    if objective.vector:
        X, y = WINE
        return X, np.eye(3)[y] * 0.7 + 0.1 if objective.name == "kl_divergence" else y
    if all(isinstance(loss, BinaryLoss) for loss in losses):
        X, y = CANCER
        return X, 1 - y  # malignant, the rarer class
    X, y = DIABETES
    if of_levels(objective):
        return X, np.digitize(y, [90, 150, 220]).astype(float)
    return X, y / 50 if objective.link == LOG else y


def xgboost_history(objective, X, y):
    history, train = {}, xgb.DMatrix(X, y)
    gbm_objectives.xgboost.train(
        {"nthread": 1, "max_depth": 4, "eta": 0.1},
        train,
        ROUNDS,
        objective=objective,
        evals=[(train, "train")],
        evals_result=history,
        verbose_eval=False,
    )
    return history["train"][objective.name]


def lightgbm_history(objective, X, y):
    if y.ndim == 2:
        objective, y = objective.with_targets(y), np.arange(len(y))
    history, train = {}, lgb.Dataset(X, y)
    gbm_objectives.lightgbm.train(
        {"num_threads": 1, "num_leaves": 15, "verbosity": -1},
        train,
        ROUNDS,
        objective=objective,
        valid_sets=[train],
        callbacks=[lgb.record_evaluation(history)],
    )
    return history["training"][objective.name]


@pytest.mark.parametrize("run", [xgboost_history, lightgbm_history])
@pytest.mark.parametrize("name", DEFAULTS)
def test_training_loss_falls(name, run):
    objective = DEFAULTS[name]
    X, y = data(objective)
    values = np.array(run(objective, X, y))
    assert len(values) == ROUNDS
    assert np.isfinite(values).all()
    assert values[-1] < 0.9 * values[0]
    moving = any(
        not weighting.in_metric for term in objective.terms for weighting in term.weightings
    )
    if moving or any(term.drawn for term in objective.terms):
        return  # what is lowered in a round is another function than the metric: rounds may go up
    # Automatic scales move with the residuals, and the metric's don't.
    rises = np.diff(values) / values[0]
    assert (rises > 1e-3).mean() <= 0.05
    assert values[-1] <= values.min() + 0.02 * abs(values.min())  # likelihoods may be below 0
