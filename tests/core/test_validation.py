"""Bad input is an error that names the argument, the count and the first row; never a silent model."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_array_equal

from gbm_objectives import (
    binary_cross_entropy,
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    pseudo_huber,
    quantile,
)
from gbm_objectives.curvature import Exact, Majorizer

OBJECTIVES = [
    huber(),
    huber(1.0),
    pseudo_huber(1.0),
    log_cosh(),
    quantile(0.9),
    quantile(0.9, 1.0, smooth=False),
    focal(),
    huber() + mean_bias_error(1.0),
]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)


class Data:
    """What both libraries' data objects look like to an objective."""

    def __init__(self, label, weight=None):
        self.label, self.weight = label, weight

    def get_label(self):
        return self.label

    def get_weight(self):
        return self.weight


def both_signatures(objective, y, raw, weight=None):
    yield lambda: objective(y, raw, weight)
    yield lambda: objective(raw, Data(y, weight))


def rows(n=100_000):
    """More than one block."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, n).astype(float), rng.standard_normal(n), rng.uniform(0.5, 2, n)


@every_objective
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["y_true", "raw_prediction", "sample_weight"])
def test_non_finite_input(objective, bad, where):
    y, raw, weight = rows()
    arrays = {"y_true": y, "raw_prediction": raw, "sample_weight": weight}
    arrays[where][[70_001, 99_000]] = bad
    before = {name: array.copy() for name, array in arrays.items()}
    for call in both_signatures(objective, y, raw, weight):
        with pytest.raises(ValueError, match=rf"{where}: NaN or inf in 2 of 100000 rows.*70001"):
            call()
    for name, array in arrays.items():
        assert_array_equal(array, before[name])
    if where != "raw_prediction":
        with pytest.raises(ValueError, match=f"{where}: NaN or inf in 2"):
            objective.intercept(y, weight)
    with pytest.raises(ValueError, match=r"(y_true|raw_prediction|sample_weight): NaN or inf in 2"):
        objective.metric(y, raw, weight)
    with pytest.raises(ValueError, match=f"{where}: NaN or inf in 2"):
        objective.value(y, raw, weight)


@every_objective
def test_bad_weights(objective):
    y, raw, weight = rows(50)
    negative = weight.copy()
    negative[7] = -1
    for bad, message in [
        (negative, r"sample_weight: a negative weight in 1 of 50 rows, first in row 7"),
        (np.zeros(50), r"sample_weight: zero for all rows"),
        (weight[:49], r"sample_weight: shape \(49,\); needed: shape \(50,\)"),
        (np.full(50, "a"), "sample_weight"),
    ]:
        for call in both_signatures(objective, y, raw, bad):
            with pytest.raises((ValueError, TypeError), match=message):
                call()
    for none in (None, [], np.zeros(0, np.float32)):
        assert_array_equal(objective(y, raw, none), objective(y, raw))


@every_objective
def test_bad_shapes(objective):
    y, raw, _ = rows(50)
    for bad_y, bad_raw, message in [
        (y[:49], raw, "raw_prediction: shape"),
        (
            y,
            raw[:, None] * np.ones(3),
            r"raw_prediction: shape \(50, 3\) where y_true has shape \(50,\)",
        ),
        (np.zeros(0), np.zeros(0), "y_true.*no rows"),
        (y.reshape(5, 5, 2), raw, "y_true: shape"),
        (np.float64(1), np.float64(1), "y_true: shape"),
        (y.astype(str), raw, "y_true: an array of dtype"),
        (y, raw.astype(complex), "raw_prediction: an array of dtype"),
        (y.astype(object), raw, "y_true: an array of dtype object"),
        (None, raw, "y_true"),
    ]:
        for call in both_signatures(objective, bad_y, bad_raw):
            with pytest.raises((ValueError, TypeError), match=message):
                call()


@every_objective
def test_swapped_arguments(objective):
    y, raw, _ = rows(50)
    for data in (Data(y), xgb.DMatrix(np.zeros((50, 1)), y), lgb.Dataset(np.zeros((50, 1)), y)):
        with pytest.raises(TypeError, match="Swap the arguments"):
            objective(data, raw)
        with pytest.raises(TypeError, match="first argument"):
            objective.metric(data, raw)


def test_labels_outside_the_domain():
    y, raw, _ = rows(100_000)
    y[[66_000, 80_000]] = 2
    for call in both_signatures(focal(), y, raw):
        with pytest.raises(ValueError, match=r"y_true: a label other than 0 and 1 in 2.*row 66000"):
            call()
    with pytest.raises(ValueError, match="Encode the classes as 0 and 1"):
        focal().intercept(y)
    with pytest.raises(ValueError, match="The arguments look swapped"):
        focal()(raw, (raw > 0).astype(float))
    for flags in (y < 1, (y < 1).astype(int)):
        assert np.isfinite(focal()(flags, raw)).all()


def test_weights_beyond_float32():
    y, raw, weight = rows(50)
    weight[3] = 1e300
    with pytest.raises(FloatingPointError, match="Scale the weights"):
        huber(1.0)(y, 5 + raw, weight)


def test_errors_reach_the_user_through_the_libraries():
    X = np.random.default_rng(0).standard_normal((50, 2))
    y = np.arange(50.0)
    with pytest.raises(ValueError, match="y_true: a label other than 0 and 1 in 48 of 50 rows"):
        xgb.train({}, xgb.DMatrix(X, y), 1, obj=focal())
    with pytest.raises(ValueError, match="y_true: a label other than 0 and 1 in 48 of 50 rows"):
        lgb.train({"objective": focal(), "verbosity": -1}, lgb.Dataset(X, y), 1)
    said = r"a label outside \[0, 1\] in 48 of 50 rows.*; needed: labels between 0 and 1\."
    with pytest.raises(ValueError, match=said):
        binary_cross_entropy()(y, y)
    with pytest.raises(ValueError, match="raw_prediction: shape"):
        xgb.train({"num_class": 3}, xgb.DMatrix(X, y % 3), 1, obj=huber())


@pytest.mark.parametrize("factory", [huber, pseudo_huber, log_cosh])
@pytest.mark.parametrize(
    "delta", [0, -1, 1e-31, 1e31, np.nan, np.inf, "automatic", "1", None, True, [1.0]]
)
def test_bad_delta(factory, delta):
    with pytest.raises((ValueError, TypeError), match=r"delta.*needed"):
        factory(delta)


@pytest.mark.parametrize("tau", [0, 1, -0.1, 1.5, np.nan, "a", None, True])
def test_bad_tau(tau):
    with pytest.raises((ValueError, TypeError), match=r"tau.*needed"):
        quantile(tau)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: focal(gamma=-1), "gamma"),
        (lambda: focal(gamma=np.nan), "gamma"),
        (lambda: focal(alpha=0), "alpha"),
        (lambda: focal(alpha=1), "alpha"),
        (lambda: focal(alpha="x"), "alpha"),
        (lambda: quantile(0.5, smooth="yes"), "smooth"),
        (lambda: huber(clip=(1, 0.5)), "clip"),
        (lambda: huber(clip=0.1), "clip"),
        (lambda: huber(clip=(-1, 2)), "clip"),
        (lambda: huber(clip=(0, np.nan)), "clip"),
        (lambda: huber(curvature="newton"), "curvature"),
        (lambda: huber(curvature=3), "curvature"),
        (lambda: huber(curvature=Majorizer), "curvature"),
        (lambda: Majorizer(trust=0), "trust"),
        (lambda: Majorizer(kappa=-1), "kappa"),
        (lambda: Exact(kappa=-1), "kappa"),
        (lambda: mean_bias_error(-1), "penalty"),
        (lambda: mean_bias_error(1, learning_rate=0), "learning_rate"),
    ],
)
def test_bad_parameters(call, argument):
    with pytest.raises((ValueError, TypeError), match=f"^{argument}.*needed"):
        call()


def test_exact_hessian_of_a_piecewise_linear_loss_is_refused():
    with pytest.raises(TypeError, match=r'not 0 almost everywhere.*use "majorizer"'):
        quantile(0.5, smooth=False, curvature="exact")
    quantile(0.5, smooth=False, curvature=Exact(trust=1.0))
    with pytest.raises(TypeError, match="Fisher"):
        huber(curvature="fisher")
    with pytest.raises(TypeError, match='For focal use "exact" or "absolute" or "unit"'):
        focal(curvature="majorizer")


def test_clip_bounds_the_hessian_before_weights():
    y, raw, weight = rows(500)
    _, hessian = log_cosh(0.1, clip=(0.2, 0.6))(y, raw)
    assert hessian.min() == np.float32(0.2)
    assert hessian.max() == np.float32(0.6)
    _, weighted = log_cosh(0.1, clip=(0.2, 0.6))(y, raw, weight)
    np.testing.assert_allclose(weighted, hessian * weight, rtol=1e-6)
