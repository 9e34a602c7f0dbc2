"""What the factories share."""

from __future__ import annotations

from typing import Any, Literal

from gbm_objectives.curvature import Curvature
from gbm_objectives.loss import Loss
from gbm_objectives.objective import Objective

Delta = float | Literal["auto"]
Clip = tuple[float, float | None]


def objective(
    loss: Loss, curvature: Curvature | str | None, clip: Clip | None, class_weight: Any = None
) -> Objective:
    """An objective of one term."""
    return Objective.of(loss, curvature=curvature, clip=clip, class_weight=class_weight)
