"""The comparison: which objective for my data? ``compare(X, y)``, or ``gbm-objectives compare``.

Nothing in the rest of the package imports it. It needs ``pip install 'gbm-objectives[compare]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gbm_objectives.compare.api import compare
    from gbm_objectives.compare.normal_scores import NormalScores
    from gbm_objectives.compare.result import Result

__all__ = ["NormalScores", "Result", "compare"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command line has to start where an extra is missing."""
    if name == "compare":
        from gbm_objectives.compare.api import compare

        return compare
    if name == "Result":
        from gbm_objectives.compare.result import Result

        return Result
    if name == "NormalScores":
        from gbm_objectives.compare.normal_scores import NormalScores

        return NormalScores
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
