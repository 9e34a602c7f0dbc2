"""Compiled code and NumPy give the same numbers and the same errors, whatever the threads, the process and the cache."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_contract import sample
from variants import DEFAULTS, DRAWN, SUMS

from gbm_objectives import engine, expectile, huber, log_cosh, quantile, softmax_cross_entropy
from gbm_objectives.engine import _compile, _settings
from gbm_objectives.loss import HasHessian
from gbm_objectives.losses import MultiOutputLoss, RobustLoss
from gbm_objectives.losses.distributions import DistributionLoss
from gbm_objectives.objective import Objective, _compiled
from gbm_objectives.objective._blocks import Block

pytest.importorskip("numba")

#: Objectives whose values are compared: each kind of formula.
VALUES = (
    "huber", "log_cosh", "quantile", "binary_cross_entropy", "focal", "poisson", "tweedie",
    "squared_log_error", "softmax_cross_entropy", "softmax_focal", "kl_divergence", "dice", "ohem",
)  # fmt: skip


#: Outputs that the formulas tell apart.
LEVELS = [quantile([0.1, 0.5, 0.9]), expectile([0.1, 0.5, 0.9])]


@pytest.fixture
def outcomes(monkeypatch):
    """Whether compiled code has filled the results, for each call."""
    found = []
    filled = _compiled.filled

    def watched(*arguments):
        found.append(filled(*arguments))
        return found[-1]

    monkeypatch.setattr(_compiled, "filled", watched)
    return found


def both(objective, y, raw, weight=None):
    with engine.use("numpy"):
        expected = objective(y, raw, weight)
    with engine.use("compiled"):
        return objective(y, raw, weight), expected


def in_float64(objective, y, raw):
    """The derivatives by the formulas in float64, of terms without weightings that follow the predictions."""
    terms = [term.resolved(y, raw, None, None) for term in objective.terms]
    raw = np.asarray(raw, np.float64, order="F")
    blocks = [Block(slice(0, len(y)), y, y.astype(float), raw) for _ in terms]
    pairs = [term.derivatives(block) for term, block in zip(terms, blocks, strict=True)]
    return [np.sum(parts, axis=0) for parts in zip(*pairs, strict=True)]


@pytest.mark.parametrize("objective", [*DRAWN, *SUMS, *LEVELS], ids=repr)
def test_both_engines_agree(objective, outcomes):
    """Within 2e-6; and compiled code is as near to float64 as NumPy's float32 is, where differences cancel."""
    y, raw = sample(objective, 1003, 0, np.float32)
    given = raw.copy()
    found, expected = both(objective, y, raw)
    assert_array_equal(raw, given)
    weightings = [w for term in objective.terms for w in term.weightings if not w.of_labels]
    alone = any(isinstance(term.loss, DistributionLoss) for term in objective.terms)
    assert outcomes == [False, not alone]
    exact = expected if weightings else in_float64(objective, y, raw)
    for ours, numpys, truth in zip(found, expected, exact, strict=True):
        assert ours.dtype == np.float32
        assert ours.flags.f_contiguous
        assert not np.shares_memory(ours, raw)
        error = np.abs(numpys - truth)
        bound = 2e-6 * np.abs(truth) + 4 * error + 4e-7 * np.abs(truth).max()
        assert (np.abs(ours - truth) <= bound).all()


@pytest.mark.parametrize("name", [*VALUES])
def test_values_and_metrics_agree(name, monkeypatch):
    means = []
    mean = _compiled.mean_value

    def watched(*arguments):
        means.append(mean(*arguments))
        return means[-1]

    monkeypatch.setattr(_compiled, "mean_value", watched)
    objective = DEFAULTS[name]
    y, raw = sample(objective, 1003, 0, np.float32)
    weight = np.random.default_rng(0).uniform(0, 3, 1003) if name < "k" else None
    found = []
    for chosen in ("numpy", "compiled"):
        with engine.use(chosen):
            found.append([objective.value(y, raw, weight), objective.metric(y, raw, weight)])
    assert means[0] is None
    assert means[-1] is not None
    assert_allclose(found[1], found[0], rtol=1e-10)


@pytest.mark.parametrize("objective", [huber(), softmax_cross_entropy(), LEVELS[1]], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_memory(objective, dtype, order, outcomes):
    """Types, orders, strides and weights; of row-wise predictions too."""
    y, raw = sample(objective, 5001, 0, np.float64)
    y, raw = y.astype(dtype), np.array(raw, dtype, order=order)
    weight = np.random.default_rng(0).uniform(0, 3, 5001)
    for some in (slice(None), slice(None, None, 3)):
        found, expected = both(objective, y[some], raw[some], weight[some])
        assert outcomes[-1]
        for ours, numpys in zip(found, expected, strict=True):
            assert_allclose(ours, numpys, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("objective", [huber(0.7), softmax_cross_entropy()], ids=repr)
def test_bad_input_gives_the_same_errors(objective):
    y, raw = sample(objective, 500, 0, np.float32)
    for bad in (np.nan, np.inf, -np.inf, 1e30):
        for where in ("y", "raw", "weight"):
            arrays = {"y": y.copy(), "raw": raw.copy(), "weight": np.ones(500, np.float32)}
            arrays[where][7] = bad
            said = []
            for name in ("numpy", "compiled"):
                with engine.use(name):
                    try:
                        said.append(repr([r.tolist() for r in objective(*arrays.values())]))
                    except (ValueError, FloatingPointError) as error:
                        said.append(str(error))
            if bad == 1e30 and where == "weight":
                continue  # finite products
            assert said[0] == said[1]


@pytest.mark.parametrize("objective", [huber(), softmax_cross_entropy()], ids=repr)
def test_threads_change_nothing(objective):
    y, raw = sample(objective, 50_001 if objective.vector else 200_001, 0, np.float32)
    results = []
    for threads in (1, 2, 5):
        with engine.use("compiled", threads=threads):
            results.append(objective(y, raw))
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            assert_array_equal(ours, theirs)


def on_two_threads(seed):
    y, raw = sample(huber(0.7), 150_000, seed, np.float32)
    with engine.use("compiled", threads=2):
        return huber(0.7)(y, raw)


def test_eight_threads_share_an_objective():
    alone = [on_two_threads(seed) for seed in range(4)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(on_two_threads, [0, 1, 2, 3] * 6))
    for found, expected in zip(together, alone * 6, strict=True):
        assert_array_equal(found, expected)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system"
)
def test_after_a_fork():
    """The pool of the parent stays there."""
    expected = on_two_threads(0)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert_array_equal(pool.apply_async(on_two_threads, (0,)).get(60), expected)


@dataclass(frozen=True)
class Arctan(RobustLoss):
    """A loss of the user's own, without a compiled form: no kernel has an arc tangent."""

    name = "arctan"

    def rho(self, u):
        return u * np.arctan(u) - 0.5 * np.log1p(u * u)

    def psi(self, u):
        return np.arctan(u)

    def psi_deriv(self, u):
        return 1.0 / (1.0 + u * u)


@dataclass(frozen=True)
class Branching(Arctan):
    """One that looks at its numbers."""

    name = "branching"

    def psi(self, u):
        return np.tanh(u) if (u > 0).any() else np.tanh(u) + 0 * u


@dataclass(frozen=True)
class Rational(Arctan):
    """One that can be compiled."""

    name = "rational"

    def psi(self, u):
        return np.where(np.abs(u) < 1, u, np.sign(u) * (2 - 1 / np.maximum(np.abs(u), 1)))


@dataclass(frozen=True)
class Normal(MultiOutputLoss, HasHessian):
    """Of two outputs that the formulas tell apart: mean and logarithm of the scale."""

    name = "normal"
    n_outputs = 2

    def value(self, y_true, raw_prediction):
        z = (raw_prediction[:, 0] - y_true) * np.exp(-raw_prediction[:, 1])
        return raw_prediction[:, 1] + 0.5 * z * z

    def gradient(self, y_true, raw_prediction):
        inverse = np.exp(-raw_prediction[:, 1])
        z = (raw_prediction[:, 0] - y_true) * inverse
        return np.column_stack([z * inverse, 1.0 - z * z])

    def hessian(self, y_true, raw_prediction):
        inverse = np.exp(-raw_prediction[:, 1])
        z = (raw_prediction[:, 0] - y_true) * inverse
        return np.stack([inverse * inverse, 2.0 * z * z], axis=1)


def test_outputs_of_the_users_own(outcomes):
    y, raw = np.random.default_rng(0).standard_normal((2, 3000)).astype(np.float32)
    found, expected = both(Objective.of(Normal()), y, np.column_stack([raw, raw[::-1]]))
    assert outcomes == [False, True]
    for ours, numpys in zip(found, expected, strict=True):
        assert_allclose(ours, numpys, rtol=2e-6, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "compiles"), [(Arctan(0.7), False), (Branching(0.7), False), (Rational(0.7), True)]
)
def test_losses_of_the_users_own(loss, compiles, outcomes):
    objective = Objective.of(loss)
    y, raw = sample(huber(), 3000, 0, np.float32)
    found, expected = both(objective, y, raw)
    assert outcomes == [False, compiles]
    for ours, numpys in zip(found, expected, strict=True):
        assert_allclose(ours, numpys, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("start", [-2.1972246, -0.7, 0.3])
def test_rows_that_tie_on_one_engine_tie_on_the_other(start):
    """The first round of mining: all rows of a class have one loss, which each engine may round to another number."""
    y = (np.arange(1000) < 100).astype(np.float32)
    found, expected = both(DEFAULTS["ohem"], y, np.full(1000, start, np.float32))
    for ours, numpys in zip(found, expected, strict=True):
        assert_allclose(ours, numpys, rtol=2e-6)


def test_a_new_scale_compiles_nothing(outcomes):
    y, raw = sample(huber(), 3000, 0, np.float32)
    with engine.use("compiled"):
        huber(0.7)(y, raw)
        before = len(_compile._compiled)
        huber(0.9)(y, raw)
    assert len(_compile._compiled) == before
    assert outcomes == [True, True]


def test_which_engine_runs(monkeypatch):
    size = _settings.FROM
    monkeypatch.delenv("GBM_OBJECTIVES_ENGINE", raising=False)
    assert engine.compiles(size)
    assert not engine.compiles(size - 1)
    with engine.use("compiled"):
        assert engine.compiles(10)
        with engine.use("numpy"):
            assert not engine.compiles(size)
            assert "NumPy" in engine.description()
    monkeypatch.setenv("GBM_OBJECTIVES_ENGINE", "numpy")
    assert not engine.compiles(size)
    monkeypatch.setenv("GBM_OBJECTIVES_ENGINE", "fast")
    with pytest.raises(ValueError, match="GBM_OBJECTIVES_ENGINE"):
        engine.compiles(size)
    with pytest.raises(ValueError, match="engine"), engine.use("fast"):
        pass
    with pytest.raises(ValueError, match="threads"), engine.use(threads=0):
        pass


def test_threads_are_those_of_the_training(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert engine.n_threads() == 7
    with engine.as_training({"nthread": 3}):
        assert engine.n_threads() == 3
        with engine.use(threads=2):
            assert engine.n_threads() == 2
    with engine.as_training({"num_threads": 0}):  # all, to the libraries
        assert engine.n_threads() == 7


CODE = """
import sys
import numpy as np
from gbm_objectives import engine, log_cosh
rng = np.random.default_rng(0)
y, raw = rng.standard_normal((2, {rows}))
g, h = log_cosh(0.7)(y, raw)
print("numba" in sys.modules, repr(float(g.sum(dtype=float))), engine.description())
"""


def child(code, **variables):
    environment = {**os.environ, **variables}
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return found.stdout.split(maxsplit=2)


def test_few_rows_import_no_numba():
    assert child(CODE.format(rows=1000), GBM_OBJECTIVES_ENGINE="auto")[0] == "False"


def test_caches(tmp_path):
    """On disk, a second process finds what the first one has compiled; without a folder it works in memory."""
    rows = CODE.format(rows=2000)
    settings = {"GBM_OBJECTIVES_ENGINE": "compiled"}
    first = child(rows, GBM_OBJECTIVES_CACHE=str(tmp_path), **settings)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb*")}
    assert kept
    again = child(rows, GBM_OBJECTIVES_CACHE=str(tmp_path), **settings)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb*")} == kept
    blocked = tmp_path / "file"
    blocked.touch()
    nowhere = child(rows, GBM_OBJECTIVES_CACHE=str(blocked), **settings)
    assert first[:2] == again[:2] == nowhere[:2]
    assert first[0] == "True"


def test_without_numba():
    code = "import sys; sys.modules['numba'] = None\n" + CODE.format(rows=2000)
    _, total, said = child(code, GBM_OBJECTIVES_ENGINE="compiled")
    assert "pip install" in said
    with engine.use("numpy"):
        rng = np.random.default_rng(0)
        y, raw = rng.standard_normal((2, 2000))
        gradient, _ = log_cosh(0.7)(y, raw)
    assert float(total) == float(gradient.sum(dtype=float))


def test_terms_change_with_parameters(outcomes):
    """Kept formulas are those of equal terms alone."""
    y, raw = sample(huber(), 3000, 0, np.float32)
    for clip in (None, (0.1, 0.9), (0.2, 0.9)):
        objective = huber(0.7)
        objective = replace(objective, terms=(replace(objective.terms[0], clip=clip),))
        found, expected = both(3.0 * objective, y, raw)
        assert_allclose(found[1], expected[1], rtol=2e-6)
