"""Weightings: a factor for each row's loss, by its label, its hardness, or a draw."""

from gbm_objectives.weighting._base import Weighting
from gbm_objectives.weighting._hardness import GradientHarmonizing, HardestShare
from gbm_objectives.weighting._labels import ClassWeight, EffectiveNumber, InverseLabel
from gbm_objectives.weighting._sampling import NegativeSampling

__all__ = [
    "ClassWeight",
    "EffectiveNumber",
    "GradientHarmonizing",
    "HardestShare",
    "InverseLabel",
    "NegativeSampling",
    "Weighting",
]
