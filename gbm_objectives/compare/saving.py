"""A result as files: one CSV a frame, and what it is about as JSON."""

from __future__ import annotations

import csv
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.result import Result

if TYPE_CHECKING:
    import pandas as pd

FRAMES = ("scores", "predictions", "curves", "warnings")


def save(result: Result, folder: Path) -> None:
    """Write scores.csv, predictions.csv.gz, curves.csv, warnings.csv, suspects.csv, tuning.csv and info.json."""
    for name in FRAMES:
        frame = getattr(result, name)
        if name == "predictions":
            _write_predictions(frame, folder / _file(name))
        else:
            frame.to_csv(folder / _file(name), index=False)
    result.suspects().to_csv(folder / "suspects.csv", index=False)
    if "tuning" in result.info:
        result.tuning().to_csv(folder / "tuning.csv", index=False)
    text = json.dumps(result.info, indent=2, default=_plain)
    (folder / "info.json").write_text(text + "\n", encoding="utf-8")


def _write_predictions(frame: pd.DataFrame, path: Path) -> None:
    """As ``to_csv`` writes them, in a fraction of the time: there may be millions of rows, of few different rows."""
    fixed = [
        name for name in frame.columns if name not in ("row", "y_true") and not _predicted(name)
    ]
    values = [name for name in frame.columns if _predicted(name)]
    shared = frame[["row", "y_true"]].drop_duplicates() if len(frame) else frame
    tests = {
        row: f"{row},{y}"
        for row, y in zip(shared["row"].tolist(), shared["y_true"].tolist(), strict=True)
    }
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*fixed, "row", "y_true", *values])
        for key, own in frame.groupby(fixed, sort=False, observed=True):
            prefix = StringIO()
            csv.writer(prefix, lineterminator="").writerow(key)
            ends = zip(*(map(repr, own[name].tolist()) for name in values), strict=True)
            start = prefix.getvalue()
            file.writelines(
                f"{start},{tests[row]},{','.join(end)}\n"
                for row, end in zip(own["row"].tolist(), ends, strict=True)
            )


def _predicted(name: str) -> bool:
    return name == "y_pred" or name.startswith(("p_", "q_", "parameter_"))


def load(folder: str | Path) -> Result:
    """The result that `save` has written.

    Files keep of an objective its name alone, so one of a loss of your own is not in `Result.objectives`.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Result
    """
    import pandas as pd

    path = Path(folder)
    read = (pd.read_csv(path / _file(name), keep_default_na=True) for name in FRAMES)
    info = json.loads((path / "info.json").read_text(encoding="utf-8"))
    scores, predictions, curves, warnings = read
    ours = scores.loc[scores["kind"] == "ours", "candidate"].unique()
    made_by = {one["candidate"]: one["objective"] for one in info.get("recipes", ())}
    calls = {name: made_by.get(name, name) for name in ours}
    objectives = {name: one for name, call in calls.items() if (one := objective_of(call))}
    return Result(scores, predictions, curves, warnings, info, objectives)


def _file(name: str) -> str:
    """Predictions are many: a row a test row of each model."""
    return f"{name}.csv.gz" if name == "predictions" else f"{name}.csv"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
