"""Rows whose labels look wrong: too far from the out-of-fold predictions for the noise of the data."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtri
from sklearn.isotonic import IsotonicRegression

from gbm_objectives._core.validation import Array, open_unit
from gbm_objectives.compare import distributions
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.focus import codes
from gbm_objectives.compare.report.mixture import chance_of_noise, most_suspect
from gbm_objectives.compare.report.recommendation import recommend
from gbm_objectives.compare.tasks import TASKS
from gbm_objectives.losses.distributions import FAMILIES

NUMBERS = ("row", "label", "prediction", "distance", "false_discovery")
CLASSES = ("row", "label", "prediction", "probability", "false_discovery")
#: The scale of residuals is that of so many rows with predictions nearby, or more.
NEAR = 100
#: The share of rows that a model of classes is surest of, and how few of them tell nothing.
SUREST, LEAST = 0.1, 40
#: Models are this often wrong where they are surest, whatever the labels.
USUAL = 0.01
#: Where classes overlap, the surest rows have less than this share of the error rate of all rows.
FLAT = 0.5


def suspects(result: Frames, rate: float = 0.05) -> pd.DataFrame:
    """The rows, the most suspect first; see `Result.suspects`."""
    rate = open_unit("rate", rate)
    found = _predictions(result)
    classes = [name for name in result.predictions if re.fullmatch(r"p_\d+", str(name))]
    if found.empty or not (
        classes or "y_pred" in found
    ):  # of several levels there is no one prediction
        return pd.DataFrame(columns=list(CLASSES if classes else NUMBERS))
    if classes:
        return _of_classes(result, found, rate)
    return _of_numbers(result, found, rate)


def _predictions(result: Frames) -> pd.DataFrame:
    """Of the recommended model on clean training labels: a row a row of the data, means over the seeds."""
    frame, best = result.predictions, recommend(result)
    if best is None or frame.empty:
        return frame.head(0)
    rows = frame[
        (frame["contamination"] == 0)
        & (frame["library"] == best.library)
        & (frame["candidate"] == best.code.name)
    ]
    if "family" in rows:
        rows = rows.assign(score=normal_scores(rows))
    values = [
        name for name in rows if name in ("y_pred", "score") or re.fullmatch(r"p_\d+", str(name))
    ]
    means = rows.groupby("row")[values].mean()
    return means.assign(y_true=rows.drop_duplicates("row").set_index("row")["y_true"])


def normal_scores(frame: pd.DataFrame) -> pd.Series:
    """Where labels lie in their distributions, as standard normal numbers; of counts the middle of their place."""
    parts = []
    for own, rows in distributions.of_frame(frame):
        y, one = own["y_true"].to_numpy(np.float64), distributions.frozen(rows)
        # Each side by the tail on it: 1 - F(y) of far labels is 0 in floating point.
        discrete = FAMILIES[distributions.unpacked(rows)[0]].discrete
        here = 0.5 * one.pmf(y) if discrete else 0.0
        below, above = one.cdf(y) - here, one.sf(y) + here
        tail = ndtri(np.maximum(np.minimum(below, above), 1e-300))
        parts.append(pd.Series(np.where(below < above, tail, -tail), own.index))
    return pd.concat(parts)


def _row_numbers(result: Frames, rows: Array) -> Array:
    """As the user counts them: rows without a label were left out before the rest was numbered."""
    left_out = np.asarray(result.info.get("without_label") or (), dtype=np.int64)
    if not len(left_out):
        return rows
    kept = np.setdiff1d(np.arange(int(rows.max()) + len(left_out) + 1), left_out)
    return np.asarray(kept[rows])


def _of_numbers(result: Frames, found: pd.DataFrame, rate: float) -> pd.DataFrame:
    y, prediction = (found[name].to_numpy(np.float64) for name in ("y_true", "y_pred"))
    residuals = found["score"].to_numpy() if "score" in found else y - prediction
    scale = _scales(residuals, prediction)
    if not (scale > 0).all():
        return pd.DataFrame(columns=list(NUMBERS))
    distance = residuals / scale
    chance = chance_of_noise(distance, rate)
    rows = most_suspect(chance, rate)
    return pd.DataFrame({
        "row": _row_numbers(result, found.index.to_numpy())[rows], "label": y[rows],
        "prediction": prediction[rows], "distance": distance[rows], "false_discovery": chance[rows],
    })  # fmt: skip


def _scales(residuals: Array, prediction: Array) -> Array:
    """1.4826 x the median size of residuals of rows with predictions nearby: noise may grow with the label."""
    size = np.abs(residuals - np.median(residuals))
    window = max(NEAR, len(size) // 5)
    order = np.argsort(prediction, kind="stable")
    medians = pd.Series(size[order]).rolling(
        window, center=True, min_periods=min(len(size), window // 2)
    )
    scale = np.empty(len(size))
    scale[order] = medians.median().to_numpy()
    return 1.4826 * scale


def _of_classes(result: Frames, found: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Labels against the model's class, where the model is surer than labels are right by chance.

    A model that learns from labels of which a share is wrong is never surer than 1 - share; where it is surest its
    errors are wrong labels. That share is the floor of its error rate; what an error rate has above the floor are
    honest errors.
    """
    p = found.drop(columns="y_true").to_numpy(np.float64)
    label = codes(found["y_true"], result.info.get("classes")).astype(int)
    likeliest, sureness = p.argmax(axis=1), p.max(axis=1)
    against = likeliest != label
    if TASKS[result.info["task"]].ordered:  # neighbours overlap, and are no evidence
        near = np.abs(likeliest[:, None] - np.arange(p.shape[1])) <= 1
        sureness, against = (p * near).sum(axis=1), np.abs(likeliest - label) > 1
    surest = np.argsort(-sureness, kind="stable")[: int(SUREST * len(p))]
    wrong = int(against[surest].sum())
    empty = pd.DataFrame(columns=list(CLASSES))
    if len(surest) < LEAST or not wrong:
        return empty
    surely = betaincinv(wrong, len(surest) - wrong + 1, rate)  # the lower end of the floor
    if surely < max(USUAL, FLAT * against.mean()):
        return empty
    errors = IsotonicRegression(increasing=False).fit_transform(sureness, against.astype(float))
    floor = wrong / len(surest)
    chance = np.where(against, 1 - floor / np.maximum(errors, floor), 1.0)
    rows = most_suspect(chance, rate)
    names = np.asarray(result.info.get("classes") or np.arange(p.shape[1]), dtype=object)
    return pd.DataFrame({
        "row": _row_numbers(result, found.index.to_numpy())[rows], "label": names[label[rows]],
        "prediction": names[likeliest[rows]], "probability": p[rows, label[rows]],
        "false_discovery": chance[rows],
    })  # fmt: skip
