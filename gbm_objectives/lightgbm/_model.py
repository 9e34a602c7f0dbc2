"""What is read from, and written into, LightGBM's models: intercept, link, splits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import lightgbm as lgb

from gbm_objectives._core.validation import Array
from gbm_objectives._training.starts import Limits, Start, no_split, non_finite
from gbm_objectives.lightgbm._links import header
from gbm_objectives.links import Identity, Link
from gbm_objectives.objective._learned import into_text

#: What LightGBM writes in the place of an objective's name where the objective is not its own.
_CUSTOM = "custom"
#: Rounds in which some tree should have split.
_ROUNDS = 3


def finish(booster: lgb.Booster, text: str, start: Array | None, link: Link) -> lgb.Booster:
    """The booster with the completed model, and the name of its objective where converters read it."""
    text = completed(text, start, link)
    booster.model_from_string(text).free_dataset()
    name = re.search(r"^\[objective: (\S+)\]", text, re.MULTILINE)
    if name and name[1] != _CUSTOM:
        booster.params["objective"] = name[1]
    return booster


def completed(text: str, start: Array | None, link: Link) -> str:
    """The text of a model with the intercept in its first trees and the link in its header."""
    text = into_text(_with_objective(text, link), link)
    if start is None:
        return text
    text = re.sub(r"^tree_sizes=.*\n", "", text, count=1, flags=re.MULTILINE)  # they change
    for line in ("leaf_value", "leaf_const"):  # the second of linear trees
        constants = iter(start.ravel().tolist())

        def shifted(match: re.Match[str], constants: Iterator[float] = constants) -> str:
            constant = next(constants)
            values = (repr(float(value) + constant) for value in match[2].split())
            return match[1] + " ".join(values)

        text = re.sub(rf"^({line}=)(.*)$", shifted, text, count=start.size, flags=re.MULTILINE)
    return text


def _with_objective(text: str, link: Link) -> str:
    """The text with the built-in objective of this link in its header, and by name among its parameters.

    LightGBM predicts by the header. Converters to other formats read the name too. They forget the linear models
    in leaves, and onnxmltools takes multiclassova for a softmax. Without a name they refuse these models.
    """
    found = header(link, trees_a_round(text))
    linear = "\nis_linear=1\n" in text
    if linear and isinstance(link, Identity):
        found = ""
    if found and not re.search(r"^objective=", text, re.MULTILINE):
        text = text.replace("\nfeature_names=", f"\nobjective={found}\nfeature_names=", 1)
    name = found.partition(" ")[0]
    if not name or linear or name == "multiclassova":
        return text
    return text.replace(f"\n[objective: {_CUSTOM}]\n", f"\n[objective: {name}]\n", 1)


def trees_a_round(text: str) -> int:
    """One an output."""
    found = re.search(r"^num_tree_per_iteration=(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 1


def add_to_leaves(booster: lgb.Booster, start: Array | None) -> None:
    """The same in a booster that goes on training; its own scores have had the intercept all along."""
    if start is None:
        return
    trees = booster.dump_model(num_iteration=1)["tree_info"]
    for tree, constant in zip(trees, start.ravel().tolist(), strict=True):
        for leaf in range(tree["num_leaves"]):
            index = tree["tree_index"]
            booster.set_leaf_output(index, leaf, booster.get_leaf_output(index, leaf) + constant)


def diagnose(text: str, start: Callable[[], Start]) -> str:
    """What is wrong with the trees, or nothing: whether the first ones split, and all leaves are finite."""
    if re.search(r"^leaf_value=.*(nan|inf)", text, re.MULTILINE | re.IGNORECASE):
        return non_finite("the model")
    a_round = trees_a_round(text)
    leaves = re.findall(r"^num_leaves=(\d+)", text, re.MULTILINE)[: _ROUNDS * a_round]
    if any(int(count) > 1 for count in leaves):
        return ""
    found = start()
    if found.gain == 0:  # constant labels: so is the model
        return ""

    def setting(name: str) -> tuple[str, float]:
        value = re.search(rf"^\[{name}: (.*)\]", text, re.MULTILINE)
        return name, float(value[1]) if value else 0.0

    rows = setting("min_data_in_leaf")
    limits = Limits(setting("min_sum_hessian_in_leaf"), setting("min_gain_to_split"), rows)
    return no_split(found, len(leaves) // a_round, limits)
