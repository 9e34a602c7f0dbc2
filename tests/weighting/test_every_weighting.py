"""All weightings with all losses: an accepted pair gives the weighted derivatives, any other is refused by name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gbm_objectives import Objective
from gbm_objectives.losses import Huber
from gbm_objectives.objective._terms import Term
from gbm_objectives.registry import OBJECTIVES
from gbm_objectives.weighting import (
    ClassWeight,
    EffectiveNumber,
    GradientHarmonizing,
    HardestShare,
    InverseLabel,
    NegativeSampling,
)

N, K = 300, 3
MADE = [make() for name, make in OBJECTIVES.items() if name != "mean_bias_error"]
LOSSES = {type(one.loss): one.loss for one in [*MADE, OBJECTIVES["mean_bias_error"](1.0)]}
LEVELS = [OBJECTIVES[name](tau=[0.1, 0.5, 0.9]).loss for name in ("quantile", "expectile")]
LOSSES |= {type(loss): loss for loss in LEVELS}
WEIGHTINGS = [
    ClassWeight([1.0, 3.0]),
    ClassWeight([1.0, 3.0, 2.0]),
    ClassWeight("balanced"),
    ClassWeight(EffectiveNumber(0.9)),
    InverseLabel(),
    InverseLabel(0.5),
    GradientHarmonizing(),
    HardestShare(),
    NegativeSampling(),
]
BINARY = {"BinaryCrossEntropy", "Focal", "Dice", "Tversky", "Hinge", "SquaredHinge"}
CLASSES = {"SoftmaxCrossEntropy", "SoftmaxFocal", "SampledSoftmax", "MulticlassHinge"}
CLASSES |= {"CostSensitiveCrossEntropy"}
ORDERED = {"OrdinalLogit"}
SHARES = {"KLDivergence"}


def kind(loss):
    name = type(loss).__name__
    kinds = {"binary": BINARY, "class": CLASSES, "level": ORDERED, "distribution": SHARES}
    return next((kind for kind, names in kinds.items() if name in names), "number")


def fits(weighting, loss):
    if isinstance(weighting, ClassWeight):
        return kind(loss) not in ("number", "level")
    if isinstance(weighting, InverseLabel):
        return kind(loss) == "number"
    if isinstance(weighting, NegativeSampling):
        return kind(loss) == "binary"
    if isinstance(weighting, GradientHarmonizing):
        return loss.gradient_bound is not None
    return loss.has_best_constant and loss.stands_alone


def sample(loss):
    rng = np.random.default_rng(0)
    n_outputs = loss.n_outputs or (K if loss.vector else None)
    raw = rng.standard_normal(N if n_outputs is None else (N, n_outputs))
    y = {
        "binary": rng.integers(0, 2, N).astype(float),
        "class": rng.integers(0, K, N).astype(float),
        "level": rng.integers(0, K, N).astype(float),
        "distribution": rng.dirichlet(np.ones(K), N),
        "number": np.exp(rng.standard_normal(N)),
    }[kind(loss)]
    return y, raw


def label_weights(weighting, y, n_classes):
    """The factors by their definitions."""
    if isinstance(weighting, InverseLabel):
        inverse = 1 / np.maximum(y, weighting.floor or 0)
        return inverse / np.exp(np.log(inverse).mean())
    shares = y if y.ndim == 2 else np.eye(n_classes)[y.astype(int)]
    given, counts = weighting.class_weight, shares.sum(axis=0)
    if given == "balanced":
        factors = N / n_classes / counts
    elif isinstance(given, EffectiveNumber):
        factors = (1 - given.beta) / (1 - given.beta**counts)
        factors = factors * N / (factors @ counts)
    else:
        factors = np.array(given)
    return shares @ factors


@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=repr)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: type(loss).__name__)
def test_every_weighting_with_every_loss(weighting, loss):
    if not fits(weighting, loss):
        with pytest.raises(TypeError, match=rf"^objective: {loss.name}; needed: a loss"):
            Term(loss, weightings=(weighting,))
        return
    weighted, plain = Objective((Term(loss, weightings=(weighting,)),)), Objective((Term(loss),))
    if not loss.stands_alone:
        beside = Objective.of(Huber())
        weighted, plain = beside + weighted, None
    y, raw = sample(loss)
    n_classes = raw.shape[1] if loss.vector else 2
    fixed = isinstance(weighting, ClassWeight) and not isinstance(
        weighting.class_weight, (str, EffectiveNumber)
    )
    if fixed and len(weighting.class_weight) != n_classes:
        with pytest.raises(
            ValueError, match=f"class_weight: .* needed: {n_classes}, one for each class"
        ):
            weighted(y, raw)
        return
    gradient, hessian = weighted(y, raw)
    assert np.isfinite(gradient).all()
    assert (hessian >= 0).all()
    if plain is None:
        return
    if weighting.of_labels:
        expected = plain(y, raw, label_weights(weighting, y, n_classes))
        if loss.drawn:  # a draw is for the rows, whatever they weigh
            assert (gradient != 0).any()
            return
        assert_allclose(gradient, expected[0], rtol=2e-4, atol=1e-6)
        assert_allclose(hessian, expected[1], rtol=2e-4, atol=1e-6)
        return
    g, h = plain(y, raw)
    factor = np.divide(gradient, g, out=np.zeros_like(g), where=np.abs(g) > 1e-4)
    assert (factor >= 0).all()
    if loss.vector:  # one factor for each row
        known = (np.abs(g) > 1e-3).all(axis=1)
        assert_allclose(factor[known], np.tile(factor[known, :1], n_classes), rtol=1e-3)
    moved = np.abs(g) > 1e-4
    least = 0.25 if isinstance(weighting, HardestShare) else 0.0
    assert_allclose(hessian[moved], (np.maximum(factor, least) * h)[moved], rtol=1e-3, atol=1e-6)


def test_class_weights_of_numbers_are_refused_by_the_public_door():
    with pytest.raises(TypeError, match=r"objective: huber; needed: a loss of classes"):
        Objective.of(Huber(), class_weight=[1.0, 3.0])
