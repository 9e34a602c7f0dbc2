"""The console script ``gbm-objectives``: a message instead of a traceback where an extra is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_NEEDED = ("typer", "rich", "sklearn", "pandas", "joblib", "cloudpickle")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``gbm-objectives``.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        The exit code: 0; 1 where every model failed; 2 for bad usage or missing packages; 130 after
        Ctrl-C.
    """
    try:
        from gbm_objectives.compare.cli import app

        return app.main(sys.argv[1:] if arguments is None else arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _NEEDED:
            raise
        print(
            f"gbm-objectives: {missing} is not installed. "
            "Run: pip install 'gbm-objectives[compare]'",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130
