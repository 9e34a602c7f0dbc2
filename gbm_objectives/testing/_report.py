"""What a check found, and the report that reads like a diagnosis."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Status = Literal["ok", "note", "warning", "failure", "skipped"]

WIDTH = 100
#: The order of the diagnosis: the worst first.
_HEADINGS: dict[Status, str] = {
    "failure": "FAILURE",
    "warning": "WARNING",
    "note": "note",
    "ok": "ok",
    "skipped": "skipped",
}
_BAD: tuple[Status, ...] = ("failure", "warning", "note")
_FINE: tuple[Status, ...] = ("ok", "skipped")


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer.

    Parameters
    ----------
    name : str
        The name of the check.
    status : {"ok", "note", "warning", "failure", "skipped"}
        "failure": models will be wrong or not be trained. "warning": they may be. "note": good to know.
    finding : str
        What was seen, with numbers. Lines that begin with a blank are a table.
    advice : str, default ""
        What it means and what to do.
    data : dict, default {}
        The numbers behind the finding.
    """

    name: str
    status: Status
    finding: str
    advice: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The check as plain data.

        Returns
        -------
        dict
            Fit for JSON: NaN and infinities are strings.
        """
        return {
            "name": self.name,
            "status": self.status,
            "finding": self.finding,
            "advice": self.advice,
            "data": _plain(self.data),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnosis of an objective; printed, it reads from the worst to the harmless.

    Parameters
    ----------
    subject : str
        The objective that was checked.
    assumed : str
        How it was called and what for.
    checks : tuple of Check
        In the order in which they were made.
    hint : str, default ""
        What may have been forgotten, where another call of the check finds no such fault.
    """

    subject: str
    assumed: str
    checks: tuple[Check, ...]
    hint: str = ""

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return self._with("failure")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks with a warning."""
        return self._with("warning")

    @property
    def passed(self) -> bool:
        """Whether nothing failed; warnings and notes are no failures."""
        return not self.failures

    def __getitem__(self, name: str) -> Check:
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"{name!r}; the checks made are {[check.name for check in self.checks]}")

    def to_dict(self) -> list[dict[str, Any]]:
        """The checks as rows of plain data.

        Returns
        -------
        list of dict
            Fit for JSON and for ``pandas.DataFrame``.
        """
        return [check.to_dict() for check in self.checks]

    def __str__(self) -> str:
        counts = {status: len(self._with(status)) for status in _HEADINGS}
        bad = [_counted(counts[status], status) for status in _BAD if counts[status]]
        verdict = "PASSED" if self.passed else "FAILED"
        fine = f"{counts['ok']} ok, {counts['skipped']} skipped"
        lines = [*_wrap(f"check_objective: {self.subject}"), *_wrap(self.assumed), ""]
        lines.append(f"{verdict}: {', '.join([*bad, fine])}")
        lines += _wrap(self.hint, "hint: ", "      ") if self.hint else []
        for status in _BAD:
            for check in self._with(status):
                lines += ["", f"{_HEADINGS[status]}  {check.name}", *_wrap(check.finding, "  ")]
                lines += _wrap(check.advice, "  -> ", "     ") if check.advice else []
        lines.append("")
        column = max(len(check.name) for check in self.checks)
        for status in _FINE:
            for check in self._with(status):
                head = f"{_HEADINGS[status]:8}{check.name:{column}}  "
                lines += _wrap(check.finding, head, " " * len(head))
        return "\n".join(lines).rstrip()

    def _with(self, status: Status) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status == status)


class ObjectiveCheckError(AssertionError):
    """An objective failed its check.

    Parameters
    ----------
    report : Report
        The diagnosis, which is also the text of the error.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report

    def __reduce__(self) -> tuple[type[ObjectiveCheckError], tuple[Report]]:
        return type(self), (self.report,)


def table(title: str, columns: list[str], rows: dict[str, dict[str, Any]]) -> str:
    """Lines that begin with a blank, which the report leaves as they are."""

    def cell(value: Any) -> str:
        return f"{value:.0%}" if isinstance(value, float) else str(value)

    head = max(map(len, [title, *rows]))
    width = 8
    lines = [f"  {title:{head}}" + "".join(f"{c:>{width}}" for c in columns)]
    for name, values in rows.items():
        lines.append(f"  {name:{head}}" + "".join(f"{cell(values[c]):>{width}}" for c in columns))
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


def _wrap(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """The lines of a text; those that begin with a blank, rows of tables, stay whole."""
    rest = first if rest is None else rest
    lines: list[str] = []
    for line in text.split("\n"):
        lead = rest if lines else first
        if line.startswith(" "):
            lines.append(lead + line)
        else:
            lines += textwrap.wrap(
                line, WIDTH, initial_indent=lead, subsequent_indent=rest, break_on_hyphens=False
            ) or [""]
    return lines


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
