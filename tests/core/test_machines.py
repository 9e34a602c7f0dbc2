"""Rows spread over machines, with threads for machines: what they exchange, and what happens where one fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gbm_objectives import (
    binary_cross_entropy,
    dice,
    focal,
    gamma,
    ghm_classification,
    huber,
    kl_divergence,
    mape,
    mean_bias_error,
    metrics,
    multilabel_focal,
    ohem,
    pseudo_huber,
    quantile,
    softmax_cross_entropy,
)
from gbm_objectives._core.reduction import ClusterError, together
from gbm_objectives.links import LOGIT

RNG = np.random.default_rng(0)
N = 400
Y = RNG.standard_t(2, N)
RAW = RNG.standard_normal(N)
SCORES = RNG.standard_normal((N, 3))
W = RNG.uniform(0.2, 3.0, N)
CODES = RNG.integers(0, 3, N)
LABEL = (Y > 0.5).astype(float)
# Of the machines one has no rows, one only rows that weigh nothing.
PARTS = [slice(0, 90), slice(90, 90), slice(90, 120), slice(120, N)]
W[90:120] = 0.0
HOLES = np.column_stack([Y, -Y])  # labels are missing, one of them on all rows of a machine
HOLES[PARTS[0], 0], HOLES[1::3, 1] = np.nan, np.nan
HOLES[PARTS[0], 1] = -Y[PARTS[0]]


def on_machines(compute):
    """compute(k, allreduce) on each machine; the results, or the errors."""
    vectors, meet = {}, threading.Barrier(len(PARTS), timeout=5)

    def machine(k):
        def allreduce(sums):
            vectors[k] = sums
            meet.wait()
            assert len({len(vector) for vector in vectors.values()}) == 1
            total = sum(vectors[j] for j in sorted(vectors))
            meet.wait()
            return total

        try:
            return compute(k, allreduce)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(PARTS)) as pool:
        return list(pool.map(machine, range(len(PARTS))))


def gradient_hessian(objective, y, raw, weight, allreduce):
    """What the libraries' doors call on each machine."""

    def compute(reduce):
        return objective.gradient_hessian(y, raw, weight, reduce=reduce)

    return together(compute, allreduce)


CASES = [
    (huber(), Y, RAW),
    (pseudo_huber(delta=0.7), Y, RAW),
    (huber() + mean_bias_error(2.0), Y, RAW),
    (quantile(0.9), Y, RAW),
    (mape(), Y, RAW),
    (ohem(huber()), Y, RAW),
    (gamma(), np.exp(Y / 9), RAW),
    (dice() + binary_cross_entropy(), LABEL, RAW),
    (ghm_classification(), LABEL, RAW),
    (softmax_cross_entropy(class_weight="balanced"), CODES, SCORES),
    (kl_divergence(), 0.7 * np.eye(3)[CODES] + 0.1, SCORES),
    (multilabel_focal(), np.eye(3)[CODES], SCORES),
    (kl_divergence(0.7 * np.eye(3)[CODES] + 0.1), np.arange(N), SCORES),
    (huber(), np.column_stack([Y, -Y]), SCORES[:, :2]),
    ((huber() + mean_bias_error(2.0)).with_rows(Y, groups=CODES), np.arange(N), RAW),
    (huber().with_rows(HOLES), np.arange(N), SCORES[:, :2]),
]


@pytest.mark.parametrize(("objective", "y", "raw"), CASES, ids=lambda c: getattr(c, "name", ""))
def test_machines_together_are_one(objective, y, raw):
    """Gradients, and the objective's own metric at a scale that is known."""
    expected = objective.gradient_hessian(y, raw, W)

    def compute(k, allreduce):
        rows = PARTS[k]
        return gradient_hessian(objective, y[rows], raw[rows], W[rows], allreduce)

    results = on_machines(compute)
    for found, rows in zip(results, PARTS, strict=True):
        for array, right in zip(found, expected, strict=True):
            assert array.shape == right[rows].shape
            assert array.dtype == np.float32
            assert_allclose(array, right[rows], rtol=2e-5, atol=1e-6)


METRICS = [
    (metrics.mae(), Y, RAW),
    (metrics.rmse(), Y, RAW),
    (metrics.mbe(), Y, RAW),
    (metrics.pinball(0.3), Y, RAW),
    (metrics.rmsle(), np.abs(Y), np.abs(RAW)),
    (metrics.log_loss(link=LOGIT), LABEL, RAW),
    (metrics.accuracy(), CODES, SCORES),
    (focal().metric, LABEL, RAW),
    (dice().metric, LABEL, RAW),
    (ohem(binary_cross_entropy()).metric, LABEL, RAW),
    (pseudo_huber(delta=0.7).metric, Y, RAW),
    (kl_divergence(0.7 * np.eye(3)[CODES] + 0.1).metric, np.arange(N), SCORES),
    (pseudo_huber(delta=0.7).with_rows(HOLES).metric, np.arange(N), SCORES[:, :2]),
]


@pytest.mark.parametrize(("metric", "y", "raw"), METRICS, ids=lambda c: getattr(c, "name", ""))
def test_metrics_are_those_of_all_rows(metric, y, raw):
    def compute(k, allreduce):
        rows = PARTS[k]
        return metric.over_machines(y[rows], raw[rows], W[rows], allreduce)

    assert_allclose(on_machines(compute), metric.evaluate(y, raw, W), rtol=1e-6)


@pytest.mark.parametrize(
    "metric",
    [
        metrics.median_absolute_error(),
        metrics.mae(relative=True),
        metrics.mbe(absolute=True),
        metrics.dice(),
        metrics.coverage_error(),
        metrics.poisson_deviance(relative=True),
    ],
    ids=lambda m: m.name,
)
def test_metrics_that_do_not_add_up_are_refused(metric):
    with pytest.raises(ValueError, match="no mean over rows"):
        metric.over_machines(np.abs(Y), np.abs(RAW), None, lambda sums: sums)


@pytest.mark.parametrize("objective", [focal(), dice(), ghm_classification()], ids=lambda o: o.name)
def test_an_error_on_one_machine_is_one_on_all(objective):
    """Before a sum, and after the last one."""
    label = LABEL.copy()
    label[200] = 2.0

    def compute(k, allreduce):
        rows = PARTS[k]
        return gradient_hessian(objective, label[rows], RAW[rows], None, allreduce)

    *others, failed = on_machines(compute)
    assert isinstance(failed, ValueError)
    for error in others:
        assert isinstance(error, ClusterError)
        assert str(failed) in str(error)


def test_several_errors():
    def compute(k, allreduce):
        y = np.full(3, np.nan if k else 1.0)
        return gradient_hessian(huber(), y, np.zeros(3), None, allreduce)

    first, *others = on_machines(compute)
    assert isinstance(first, ClusterError)
    assert str(first).startswith("3 of the other machines failed")
    assert all("NaN or inf" in str(error) for error in others)


@pytest.mark.parametrize(("objective", "y", "raw"), CASES, ids=lambda c: getattr(c, "name", ""))
@pytest.mark.parametrize("shape", [(0,), (1, 0), (0, 3), (0, 1)])
def test_labels_of_a_machine_without_rows(objective, y, raw, shape):
    """XGBoost gives them in several shapes; the other machines have all rows."""
    expected = objective.gradient_hessian(y, raw, W)

    def compute(k, allreduce):
        if k:
            return gradient_hessian(objective, np.zeros(shape), raw[:0], None, allreduce)
        return gradient_hessian(objective, y, raw, W, allreduce)

    first, *others = on_machines(compute)
    for found, right in zip(first, expected, strict=True):
        assert_allclose(found, right, rtol=1e-6)
    for gradient, hessian in others:
        assert gradient.shape == hessian.shape == raw[:0].shape


@pytest.mark.parametrize("objective", [huber(), quantile([0.1, 0.5, 0.9])], ids=repr)
def test_scores_of_a_machine_without_rows(objective):
    """XGBoost 3.4 gives them without columns, and takes gradients of as many columns as outputs."""
    n = objective.n_outputs
    raw = np.zeros((N,) if n is None else (N, n))

    def compute(k, allreduce):
        if k:
            return gradient_hessian(objective, np.zeros(0), np.zeros((0, 0)), None, allreduce)
        return gradient_hessian(objective, Y, raw, W, allreduce)

    _, *others = on_machines(compute)
    for gradient, hessian in others:
        assert gradient.shape == hessian.shape == raw[:0].shape


@pytest.mark.parametrize(("objective", "y", "raw"), CASES, ids=lambda c: getattr(c, "name", ""))
def test_no_rows_on_the_only_machine(objective, y, raw):
    with pytest.raises(ValueError, match=r"no rows; needed: at least one row"):
        objective.gradient_hessian(y[:0], raw[:0])
    with pytest.raises(ValueError, match="sample_weight: zero for all rows"):
        objective.gradient_hessian(y, raw, np.zeros(N))


@pytest.mark.parametrize("metric", [metrics.mae(), pseudo_huber(delta=0.7).metric, huber().metric])
def test_no_row_of_any_machine_weighs_anything(metric):
    for rows in (slice(0), slice(None)):
        with pytest.raises(ValueError, match="sample_weight: zero for all rows of all machines"):
            metric.over_machines(Y[rows], RAW[rows], np.zeros(len(Y[rows])), lambda sums: sums)


def test_a_metric_at_an_automatic_scale_where_a_machine_has_no_rows():
    """The machine without rows has no scale of its own, and needs none."""
    metric = huber().metric

    def compute(k, allreduce):
        rows = slice(0 if k else N)
        return metric.over_machines(Y[rows], RAW[rows], None, allreduce)

    assert_allclose(on_machines(compute), metric.evaluate(Y, RAW), rtol=1e-6)


def test_groups_are_refused():
    objective = huber() + mean_bias_error(1.0, groups=CODES)
    with pytest.raises(
        ValueError, match="groups: a value for each row, with rows spread over machines"
    ):
        gradient_hessian(objective, Y, RAW, None, lambda sums: sums)


def test_sums_that_fail_are_a_cluster_error():
    def allreduce(sums):
        raise OSError("connection reset")

    with pytest.raises(ClusterError, match="connection reset"):
        gradient_hessian(huber(), Y, RAW, None, allreduce)
