"""The libraries' own tests of custom objectives, with objectives of this package in place of theirs.

    python tools/upstream.py --xgboost xgboost/tests/python --lightgbm LightGBM/tests/python_package_test

The paths are checkouts of the libraries' sources, best of the version that is installed; those of XGBoost on Dask are
in `xgboost/tests/test_distributed/test_with_dask`, those of LightGBM beside the others. Each test that is run is listed
with the times that it called an objective of ours in this process; one that names none of ours and never calls one says
nothing here and is left out. Exit code 1 where one of them fails, or none was swapped.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from functools import wraps
from pathlib import Path

import pytest

from gbm_objectives import (
    Objective,
    binary_cross_entropy,
    expectile,
    softmax_cross_entropy,
    squared_error,
)

#: What the libraries' tests call their own objectives.
OURS = {
    "ls_obj": squared_error(),
    "mse_obj": squared_error(),
    "objective_ls": squared_error(),
    "custom_asymmetric_obj": expectile(1 / 11),
    "_objective_least_squares": squared_error(),
    "_objective_logistic_regression": binary_cross_entropy(),
    "logregobj": binary_cross_entropy(),
    "logloss_obj": binary_cross_entropy(),
    "softprob_obj": softmax_cross_entropy(curvature="xgboost"),
    "sklearn_multiclass_custom_objective": softmax_cross_entropy(curvature="lightgbm"),
}


class Swap:
    """A pytest plugin: swaps the objectives, counts the calls, keeps the results."""

    def __init__(self) -> None:
        self.calls = 0
        self.swapped: set[str] = set()
        self.results: list[tuple[str, str, int]] = []

    def pytest_configure(self) -> None:
        """Count what reaches the callbacks, whoever copies them."""
        for name in ("__call__", "gradient_hessian"):
            function = getattr(Objective, name)

            @wraps(function)  # the libraries look at the signature
            def counting(*args, _function=function, **arguments):
                self.calls += 1
                return _function(*args, **arguments)

            setattr(Objective, name, counting)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Swap in the tests' modules, and in the helpers that they share."""
        modules = {item.module for item in items}
        modules |= {m for name, m in sys.modules.items() if name.startswith("xgboost.testing")}
        for module in modules:
            for name, objective in OURS.items():
                if callable(getattr(module, name, None)):
                    setattr(module, name, objective)
                    self.swapped.add(name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):
        """Note what happened in tests that called ours."""
        before, outcome = self.calls, "failed"
        try:
            result = yield
            outcome = "passed"
        except pytest.skip.Exception:
            outcome = "skipped"
            raise
        finally:
            # On Dask other processes call it: there the names that the test uses tell.
            if self.calls > before or self.swapped & {*item.function.__code__.co_names}:
                self.results.append((item.nodeid, outcome, self.calls - before))
        return result


def run(folder: Path, options: list[str]) -> int:
    """The tests of one library, in a process of their own: folder is the current one."""
    swap = Swap()
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--tb=short",
        "-W",
        "default",
        "--continue-on-collection-errors",
    ]
    os.chdir(folder)
    pytest.main([*arguments, *options], plugins=[swap])
    for test, outcome, calls in swap.results:
        print(f"{outcome}  {calls:4d} calls  {test}")
    failed = sum(outcome == "failed" for _, outcome, _ in swap.results)
    print(f"{len(swap.results)} tests with objectives of ours, {failed} failed")
    return int(failed > 0 or not swap.results)


def main() -> int:
    """Both libraries, those that are given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--xgboost", type=Path, help="xgboost/tests/python")
    parser.add_argument("--lightgbm", type=Path, help="LightGBM/tests/python_package_test")
    parser.add_argument("-k", default="obj or custom", help="as in pytest")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        return run(options.run, ["-k", options.k])
    folders = [folder for folder in (options.xgboost, options.lightgbm) if folder]
    if not folders:
        parser.error("give --xgboost, --lightgbm or both")
    for folder in folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    command = [sys.executable, __file__, "-k", options.k, "--run"]
    one_thread = {"OMP_NUM_THREADS": "1", **os.environ}  # some of the tests have a time limit
    return max(
        subprocess.run([*command, str(folder.resolve())], env=one_thread).returncode
        for folder in folders
    )


if __name__ == "__main__":
    sys.exit(main())
