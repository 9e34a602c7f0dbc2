"""Re-weighting: a factor for each row's loss, by its label, its hardness, or a draw."""

from gbm_objectives.weighting._hardness import GradientHarmonizing, HardestShare
from gbm_objectives.weighting._sampling import NegativeSampling
from gbm_objectives.weighting._weighting import (
    ClassWeight,
    EffectiveNumber,
    InverseLabel,
    Weighting,
)

__all__ = [
    "ClassWeight",
    "EffectiveNumber",
    "GradientHarmonizing",
    "HardestShare",
    "InverseLabel",
    "NegativeSampling",
    "Weighting",
]
