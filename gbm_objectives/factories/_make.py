"""What the factories share."""

from __future__ import annotations

from typing import Literal

from gbm_objectives._terms import Term
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.losses._base import Loss
from gbm_objectives.objective import Objective

Delta = float | Literal["auto"]
Clip = tuple[float, float | None]


def objective(loss: Loss, curvature: Curvature | str | None, clip: Clip | None) -> Objective:
    """An objective of one term."""
    policy = None if curvature is None else as_curvature(curvature)
    return Objective((Term(loss, policy, clip),))
