"""Random input, good and bad: a right answer or a clear error, and the arguments untouched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gbm_objectives import focal, huber, log_cosh, mean_bias_error, pseudo_huber, quantile

OBJECTIVES = [
    huber(),
    huber(0.3, curvature="exact"),
    pseudo_huber(),
    log_cosh(2.0),
    quantile(0.9),
    quantile(0.2, smooth=False),
    focal(),
    focal(0.7, 0.3),
    huber() + mean_bias_error(1.0),
]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)

DTYPES = st.sampled_from([np.float16, np.float32, np.float64, ">f4", np.int32, np.uint8, np.bool_])
FINITE32 = st.floats(-(2.0**100), 2.0**100, width=32)


@st.composite
def finite_rows(draw, binary):
    n = draw(st.integers(1, 40))
    values = st.sampled_from([0.0, 1.0]) if binary else FINITE32
    y = draw(hnp.arrays(np.float32, n, elements=values))
    raw = draw(hnp.arrays(np.float32, n, elements=FINITE32))
    weight = draw(st.none() | hnp.arrays(np.float32, n, elements=st.floats(0.125, 8, width=32)))
    return y, raw, weight


@every_objective
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_finite_rows_give_finite_derivatives(objective, data):
    y, raw, weight = data.draw(finite_rows(objective.name == "focal"))
    before = [None if a is None else a.copy() for a in (y, raw, weight)]
    gradient, hessian = objective(y, raw, weight)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    assert (hessian > 0).all()
    assert np.isfinite(objective.intercept(y, weight)).all()
    assert np.isfinite(objective.metric(y, raw, weight))
    for array, copied in zip((y, raw, weight), before, strict=True):
        assert array is None or np.array_equal(array, copied)


@every_objective
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_array_gives_an_answer_or_a_clear_error(objective, data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    y, raw = (data.draw(hnp.arrays(data.draw(DTYPES), shape)) for _ in range(2))
    weight = data.draw(st.none() | hnp.arrays(np.float64, shape[:1]))
    try:
        gradient, hessian = objective(y, raw, weight)
    except (ValueError, TypeError, FloatingPointError) as error:
        assert "needed" in str(error)  # noqa: PT017  an answer is as good
    else:
        assert gradient.shape == hessian.shape == raw.shape
        assert np.isfinite(gradient).all()
        assert np.isfinite(hessian).all()
        assert (hessian >= 0).all()
