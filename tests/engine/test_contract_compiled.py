"""What the contract asks of every objective, with compiled code: a few of its tests, for the whole runs with NumPy."""

import pytest
import test_contract as contract
from variants import DEFAULTS

from gbm_objectives import (
    binary_cross_entropy,
    dice,
    engine,
    ghm_regression,
    huber,
    mape,
    mean_bias_error,
    ohem,
)

pytest.importorskip("numba")

#: What is summed over all rows: each kind once.
SUMMED = [
    huber() + mean_bias_error(1.0),
    mape(),
    dice(),
    binary_cross_entropy(class_weight="balanced"),
    ghm_regression(),
    ohem(),
]


@pytest.fixture(autouse=True)
def compiled():
    with engine.use("compiled"):
        yield


#: Of one output: those of several would be compiled once more, for rows in another order.
ONE = [objective for objective in DEFAULTS.values() if not objective.vector]


@pytest.mark.parametrize("objective", ONE, ids=repr)
def test_zero_residuals(objective):
    contract.test_zero_residuals(objective)


@pytest.mark.parametrize("objective", SUMMED, ids=repr)
def test_sums_add_up_over_machines(objective):
    contract.test_sums_add_up_over_machines(objective)


def test_a_value_that_is_the_same_in_all_rows():
    """Its kernel reads no array."""
    y, raw = contract.sample(SUMMED[0], dtype="f4")
    found = SUMMED[0].value(y, raw)
    with engine.use("numpy"):
        assert found == pytest.approx(SUMMED[0].value(y, raw), rel=1e-10)
