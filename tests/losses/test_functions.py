"""Objectives of functions that users give: the derivatives, the safe Hessian, every door, and what is refused."""

import pickle
from functools import partial
from importlib.util import find_spec

import cloudpickle
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from variants import FORMULAS, formula

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import Objective, distribution, focal, huber, log_cosh, quantile
from gbm_objectives.curvature import Normalized, Safe
from gbm_objectives.losses.functions import _source
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

sympy = pytest.importorskip("sympy")

RNG = np.random.default_rng(0)
X = RNG.uniform(-2, 2, (400, 3))
Y = np.sin(X[:, 0]) + 0.3 * X[:, 1] + 0.1 * RNG.standard_t(2, 400)
LABEL = (Y + 0.5 * RNG.standard_normal(400) > 0.8).astype(float)
SCORES = np.concatenate(
    [[0.0, 88.0, -88.0, 200.0, -200.0, 1e4, -1e4], 3 * RNG.standard_normal(393)]
)
FISHER = distribution("normal", curvature="fisher")


def of_jax(name):
    jnp = pytest.importorskip("jax.numpy")
    import jax

    def smooth(y, raw):
        r = jnp.abs(raw - y)
        return r + jnp.log1p(jnp.exp(-2 * r)) - jnp.log(2.0)

    def focal_loss(y, raw):
        m = jnp.where(y > 0, raw, -raw)
        return -(jax.nn.sigmoid(-m) ** 2) * jax.nn.log_sigmoid(m)

    def normal(y, raw):
        mean, log_scale = raw.T
        return ((mean - y) / jnp.exp(log_scale)) ** 2 / 2 + log_scale + jnp.log(2 * jnp.pi) / 2

    return {"log_cosh": smooth, "focal": focal_loss, "normal": normal}[name]


def of_torch(name):
    torch = pytest.importorskip("torch")

    def smooth(y, raw):
        r = raw - y
        return r + torch.nn.functional.softplus(-2 * r) - np.log(2.0)

    def focal_loss(y, raw):
        m = torch.where(y > 0, raw, -raw)
        return -(torch.sigmoid(-m) ** 2) * torch.nn.functional.logsigmoid(m)

    def normal(y, raw):
        mean, log_scale = raw.T
        return ((mean - y) / torch.exp(log_scale)) ** 2 / 2 + log_scale + np.log(2 * np.pi) / 2

    return {"log_cosh": smooth, "focal": focal_loss, "normal": normal}[name]


def made(tool, name):
    if tool == "sympy":
        return formula(name)
    told = {key: value for key, value in FORMULAS[name][1].items() if key != "parameters"}
    function = {"jax": of_jax, "torch": of_torch}[tool](name)
    return Objective.from_function(function, **told, tool=tool, check=False)


every_tool = pytest.mark.parametrize("tool", ["sympy", "jax", "torch"])


@every_tool
@pytest.mark.parametrize(
    ("name", "ours", "y", "raw"),
    [
        ("log_cosh", log_cosh(1.0), Y, SCORES),
        ("focal", focal(2.0), LABEL, SCORES),
        ("normal", FISHER, Y, np.column_stack([SCORES % 50, np.linspace(-3, 5, 400)])),
    ],
)
def test_agrees_with_ours(tool, name, ours, y, raw):
    """Value, gradient, intercept, and where there is one recipe the Hessian, within 1e-5."""
    objective = made(tool, name).with_parameters(curvature="safe")
    gradient, hessian = objective(y, raw)
    expected, bend = ours(y, raw)
    size = np.abs(expected).max(axis=0)
    assert (np.abs(gradient - expected) <= 1e-5 * np.maximum(size, np.abs(expected))).all()
    if name != "normal":
        assert_allclose(hessian, bend, atol=1e-5)
    assert_allclose(objective.value(y, raw), ours.value(y, raw), rtol=1e-6)
    assert_allclose(objective.intercept(y), ours.intercept(y), atol=1e-5)
    for copy in (
        pickle.loads(pickle.dumps(objective)),
        cloudpickle.loads(cloudpickle.dumps(objective)),
    ):
        assert np.array_equal(copy(y, raw), [gradient, hessian])


@pytest.mark.parametrize("text", ["where(raw > y, r**2, 5*r**2)", "raw**2 - 2*raw*y + y**2"])
def test_small_residuals_keep_their_digits(text):
    """SymPy writes 10*(raw - y) as 10*raw - 10*y, which loses digits."""
    y = np.full(50, -300, np.float32)
    raw = y + np.float32(2**-15) * np.arange(1, 51, dtype=np.float32)
    gradient, _ = Objective.from_function(text, curvature="safe", check=False)(y, raw)
    assert_array_equal(gradient, 2 * (raw - y))


def test_a_root_of_a_probability_stays_finite():
    """SymPy's shorter form of this derivative overflows: it isn't taken."""
    text, told = FORMULAS["focal"]
    objective = Objective.from_function(text, **{**told, "parameters": {"g": 0.5}}, check=False)
    for ours, theirs in zip(focal(0.5)(LABEL, SCORES), objective(LABEL, SCORES), strict=True):
        assert_allclose(theirs, ours, atol=1e-5)
    assert objective.terms[0].loss.default_curvature == Safe()


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("factor", [1.0, 1e3])
def test_large_labels_are_learned(library, factor):
    """The second derivative of log-cosh is 0 far from the label: trees find no split by it."""

    def error(objective):
        y = factor * Y
        if library == "xgboost":
            data = xgb.DMatrix(X, y)
            train = gbm_objectives.xgboost.train
            parameters = {"nthread": 1, "max_depth": 3}
        else:
            data = lgb.Dataset(X, y)
            train = gbm_objectives.lightgbm.train
            parameters = {"num_threads": 1, "verbosity": -1, "num_leaves": 7}
        booster = train(parameters, data, 40, objective=objective, guard="ignore")
        found = booster.predict(xgb.DMatrix(X) if library == "xgboost" else X)
        return np.abs(found - y).mean() / np.abs(y - np.median(y)).mean()

    safe = Objective.from_function("log(cosh(raw - y))", check=False)
    assert safe.curvature == Normalized()
    assert error(safe) < 0.35
    if factor > 1:
        assert error(safe.with_parameters(curvature="exact")) > 0.95


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_the_doors_take_it(library, tmp_path):
    """Estimators, a saved model, several outputs, cross-validation."""
    estimators = {"xgboost": xgb.XGBRegressor, "lightgbm": lgb.LGBMRegressor}
    classifiers = {"xgboost": xgb.XGBClassifier, "lightgbm": lgb.LGBMClassifier}
    few = {"n_estimators": 10, "n_jobs": 1}
    few |= {"verbosity": -1} if library == "lightgbm" else {}
    classifier = ObjectiveClassifier(classifiers[library](**few), formula("focal")).fit(X, LABEL)
    ours = ObjectiveClassifier(classifiers[library](**few), focal(2.0)).fit(X, LABEL)
    assert_allclose(classifier.predict_proba(X), ours.predict_proba(X), atol=1e-4)
    regressor = clone(ObjectiveRegressor(estimators[library](**few), formula("pinball"))).fit(X, Y)
    assert 0.2 < (regressor.predict(X) > Y).mean() < 0.45
    objective = formula("normal")
    if library == "xgboost":
        booster = gbm_objectives.xgboost.train(
            {"nthread": 1}, xgb.DMatrix(X, Y), 20, objective=objective
        )
        booster.save_model(tmp_path / "m.json")
        raw = objective.predict(xgb.Booster(model_file=tmp_path / "m.json"), xgb.DMatrix(X))
        history = gbm_objectives.xgboost.cv(
            {"nthread": 1}, xgb.DMatrix(X, Y), 5, objective=objective, nfold=2
        )
        assert list(history) == [
            f"{part}-formula-{kind}" for part in ("train", "test") for kind in ("mean", "std")
        ]
    else:
        few = {"num_threads": 1, "verbosity": -1}
        booster = gbm_objectives.lightgbm.train(few, lgb.Dataset(X, Y), 20, objective=objective)
        booster.save_model(tmp_path / "m.txt")
        raw = objective.predict(lgb.Booster(model_file=tmp_path / "m.txt"), X)
    assert raw.shape == (400, 2)
    assert (
        objective.metric(Y, raw)
        < objective.metric(Y, np.tile(objective.intercept(Y), (400, 1))) - 0.2
    )


def test_weights_and_multiples():
    """Weights are repeated rows, and a multiple of the loss grows the same trees."""
    objective = formula("pinball")
    doubled = Objective.from_function(
        "2*" + FORMULAS["pinball"][0], parameters={"tau": 0.3}, check=False
    )
    for one, two in zip(objective(Y, X[:, 0]), doubled(Y, X[:, 0]), strict=True):
        assert_allclose(one, two, rtol=1e-6)
    assert_allclose(doubled.metric(Y, X[:, 0]), 2 * objective.metric(Y, X[:, 0]))
    assert_allclose(objective.intercept(Y), quantile(0.3, smooth=False).intercept(Y), atol=0.02)
    with pytest.raises(ValueError, match=r"rescales its gradient.*curvature=Safe"):
        objective + huber()
    total = objective.with_parameters(curvature="safe") + huber()
    assert np.isfinite(total(Y, X[:, 0])).all()


def test_the_self_test_warns():
    with pytest.warns(UserWarning, match="direction"):
        Objective.from_function("-((raw - y)**2)")
    Objective.from_function("(raw - y)**2")  # no warning


@pytest.mark.parametrize(
    ("loss", "told", "words"),
    [
        ("log(cosh(raw - ", {}, "needed: a formula"),
        ("raw ^ 2", {}, r"Powers are written \*\*"),
        ("__import__('os').system('false')", {}, "needed: a formula"),
        ("(raw - y) * delta", {}, "the name 'delta'.*parameters="),
        ("huber(raw - y)", {}, "the function 'huber'"),
        ("log(raw, y, 3, 4)", {}, "log"),
        ("where(raw, 1, 2)", {}, "a comparison first"),
        ("y + 1", {}, "a formula of raw"),
        ("raw > y", {}, "a formula that is a number"),
        ("raw * 9**9**9", {}, "powers within 1000"),
        ("(" * 5000, {}, "needed: a formula"),
        ("raw - y", {"parameters": {"raw": 1.0}}, "names other than"),
        ("a * raw", {"parameters": {"a": np.nan}}, "a finite number"),
        ("raw - y", {"outputs": 1}, "outputs: 1"),
        ("raw - y", {"outputs": ("a", "a")}, "two different names"),
        ("raw - y", {"link": "probit"}, "link: 'probit'"),
        ("a + b", {"outputs": ("a", "b"), "link": "log"}, "for 2 outputs"),
        ("raw - y", {"tool": "jax"}, "SymPy takes it"),
        (3.0, {}, "a formula as text, or a function"),
        (partial(max), {"parameters": {"a": 1.0}}, "functools.partial"),
        (partial(max), {"tool": "numpy"}, '"jax", "torch" or None'),
    ],
)
def test_what_is_no_loss_is_refused(loss, told, words):
    with pytest.raises((TypeError, ValueError), match=words):
        Objective.from_function(loss, **told, check=False)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(_source, "find_spec", lambda name: None)
    monkeypatch.setattr(_source.sys, "modules", {})
    for loss, extra in (("(raw - y)**2", "sympy"), (abs, "jax")):
        with pytest.raises(
            (ImportError, TypeError), match=rf"pip install \"gbm-objectives\[{extra}\]"
        ):
            Objective.from_function(loss, check=False)


@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
def test_functions_that_are_no_losses_of_rows():
    import jax.numpy as jnp

    with pytest.raises(TypeError, match="a result of shape"):
        Objective.from_function(lambda y, raw: ((raw - y) ** 2).mean(), tool="jax", check=False)
    with pytest.raises(TypeError, match="depends on other rows"):
        Objective.from_function(lambda y, raw: (raw - raw.mean()) ** 2, tool="jax", check=False)
    with pytest.raises(
        TypeError, match=r"can't be differentiated row by row.*TracerArrayConversionError"
    ):
        Objective.from_function(lambda y, raw: np.tanh(raw - y) ** 2, tool="jax", check=False)
    objective = Objective.from_function(
        lambda y, raw: jnp.log1p((raw - y) ** 2)
    )  # the tool is found
    assert objective.loss.source.tool == "jax"
    assert np.isfinite(objective(Y, SCORES)).all()
