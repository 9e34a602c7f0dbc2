"""What the command line says of a comparison beside its report."""

from __future__ import annotations

import numpy as np

from gbm_objectives.compare.data import Data
from gbm_objectives.compare.prepared import Prepared
from gbm_objectives.compare.result import Result


def splits(prepared: Prepared) -> str:
    """Folds, or test rows."""
    plan, test = prepared.experiment.plan, prepared.experiment.data.test
    if test is not None:
        return f"{int(test.sum())} of them to test on"
    repeats = f" ({1 + len(plan.repeats)} times on clean labels)" if plan.repeats else ""
    return f"{plan.folds} folds{repeats}"


def of(data: Data) -> str:
    """The task and the target."""
    if data.of_classes:
        return f"{data.task} {data.target} ({', '.join(data.classes[:5])}{' ...' * (len(data.classes) > 5)})"
    return f"{data.task} of {data.target}"


def interruption(result: Result) -> str:
    """How far it got."""
    info = result.info
    fits = result.scores[result.scores["metric"] == info["metric"]]
    if info["split"] == "test":
        return f"Interrupted after {len(fits) // info['folds']} of {info['fits']} models."
    folds = info["folds"] * len(info["seeds"])
    counts = fits.groupby(["seed", "fold"]).size()
    repeated = counts.index.get_level_values("seed").isin(info["repeats"])
    planned = np.where(repeated, 1, len(info["contaminations"])) * info["candidates"]
    complete = int((counts == planned).sum())
    rest = int(counts[counts < planned].sum())
    text = f"Interrupted after {complete} of {folds} folds."
    if complete and rest:
        return f"{text} The {rest} models of the next are left out."
    return f"{text} Of the first, {rest} of {planned[0]} models are done." if rest else text
