"""What tuning has found: the parameters of a candidate, and a table of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.names import names
from gbm_objectives.compare.report.numbers import number
from gbm_objectives.compare.report.statistics import Key, contaminations


def tuning_of(result: Frames, key: Key, fold: int | None = None) -> dict[str, Any] | None:
    """The search of a candidate on the training rows of a fold; by default that on all rows, or else of its last fold.

    At the lowest contamination. None where nothing was tuned.
    """
    shares = contaminations(result)
    own = [
        one for one in result.info.get("tuning") or ()
        if (one["library"], one["candidate"]) == key
        and (one["fold"] is None or one["contamination"] == shares[0])
    ]  # fmt: skip
    wanted = [one for one in own if one["fold"] == fold] or own
    return wanted[-1] if wanted else None


def frame(result: Frames) -> pd.DataFrame:
    """A row a search; see `Result.tuning`."""
    columns = (
        "candidate", "library", "contamination", "seed", "fold", "trials", "given_up", "failed", "seconds", "untuned",
        "value", "params",
    )  # fmt: skip
    return pd.DataFrame(result.info.get("tuning") or (), columns=list(columns))


def rows(result: Frames) -> list[dict[str, str]]:
    """A row a candidate, at the lowest contamination: trials, what they have gained, and the parameters."""
    found, called = frame(result), names(result)
    if found.empty:
        return []
    found = found[found["contamination"] == contaminations(result)[0]]
    shown = []
    for key, own in found.groupby(["library", "candidate"], sort=False):
        gains = (own["value"] / own["untuned"] - 1).astype(float)
        gain = float(np.nanmedian(gains)) if gains.notna().any() else np.nan
        shown.append({
            "name": called[Key(*key)], "trials": _span(own["trials"]), "seconds": f"{own['seconds'].sum():.0f}",
            "change": f"{100 * gain:+.1f}%".replace("-", "−") if np.isfinite(gain) else "–",
            "params": ", ".join(_params(own["params"].tolist())),
        })  # fmt: skip
    return shown


def _params(found: list[dict[str, Any]]) -> list[str]:
    """Each parameter with its values, from the smallest to the largest."""
    texts = []
    for name in dict.fromkeys(name for one in found for name in one):
        values = [one[name] for one in found if name in one]
        if all(isinstance(value, (int, float)) for value in values):
            texts.append(f"{name} {_span(pd.Series(values))}")
        else:
            texts.append(f"{name} {' or '.join(dict.fromkeys(map(str, values)))}")
    return texts


def _span(values: pd.Series) -> str:
    low, high = float(values.min()), float(values.max())
    return number(low) if low == high else f"{number(low)} to {number(high)}"
