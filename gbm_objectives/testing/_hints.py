"""Whether the failures of a callback are those of a wrong task: found by trying the others."""

from __future__ import annotations

from collections.abc import Callable, Collection

from gbm_objectives.testing._report import Check
from gbm_objectives.testing._samples import Samples

#: Checks whose outcome doesn't depend on what labels and predictions stand for.
MANNERS = ("doors", "shape", "dtype", "mutation", "weights", "pickling", "warnings")
#: What else the data may be, what the loss then looks like, and how to say so.
OTHERS = {
    'task="binary"': ("binary labels", Samples("binary")),
    'task="positive"': ("positive labels and a log link", Samples("positive")),
    'task="multiclass"': ("classes", Samples("multiclass", n_outputs=3)),
    "n_outputs=2": ("two outputs", Samples("regression", n_outputs=2, located=False, centre=(0, 0))),
}  # fmt: skip


def hint(failed: Collection[Check], again: Callable[[Samples], list[Check]], tried: Samples) -> str:
    """How to call the check for what the function looks like, if that is another kind of loss; or nothing.

    It does where no failure of mathematics is left; a classifier of two classes, which may have faults of its own, is
    known by its signs.

    Parameters
    ----------
    failed : collection of Check
        The failures at the data that were tried.
    again : callable
        Makes the checks at other data.
    tried : Samples
        These data.
    """
    if not _of_mathematics(failed):
        return ""
    for call, (meaning, samples) in OTHERS.items():
        if (samples.task, samples.n_outputs) == (tried.task, tried.n_outputs):
            continue
        checks = again(samples)
        left = _of_mathematics([check for check in checks if check.status == "failure"])
        if _has_two_sides(checks) if samples.task == "binary" else not left:
            return f"this looks like a loss of {meaning}: pass {call}."
    return ""


def _of_mathematics(failed: Collection[Check]) -> list[str]:
    return [check.name for check in failed if check.name not in MANNERS]


def _has_two_sides(checks: Collection[Check]) -> bool:
    """Whether the gradient is above 0 at label 0 and below at 1, whatever the score: of no loss of residuals."""
    found = [check for check in checks if check.name == "direction" and check.status == "ok"]
    return any(not any(check.data.values()) for check in found)
