"""The parameters of an objective, as a search over them sees them."""

import pytest

from gbm_objectives import focal, huber, mean_bias_error, quantile, squared_error
from gbm_objectives.curvature import Exact, Majorizer, Unit
from gbm_objectives.losses.bias import Groups


def test_parameters_are_those_of_the_factories():
    assert huber().parameters == {"delta": "auto", "curvature": None, "clip": None}
    assert quantile(0.9).parameters.keys() == {"delta", "tau", "smooth", "curvature", "clip"}
    assert focal(1.5).parameters["gamma"] == 1.5
    assert squared_error().parameters.keys() == {"curvature", "clip"}


def test_changed_parameters_give_what_the_factory_gives():
    assert huber().with_parameters(delta=2.0) == huber(2.0)
    assert huber(2.0).with_parameters(delta="auto") == huber()
    assert focal().with_parameters(gamma=0.0, alpha=0.3) == focal(0.0, 0.3)
    assert quantile(0.9).with_parameters(tau=0.1, smooth=False) == quantile(0.1, smooth=False)
    changed = huber().with_parameters(curvature="unit", clip=(0.1, None))
    assert changed == huber(curvature="unit", clip=(0.1, None))
    assert changed.curvature == Unit()
    assert (3 * huber()).with_parameters(delta=2.0) == 3 * huber(2.0)


def test_a_default_curvature_follows_and_a_chosen_one_stays():
    assert huber().curvature == Majorizer(trust=5.0)
    assert huber().with_parameters(delta=1.0).curvature == Majorizer()
    assert focal().curvature == Exact(trust=2.0)
    assert focal().with_parameters(gamma=0).curvature == Exact()
    assert huber(curvature="exact").with_parameters(delta=1.0).curvature == Exact()


def test_a_sum_has_the_parameters_that_one_term_has():
    objective = huber() + mean_bias_error(2.0)
    assert objective.parameters.keys() == {"delta", "penalty", "groups"}
    assert objective.with_parameters(penalty=5.0) == huber() + mean_bias_error(5.0)
    assert isinstance(objective.with_parameters(groups=[0, 1, 1]).parameters["groups"], Groups)
    assert "delta" not in (huber() + huber(1.0)).parameters


def test_unknown_names_and_bad_values_raise():
    with pytest.raises(
        ValueError, match="'gamma' for huber; needed: one of delta, curvature, clip"
    ):
        huber().with_parameters(gamma=1.0)
    with pytest.raises(ValueError, match="delta: -1"):
        huber().with_parameters(delta=-1)
    with pytest.raises(ValueError, match="curvature: 'newton'"):
        huber().with_parameters(curvature="newton")
    with pytest.raises(TypeError, match="a known quadratic majorizer"):
        focal().with_parameters(curvature="majorizer")
