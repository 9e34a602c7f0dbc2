"""The comparison of objectives, ``gbm-objectives compare``: tasks, candidates, run, summary, report.

Nothing in the rest of the package imports it. It needs ``pip install 'gbm-objectives[compare]'``.
"""
