"""What the scores of a comparison amount to: paired differences with intervals, ranks, a leaderboard.

A candidate is known by its library and name together, its `Key`. Failed candidates don't rank: a mean
over other folds than those of the rest does not compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit  # scipy.stats takes 200 times as long

from gbm_objectives._core.validation import message
from gbm_objectives.compare.frames import Frames

CONFIDENCE = 0.95
#: What a library can do without this package: its own objectives, also on a transformed target.
RIVALS = ("built-in", "transformed")


class Key(NamedTuple):
    """A candidate: its library and its name."""

    library: str
    candidate: str

    def __str__(self) -> str:
        return self.candidate if self.library in ("", "-") else f"{self.candidate} · {self.library}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean of paired differences, its interval and the p value of a mean of 0; NaN for one pair."""

    mean: float
    low: float
    high: float
    p: float
    pairs: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def error(self) -> float:
        """The standard error of the mean, half the interval over the t quantile; NaN for one pair."""
        if self.pairs < 2:
            return nan
        return (self.high - self.mean) / float(stdtrit(self.pairs - 1, (1 + CONFIDENCE) / 2))


def corrected_interval(
    differences: Sequence[float] | np.ndarray[Any, Any],
    test_to_train: float,
    confidence: float = CONFIDENCE,
) -> Difference:
    """The corrected resampled t interval of the mean of differences over folds and seeds.

    mean +- t sqrt((1/n + n_test/n_train) s^2), t of n - 1 degrees of freedom. Training sets overlap, so the
    scores of folds go together and s^2/n is too small. The correction takes n_test/(n_test + n_train) for the
    correlation; no estimate of it from the scores alone is unbiased.

    Parameters
    ----------
    differences : array-like of shape (n,)
        One a fold and seed.
    test_to_train : float
        n_test/n_train, 1/(k - 1) for k folds.
    confidence : float, default 0.95
        Of the interval, two-sided.

    Returns
    -------
    Difference

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, doi:10.1023/A:1024068626366.
    """
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if n == 0:
        raise ValueError(message("differences", "none", "one for each fold and seed"))
    mean = float(values.mean())
    if n == 1:
        return Difference(mean, nan, nan, nan, 1)
    error = sqrt((1 / n + test_to_train) * float(values.var(ddof=1)))
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(n - 1, -abs(mean) / error)) if error > 0 else float(mean == 0)
    return Difference(mean, mean - half, mean + half, p, n)


def n_folds(result: Frames) -> int:
    """The folds that were planned, also where the comparison was interrupted."""
    folds = result.info["folds"]
    return int(folds) if isinstance(folds, (int, np.integer)) else len(folds)


def test_to_train(result: Frames) -> float:
    """n_test/n_train of the folds; infinite for a single one."""
    given, folds = result.info.get("test_to_train"), n_folds(result)
    if given is not None:  # of splits by time, whose training rows grow
        return float(given)
    return 1 / (folds - 1) if folds > 1 else float("inf")


def higher_is_better(result: Frames) -> bool:
    """Whether the metric that decides is a gain and not an error."""
    scores = result.scores
    found = scores.loc[scores["metric"] == result.info["metric"], "higher_is_better"].dropna()
    return bool(found.iloc[0]) if len(found) else False


def is_ratio(result: Frames) -> bool:
    """Whether shares of the metric mean something; a likelihood has no 0."""
    return not higher_is_better(result) and result.info["metric"] != "log_score"


def contaminations(result: Frames) -> list[float]:
    """Those with scores, from clean upwards."""
    return sorted(float(share) for share in result.scores["contamination"].dropna().unique())


def failures(result: Frames) -> pd.DataFrame:
    """Failed and skipped candidates: one row for each reason, with the number of fits it holds for.

    Reasons that differ in their figures only are one, shown as it was first.
    """
    scores = result.scores
    bad = scores[scores["status"] != "ok"].drop_duplicates(
        ["candidate", "library", "contamination", "seed", "fold"]
    )
    columns = ["candidate", "library", "status"]
    alike = bad["reason"].astype(str).str.replace(r"\d+", "", regex=True)
    groups = bad.groupby([*columns, alike.rename("alike")], sort=False, dropna=False)["reason"]
    found = groups.agg(reason="first", fits="size").reset_index()
    return found[[*columns, "reason", "fits"]]


def table(result: Frames, contamination: float) -> pd.DataFrame:
    """The deciding metric: one column a candidate (its `Key`), one row a seed and fold that all have.

    Candidates that failed anywhere at this contamination are left out. Where nothing is common to the rest, as
    after an interruption, those that have the most frequent seed and fold are kept.
    """
    scores = result.scores
    scores = scores[(scores["contamination"] == contamination).to_numpy()]
    ok = (scores["status"] == "ok").to_numpy()
    bad = {Key(*row) for row in _keys(scores[~ok])}
    chosen = scores[ok & (scores["metric"] == result.info["metric"]).to_numpy()]
    wide = chosen.set_index(["seed", "fold", "library", "candidate"])["value"].unstack([2, 3])
    wide = wide.sort_index(axis=1)
    wide.columns = pd.Index([Key(*column) for column in wide.columns], tupleize_cols=False)
    wide = wide.loc[:, [column not in bad for column in wide.columns]]
    common = wide.dropna()
    if common.empty and wide.size:
        row = wide.notna().sum(axis=1).idxmax()
        common = wide.loc[[row]].dropna(axis=1)
    return common


def _keys(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    yield from frame[["library", "candidate"]].drop_duplicates().itertuples(index=False, name=None)


def kinds(result: Frames) -> dict[Key, str]:
    """The kind of each candidate."""
    rows = result.scores.drop_duplicates(["library", "candidate"])
    keys = map(Key, rows["library"], rows["candidate"])
    return dict(zip(keys, rows["kind"], strict=True))


def difference(result: Frames, one: Key, other: Key, contamination: float) -> Difference:
    """The metric of one candidate - that of another, paired by seed and fold."""
    wide = table(result, contamination)
    if missing := {one, other} - set(wide):
        given = f"{min(missing)}, without a full set of scores"
        raise ValueError(message("candidate", given, f"one of {', '.join(map(str, wide))}"))
    return paired(result, wide, one, other)


def paired(result: Frames, wide: pd.DataFrame, one: Key, other: Key) -> Difference:
    """`difference` by a table."""
    return corrected_interval((wide[one] - wide[other]).to_numpy(), test_to_train(result))


def visible(result: Frames) -> float:
    """The difference to the best candidate that four in five such comparisons would show as clear; NaN for one fold.

    (t_0.975 + t_0.8) standard errors of the paired difference, the median over the other models at the lowest
    contamination.
    """
    shares = contaminations(result)
    wide = table(result, shares[0]) if shares else pd.DataFrame()
    kind = kinds(result)
    models = [key for key in wide if kind[key] != "baseline"]
    top = best_of(result, wide, tuple(set(kind.values()) - {"baseline"})) if models else None
    if top is None or len(models) < 2 or len(wide) < 2:
        return nan
    errors = [paired(result, wide, key, top).error for key in models if key != top]
    quantiles = stdtrit(len(wide) - 1, (1 + CONFIDENCE) / 2) + stdtrit(len(wide) - 1, 0.8)
    return float(quantiles * np.median(errors))


def ranks(result: Frames) -> pd.DataFrame:
    """The mean rank of each candidate over seeds and folds, 1 the best; one column a contamination."""
    ascending = not higher_is_better(result)
    found = {
        share: table(result, share).rank(axis=1, ascending=ascending).mean()
        for share in contaminations(result)
    }
    return pd.DataFrame(found)


def best(
    result: Frames, contamination: float, among: Sequence[str], library: str | None = None
) -> Key | None:
    """The candidate with the best mean among those of some kinds; None where there is none."""
    return best_of(result, table(result, contamination), among, library)


def best_of(
    result: Frames,
    wide: pd.DataFrame,
    among: Sequence[str],
    library: str | None = None,
    among_keys: Sequence[Key] | None = None,
) -> Key | None:
    """`best` by a table, of some of its candidates only where these are given."""
    kind = kinds(result)
    keys: list[Key] = [
        key
        for key in (wide if among_keys is None else among_keys)
        if kind[key] in among and library in (None, key.library)
    ]
    if not keys:
        return None
    means = np.array([wide[key].mean() for key in keys])
    return keys[int(means.argmax() if higher_is_better(result) else means.argmin())]


def leaderboard(result: Frames) -> pd.DataFrame:
    """One row a candidate and contamination, the best first.

    Columns: contamination, library, candidate, kind, mean, low, high (the interval of the mean), rank, pairs;
    to_best, to_best_low, to_best_high, the difference to the best mean of all; to_builtin, ..., to the best of the
    same library without this package; to_constant: for errors the mean divided by that of the best constant, for
    gains and likelihoods the difference. Differences are candidate - other, in the units of the metric.
    """
    gain, kind = higher_is_better(result), kinds(result)
    rows: list[dict[str, Any]] = []
    for share in contaminations(result):
        wide = table(result, share)
        # Keys are tuples, by which older versions of pandas can't select.
        means = wide.rank(axis=1, ascending=not gain).mean()
        ranked = dict(zip(wide, means.to_numpy(), strict=True))
        constant = best_of(result, wide, ("baseline",))
        top = best_of(result, wide, tuple(set(kind.values())))
        rivals = {
            library: best_of(result, wide, RIVALS, library)
            for library in {key.library for key in wide}
        }
        for key in wide:
            own = corrected_interval(wide[key].to_numpy(), test_to_train(result))
            row: dict[str, Any] = {
                "contamination": share, "library": key.library, "candidate": key.candidate,
                "kind": kind[key], "mean": own.mean, "low": own.low, "high": own.high,
                "rank": ranked[key], "pairs": own.pairs,
            }  # fmt: skip
            others = {"best": top, "builtin": rivals[key.library]}
            for name, other in others.items():
                found = None
                if other is not None and other != key:
                    found = paired(result, wide, key, other)
                row[f"to_{name}"] = found.mean if found else nan
                row[f"to_{name}_low"] = found.low if found else nan
                row[f"to_{name}_high"] = found.high if found else nan
            row["to_constant"] = nan
            if constant is not None:
                base = float(wide[constant].mean())
                if not is_ratio(result):
                    row["to_constant"] = own.mean - base
                elif base > 0:
                    row["to_constant"] = own.mean / base
            rows.append(row)
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    order = frame["mean"] * (-1 if gain else 1)
    return (
        frame.assign(order=order).sort_values(["contamination", "order"], kind="stable")
        .drop(columns="order").reset_index(drop=True)
    )  # fmt: skip
