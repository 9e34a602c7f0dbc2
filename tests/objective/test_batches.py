"""Data that come in batches: XGBoost's iterators, in memory and on disk, and LightGBM's Sequence."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import dice, huber, softmax_focal

RNG = np.random.default_rng(0)
N, ROUNDS = 600, 5
X = RNG.integers(0, 8, (N, 4)).astype(np.float32)  # few values: the bins are exact
Y = (X[:, 0] / 3 + np.sin(X[:, 1]) + 0.3 * RNG.standard_t(2, N)).astype(np.float32)
W = RNG.uniform(0.2, 3.0, N).astype(np.float32)
CASES = [
    (huber(), Y),
    (dice(), (Y > 2).astype(np.float32)),
    (softmax_focal(), np.digitize(Y, [0.5, 2.0])),
]
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
every_case = pytest.mark.parametrize(("objective", "y"), CASES, ids=["huber", "dice", "classes"])


class Batches(xgb.DataIter):
    def __init__(self, y, **arguments):
        self.parts, self.place, self.y = np.array_split(np.arange(N), 3), 0, y
        super().__init__(**arguments)

    def next(self, input_data):
        if self.place == len(self.parts):
            return False
        rows = self.parts[self.place]
        input_data(data=X[rows], label=self.y[rows], weight=W[rows])
        self.place += 1
        return True

    def reset(self):
        self.place = 0


class Rows(lgb.Sequence):
    batch_size = 64

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, index):
        return X[self.rows][index].astype(np.float64)

    def __len__(self):
        return len(self.rows)


@every_case
@pytest.mark.parametrize("kind", ["QuantileDMatrix", "DMatrix", "ExtMemQuantileDMatrix"])
def test_xgboosts_iterators(objective, y, kind, tmp_path):
    if not hasattr(xgb, kind):
        pytest.skip("ExtMemQuantileDMatrix is in XGBoost from 3.0 on")
    on_disk = kind != "QuantileDMatrix"
    batches = Batches(y, **({"cache_prefix": str(tmp_path / "cache")} if on_disk else {}))
    params = {"max_depth": 3, "nthread": 1}
    # Before 3.1 a QuantileDMatrix has the library's leaves.
    own = {"objective": objective, "leaves": "auto" if XGB_VERSION >= (3, 1) else "library"}
    data = getattr(xgb, kind)(batches)
    found = gbm_objectives.xgboost.train(params, data, ROUNDS, **own)
    whole = xgb.QuantileDMatrix(X, y, weight=W)
    right = gbm_objectives.xgboost.train(params, whole, ROUNDS, **own)
    predictions = right.predict(xgb.DMatrix(X))
    assert np.std(predictions) > 0.01
    assert_allclose(found.predict(xgb.DMatrix(X)), predictions, rtol=1e-5, atol=1e-6)


@every_case
def test_lightgbms_sequence(objective, y):
    params = {"num_leaves": 7, "num_threads": 1, "verbosity": -1}
    pieces = [Rows(rows) for rows in np.array_split(np.arange(N), 3)]
    found = gbm_objectives.lightgbm.train(
        params, lgb.Dataset(pieces, y, weight=W), ROUNDS, objective=objective
    )
    right = gbm_objectives.lightgbm.train(
        params, lgb.Dataset(X, y, weight=W), ROUNDS, objective=objective
    )
    assert np.std(right.predict(X)) > 0.01
    assert_allclose(found.predict(X), right.predict(X), rtol=1e-6)
