"""The arithmetic that stands for NumPy's functions in compiled code, against NumPy in extended precision."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

DRAWS = np.random.default_rng(0).standard_normal(20_000)
SIZES = 10.0 ** np.random.default_rng(1).uniform(-30, 1.8, 20_000)
POINTS = {
    "exp": np.concatenate([np.linspace(-87, 88, 20_000), DRAWS]),
    "expm1": np.concatenate([np.minimum(DRAWS * SIZES, 88), np.linspace(-20, 88, 20_000)]),
    "log": np.concatenate([np.geomspace(1e-44, 1e38, 20_000), 1 + 0.01 * DRAWS]),
    "log1p": np.concatenate([np.geomspace(1e-30, 1e38, 20_000), np.linspace(-0.9, 1, 20_000)]),
    "tanh": DRAWS * SIZES,
}


@pytest.mark.parametrize("name", [*POINTS])
def test_four_ulp(name):
    from gbm_objectives.engine import _primitives

    function = getattr(_primitives, f"{name}4")

    @numba.njit(fastmath=_primitives.FAST, error_model="numpy")
    def fill(points, results):
        for i in range(len(points)):
            results[i] = function(points[i])

    points = POINTS[name].astype(np.float32)
    results = np.empty_like(points)
    fill(points, results)
    exact = getattr(np, name)(points.astype(np.longdouble))
    assert (np.abs(results - exact) <= 4 * 6e-8 * np.abs(exact)).all()


def test_ends():
    from gbm_objectives.engine import _primitives as p

    inf, nan = np.float32(np.inf), np.float32(np.nan)
    ends = [p.exp4(-inf), p.exp4(inf), p.expm14(-inf), p.log4(inf), p.log1p4(inf), p.tanh4(-inf)]
    assert ends == [0, inf, -1, inf, inf, -1]
    assert p.log4(np.float32(0)) == p.log1p4(np.float32(-1)) == -inf
    for function in (p.exp4, p.expm14, p.log4, p.log1p4, p.tanh4):
        assert np.isnan(function(nan))
    for function in (p.maximum, p.minimum):
        assert np.isnan(function(nan, inf))
        assert np.isnan(function(inf, nan))
