"""Parameters that a model answers by and that trees can't hold: written into models, and read from them.

Boosters of XGBoost have attributes, which are saved with them. LightGBM keeps the values of parameters in the text of a
model as they are, but 4.0 fails on names that it doesn't know. So thresholds take the line of label_gain, numbers that
only its ranking objectives read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from gbm_objectives.links import Cumulative, Link

#: The name of the attribute.
NAME = "gbm_objectives_thresholds"
_LINE = re.compile(r"^\[label_gain: (.*)\]$", re.MULTILINE)


def of_link(link: Link) -> str | None:
    """What is to be written into a model of this link, or None for nothing."""
    if not isinstance(link, Cumulative) or link.thresholds is None:
        return None
    return ",".join(map(repr, link.thresholds))


def into_text(text: str, link: Link) -> str:
    """The text of a model of LightGBM with the parameters of its link."""
    written = of_link(link)
    if written is None:
        return text
    return _LINE.sub(f"[label_gain: {written}]", text, count=1)


def from_booster(booster: Any, link: Link) -> Link:
    """The link with the parameters that a booster of either library has; itself if it has none."""
    if not isinstance(link, Cumulative):
        return link
    if hasattr(booster, "num_boosted_rounds"):
        written = booster.attr(NAME)
    else:
        found = _LINE.search(booster.model_to_string(num_iteration=1))
        written = None if found is None else found[1]
    return replace(link, thresholds=tuple(map(float, written.split(",")))) if written else link
