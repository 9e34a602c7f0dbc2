"""Progress: how many models are done, with the time left; a bar in a terminal, else lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Any

from typing_extensions import override

#: Seconds between two lines.
EVERY = 10.0


class Progress(ABC):
    """What is told of a run."""

    @abstractmethod
    def of(self, total: int, known: int) -> AbstractContextManager[Any]:
        """The run of so many models, some of them known already."""

    @abstractmethod
    def advance(self) -> None:
        """One more is done."""


class Silent(Progress):
    """Nothing."""

    @override
    def of(self, total: int, known: int) -> AbstractContextManager[Any]:
        return nullcontext()

    @override
    def advance(self) -> None:
        pass


class Lines(Progress):
    """A line now and then, and one at the end."""

    def __init__(self, console: Any) -> None:
        self.console = console

    @override
    @contextmanager
    def of(self, total: int, known: int) -> Iterator[None]:
        self.total, self.known, self.done = total, known, known
        self.start = self.last = perf_counter()
        if known:
            self._say(f"{known} of {total} models known from an earlier run")
        yield

    @override
    def advance(self) -> None:
        self.done += 1
        now = perf_counter()
        if self.done == self.total:
            self._say(f"{self.total} of {self.total} models done in {now - self.start:.0f} s")
        elif now - self.last >= EVERY:
            self.last = now
            left = (now - self.start) / (self.done - self.known) * (self.total - self.done)
            self._say(f"{self.done} of {self.total} models done, about {left:.0f} s left")

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)


class Bar(Progress):
    """A bar, gone at the end."""

    def __init__(self, console: Any) -> None:
        from rich import progress

        self.bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("time left"),
            progress.TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
        )

    @override
    @contextmanager
    def of(self, total: int, known: int) -> Iterator[None]:
        with self.bar:
            self.models = self.bar.add_task("models", total=total, completed=known)
            yield

    @override
    def advance(self) -> None:
        self.bar.advance(self.models)


def shown() -> Progress:
    """On stderr: the bar where that is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    live = console.is_terminal and not console.is_dumb_terminal
    return Bar(console) if live else Lines(console)
