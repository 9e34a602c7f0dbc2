"""Reading a CSV file: its encoding, its separator, its decimal sign; whatever is wrong is one line."""

from __future__ import annotations

import csv
import io
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from gbm_objectives._core.validation import message

SEPARATORS = (",", ";", "\t", "|")


def read_csv(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """The table of a file with a header line, and notes on how it was read.

    Raises
    ------
    ValueError
        Where there is no such file, no text or no table in it.
    """
    text, notes = _text(Path(path))
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(lines) < 2:
        given = f"{len(lines)} lines" if lines else "nothing in it"
        raise ValueError(message(str(path), given, "a header line and rows below it"))
    separator = _separator(lines)
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator, skipinitialspace=True)
        if separator != "," and _decimal_commas(frame):
            frame = pd.read_csv(
                io.StringIO(text), sep=separator, skipinitialspace=True, decimal=","
            )
            notes.append("decimal commas")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        first = str(error).strip().splitlines()[0]
        raise ValueError(message(str(path), first, "rows as long as the header line")) from error
    if separator != ",":
        notes.append(f"separated by {separator!r}")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame, notes


def column(frame: pd.DataFrame, target: str, source: str, argument: str = "target") -> pd.Series:
    """The target's column; an error names those of similar names."""
    if target in frame.columns:
        return frame[target]
    names = [str(name) for name in frame.columns]
    lower = {name.lower(): name for name in names}
    close = [lower[name] for name in get_close_matches(target.lower(), lower, 3, 0.5)]
    shown = close or names[:8]
    more = " ..." if not close and len(names) > 8 else ""
    instead = f"{'Did you mean' if close else 'There are'}: {', '.join(shown)}{more}"
    raise ValueError(message(argument, repr(target), f"a column of {source}", instead))


def _text(path: Path) -> tuple[str, list[str]]:
    if not path.exists():
        close = get_close_matches(path.name, _names(path.parent), 1)
        instead = f"Did you mean {close[0]}?" if close else ""
        raise ValueError(message(str(path), "no such file", "a CSV file", instead))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(
            message(str(path), error.strerror or str(error), "a readable CSV file")
        ) from error
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace"), ["encoded as utf-16"]
    if b"\0" in raw[:4096]:
        raise ValueError(message(str(path), "bytes that are no text", "a CSV file"))
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return raw.decode("latin-1"), ["not UTF-8: read as latin-1"]


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []


def _separator(lines: list[str]) -> str:
    """The one that cuts the header and the first rows into the most pieces, equally many."""

    def pieces(separator: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        return len(set(counts)) == 1 and counts[0] > 1, counts[0]

    return max(SEPARATORS, key=pieces)


def _decimal_commas(frame: pd.DataFrame) -> bool:
    """Whether a column of text is numbers with a decimal comma."""
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    return any(
        len(values := frame[name].dropna().astype(str))
        and bool(values.str.fullmatch(r"[+-]?\d+(,\d+)?").all())
        and bool(values.str.contains(",").any())
        for name in texts
    )
