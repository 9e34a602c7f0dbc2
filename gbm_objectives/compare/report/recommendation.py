"""What to use: one candidate, why, how sure that is, and the code that trains it.

The rule, in this order: the candidates within the noise of the best; of these the safest under contamination, again
within the noise; then the simplest; then the fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.code import Code
from gbm_objectives.compare.report.names import names
from gbm_objectives.compare.report.numbers import number
from gbm_objectives.compare.report.statistics import CONFIDENCE, Key
from gbm_objectives.losses.distributions import FAMILIES

#: What is simplest: the library alone; one of our losses; another scale of the labels; a user's own. Of distributions,
#: then, those of fewer parameters.
SIMPLICITY = {"baseline": 0, "built-in": 0, "ours": 1, "transformed": 2, "user": 3}
#: A candidate is within the noise of another where its mean is not further off than so many standard errors.
ERRORS = 1.0
#: ... and not further off than this share of what the best gains over the best constant: few folds have large
#: standard errors, and where test labels are noisy most of the score is noise that no candidate can predict.
SHARE = 0.02


@dataclass(frozen=True)
class Recommendation:
    """What to use for these data.

    Parameters
    ----------
    name : str
        As in the report, such as "huber() ours · XGBoost".
    objective : str
        The call that makes our objective, or the library's name of its own.
    library : str
        "xgboost", "lightgbm", or "-" for a constant.
    params : dict
        Of the trees and of the library's objective.
    rounds : int
        Trees; with early stopping the median over the folds.
    reason : str
        Why, in one sentence.
    confidence : {"clear", "likely", "tie"}
        "clear": the intervals of the differences to all other models leave out 0, also when they allow for their
        number. "tie": others are within the noise of the best. "likely": neither.
    ties : tuple of str
        The other candidates within the noise of the best.
    code : Code
        Lines to paste: ``code.train`` for the library's ``train``, ``code.sklearn`` for scikit-learn.
    caution : str, default ""
        What to use instead where many labels are wrong, if this model clearly suffers from them.
    """

    name: str
    objective: str
    library: str
    params: dict[str, Any]
    rounds: int
    reason: str
    confidence: Literal["clear", "likely", "tie"]
    ties: tuple[str, ...]
    code: Code
    caution: str = ""

    def __str__(self) -> str:
        one = self.code.objective  # tuned, or under a name of yours
        settings = [self.objective] if one not in (None, objective_of(self.code.name)) else []
        settings += [f"{name} {value}" for name, value in self.params.items()]
        if self.rounds:
            settings.append(f"{self.rounds} trees")
        shown = f", with {', '.join(settings)}" if settings else ""
        return f"Use {self.name}{shown}. {self.reason} {self.caution}".rstrip()

    def estimator(self) -> Any:
        """The model as an estimator of scikit-learn, unfitted.

        Raises
        ------
        ValueError
            For a function or model of your own, and for a saved result with a loss of your own.
        """
        return self.code.estimator()


def recommend(result: Frames) -> Recommendation | None:
    """The recommendation; None where no candidate has scores."""
    shares = statistics.contaminations(result)
    wide = statistics.table(result, shares[0]) if shares else pd.DataFrame()
    if wide.empty:
        return None
    kind, shown = statistics.kinds(result), names(result)
    top = statistics.best_of(result, wide, tuple(SIMPLICITY))
    assert top is not None
    near = _near(result, wide, list(wide), top)
    models = [key for key in near if kind[key] != "baseline"] or [top]
    chosen, by = _chosen(result, models, shares, kind)
    others = [key for key in models if key != chosen]
    confidence, why = _sureness(result, wide, chosen, others, kind)
    metric = str(result.info["metric"])
    if kind[chosen] == "baseline":
        reason = f"No model has a better {metric} than this constant."
    elif confidence == "tie":
        several = f"{len(others)} others are" if len(others) > 1 else f"{shown[others[0]]} is"
        reason = f"This is a tie: {several} within the noise of the best {metric}, and of these it is {by}."
    else:
        reason = f"It has the best {metric}; {why}."
    scores = result.scores
    own = scores[(scores["library"] == chosen.library) & (scores["candidate"] == chosen.candidate)]
    own = own[own["contamination"] == shares[0]]
    rounds = int(own["rounds"].median()) if kind[chosen] != "baseline" else 0
    code = Code.of(result, chosen, rounds)
    objective = code.recipe.objective if code.recipe is not None else chosen.candidate
    params = code.recipe.params if code.recipe is not None else {}
    ties = tuple(shown[key] for key in others)
    return Recommendation(
        shown[chosen], objective, chosen.library, params, rounds, reason, confidence, ties, code,
        _caution(result, chosen, shares[-1], kind) if len(shares) > 1 else "",
    )  # fmt: skip


def _caution(result: Frames, chosen: Key, share: float, kind: dict[Key, str]) -> str:
    """The safest candidate at the highest contamination, where the chosen one loses more than half of its gain there."""
    wide = statistics.table(result, share)
    safest = statistics.best_of(result, wide, tuple(SIMPLICITY))
    constant = statistics.best_of(result, wide, ("baseline",))
    if kind[chosen] == "baseline" or None in (safest, constant) or chosen not in wide:
        return ""
    assert safest is not None
    assert constant is not None
    here, best, none = (float(wide[key].mean()) for key in (chosen, safest, constant))
    if not statistics.paired(result, wide, chosen, safest).clear or abs(here - best) < 0.5 * abs(
        none - best
    ):
        return ""
    metric = result.info["metric"]
    return (
        f"If many labels can be wrong, take {names(result)[safest]}: with {100 * share:.4g}% of the training labels "
        f"contaminated, its {metric} is {number(best)}, and that of the recommended model {number(here)}."
    )


def _near(result: Frames, wide: pd.DataFrame, keys: Sequence[Key], best: Key) -> list[Key]:
    """The candidates within the noise of the best one."""
    level, kind = float(wide[best].mean()), statistics.kinds(result)
    constants = [float(wide[key].mean()) for key in wide if kind[key] == "baseline"]
    if constants:
        level -= max(constants) if statistics.higher_is_better(result) else min(constants)
    found = []
    for key in keys:
        pair = statistics.paired(result, wide, key, best)
        away = abs(pair.mean)
        if key == best or (away <= ERRORS * pair.error and away <= SHARE * abs(level)):
            found.append(key)
    return found


def _chosen(
    result: Frames, models: list[Key], shares: list[float], kind: dict[Key, str]
) -> tuple[Key, str]:
    """One of the candidates within the noise of the best, and what it was chosen by."""
    left, by = models, ""
    if len(shares) > 1 and len(left) > 1:
        wide = statistics.table(result, shares[-1])
        here = [key for key in left if key in wide]
        safest = statistics.best_of(result, wide, tuple(SIMPLICITY), among_keys=here)
        if safest is not None:
            near = _near(result, wide, here, safest)
            by, left = _narrowed(by, "the safest when labels are contaminated", left, near)
    made = {(one["library"], one["candidate"]): one for one in result.info.get("recipes", ())}

    def complexity(key: Key) -> tuple[int, int]:
        family = made.get(key, {}).get("family")
        return SIMPLICITY[kind[key]], len(FAMILIES[family].parameters) if family else 0

    simplest = min(map(complexity, left))
    simple = [key for key in left if complexity(key) == simplest]
    by, left = _narrowed(by, "the simplest", left, simple)
    seconds = result.scores.groupby(["library", "candidate"])["seconds"].median()
    fastest = min(left, key=lambda key: float(np.nan_to_num(seconds[key.library, key.candidate])))
    by, left = _narrowed(by, "the fastest", left, [fastest])
    return fastest, by


def _narrowed(by: str, word: str, left: list[Key], kept: list[Key]) -> tuple[str, list[Key]]:
    """What is kept, and the words for it where that is fewer."""
    if len(kept) == len(left):
        return by, left
    return f"{by}, then {word}" if by else word, kept


def _sureness(
    result: Frames, wide: pd.DataFrame, chosen: Key, ties: list[Key], kind: dict[Key, str]
) -> tuple[Literal["clear", "likely", "tie"], str]:
    """How sure the choice is, and that in words."""
    if ties:
        return "tie", ""
    rivals = [key for key in wide if key != chosen and kind[key] != "baseline"]
    pairs = [statistics.paired(result, wide, chosen, key) for key in rivals]
    if any(np.isnan(pair.p) for pair in pairs):
        return "likely", "a single fold can't tell how sure that is"
    unclear = sum(not (pair.clear and pair.p * len(rivals) < 1 - CONFIDENCE) for pair in pairs)
    if unclear:
        which = "another candidate" if unclear == 1 else f"{unclear} other candidates"
        return "likely", f"that it is better than {which} is likely, not certain"
    return "clear", "that it is better than each other candidate is clear"
