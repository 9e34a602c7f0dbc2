"""Whether a robust loss keeps to what `RobustLoss` builds on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.losses import RobustLoss
from gbm_objectives.objective import Objective
from gbm_objectives.testing._differences import derivative
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._subject import Subject

#: Scaled residuals.
U = np.geomspace(1e-3, 1e4, 281)


def formulas(subject: Subject) -> list[Check]:
    """One check for each robust loss in an objective; an empty list where there is none."""
    objective = subject.candidate.function
    terms = objective.terms if isinstance(objective, Objective) else ()
    return [_checked(term.loss) for term in terms if isinstance(term.loss, RobustLoss)]


def _checked(loss: RobustLoss) -> Check:
    fixed = replace(loss, delta=1.0) if loss.delta == "auto" else loss
    try:
        found = _faults(fixed)
    except Exception as error:  # whatever a user's formula raises
        return Check("formulas", "failure", f"of {loss.name}: {type(error).__name__}: {error}")
    if not found:
        return Check("formulas", "ok", f"{loss.name}: rho, psi and psi_deriv fit together")
    text = f"of {loss.name}: " + "; ".join(found)
    return Check("formulas", "failure", text, "Intercept, majorizer and metric rely on them.")


def _faults(loss: RobustLoss) -> list[str]:
    """What is wrong, in words."""
    rho, psi, weight = loss.rho(U), loss.psi(U), loss.weight(U)
    curvature = float(loss.psi_deriv(np.zeros(1))[0])
    bound = np.inf if loss.psi_bound is None else loss.psi_bound
    mirrored = _near(loss.rho(-U), rho) & _near(loss.psi(-U), -psi)
    falls = np.append(True, weight[1:] <= weight[:-1] * (1 + 1e-6))
    below = np.abs(psi) <= bound * (1 + 1e-6)
    asked = {
        "psi is not the derivative of rho": _derived(psi, loss.rho),
        "psi_deriv is not the derivative of psi": _derived(loss.psi_deriv(U), loss.psi),
        "rho is not even, or psi not odd": mirrored,
        "psi(u)/u grows, so it is no majorizer (a ResidualLoss has a weight of its own)": falls,
        f"psi is above psi_bound = {bound:.4g}": below,
    }
    found = [
        f"{fault}, at u = {U[~holds][0]:.3g}" for fault, holds in asked.items() if not holds.all()
    ]
    if not loss.flat and not abs(curvature - 1) <= 1e-6:
        found.append(f"psi_deriv(0) is {curvature:.4g}, not 1: divide rho by it")
    return found


def _near(found: Array, wanted: Array) -> Array:
    near: Array = np.abs(found - wanted) <= 1e-6 * np.abs(wanted)
    return near


def _derived(found: Array, function: Callable[[Array], Array]) -> Array:
    """Whether it is the derivative of the function, as far as differences can tell."""
    exact, error = derivative(function, U, 0.1 * U)
    holds: Array = np.abs(found - exact) <= 1e-3 * np.abs(exact) + 20 * error
    return holds
