"""Hostile input at every door: the answer that the same plain numbers get, or a clear error."""

import numpy as np
import pandas as pd
import pytest
from _hostile import FORMS, LARGE, REFUSED, examples, labels, plain, rows
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from variants import HOSTILE

from gbm_objectives import huber
from gbm_objectives.losses.overlap import OverlapLoss


class Data:
    """What both libraries' data objects look like to an objective."""

    def __init__(self, label, weight):
        self.label, self.weight = label, weight

    def get_label(self):
        return self.label

    def get_weight(self):
        return self.weight


def outputs(objective):
    return 3 if objective.vector else None


DOORS = {
    "objective(y, raw, w)": lambda o, y, raw, w: np.array(o(y, raw, w)),
    "objective(raw, data)": lambda o, y, raw, w: np.array(o(raw, Data(y, w))),
    "intercept": lambda o, y, raw, w: np.array(o.intercept(y, w, outputs(o))),
    "value": lambda o, y, raw, w: np.array(o.value(y, raw, w)),
    "metric(y, raw, w)": lambda o, y, raw, w: np.array(float(o.metric(y, raw, w))),
    "metric(raw, data)": lambda o, y, raw, w: np.array(float(o.metric(raw, Data(y, w))[1])),
}
ERRORS = (ValueError, TypeError, FloatingPointError)


def answer(door, objective, *arguments):
    """The result, or the error, which says what is needed."""
    try:
        found = DOORS[door](objective, *arguments)
    except ERRORS as error:
        assert "needed" in str(error), repr(error)  # noqa: PT017  an answer is as good
        return error
    assert np.isfinite(found).all()
    return found


def assert_same(found, expected):
    assert isinstance(found, Exception) == isinstance(expected, Exception), (found, expected)
    if not isinstance(found, Exception):
        atol = max(2e-6 * np.abs(expected).max(), np.finfo(np.float32).tiny)
        assert_allclose(found, expected, rtol=2e-5, atol=atol)


objectives = st.sampled_from(HOSTILE)
doors = st.sampled_from(sorted(DOORS))


@examples(4)
@given(objective=objectives, door=doors, data=st.data())
def test_the_form_of_numbers_does_not_matter(objective, door, data):
    given = data.draw(rows(objective))
    forms = [data.draw(st.sampled_from(sorted(FORMS))) for _ in given]
    with np.errstate(over="ignore"):
        made = [None if a is None else FORMS[form](a) for a, form in zip(given, forms, strict=True)]
    numbers = [plain(array) for array in made]
    found = answer(door, objective, *made)
    if any(isinstance(array, pd.DataFrame) for array in made) and "dtype object" in str(found):
        return  # of nullable columns pandas makes objects
    assert_same(found, answer(door, objective, *numbers))
    for array, before in zip(made, numbers, strict=True):
        assert_array_equal(plain(array), before)


@examples(3)
@given(objective=objectives, door=doors, where=st.integers(0, 2), data=st.data())
def test_what_is_no_number_is_refused_by_name(objective, door, where, data):
    given = list(data.draw(rows(objective)))
    given[2] = np.ones(len(given[0])) if where == 2 else None
    form = data.draw(st.sampled_from(sorted(REFUSED)))
    if (where == 1 and door == "intercept") or (where == 2 and form == "no rows"):
        return  # no such argument; XGBoost's empty array for no weights
    if form == "too many" and where < 2 and door == "intercept":
        return
    given[where] = REFUSED[form](given[where])
    names = ("y_true", "raw_prediction", "sample_weight")
    found = answer(door, objective, *given)
    assert isinstance(found, Exception), found
    if form != "too many":
        assert str(found).startswith(names[where]), found


@examples(1)
@given(objective=objectives, door=doors, kind=st.sampled_from(["0", "< 0", "NaN", "inf"]), data=st.data())  # fmt: skip
def test_bad_weights_are_refused(objective, door, kind, data):
    y, raw, _ = data.draw(rows(objective))
    weight = np.ones(len(y))
    bad = data.draw(st.integers(0, len(y) - 1))
    if kind == "0":
        weight[:] = 0
    else:
        weight[bad] = {"< 0": -1e-30, "NaN": np.nan, "inf": np.inf}[kind]
    found = answer(door, objective, y, raw, weight)
    assert isinstance(found, ValueError)
    assert str(found).startswith("sample_weight")


@examples(0.3)
@given(objective=objectives, door=doors, data=st.data())
def test_the_last_row_past_a_block_counts(objective, door, data):
    y, raw, weight = data.draw(rows(objective, LARGE))
    found = answer(door, objective, y, raw, weight)
    forms = ("float64", "strided", "Fortran", "big-endian")
    form = FORMS[data.draw(st.sampled_from(forms))]
    assert_same(answer(door, objective, form(y), form(raw), weight), found)
    y = y.copy()
    y[-1] = np.nan
    error = answer(door, objective, y, raw, None)
    assert f"first in row {len(y) - 1}" in str(error)


@pytest.mark.parametrize("objective", HOSTILE, ids=repr)
def test_whole_numbers_have_the_metric_of_their_floats(objective):
    """The median of whole numbers may lie between them."""
    y, raw = np.array([1, 2, 3, 8, 9, 4]), np.array([1, 2, 2, 2, 7, 1])
    if objective.vector:
        raw = np.column_stack([raw, raw[::-1], raw + 1])[:, : objective.n_outputs]
        y = y % 3 if objective.of_classes else y
    elif "BinaryLoss" in str(type(objective.terms[0].loss).__mro__):
        y = y % 2
    y = np.eye(3, dtype=int)[y] if objective.name == "kl_divergence" else y
    expected = objective.metric(y.astype(float), raw.astype(float))
    assert objective.metric(y, raw) == expected
    assert objective.value(y, raw) == objective.value(y.astype(float), raw.astype(float))


def test_masked_rows_are_named():
    y = np.ma.masked_array(np.arange(5.0), mask=[0, 1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"y_true: 2 masked values; needed: numbers in all rows"):
        huber()(y, np.zeros(5))
    with pytest.raises(ValueError, match=r"y_true: a list that makes no array \("):
        huber()([[1], [1, 2]], np.zeros(2))


def of_any_weights(objective):
    """Whether weights count by their proportions: they are a part of draws, and of overlap beside ``smooth``."""
    overlap = any(isinstance(term.loss, OverlapLoss) for term in objective.terms)
    return not (overlap or any(term.drawn for term in objective.terms))


@pytest.mark.parametrize("objective", list(filter(of_any_weights, HOSTILE)), ids=repr)
def test_weights_whose_sum_leaves_float32(objective):
    rng = np.random.default_rng(0)
    y, weight = labels(objective, "normal", 50, rng), rng.uniform(1, 3, 50).astype(np.float32)
    raw = np.zeros((50, objective.n_outputs or 3) if objective.vector else 50, np.float32)
    huge = weight * np.float32(1e38)
    for door in ("intercept", "value", "metric(y, raw, w)"):
        expected = DOORS[door](objective, y, raw, weight)
        assert_allclose(DOORS[door](objective, y, raw, huge), expected, rtol=1e-5, atol=1e-7)
