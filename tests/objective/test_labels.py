"""Labels of every loss are checked once, always: NaN, infinities and labels outside the domain, each by its name."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose
from variants import of_levels

from gbm_objectives import Objective, huber, mean_bias_error
from gbm_objectives.links import LOG
from gbm_objectives.loss import HasHessian, HasMajorizer, Loss
from gbm_objectives.losses import Huber
from gbm_objectives.registry import OBJECTIVES

N = 100_000  # more than one block
BAD = [70_001, 99_000]


@dataclass(frozen=True)
class Normal(HasHessian):
    """A likelihood of a mean and a log scale; labels are at least -5."""

    name = "normal"
    vector = True
    n_outputs = 2

    def _parts(self, y_true, raw_prediction):
        mean, log_scale = raw_prediction.T
        return (y_true - mean) * np.exp(-log_scale), np.exp(-2 * log_scale), log_scale

    def value(self, y_true, raw_prediction):
        z, _, log_scale = self._parts(y_true, raw_prediction)
        return 0.5 * z * z + log_scale

    def gradient(self, y_true, raw_prediction):
        z, precision, _ = self._parts(y_true, raw_prediction)
        return np.column_stack([-z * np.sqrt(precision), 1 - z * z])

    def hessian(self, y_true, raw_prediction):
        z, precision, _ = self._parts(y_true, raw_prediction)
        return np.column_stack([precision, 2 * z * z])

    def intercept(self, y_true, sample_weight, n_outputs=None):
        return np.array([y_true.mean(), np.log(y_true.std())])

    def check_labels(self, y_true):
        return bool((y_true >= -5).all())


@dataclass(frozen=True)
class Lax(Normal):
    """One that takes NaN for a label, as no check of its own sees it."""

    def check_labels(self, y_true):
        return not (y_true < -5).any()


@dataclass(frozen=True)
class Line(HasMajorizer):
    """A loss of one output whose labels are below 7; it gathers sums of their logarithms."""

    offset: float | None = None

    name = "line"
    link = LOG

    def value(self, y_true, raw_prediction):
        return 0.5 * (raw_prediction - y_true) ** 2

    def gradient(self, y_true, raw_prediction):
        return raw_prediction - y_true

    def majorizer(self, y_true, raw_prediction):
        return np.ones_like(raw_prediction)

    def intercept(self, y_true, sample_weight):
        return float(np.average(y_true, weights=sample_weight))

    @property
    def pending(self):
        return self.offset is None

    def statistics(self, y_true, raw_prediction, sample_weight):
        return np.array([np.log(7 - y_true).sum()])

    def resolve(self, sums):
        return Line(float(sums[0]))

    def check_labels(self, y_true):
        return bool((y_true < 7).all())


@dataclass(frozen=True, slots=True)
class Bounded(Huber):
    """A loss of the residual with a domain."""

    name = "bounded"

    def check_labels(self, y_true):
        return bool((y_true >= -5).all())


OWN = [Objective.of(loss) for loss in (Normal(), Lax(), Line(), Bounded(), Bounded(1.0))]
#: Labels outside the domain; None where all numbers are labels.
OUTSIDE = {"line": 7.0}


def labels(objective, n, rng):
    kind = objective.name
    if kind == "kl_divergence":
        return rng.dirichlet(np.ones(3), n), -0.5
    if objective.of_classes or of_levels(objective):
        return rng.integers(0, 3, n).astype(float), 1.5
    if objective in OWN:
        return rng.uniform(-4, 6, n), OUTSIDE.get(kind, -6.0)
    y = rng.integers(0, 2, n).astype(float)
    if kind == "gamma":
        return y + 1, 0.0
    if objective.link == LOG:
        return y, -1.0
    if objective.loss.check_labels(np.array([2.0])):
        return y + 1, None
    return y, 2.0


REGISTERED = [make() for name, make in OBJECTIVES.items() if name != "mean_bias_error"]
every_objective = pytest.mark.parametrize("objective", [*REGISTERED, *OWN], ids=lambda o: o.name)


def sample(objective, n=N):
    rng = np.random.default_rng(0)
    y, outside = labels(objective, n, rng)
    n_outputs = objective.n_outputs or (3 if objective.vector else None)
    raw = rng.standard_normal(n if n_outputs is None else (n, n_outputs))
    return y, raw, outside


@every_objective
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_outside_the_domain(objective, dtype):
    y, raw, outside = sample(objective)
    y, raw = y.astype(dtype), raw.astype(dtype)
    gradient, hessian = objective(y, raw)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    if outside is None:
        return
    y[BAD] = outside
    calls = [objective, objective.metric, objective.value, lambda y, raw: objective.intercept(y)]
    for call in calls:
        with pytest.raises(ValueError, match=r"^y_true: .* 2 of 100000 rows, first in row 70001"):
            call(y, raw)
    with pytest.raises(ValueError, match=r"^y_true: .* 2 of 100000 rows, first in row 70001"):
        objective.gradient_hessian(y, raw, reduce=lambda sums: sums)


@every_objective
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("argument", ["y_true", "raw_prediction", "sample_weight"])
def test_what_is_not_finite_is_named(objective, bad, argument):
    y, raw, _ = sample(objective)
    given = {"y_true": y, "raw_prediction": raw, "sample_weight": np.ones(N)}
    given[argument][BAD] = bad
    expected = rf"^{argument}: NaN or inf in 2 of 100000 rows, first in row 70001"
    for call in (objective, objective.metric, objective.value):
        with pytest.raises(ValueError, match=expected):
            call(*given.values())
    if argument == "y_true":
        with pytest.raises(ValueError, match=expected):
            objective.intercept(y)


@pytest.mark.parametrize("objective", OWN[:3], ids=lambda o: o.name)
def test_labels_that_float32_does_not_hold(objective):
    y, raw, _ = sample(objective, 50)
    y[7] = -1e39 if objective.name == "line" else 1e39
    with pytest.raises(ValueError, match=r"y_true: a label beyond 3e38 in 1 of 50 rows.*row 7"):
        objective(y, raw)


def test_labels_beyond_float32_are_no_classes():
    """They once asked for an array of as many columns."""
    objective = OBJECTIVES["softmax_cross_entropy"]()
    with pytest.raises(ValueError, match="y_true: a label"):
        objective.intercept(np.array([0.0, 1.0, 1e39]))
    with pytest.raises(ValueError, match="y_true: NaN or inf in 1 of 3 rows"):
        objective.intercept(np.array([0.0, 1.0, np.inf]))


def test_a_column_of_a_matrix():
    y = np.random.default_rng(0).uniform(-1, 1, (N, 2))
    y[BAD, 1] = -6
    for objective in OWN[3:]:
        with pytest.raises(ValueError, match=r"y_true: .*bounded.* in 2 of 100000 rows.*row 70001"):
            objective(y, np.zeros_like(y))


def test_many_labels_are_counted_as_far_as_it_matters():
    y = np.full(N, -6.0)
    with pytest.raises(ValueError, match=r"in 1000 or more of 100000 rows, first in row 0"):
        OWN[0](y, np.zeros((N, 2)))


def test_the_sum_checks_the_labels_of_each_term():
    y = np.zeros(50)
    y[4] = -6
    for objective in (huber() + OWN[3], OWN[4] + huber(), OWN[3] + mean_bias_error(1.0)):
        with pytest.raises(ValueError, match=r"y_true: .* in 1 of 50 rows, first in row 4"):
            objective(y, np.ones(50))


def test_formulas_that_are_not_finite_are_not_blamed_on_weights():
    class Broken(Normal):
        def gradient(self, y_true, raw_prediction):
            return np.full_like(raw_prediction, np.inf)

    objective = Objective.of(Broken())
    y, raw, _ = sample(objective, 50)
    with pytest.raises(FloatingPointError, match=r"^objective: gradients or Hessians of normal"):
        objective(y, raw)


def test_labels_may_round_to_the_edge_of_the_domain_in_float32():
    y = np.array([1e-50, 1.0])
    gradient, _ = OBJECTIVES["gamma"]()(y, np.zeros(2))
    assert_allclose(gradient, [1.0, 0.0], atol=1e-6)


def test_without_a_check_every_number_is_a_label():
    assert Loss.check_labels(Huber(), np.array([-1e30, 1e30]))
