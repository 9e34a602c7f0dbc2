"""The best of ours, and of the user's, against what a library can do without this package."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.statistics import (
    CONFIDENCE,
    RIVALS,
    Difference,
    Key,
    best_of,
    contaminations,
    higher_is_better,
    kinds,
    paired,
    table,
)


@dataclass(frozen=True, slots=True)
class Contest:
    """The best of ours, or of the user's, in a library against the best without either, at one contamination."""

    contamination: float
    ours: Key
    rival: Key
    ours_mean: float
    rival_mean: float
    difference: Difference
    ours_better: bool
    rival_kind: str
    picks: int  # how many candidates the better of the two was picked from
    kind: str = "ours"

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.difference.clear

    @property
    def survives_picking(self) -> bool:
        """Whether that still holds with Bonferroni's allowance for the number of candidates picked from."""
        return self.clear and self.difference.p * self.picks < 1 - CONFIDENCE


def contests(result: Frames) -> list[Contest]:
    """For each contamination and library the best of ours, and of the user's, against its best rival.

    A user's model of another library has the best rival of all.
    """
    gain, kind = higher_is_better(result), kinds(result)
    found = []
    for share in contaminations(result):
        wide = table(result, share)
        libraries = dict.fromkeys(key.library for key in wide)
        for group, library in product(("ours", "user"), libraries):
            ours = best_of(result, wide, (group,), library)
            if ours is None:
                continue
            place: str | None = library
            rival = best_of(result, wide, RIVALS, place)
            if rival is None and group == "user":
                place, rival = None, best_of(result, wide, RIVALS)
            if rival is None:
                continue
            pair = paired(result, wide, ours, rival)
            better = pair.mean > 0 if gain else pair.mean < 0
            side, where = ((group,), library) if better else (RIVALS, place)
            picks = sum(kind[key] in side and where in (None, key.library) for key in wide)
            means = float(wide[ours].mean()), float(wide[rival].mean())
            found.append(
                Contest(share, ours, rival, *means, pair, better, kind[rival], picks, group)
            )
    return found
