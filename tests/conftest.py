"""How many cases hypothesis draws, a few by default, many with --hypothesis-profile=long; and the long files first."""

import gc
import os

from hypothesis import settings

#: Files that take longest. Where files run side by side, those that begin last should be short.
LONG = ["test_notebooks.py", "test_compare.py", "test_engine.py", "test_dask.py", "test_report.py"]

if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # beside other processes the libraries' threads would only wait
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Children of the default, which is hypothesis' own for CI where CI=true: the same cases in each run.
settings.register_profile("short", settings(), max_examples=100, deadline=None)
settings.register_profile("long", settings(), max_examples=2000, deadline=None)
settings.load_profile("short")


def pytest_configure(config):
    """Files go to processes in the order below, not by their number of tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The long files come first, the others in their order."""
    place = {name: k for k, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONG)))


def pytest_collection_finish():
    """What is imported and collected stays: passes of the garbage collector need not look at it again and again."""
    gc.freeze()
