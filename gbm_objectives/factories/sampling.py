"""Losses on a sample of the classes or of the rows, drawn anew in each round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gbm_objectives._validation import message
from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.factories.binary import binary_cross_entropy
from gbm_objectives.losses import SampledSoftmax
from gbm_objectives.losses.sampled import Distribution
from gbm_objectives.objective import Objective
from gbm_objectives.row_sampling import NegativeSampling


def sampled_softmax(
    n_negatives: int = 20,
    *,
    distribution: Distribution = "uniform",
    seed: int = 0,
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Softmax cross-entropy whose sum over the classes is estimated from a few of them.

    log(exp z_y + sum_{j in S, j != y} exp(z_j)/pi_j) - z_y.

    Parameters
    ----------
    n_negatives : how many.
    distribution : "uniform" or "frequency".
    seed : a whole number.
    class_weight, curvature, clip : as for `softmax_cross_entropy`.

    Returns
    -------
    Objective
    """
    loss = SampledSoftmax(n_negatives, distribution, seed)
    return objective(loss, curvature, clip, class_weight)


def negative_sampling(
    objective: Objective | None = None, *, share: float = 0.1, seed: int = 0
) -> Objective:
    """A binary objective.

    Returns
    -------
    Objective
    """
    base: Any = binary_cross_entropy() if objective is None else objective
    if not isinstance(base, Objective):
        needed = "an objective of this package, such as focal()"
        raise TypeError(message("objective", f"a {type(base).__name__}", needed))
    sampling = NegativeSampling(share, seed)
    terms = tuple(replace(t, weightings=(*t.weightings, sampling)) for t in base.terms)
    return replace(base, terms=terms)
