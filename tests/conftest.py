"""How many cases hypothesis draws: a few by default, many with --hypothesis-profile=long."""

from hypothesis import settings

# Children of the default, which is hypothesis' own for CI where CI=true: the same cases in each run.
settings.register_profile("short", settings(), max_examples=100, deadline=None)
settings.register_profile("long", settings(), max_examples=2000, deadline=None)
settings.load_profile("short")
