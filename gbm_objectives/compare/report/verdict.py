"""The verdict of a comparison, in one to three plain sentences that claim no more than the scores show."""

from __future__ import annotations

from math import isnan

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.contests import Contest, contests
from gbm_objectives.compare.report.names import name_of, names
from gbm_objectives.compare.report.numbers import number
from gbm_objectives.compare.report.statistics import CONFIDENCE, Difference


def verdict(result: Frames) -> str:
    """A few sentences: clean labels, the highest contamination, for ours and the user's, and what weakens the claim.

    Of the libraries, each sentence takes the one whose best candidate of ours is best. A model that is not clearly
    better than the constant is said to be so first.
    """
    found = contests(result)
    shares = statistics.contaminations(result)
    ends = list(dict.fromkeys((shares[0], shares[-1]))) if shares else []
    sentences = [sentence for share in ends if (sentence := _at(result, found, share))]
    if not sentences:
        sentences = [
            "Nothing can be compared: no candidate of ours and built-in one of the same library have both been scored."
        ]
    return " ".join([*sentences, _caveat(result, found)]).strip()


def lines(result: Frames) -> list[str]:
    """A sentence for each library and contamination, with its evidence, and what weakens them."""
    found = contests(result)
    metric = str(result.info["metric"])
    weak = (_against_constant(result, share) for share in statistics.contaminations(result))
    said = [f"{describe(one, metric)}: {interval(one.difference)}." for one in found]
    return [line for line in (*said, *weak, power(result), _caveat(result, found)) if line]


def power(result: Frames) -> str:
    """What difference the comparison could have seen, in a sentence; empty for one fold."""
    size = statistics.visible(result)
    if isnan(size):
        return ""
    best = statistics.leaderboard(result)["mean"].iloc[0]
    shares = statistics.higher_is_better(result) or statistics.is_ratio(result)
    share = f" ({number(100 * size / abs(best), 2)}% of the best)" if best and shares else ""
    return (
        f"These folds would usually show a difference of {number(size, 2)} {result.info['metric']}{share} "
        "as clear; smaller ones can go unseen."
    )


def _at(result: Frames, found: list[Contest], share: float) -> str:
    weak = _against_constant(result, share)
    if weak:
        return weak
    gain = statistics.higher_is_better(result)
    sentences = []
    for kind in ("ours", "user"):
        here = [one for one in found if one.contamination == share and one.kind == kind]
        if here:
            contest = (max if gain else min)(here, key=lambda one: one.ours_mean)
            sentences.append(f"{describe(contest, str(result.info['metric']))}.")
    return " ".join(sentences)


def describe(contest: Contest, metric: str) -> str:
    """A contest in one clause."""
    ours = f"{name_of(contest.ours, contest.kind)} ({metric} {number(contest.ours_mean)})"
    rival = f"{name_of(contest.rival, contest.rival_kind)} ({number(contest.rival_mean)})"
    where = label(contest.contamination)
    if isnan(contest.difference.low):
        return f"{where}, a single fold tells no clear difference between {ours} and {rival}"
    if not contest.clear:
        return f"{where}, no clear difference between {ours} and {rival}"
    side = "better" if contest.ours_better else "worse"
    if contest.survives_picking:
        return f"{where}, {ours} is {side} than {rival}"
    return (
        f"{where}, {ours} may be {side} than {rival}, but for a pick of one among {contest.picks} "
        "that is not clear"
    )


def _against_constant(result: Frames, share: float) -> str:
    """A sentence where the best model is not clearly better than the best constant."""
    models = tuple(set(statistics.kinds(result).values()) - {"baseline"})
    model = statistics.best(result, share, models)
    constant = statistics.best(result, share, ("baseline",))
    if model is None or constant is None:
        return ""
    pair = statistics.difference(result, model, constant, share)
    better = pair.low > 0 if statistics.higher_is_better(result) else pair.high < 0
    if better or isnan(pair.low):
        return ""
    return (
        f"{label(share)}, no model is clearly better than {constant.candidate}: "
        f"the best is {names(result)[model]}."
    )


def _caveat(result: Frames, found: list[Contest]) -> str:
    """How the pick flatters, who is missing, whether the run is complete."""
    parts = []
    if found:
        board = statistics.leaderboard(result).drop_duplicates(["library", "candidate"])
        ours = int((board["kind"] == "ours").sum())
        rivals = int(board["kind"].isin(statistics.RIVALS).sum())
        parts.append(
            f"picking the best of {ours} of ours and {rivals} built-in candidates on the same folds that score "
            "them flatters both"
        )
    bad, called = statistics.failures(result), names(result)
    for status, rows in bad.groupby("status", sort=False):
        left_out = [
            called[statistics.Key(*key)]
            for key in dict.fromkeys(zip(rows["library"], rows["candidate"], strict=True))
        ]
        shown = ", ".join(left_out[:3])
        shown += f" and {len(left_out) - 3} more" if len(left_out) > 3 else ""
        parts.append(f"{status}, so left out: {shown}")
    if not result.info.get("complete", True):
        parts.append("the comparison was interrupted and this is what is there so far")
    if not parts:
        return ""
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def label(share: float) -> str:
    """Where a sentence holds."""
    if share == 0:
        return "On clean training labels"
    return f"With {100 * share:.4g}% of the training labels contaminated"


def interval(pair: Difference) -> str:
    """The difference, its interval and the number of folds."""
    return (
        f"difference {number(pair.mean, 3)}, {CONFIDENCE:.0%} interval {number(pair.low, 3)} to "
        f"{number(pair.high, 3)}, {pair.pairs} folds"
    )
