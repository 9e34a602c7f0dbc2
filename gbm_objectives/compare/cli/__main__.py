"""``python -m gbm_objectives.compare.cli``: the command line without its script."""

from gbm_objectives.compare.cli import main

raise SystemExit(main())
