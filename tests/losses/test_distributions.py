"""Distributional losses: against mpmath and scipy.stats, their Fisher matrices, and training in both libraries."""

import pickle

import lightgbm as lgb
import mpmath
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose
from scipy import stats

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import distribution
from gbm_objectives.curvature import Natural
from gbm_objectives.losses.distributions import FAMILIES, DistributionLoss
from gbm_objectives.losses.distributions._special import size_information
from gbm_objectives.metrics import crps

FROM_31 = pytest.mark.skipif(
    tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1),
    reason="XGBoost 3.1 is the first with an intercept for each output",
)
LIBRARIES = pytest.mark.parametrize("library", [pytest.param("xgboost", marks=FROM_31), "lightgbm"])
SEVERAL = [name for name, cls in FAMILIES.items() if issubclass(cls, DistributionLoss)]
every_family = pytest.mark.parametrize("family", SEVERAL)

log, exp, lgamma = mpmath.log, mpmath.exp, mpmath.loggamma


def logistic_cdf(z):
    return 1 / (1 + exp(-z))


def _student_t(y, m, s, e):
    nu, u = 2 + exp(e), (y - m) / exp(s)
    constant = lgamma((nu + 1) / 2) - lgamma(nu / 2) - log(nu * mpmath.pi) / 2 - s
    return constant - (nu + 1) / 2 * log(1 + u * u / nu)


def _beta(y, m, p):
    a, b = logistic_cdf(m) * exp(p), (1 - logistic_cdf(m)) * exp(p)
    return lgamma(a + b) - lgamma(a) - lgamma(b) + (a - 1) * log(y) + (b - 1) * log(1 - y)


def _negative_binomial(y, m, s):
    mu, r = exp(m), exp(s)
    return (
        lgamma(y + r) - lgamma(r) - lgamma(y + 1) + r * log(r / (r + mu)) + y * log(mu / (r + mu))
    )


def _poisson(y, m):
    return y * m - exp(m) - lgamma(y + 1)


def _inflated(base):
    def density(y, *z):
        share, own = logistic_cdf(z[-1]), log(1 - logistic_cdf(z[-1])) + base(y, *z[:-1])
        return log(share + exp(own)) if y == 0 else own

    return density


#: The logarithms of the densities, by their textbook formulas.
EXACT = {
    "normal": lambda y, m, s: -(((y - m) / exp(s)) ** 2) / 2 - s - log(2 * mpmath.pi) / 2,
    "student_t": _student_t,
    "laplace": lambda y, m, s: -abs(y - m) / exp(s) - s - log(2),
    "logistic": lambda y, m, s: -(y - m) / exp(s) - s - 2 * log(1 + exp(-(y - m) / exp(s))),
    "lognormal": lambda y, m, s: (
        -(((log(y) - m) / exp(s)) ** 2) / 2 - s - log(y) - log(2 * mpmath.pi) / 2
    ),
    "gamma": lambda y, m, k: (
        exp(k) * (k - m) + (exp(k) - 1) * log(y) - exp(k) * y / exp(m) - lgamma(exp(k))
    ),
    "weibull": lambda y, s, k: k - s + (exp(k) - 1) * (log(y) - s) - (y / exp(s)) ** exp(k),
    "beta": _beta,
    "negative_binomial": _negative_binomial,
    "zero_inflated_poisson": _inflated(_poisson),
    "zero_inflated_negative_binomial": _inflated(_negative_binomial),
}


@every_family
def test_float32_derivatives_against_mpmath(family):
    """Within 1e-6 of the gradient, or of what its terms are made of; values in float64 to 1e-12."""
    mpmath.mp.dps = 50
    loss = FAMILIES[family]()
    labels = {"beta": [1e-4, 0.3, 0.999]}.get(
        family, [0, 3, 400] if loss.discrete else [1e-3, 1.5, 40]
    )
    rng = np.random.default_rng(0)
    for spread in (0.5, 2.0):
        raw = np.asfortranarray(
            spread * rng.standard_normal((len(labels), loss.n_outputs)), np.float32
        )
        y = np.array(labels, np.float32)
        gradient, value = loss.gradient(y, raw), loss.value(y.astype(float), raw.astype(float))
        for i, label in enumerate(y):
            z, exact = [mpmath.mpf(float(one)) for one in raw[i]], mpmath.mpf(float(label))
            density = EXACT[family](exact, *z)
            assert abs(value[i] + density) <= 1e-12 * max(abs(density), 1)
            for k in range(loss.n_outputs):
                slope = mpmath.diff(
                    lambda at, k=k, z=z, exact=exact: (
                        -EXACT[family](exact, *z[:k], at, *z[k + 1 :])
                    ),
                    z[k],
                )
                assert abs(gradient[i, k] - slope) <= 1e-6 * max(abs(slope), 1e-3)


@every_family
def test_distributions_of_scipy_and_fisher_by_monte_carlo(family):
    """The density, the mean, and the covariance of the score under the model: F, also in the natural step."""
    loss, rng = FAMILIES[family](), np.random.default_rng(1)
    raw = np.asfortranarray(rng.normal(0.3, 0.7, (3, loss.n_outputs)))
    parameters = loss.link.inverse(raw)
    frozen = loss.frozen(parameters)
    n = 40_000
    y = np.asarray(frozen.rvs(size=(n, 3), random_state=rng), dtype=np.float64)
    if family == "beta":
        y = np.clip(y, 1e-12, 1 - 1e-12)
    density = (frozen.logpmf if loss.discrete else frozen.logpdf)(y[0])
    assert_allclose(loss.value(y[0], raw), -density, rtol=1e-9)
    assert_allclose(loss.mean(parameters), frozen.mean(), rtol=1e-9)
    fisher = loss.fisher_matrix(raw)
    for i in range(3):
        score = loss.gradient(y[:, i], np.asfortranarray(np.tile(raw[i], (n, 1))))
        size = np.sqrt(np.diag(fisher[i]))
        found = score.T @ score / n
        assert_allclose(found / np.outer(size, size), fisher[i] / np.outer(size, size), atol=0.1)
    step, length = loss.natural_gradient(y[0], raw)
    ridge = np.diag([0.0 if k in loss.with_unit else 0.05 for k in range(loss.n_outputs)])
    expected = np.linalg.solve(fisher + ridge, loss.gradient(y[0], raw)[..., None])[..., 0]
    assert_allclose(step, expected, rtol=1e-9)
    told = np.einsum("ikk->ik", fisher + ridge)
    assert_allclose(length, np.abs(step) * np.sqrt(told), rtol=1e-12)
    assert pickle.loads(pickle.dumps(loss)) == loss


def test_information_of_a_size_is_that_of_the_sum_over_counts():
    for mu, r in ((0.03, 0.5), (2.0, 0.3), (5.0, 5.0), (30.0, 200.0), (300.0, 2.0)):
        y = np.arange(20_000.0)
        raw = np.asfortranarray(np.tile(np.log([mu, r]), (len(y), 1)))
        score = FAMILIES["negative_binomial"]().gradient(y, raw)[:, 1]
        exact = (np.exp(stats.nbinom(r, r / (r + mu)).logpmf(y)) * score**2).sum()
        assert_allclose(size_information(np.log([mu]), np.log([r])), exact, rtol=3e-3)


@every_family
def test_best_constants_find_the_truth(family):
    loss, rng = FAMILIES[family](), np.random.default_rng(2)
    truth = np.array([[0.7, 0.4, -0.5][: loss.n_outputs]])
    y = np.asarray(loss.frozen(loss.link.inverse(truth)).rvs(size=5000, random_state=rng), float)
    found = loss.intercept(y, None)
    error = np.sqrt(np.diag(np.linalg.inv(loss.fisher_matrix(np.asfortranarray(truth))[0])) / 5000)
    assert (np.abs(found - truth[0]) <= 4 * error).all()
    assert_allclose(loss.intercept(1e-3 * y + 7, None)[0], 7 + 1e-3 * found[0], rtol=1e-5) if family in (
        "normal", "student_t", "laplace", "logistic"
    ) else None  # fmt: skip


@pytest.mark.parametrize("label", [0.0, 1e-6, 5.0, 1e6])
@pytest.mark.parametrize("family", ["normal", "student_t", "laplace", "logistic"])
def test_constant_labels_have_a_small_spread(family, label):
    objective = distribution(family)
    y = np.full(50, label)
    start = objective.intercept(y)
    assert_allclose(start[0], label, rtol=1e-6, atol=1e-12)
    assert objective.response(start[None])[0, 1] <= max(1e-5 * label, 1e-20)
    gradient, hessian = objective(y, np.tile(start, (50, 1)))
    assert np.isfinite(gradient).all()
    assert (hessian > 0).all()


HOSTILE = [
    ("lognormal", 0.0, "zeros use tweedie"),
    ("gamma", -1.0, 'distribution\\("normal"\\)'),
    ("weibull", 0.0, "above 0"),
    ("beta", 1.0, r"Move shares of 0 and 1 inwards.*bernoulli"),
    ("beta", 2.0, "outside .* largest possible value"),
    ("poisson", 0.5, "counts 0, 1, 2.*lognormal"),
    ("negative_binomial", -2.0, "a negative label"),
    ("zero_inflated_poisson", 1.5, "no count"),
    ("bernoulli", 2.0, "0 or 1"),
]


@pytest.mark.parametrize(("family", "bad", "words"), HOSTILE)
def test_labels_outside_the_domain_are_named(family, bad, words):
    y = np.full(30, 0.5 if family == "beta" else 1.0)
    y[[7, 20]] = bad
    objective = distribution(family)
    raw = np.zeros((30, objective.n_outputs)) if objective.vector else np.zeros(30)
    with pytest.raises(ValueError, match=words) as caught:
        objective(y, raw)
    assert str(caught.value).startswith("y_true: ")
    assert "in 2 of 30 rows, first in row 7; needed: " in str(caught.value)


def test_unknown_families_are_refused():
    with pytest.raises(ValueError, match="family: 'gauss'; needed: one of normal"):
        distribution("gauss")


@every_family
def test_steps_are_bounded_at_any_score(family):
    """A row moves no parameter by more than a standard error, as one row tells it; none is NaN."""
    objective, rng = distribution(family), np.random.default_rng(3)
    y = rng.choice([0.01, 0.5, 0.99] if family == "beta" else [1.0, 3.0, 1e6], 300)
    raw = rng.choice([1e-3, 1.0, 30.0, 1e3, 1e6], (300, 1)) * rng.standard_normal(
        (300, objective.n_outputs)
    )
    gradient, hessian = objective(y, raw)
    step, length = objective.loss.natural_gradient(y, np.asfortranarray(raw))
    assert np.isfinite(gradient).all()
    with np.errstate(over="ignore"):
        told = length / np.maximum(np.abs(step), 1e-300)
    bounded = np.abs(step) < 1e29
    assert (np.abs(gradient) / hessian * told <= 1.0001)[bounded & (length < 1e29)].all()
    assert objective.curvature == Natural(trust=1.0, damping=2.0)


def trained(library, objective, features, y, rounds, weight=None, **params):
    if library == "xgboost":
        data = xgb.DMatrix(features, y, weight=weight)
        params = {"nthread": 1, "max_depth": 3, "eta": 0.1, **params}
        return gbm_objectives.xgboost.train(params, data, rounds, objective=objective), xgb.DMatrix
    data = lgb.Dataset(features, y, weight=weight)
    params = {"num_threads": 1, "verbosity": -1, "max_depth": 3, **params}
    return gbm_objectives.lightgbm.train(params, data, rounds, objective=objective), np.asarray


@LIBRARIES
def test_the_example(library):
    """Mean and spread from 3,000 rows: the excess over the truth is half of the plain Fisher scoring's or less."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((6000, 5))
    mean, log_scale = np.sin(features[:, 0]), 0.6 * features[:, 1] - 0.5
    y = mean + np.exp(log_scale) * rng.standard_normal(6000)
    truth = stats.norm(mean, np.exp(log_scale)).logpdf(y)[3000:].mean()
    objective = distribution("normal")
    booster, made = trained(library, objective, features[:3000], y[:3000], 100)
    parameters = objective.predict(booster, made(features[3000:]))
    found = objective.loss.frozen(parameters).logpdf(y[3000:]).mean()
    assert truth - found < 0.06
    raw = booster.predict(made(features[3000:]))
    assert_allclose(objective.response(raw), parameters, rtol=1e-6)
    assert_allclose(objective.value(y[3000:], raw), -found, rtol=1e-6)


@LIBRARIES
@pytest.mark.parametrize(
    "family", ["gamma", "zero_inflated_negative_binomial", "beta", "student_t"]
)
def test_parameters_are_learned_with_weights_and_saved(library, family, tmp_path):
    rng = np.random.default_rng(4)
    features = rng.uniform(-1, 1, (2000, 3))
    objective = distribution(family)
    truth = np.column_stack([1.5 * features[:, 0] + 0.5, 0.8 * features[:, 1] + 1, features[:, 2]])
    truth = np.asfortranarray(truth[:, : objective.n_outputs])
    y = objective.loss.frozen(objective.response(truth)).rvs(random_state=rng)
    y = np.clip(y, 1e-6, 1 - 1e-6) if family == "beta" else y
    weight = rng.uniform(0.5, 2, 2000)
    booster, made = trained(library, objective, features, y, 60, weight)
    raw = booster.predict(made(features))
    constants = np.tile(objective.intercept(y, weight), (2000, 1))
    best = objective.value(y, truth)
    gained = objective.value(y, constants) - objective.value(y, raw)
    assert gained > 0.7 * (objective.value(y, constants) - best)
    file = str(tmp_path / "model.json")
    booster.save_model(file)
    again = xgb.Booster(model_file=file) if library == "xgboost" else lgb.Booster(model_file=file)
    assert_allclose(objective.predict(again, made(features)), objective.response(raw), rtol=1e-6)


@LIBRARIES
def test_the_librarys_own_door_and_cv(library):
    """xgb.train and lgb.train, started by hand, grow the same model; cv stops early on the likelihood and on CRPS."""
    rng = np.random.default_rng(5)
    features, n = rng.uniform(-1, 1, (400, 2)), 400
    y = rng.negative_binomial(2.0, 1 / (1 + np.exp(features[:, 0])))
    objective = distribution("negative_binomial")
    start = objective.intercept(y)
    booster, made = trained(library, objective, features, y, 10)
    params = {"max_depth": 2, "num_class": 2}
    if library == "xgboost":
        margin = np.tile(start, (n, 1))
        data = xgb.DMatrix(features, y, base_margin=margin)
        own = {"nthread": 1, "max_depth": 3, "eta": 0.1, "num_class": 2, "base_score": 0.0}
        alone = xgb.train(own, data, 10, obj=objective, custom_metric=objective.metric)
        raw = alone.predict(xgb.DMatrix(features, base_margin=margin), output_margin=True)
        history = gbm_objectives.xgboost.cv(
            {"nthread": 1, **params}, xgb.DMatrix(features, y), 80, nfold=2, objective=objective,
            early_stopping_rounds=3, as_pandas=False, custom_metric=crps("negative_binomial"),
        )  # fmt: skip
    else:
        data = lgb.Dataset(features, y, init_score=np.repeat(start, n))
        own = {"num_threads": 1, "verbosity": -1, "max_depth": 3, "num_class": 2}
        alone = lgb.train({**own, "objective": objective, "metric": "None"}, data, 10)
        raw = alone.predict(features, raw_score=True) + start
        history = gbm_objectives.lightgbm.cv(
            {"num_threads": 1, "verbosity": -1, "early_stopping_round": 3, **params},
            lgb.Dataset(features, y), 80, nfold=2, stratified=False, objective=objective,
        )  # fmt: skip
    assert_allclose(raw, booster.predict(made(features)), rtol=1e-4, atol=1e-5)
    (means,) = [
        values for name, values in history.items() if "mean" in name and "train" not in name
    ]
    assert 1 < len(means) < 80
    assert means[-1] < means[0]
