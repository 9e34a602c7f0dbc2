"""What candidates are called in tables, figures and sentences: ``huber() ours · XGBoost``, ``huber LightGBM``."""

from __future__ import annotations

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.statistics import Key, kinds

LIBRARIES = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}
_WHOSE = {"ours": " ours", "user": " yours"}


def short(candidate: str, kind: str) -> str:
    """The name without the library: whose it is, where that is not the library."""
    return f"{candidate}{_WHOSE.get(kind, '')}"


def name_of(key: Key, kind: str) -> str:
    """The name with the library.

    Examples
    --------
    >>> name_of(Key("xgboost", "huber()"), "ours"), name_of(Key("lightgbm", "huber"), "built-in")
    ('huber() ours · XGBoost', 'huber LightGBM')
    """
    if key.library in ("", "-"):
        return key.candidate
    between = " · " if kind in _WHOSE else " "
    return f"{short(key.candidate, kind)}{between}{LIBRARIES.get(key.library, key.library)}"


def names(result: Frames) -> dict[Key, str]:
    """The name of each candidate."""
    return {key: name_of(key, kind) for key, kind in kinds(result).items()}
