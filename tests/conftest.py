"""How many cases hypothesis draws: a few by default, many with --hypothesis-profile=long."""

import os

from hypothesis import settings

if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # beside other processes the libraries' threads would only wait
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Children of the default, which is hypothesis' own for CI where CI=true: the same cases in each run.
settings.register_profile("short", settings(), max_examples=100, deadline=None)
settings.register_profile("long", settings(), max_examples=2000, deadline=None)
settings.load_profile("short")
