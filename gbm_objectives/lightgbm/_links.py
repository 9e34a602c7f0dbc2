"""Links in LightGBM's terms: the objective in the header of a model, by which ``predict`` applies the link.

A custom objective leaves no header, so it is written when training ends, and for callbacks while it goes on. Other
programs that read models need it too.
"""

from __future__ import annotations

import re
from typing import Any

import lightgbm as lgb

from gbm_objectives._core.validation import message
from gbm_objectives._training.refusals import library_name, refuse_family
from gbm_objectives.links import Identity, Link, Log, Logit, Softmax

_NAMES: dict[type[Link], str] = {
    Identity: "regression",
    Logit: "binary",
    Softmax: "multiclass",
    Log: "poisson",
}
#: Built-in objectives of one link; all others have the identity, as far as this package has them.
_FAMILIES = (
    {"binary", "cross_entropy"},
    {"poisson", "gamma", "tweedie"},
    {"multiclass"},
    {"multiclassova"},
)


def objective_name(link: Link, n_outputs: int = 1) -> str:
    """The built-in objective of this link."""
    name = library_name(link, _NAMES, "LightGBM")
    return "multiclassova" if name == "binary" and n_outputs > 1 else name


def header(link: Link, n_outputs: int) -> str:
    """What LightGBM writes into the header of a model with this link; empty where raw scores are the response.

    It has no built-in objective for several outputs on the identity; for one, other programs need the name.

    Raises
    ------
    NotImplementedError
        For the log link and several outputs: LightGBM's poisson transforms no more than the first.
    """
    name = objective_name(link, n_outputs)
    if name == "poisson" and n_outputs > 1:
        given = f"the log link and {n_outputs} outputs in LightGBM"
        hint = "Its models transform the first output only: train one for each column."
        raise NotImplementedError(message("objective", given, "one output", hint))
    if name == "regression" and n_outputs > 1:
        return ""
    return {
        "binary": "binary sigmoid:1",
        "multiclassova": f"multiclassova num_class:{n_outputs} sigmoid:1",
        "multiclass": f"multiclass num_class:{n_outputs}",
    }.get(name, name)


def validate_model(model: Any, link: Link) -> None:
    """A model that is continued keeps its scores, so its link must be the objective's."""
    if isinstance(model, lgb.LGBMModel):
        model = model.booster_
    booster = model if isinstance(model, lgb.Booster) else lgb.Booster(model_file=str(model))
    found = re.search(r"^objective=(\S+)", booster.model_to_string(num_iteration=1), re.MULTILINE)
    if found:  # a custom objective leaves none
        needed = objective_name(link, booster.num_model_per_iteration())
        refuse_family("init_model", found[1], needed, _FAMILIES)
