"""Objectives that are given as objects: their names, in the table and in the figure of gradients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import gbm_objectives as gbm
from gbm_objectives import Objective
from gbm_objectives.compare import compare
from gbm_objectives.compare.candidates.naming import name_of, objective_of
from gbm_objectives.compare.report.displays import ShapesDisplay
from gbm_objectives.compare.saving import load, save
from gbm_objectives.losses import RobustLoss
from gbm_objectives.registry import OBJECTIVES


@dataclass(frozen=True, slots=True)
class Arctan(RobustLoss):
    """A user's own loss."""

    name: ClassVar[str] = "arctan"

    def rho(self, r):
        return r * np.arctan(r) - np.log1p(r * r) / 2

    def psi(self, r):
        return np.arctan(r)

    def psi_deriv(self, r):
        return 1 / (1 + r * r)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if name != "mean_bias_error"])
def test_a_factory_without_arguments(name):
    made = OBJECTIVES[name]()
    assert objective_of(name_of(made)) == made
    twin = {
        "multilabel_cross_entropy": "binary_cross_entropy()",
        "multilabel_focal": "focal()",
        "negative_log_likelihood": "softmax_cross_entropy()",
        "ghm_regression": "ghm_regression(delta='auto')",
        "distribution": "distribution(family='normal')",
    }  # the same objective by another call
    assert name_of(made) == twin.get(name, f"{name}()")


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (gbm.huber(2.0), "huber(delta=2.0)"),
        (gbm.huber(curvature="unit"), "huber(curvature='unit')"),
        (gbm.huber(clip=(0.1, 2)), "huber(clip=(0.1, 2.0))"),
        (gbm.quantile([0.1, 0.9]), "quantile(tau=(0.1, 0.9))"),
        (gbm.focal(1.0, class_weight="balanced"), "focal(gamma=1.0, class_weight='balanced')"),
        (gbm.ohem(gbm.huber(2.0), keep=0.5), "ohem(objective=huber(delta=2.0), keep=0.5)"),
        (0.5 * gbm.dice() + gbm.focal(), "0.5 * dice() + focal()"),
        (gbm.huber() + gbm.mean_bias_error(1.0), "huber() + mean_bias_error(penalty=1.0)"),
    ],
)
def test_calls_with_arguments(made, name):
    assert name_of(made) == name
    assert objective_of(name) == made


def test_a_loss_of_the_users_own():
    assert name_of(Objective.of(Arctan())) == "Arctan()"
    assert name_of(2 * Objective.of(Arctan(3.0), curvature="unit")) == (
        "2 * Arctan(delta=3.0, curvature='unit')"
    )
    assert objective_of("Arctan()") is None


def test_objects_have_short_names_and_a_figure(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    y = x[:, 0] + rng.normal(size=120)
    found = compare(
        x, y, folds=2, rounds=3, contamination=0, libraries=["lightgbm"],
        objectives=[gbm.huber(), gbm.huber(delta=2.0), Objective.of(Arctan()), Arctan(2.0)],
        candidates={"mine": gbm.cauchy()},
    )  # fmt: skip
    ours = ["huber()", "huber(delta=2.0)", "Arctan()", "Arctan(delta=2.0)", "mine"]
    models = found.scores[found.scores["kind"].isin(["ours", "user"])]
    assert list(models["candidate"].unique()) == ours
    assert (models["status"] == "ok").all()
    assert found.objectives["huber(delta=2.0)"] == gbm.huber(delta=2.0)

    display = ShapesDisplay.of(found)
    assert list(display.frame["candidate"].unique()) == ours
    assert np.ptp(display.frame["gradient"]) > 0
    assert "Not drawn" not in display.text()
    assert [len(axes.lines) for axes in found.plot_shapes().axes] == [5, 5]
    two = display.frame.query("candidate == 'huber(delta=2.0)'")
    np.testing.assert_allclose(two["gradient"], np.clip(two["x"], -2, 2), rtol=1e-5, atol=1e-5)

    save(found, tmp_path)  # files have the names only
    assert set(load(tmp_path).objectives) == {"huber()", "huber(delta=2.0)"}


def test_a_loss_of_the_users_own_is_not_cached(tmp_path):
    """Its formula may change under its name."""
    x, y = np.arange(60.0)[:, None], np.arange(60.0) ** 2
    given = {"folds": 2, "rounds": 2, "contamination": 0, "libraries": ["lightgbm"]}
    kept = set()
    for objective in (gbm.huber(), Objective.of(Arctan())):
        before = set(tmp_path.iterdir())
        compare(x, y, objectives=[objective], cache=tmp_path, **given)
        kept |= {len(set(tmp_path.iterdir()) - before)}
    assert 0 in kept
    assert len(kept) == 2
