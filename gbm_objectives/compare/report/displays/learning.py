"""The frames behind the figures of a comparison: `plots` draws what is in them and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gbm_objectives.compare import statistics
from gbm_objectives.compare.statistics import RIVALS, Key

if TYPE_CHECKING:
    from gbm_objectives.compare.result import Result

#: How many dots a panel of predicted against true shows.
DOTS = 400
OURS = ("ours", "user")


def focus(result: Result) -> list[Key]:
    """The candidates worth a line: in each library the best of ours and the best rival, and the constant.

    At the lowest contamination; at the highest, the best of ours and the best rival of all.
    """
    shares = statistics.contaminations(result)
    if not shares:
        return []
    lowest, highest = (statistics.table(result, share) for share in (shares[0], shares[-1]))
    libraries = dict.fromkeys(key.library for key in lowest)
    found = [
        statistics.best_of(result, lowest, group, library)
        for group in (OURS, RIVALS)
        for library in libraries
    ]
    found += [statistics.best_of(result, highest, group) for group in (OURS, RIVALS)]
    found.append(statistics.best_of(result, lowest, ("baseline",)))
    return list(dict.fromkeys(key for key in found if key is not None))


def scores(result: Result, contamination: float | None = None) -> pd.DataFrame:
    """The leaderboard at one contamination, by default the lowest, and the score of each fold as a list."""
    board = statistics.leaderboard(result)
    if board.empty:
        return board
    share = board["contamination"].min() if contamination is None else contamination
    wide = statistics.table(result, share)
    board = board[board["contamination"] == share].reset_index(drop=True)
    keys = [Key(*pair) for pair in zip(board["library"], board["candidate"], strict=True)]
    return board.assign(folds=[wide[key].tolist() for key in keys])


def contamination(result: Result) -> pd.DataFrame:
    """The mean and interval of each candidate at each contamination; empty where there is only one."""
    board = statistics.leaderboard(result)
    if board.empty or board["contamination"].nunique() < 2:
        return pd.DataFrame()
    chosen = focus(result)
    keys = [Key(*pair) for pair in zip(board["library"], board["candidate"], strict=True)]
    columns = ["library", "candidate", "kind", "contamination", "mean", "low", "high"]
    return board[columns].assign(highlighted=[key in chosen for key in keys])


def _predictions(result: Result, keys: Sequence[Key]) -> pd.DataFrame:
    """The predictions of some candidates at the lowest contamination."""
    frame = result.predictions
    if frame.empty:
        return frame
    lowest = (frame["contamination"] == frame["contamination"].min()).to_numpy()
    return frame[lowest & _of_keys(frame, keys)]


def _of_keys(frame: pd.DataFrame, keys: Sequence[Key]) -> np.ndarray[Any, Any]:
    """Which rows are of some candidates; a column at a time, for there may be millions."""
    found = np.zeros(len(frame), dtype=bool)
    for key in keys:
        found |= (
            (frame["library"] == key.library) & (frame["candidate"] == key.candidate)
        ).to_numpy()
    return found


def residuals(result: Result) -> pd.DataFrame:
    """Predicted and true labels of the best of ours and of the best rival, at most `DOTS` of each."""
    shares = statistics.contaminations(result)
    if not shares or "y_pred" not in result.predictions:
        return pd.DataFrame()
    found = [statistics.best(result, shares[0], group) for group in (OURS, RIVALS)]
    frame = _predictions(result, [key for key in found if key is not None])
    if frame.empty:
        return frame
    frame = frame[frame["seed"] == frame["seed"].min()]
    rows = frame["row"].unique()
    if len(rows) > DOTS:
        frame = frame[frame["row"].isin(np.random.default_rng(0).choice(rows, DOTS, replace=False))]
    columns = ["library", "candidate", "fold", "row", "y_true", "y_pred"]
    return frame[columns].assign(residual=frame["y_pred"] - frame["y_true"]).reset_index(drop=True)


def reliability(result: Result, bins: int = 10) -> pd.DataFrame:
    """Predicted probability and share of rows, in bins of equally many predictions.

    Two classes: of the second class. More: of each class against the rest, all in one curve.
    """
    columns = [name for name in result.predictions if re.fullmatch(r"p_\d+", str(name))]
    frame = _predictions(result, focus(result)) if columns else pd.DataFrame()
    rows: list[dict[str, Any]] = []
    if frame.empty:
        return frame
    classes = range(1, 2) if len(columns) == 2 else range(len(columns))
    for (library, name), own in frame.groupby(["library", "candidate"], sort=False, observed=True):
        p = np.concatenate([own[f"p_{k}"].to_numpy(np.float64) for k in classes])
        found = codes(own["y_true"], result.info.get("classes"))
        hit = np.concatenate([found == k for k in classes])
        edges = np.quantile(p, np.linspace(0, 1, min(bins, max(1, len(p) // 5)) + 1))
        place = np.searchsorted(np.unique(edges)[1:-1], p, side="right")  # equals stay together
        parts = [np.flatnonzero(place == number) for number in np.unique(place)]
        rows += [
            {
                "library": library, "candidate": name, "predicted": p[part].mean(),
                "observed": hit[part].mean(), "rows": len(part),
            }
            for part in parts
        ]  # fmt: skip
    return pd.DataFrame(rows)


def codes(y_true: pd.Series, classes: Sequence[Any] | None) -> np.ndarray[Any, Any]:
    """Class codes, also where the predictions name the classes."""
    if classes is None or pd.api.types.is_numeric_dtype(y_true):
        return np.asarray(y_true)
    return np.asarray(y_true.map({name: code for code, name in enumerate(classes)}))


def level(result: Result) -> float | None:
    """The quantile that a quantile task asks for, where the info says it."""
    found = result.info.get("tau")
    return None if found is None else float(found)


def coverage(result: Result) -> pd.DataFrame:
    """The share of true labels at or below the prediction, with its interval over folds."""
    if result.info["task"] != "quantile" or "y_pred" not in result.predictions:
        return pd.DataFrame()
    shares = statistics.contaminations(result)
    kind = statistics.kinds(result)
    keys = list(statistics.table(result, shares[0])) if shares else []
    frame = _predictions(result, keys)
    rows: list[dict[str, Any]] = []
    for (library, name), own in frame.groupby(["library", "candidate"], sort=False, observed=True):
        below = (own["y_true"] <= own["y_pred"]).groupby([own["seed"], own["fold"]]).mean()
        found = statistics.corrected_interval(below.to_numpy(), statistics.test_to_train(result))
        rows.append({
            "library": library, "candidate": name, "kind": kind[Key(library, name)],
            "coverage": found.mean, "low": np.clip(found.low, 0, 1), "high": np.clip(found.high, 0, 1),
        })  # fmt: skip
    return pd.DataFrame(rows)


def learning(result: Result) -> pd.DataFrame:
    """The metric on held-out rows and the seconds after each round: means over the folds that all get there."""
    frame = result.curves
    if frame.empty:
        return pd.DataFrame()
    frame = frame[frame["contamination"] == frame["contamination"].min()]
    metric = result.info["metric"]
    frame = frame[
        frame["metric"]
        == (metric if (frame["metric"] == metric).any() else frame["metric"].iloc[0])
    ]
    found = []
    own_rows = frame[_of_keys(frame, focus(result))]
    for (library, name), own in own_rows.groupby(
        ["library", "candidate"], sort=False, observed=True
    ):
        means = own.groupby("round").agg(
            seconds=("seconds", "mean"), value=("value", "mean"), folds=("value", "size")
        )
        means = means[means["folds"] == means["folds"].max()].reset_index()
        found.append(means.assign(library=library, candidate=name, metric=own["metric"].iloc[0]))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()
