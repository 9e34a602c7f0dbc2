"""Links in the libraries' terms."""

from dataclasses import dataclass

import numpy as np
import pytest

from gbm_objectives.lightgbm._links import header
from gbm_objectives.links import IDENTITY, LOG, LOGIT, SOFTMAX, SORTED, Identity, Link
from gbm_objectives.xgboost._links import placeholder


def test_headers_of_lightgbm():
    assert [header(link, 1) for link in (IDENTITY, SORTED)] == ["regression"] * 2
    assert header(SORTED, 3) == ""
    assert header(LOGIT, 1) == "binary sigmoid:1"
    assert header(LOGIT, 3) == "multiclassova num_class:3 sigmoid:1"
    assert header(SOFTMAX, 3) == "multiclass num_class:3"
    assert header(LOG, 1) == "poisson"
    with pytest.raises(NotImplementedError, match="one output"):
        header(LOG, 2)


def test_placeholders_of_xgboost():
    links = (IDENTITY, SORTED, LOGIT, SOFTMAX, LOG)
    names = [
        "reg:squarederror",
        "reg:squarederror",
        "binary:logistic",
        "multi:softprob",
        "reg:gamma",
    ]
    assert [placeholder(link) for link in links] == names


@dataclass(frozen=True, slots=True)
class Square(Link):
    def inverse(self, raw_prediction):
        return np.square(raw_prediction)


@dataclass(frozen=True, slots=True)
class Clipped(Identity):
    def inverse(self, raw_prediction):
        return np.clip(raw_prediction, 0, 1)


def test_links_of_a_user():
    """One that derives from a known link is saved as that; another can't be saved, so it is refused."""
    assert placeholder(Clipped()) == "reg:squarederror"
    assert header(Clipped(), 1) == "regression"
    for name in (lambda: placeholder(Square()), lambda: header(Square(), 1)):
        with pytest.raises(TypeError, match=r"objective: the link Square\(\), which models of"):
            name()
