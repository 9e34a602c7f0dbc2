"""A user's loss class by the public way: written in ten lines, checked, trained with both libraries."""

import math
import pickle
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import make_friedman1

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import Objective, huber
from gbm_objectives.curvature import Exact, Fisher, Majorizer, Unit
from gbm_objectives.losses import (
    HasFisher,
    HasHessian,
    Huber,
    LogCosh,
    Loss,
    MultiOutputLoss,
    RobustLoss,
)
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.testing import check_objective

X, Y = make_friedman1(600, noise=1.0, random_state=0)


class Arctan(RobustLoss):
    """A class of functions only, without the decorator and the slots of the package's own."""

    name = "arctan"
    psi_bound = np.pi / 2

    def rho(self, u):
        return u * np.arctan(u) - np.log1p(u * u) / 2

    def psi(self, u):
        return np.arctan(u)

    def psi_deriv(self, u):
        return 1 / (1 + u * u)


@dataclass(frozen=True)
class Normal(MultiOutputLoss, HasFisher):
    """The negative log-likelihood of a normal label; outputs are its mean and the log of its scale."""

    name = "normal"
    n_outputs = 2
    default_curvature = Fisher()

    def value(self, y_true, raw_prediction):
        mean, log_scale = raw_prediction.T
        return 0.5 * ((mean - y_true) / np.exp(log_scale)) ** 2 + log_scale

    def gradient(self, y_true, raw_prediction):
        mean, log_scale = raw_prediction.T
        precision = np.exp(-2 * log_scale)
        r = mean - y_true
        return np.array([precision * r, 1 - precision * r * r]).T

    def fisher(self, y_true, raw_prediction):
        precision = np.exp(-2 * raw_prediction[:, 1])
        return np.array([precision, np.full_like(precision, 2)]).T


class WrongBend(Arctan):
    def psi_deriv(self, u):
        return 1 / (1 + np.abs(u))


class WrongRho(Arctan):
    def rho(self, u):
        return u * np.arctan(u)


class WrongBound(Arctan):
    psi_bound = 1.0


class WrongUnit(Arctan):
    def rho(self, u):
        return 2 * Arctan.rho(self, u)

    def psi(self, u):
        return 2 * Arctan.psi(self, u)

    def psi_deriv(self, u):
        return 2 * Arctan.psi_deriv(self, u)

    psi_bound = np.pi


class Raises(Arctan):
    def psi_deriv(self, u):
        return math.exp(u)


class Skewed(Arctan):
    """Another slope on each side."""

    def rho(self, u):
        return np.where(u > 0, Arctan.rho(self, u), 0.5 * Arctan.rho(self, u))

    def psi(self, u):
        return np.where(u > 0, Arctan.psi(self, u), 0.5 * Arctan.psi(self, u))


class Quartic(Arctan):
    """psi(u)/u grows."""

    psi_bound = None

    def rho(self, u):
        return u**2 / 2 + u**4 / 4

    def psi(self, u):
        return u + u**3

    def psi_deriv(self, u):
        return 1 + 3 * u**2


def test_passes_its_self_test():
    report = check_objective(Objective.of(Arctan()))
    assert report.passed, str(report)
    assert not report.warnings
    assert report["formulas"].status == "ok"


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (WrongBend, "psi_deriv is not the derivative of psi"),
        (WrongRho, "psi is not the derivative of rho"),
        (WrongBound, "above psi_bound = 1"),
        (WrongUnit, "psi_deriv(0) is 2, not 1"),
        (Skewed, "rho is not even"),
        (Quartic, "psi(u)/u grows"),
        (Raises, "TypeError"),
    ],
)
def test_the_self_test_finds_wrong_formulas(cls, words):
    report = check_objective(Objective.of(cls()), train=False)
    assert report["formulas"].status == "failure"
    assert words in report["formulas"].finding
    other_faults = report["formulas"].finding.count(";")
    assert other_faults <= (cls in (WrongUnit, Skewed))


def test_only_robust_losses_have_formulas_to_check():
    names = [check.name for check in check_objective(Objective.of(LogCosh(2.0))).checks]
    assert names.count("formulas") == 1

    def squared(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        return w * (y_pred - y_true), w * np.ones_like(y_true)

    assert "formulas" not in [check.name for check in check_objective(squared).checks]


def test_is_what_the_factories_make():
    assert Objective.of(Huber()) == huber()
    made = Objective.of(Huber(2.0), curvature="unit", clip=(0.1, 2))
    assert made == huber(2.0, curvature="unit", clip=(0.1, 2))
    with pytest.raises(ValueError, match="curvature"):
        Objective.of(Huber(), curvature="steep")
    with pytest.raises(TypeError, match=r"the class Huber.*an instance"):
        Objective.of(Huber)
    with pytest.raises(TypeError, match="an instance of a Loss"):
        Objective.of(huber())


def test_trains_both_libraries_from_its_own_intercept():
    objective = Objective.of(Arctan())
    y = Y.copy()
    y[::10] += 300
    constant = np.abs(Y - np.median(Y)).mean()
    for library, data, params in (
        (gbm_objectives.xgboost, xgb.DMatrix(X, y), {"nthread": 1}),
        (gbm_objectives.lightgbm, lgb.Dataset(X, y), {"num_threads": 1, "verbosity": -1}),
    ):
        booster = library.train(params, data, 60, objective=objective)
        p = booster.predict(xgb.DMatrix(X) if library is gbm_objectives.xgboost else X)
        assert np.abs(p - Y).mean() < 0.5 * constant


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_likelihood_of_two_parameters_finds_both(library):
    """y is normal around 10 + 3 x with a scale of exp(z): each tree grows both outputs from one label."""
    if library == "xgboost" and tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1):
        pytest.skip("XGBoost has an intercept for each output from 3.1 on")
    rng = np.random.default_rng(0)
    features = rng.uniform(-1, 1, (4000, 2))
    mean, log_scale = 10 + 3 * features[:, 0], features[:, 1]
    y = mean + np.exp(log_scale) * rng.standard_normal(4000)
    objective = Objective.of(Normal())
    if library == "xgboost":
        params = {"nthread": 1, "max_depth": 3, "eta": 0.1}
        data = xgb.DMatrix(features, y)
        booster = gbm_objectives.xgboost.train(params, data, 60, objective=objective)
        found = booster.predict(data)
    else:
        params = {"num_threads": 1, "verbosity": -1, "max_depth": 3}
        data = lgb.Dataset(features, y)
        booster = gbm_objectives.lightgbm.train(params, data, 60, objective=objective)
        found = booster.predict(features)
    assert found.shape == (4000, 2)
    assert np.abs(found[:, 0] - mean).mean() < 0.2
    assert np.abs(found[:, 1] - log_scale).mean() < 0.1
    constant = objective.intercept(y)
    assert objective.value(y, found) < objective.value(y, np.tile(constant, (4000, 1))) - 0.6


@pytest.mark.parametrize("offset", [0.0, -3.0, 1e4])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_best_constants_of_several_outputs_are_sought(offset, weighted):
    rng = np.random.default_rng(1)
    y = offset + 5 * rng.standard_normal(500)
    w = rng.uniform(0.5, 2, 500) if weighted else None
    mean = np.average(y, weights=w)
    scale = np.sqrt(np.average((y - mean) ** 2, weights=w))
    assert_allclose(Objective.of(Normal()).intercept(y, w), [mean, np.log(scale)], rtol=1e-5)


def test_a_loss_without_preference_gets_the_first_policy_that_fits():
    class Squared(Loss):
        name = "squared"

        def value(self, y_true, raw_prediction):
            return (raw_prediction - y_true) ** 2 / 2

        def gradient(self, y_true, raw_prediction):
            return raw_prediction - y_true

        def intercept(self, y_true, sample_weight):
            return np.average(y_true, weights=sample_weight)

    class Curved(Squared, HasHessian):
        def hessian(self, y_true, raw_prediction):
            return np.ones_like(raw_prediction)

    class Flat(Curved):
        flat = True

    assert Objective.of(Squared()).curvature == Unit()
    assert Objective.of(Flat()).curvature == Unit()
    assert Objective.of(Curved()).curvature == Exact()
    assert Objective.of(Normal()).curvature == Fisher()
    assert Objective.of(Arctan(2.0)).curvature == Majorizer()
    assert Objective.of(Arctan()).curvature == Majorizer(trust=5.0)


def test_behaves_as_one_of_the_package():
    objective = Objective.of(Arctan())
    assert pickle.loads(pickle.dumps(objective)) == objective
    assert objective.with_parameters(delta=2.0) == Objective.of(Arctan(2.0))
    assert "Arctan" in repr(objective)
    assert objective.metric.name == "arctan"
    model = ObjectiveRegressor(xgb.XGBRegressor(n_estimators=5, n_jobs=1), objective)
    same = clone(model).set_params(objective__delta=2.0).fit(X, Y)
    other = ObjectiveRegressor(
        xgb.XGBRegressor(n_estimators=5, n_jobs=1), Objective.of(Arctan(2.0))
    )
    assert_allclose(same.predict(X), other.fit(X, Y).predict(X))
    gradient, _ = (2 * objective + huber())(Y, Y + 1)
    assert gradient.shape == Y.shape
