"""A result as files: one CSV a frame, and what it is about as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gbm_objectives.compare.result import Result

FRAMES = ("scores", "predictions", "curves", "warnings")


def save(result: Result, folder: Path) -> None:
    """Write scores.csv, predictions.csv.gz, curves.csv, warnings.csv and info.json."""
    for name in FRAMES:
        getattr(result, name).to_csv(folder / _file(name), index=False)
    text = json.dumps(result.info, indent=2, default=_plain)
    (folder / "info.json").write_text(text + "\n", encoding="utf-8")


def load(folder: str | Path) -> Result:
    """The result that `save` has written."""
    import pandas as pd

    path = Path(folder)
    read = (pd.read_csv(path / _file(name), keep_default_na=True) for name in FRAMES)
    info = json.loads((path / "info.json").read_text(encoding="utf-8"))
    scores, predictions, curves, warnings = read
    return Result(scores, predictions, curves, warnings, info)


def _file(name: str) -> str:
    """Predictions are many: a row a test row of each model."""
    return f"{name}.csv.gz" if name == "predictions" else f"{name}.csv"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
