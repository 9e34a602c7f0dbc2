"""What is needed to train a candidate outside of the comparison, as plain values that a file can keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a candidate is trained.

    Parameters
    ----------
    library, candidate : str
        Which candidate it is.
    objective : str
        The library's name of its objective, the call of our factory, or what a constant is.
    ours : bool, default False
        Whether the objective is one of this package.
    params : dict
        Of the trees and of the library's own objective, by the names of the library's ``train``.
    transform : str, default ""
        Of the labels: "log", "log1p" or "normal scores"; "levels" where predictions are rounded; empty for none.
    family : str, default ""
        Of the distribution that it predicts; empty for none.
    """

    library: str
    candidate: str
    objective: str
    ours: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    transform: str = ""
    family: str = ""
