"""Trees with one value for each output in each leaf, grown on a few projections of the gradient.

XGBoost's ``multi_strategy="multi_output_tree"`` takes our objectives as they are. What costs the time there is the
search for splits, over the gradients of all outputs. XGBoost 3.2 can search on other, fewer columns, while the leaves
still get the full gradients: by an interface that it calls experimental, so only this module knows it.

Random projections keep the sizes of the gradients' sums, and so the gains, in expectation: Iosipoi and Vakhrushev
(2022), SketchBoost, https://arxiv.org/abs/2211.12858.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from typing_extensions import override

from gbm_objectives._core.draws import hashes, key
from gbm_objectives._core.validation import Array, message, whole_number
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.objective import Objective

try:
    from xgboost.objective import TreeObjective
except ImportError:  # before 3.2: `with_vector_leaves` says so
    TreeObjective = object  # type: ignore[misc, assignment, unused-ignore]

_STRATEGY = "multi_output_tree"
#: Parameters of which XGBoost knows one value only beside projections, or none but the default.
_ONLY = {
    "multi_strategy": (_STRATEGY,),
    "booster": ("gbtree",),
    "tree_method": ("hist", "auto"),
    "process_type": ("default",),
}


def with_vector_leaves(
    params: Mapping[str, Any], projections: int | None, leaves: Leaves
) -> dict[str, Any]:
    """The parameters with the trees that projections are for: no others have a use for them.

    Raises
    ------
    TypeError, ValueError
        For what is not a count, and for what projections don't go with.
    NotImplementedError
        With XGBoost before 3.2.
    """
    if projections is None:
        return dict(params)
    whole_number("projections", projections, 1)
    if TreeObjective is object:
        given = f"{projections} with XGBoost {xgb.__version__}"
        instead = f'multi_strategy="{_STRATEGY}" alone works in this version.'
        raise NotImplementedError(message("projections", given, "XGBoost 3.2 or later", instead))
    beside = [
        f"{name}={params[name]!r}"
        for name, values in _ONLY.items()
        if params.get(name) is not None and params[name] not in values
    ]
    beside += ["monotone_constraints"] * bool(params.get("monotone_constraints"))
    beside += [f"leaves={leaves!r}"] * (leaves in ("step", "refit"))
    if beside:
        given = f"{projections} with {', '.join(beside)}"
        needed = f'tree_method="hist" and multi_strategy="{_STRATEGY}", without constraints'
        raise ValueError(message("projections", given, needed, "Leave one of them out."))
    return {**params, "multi_strategy": _STRATEGY}


def validate_projections(projections: int, n_outputs: int) -> None:
    """Raise where there is nothing to project: of one output XGBoost would take the projection for the gradient."""
    if projections >= n_outputs:
        given = f"{projections} for {n_outputs} output{'s' * (n_outputs > 1)}"
        instead = f'Without projections, multi_strategy="{_STRATEGY}" grows trees on all outputs.'
        raise ValueError(message("projections", given, "fewer than the model's outputs", instead))


@dataclass(frozen=True)
class ProjectedObjective(TreeObjective):  # type: ignore[misc, unused-ignore]
    """An objective as XGBoost calls it for trees on projections.

    Parameters
    ----------
    objective : Objective
        Of several outputs.
    projections : int
        How many.
    seed : int
        With the number of the round it decides the projections.
    first : int
        Rounds of the model that training goes on from. XGBoost counts from 0 again.
    """

    objective: Objective
    projections: int
    seed: int = 0
    first: int = 0

    @classmethod
    def of(
        cls, objective: Objective, projections: int, params: Mapping[str, Any], continued: Any
    ) -> ProjectedObjective:
        """For one training, from XGBoost's parameters and the model to go on from, or None."""
        seed = params.get("seed", params.get("random_state"))
        first = 0
        if continued is not None:
            known = isinstance(continued, xgb.Booster)
            booster = continued if known else xgb.Booster(model_file=continued)
            first = booster.num_boosted_rounds()
        return cls(objective, int(projections), int(seed or 0), first)

    @override
    def __call__(self, iteration: int, y_pred: Array, dtrain: xgb.DMatrix) -> tuple[Array, Array]:
        return self.objective(y_pred, dtrain)  # what leaves get their values from

    @override
    def split_grad(self, iteration: int, grad: Array, hess: Array) -> tuple[Array, Array]:
        gradient = grad @ signs(grad.shape[1], self.projections, self.seed, self.first + iteration)
        curvature = hess.mean(axis=1, keepdims=True)
        return gradient, np.broadcast_to(curvature, gradient.shape)


def signs(n_outputs: int, projections: int, seed: int, round_number: int) -> Array:
    """A matrix (n_outputs, projections) of random signs over sqrt(projections), from its arguments alone.

    Signs, not normal numbers: the curvature of the loss along each column is then the mean of the Hessians exactly.
    With this size the gains are in expectation those of all
    outputs, so gamma, lambda and min_child_weight mean what they mean without projections.
    """
    bits = hashes(key(seed & 0xFFFFFFFF, round_number), 0, n_outputs * projections)
    sizes = np.where(bits & 1, np.float32(1), np.float32(-1)) / np.float32(np.sqrt(projections))
    return sizes.reshape(n_outputs, projections)
