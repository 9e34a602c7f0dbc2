"""Sums over the machines of a training, through the Dask cluster: LightGBM has no call for them from Python.

An actor on one of the workers waits for a vector from each machine, and gives all of them the sum. It is added up
in the order of the workers' addresses, so the result is the same on every machine and in every run.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from distributed import get_worker
from lightgbm.callback import EarlyStopException

from gbm_objectives._core.validation import Array

#: The training that a thread takes part in: the key of its actor, the number of machines, steps done.
_HERE = threading.local()


@dataclass
class _Step:
    parts: dict[str, Array] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    total: Array | None = None
    taken: int = 0


class Summation:
    """The actor: adds up the vectors of ``n_machines`` machines, step by step."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.steps: dict[int, _Step] = {}

    async def add(self, number: int, n_machines: int, machine: str, sums: Array) -> Array:
        """The sum of the vectors that all machines give at this step."""
        step = self.steps.setdefault(number, _Step())
        step.parts[machine] = sums
        if len(step.parts) == n_machines:
            step.total = np.sum([step.parts[name] for name in sorted(step.parts)], axis=0)
            step.complete.set()
        try:
            await asyncio.wait_for(step.complete.wait(), self.timeout)
        except asyncio.TimeoutError:
            missing = n_machines - len(step.parts)
            raise TimeoutError(
                f"{missing} of {n_machines} machines gave no sums within {self.timeout:g} s: a worker died, or "
                "is slower than timeout= allows"
            ) from None
        step.taken += 1
        if step.taken == n_machines:
            del self.steps[number]
        return np.asarray(step.total)


@contextmanager
def _hanging_up(booster: Any) -> Iterator[None]:
    """Close the booster's connections on an error.

    LightGBM leaves them open, and the other machines would wait for this one, with their workers busy, for ever.
    """
    try:
        yield
    except EarlyStopException:
        raise
    except BaseException:
        booster.free_network()
        raise


def _guard_update(booster: Any) -> None:
    """The booster's next round is one that hangs up on an error."""

    def update(*args: Any, **kwargs: Any) -> Any:
        del booster.update  # the method comes to light again
        with _hanging_up(booster):
            return booster.update(*args, **kwargs)

    booster.update = update


class Guarded:
    """A callback of LightGBM that hangs up on an error."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback
        self.before_iteration: bool = getattr(callback, "before_iteration", False)
        self.order: int = getattr(callback, "order", 0)

    def __call__(self, env: Any) -> None:
        """Run it."""
        with _hanging_up(env.model):
            self.callback(env)


@dataclass(frozen=True)
class Machines:
    """The machines of one training, from the side of each of them; also LightGBM's callback that counts them.

    Parameters
    ----------
    actor : the handle of a `Summation`.
    timeout : seconds that machines wait for each other.
    """

    actor: Any
    timeout: float

    before_iteration: ClassVar[bool] = True
    order: ClassVar[int] = -1

    def __call__(self, env: Any) -> None:
        """Before the first round LightGBM tells each machine how many there are."""
        if env.iteration == env.begin_iteration:
            _HERE.training = (self.actor.key, int(env.params["num_machines"]), 0)
        _guard_update(env.model)

    def allreduce(self, sums: Array) -> Array:
        """The sum over the machines."""
        key, n_machines, number = _HERE.training
        if key != self.actor.key:
            raise RuntimeError("this thread takes part in another training")
        _HERE.training = (key, n_machines, number + 1)
        if n_machines == 1:
            return sums
        future = self.actor.add(number, n_machines, get_worker().address, sums)
        try:  # the actor is the first to lose patience, unless its own worker has died
            total: Array = future.result(timeout=self.timeout + 10.0)
        except TimeoutError as error:
            raise TimeoutError(str(error) or "the worker that adds them up is gone") from error
        return total
