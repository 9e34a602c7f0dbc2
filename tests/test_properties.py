"""Random input, good and bad: a right answer or a clear error, and the arguments untouched."""

import numpy as np
import pytest
from _hostile import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from variants import DRAWN, of_levels

from gbm_objectives.links import LOG
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.weighting import InverseLabel

every_objective = pytest.mark.parametrize("objective", DRAWN, ids=repr)

DTYPES = st.sampled_from([np.float16, np.float32, np.float64, ">f4", np.int32, np.uint8, np.bool_])
FINITE32 = st.floats(-(2.0**100), 2.0**100, width=32)
#: Beyond, a mean of positive labels leaves the range in which responses are held.
POSITIVE32 = st.floats(2.0**-60, 2.0**60, width=32)


@st.composite
def finite_rows(draw, objective):
    n = draw(st.integers(1, 40))
    weight = draw(st.none() | hnp.arrays(np.float32, n, elements=st.floats(0.125, 8, width=32)))
    shape = n
    if objective.vector:
        shape = (n, objective.n_outputs or draw(st.integers(2, 5)))
        values = st.sampled_from([0.0, 1.0]) if objective.of_classes else FINITE32
        y = draw(hnp.arrays(np.float32, n, elements=values))
        if objective.name == "kl_divergence":
            y = np.eye(shape[1], dtype=np.float32)[y.astype(int)]
    elif of_levels(objective) or all(isinstance(t.loss, BinaryLoss) for t in objective.terms):
        y = draw(hnp.arrays(np.float32, n, elements=st.sampled_from([0.0, 1.0])))
    else:
        relative = any(isinstance(w, InverseLabel) for t in objective.terms for w in t.weightings)
        values = POSITIVE32 if objective.link == LOG or relative else FINITE32
        y = draw(hnp.arrays(np.float32, n, elements=values))
    return y, draw(hnp.arrays(np.float32, shape, elements=FINITE32)), weight


@every_objective
@examples(0.3)
@given(data=st.data())
def test_finite_rows_give_finite_derivatives(objective, data):
    y, raw, weight = data.draw(finite_rows(objective))
    before = [None if a is None else a.copy() for a in (y, raw, weight)]
    gradient, hessian = objective(y, raw, weight)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    drawn = any(term.drawn for term in objective.terms)
    assert (hessian >= 0).all() if drawn else (hessian > 0).all()
    n_outputs = raw.shape[1] if objective.vector else None
    assert np.isfinite(objective.intercept(y, weight, n_outputs)).all()
    assert np.isfinite(objective.metric(y, raw, weight))
    for array, copied in zip((y, raw, weight), before, strict=True):
        assert array is None or np.array_equal(array, copied)


@every_objective
@examples(0.3)
@given(data=st.data())
def test_any_array_gives_an_answer_or_a_clear_error(objective, data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    same = data.draw(st.booleans())
    y_shape = shape if same else shape[:1]
    y = data.draw(hnp.arrays(data.draw(DTYPES), y_shape))
    raw = data.draw(hnp.arrays(data.draw(DTYPES), shape))
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
