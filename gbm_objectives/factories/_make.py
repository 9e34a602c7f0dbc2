"""What the factories share."""

from __future__ import annotations

from typing import Any, Literal

from gbm_objectives._terms import Term
from gbm_objectives.curvature import Curvature, as_curvature
from gbm_objectives.losses._base import Loss
from gbm_objectives.objective import Objective
from gbm_objectives.weighting import ClassWeight

Delta = float | Literal["auto"]
Clip = tuple[float, float | None]


def objective(
    loss: Loss, curvature: Curvature | str | None, clip: Clip | None, class_weight: Any = None
) -> Objective:
    """An objective of one term."""
    policy = None if curvature is None else as_curvature(curvature)
    weightings = () if class_weight is None else (ClassWeight(class_weight),)
    return Objective((Term(loss, policy, clip, weightings=weightings),))
