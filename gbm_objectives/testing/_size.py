"""Sign and size of gradient and Hessian: what makes leaves explode, and what keeps trees from splitting."""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.testing._report import Check, table
from gbm_objectives.testing._subject import Subject, rowwise

#: A Hessian vanishes where a leaf of such rows would move by more than this many residuals (or logits).
TOO_FAR = 1e3
#: The sizes of the target at which an objective for regression is looked at.
SIZES = (1e-4, 1e-2, 1.0, 1e2, 1e4)
#: Shares of rows from which a vanishing Hessian is a warning, and a failure.
SOME, MANY = 0.01, 0.2

#: What to do about a Hessian that is too small, by task.
CURES = {
    "regression": "Take a Hessian that falls no faster than the gradient: for a residual r the majorizer g/r "
    "(log-cosh: tanh(r)/r, Huber: min(1, delta/|r|)), and scale r by the spread of the residuals. "
    "gbm_objectives.huber() and log_cosh() do both.",
    "other": "Take max(h, |g|/2), or another bound that keeps the step |g|/h of each row small.",
}


def sign(subject: Subject) -> Check:
    """Negative Hessians."""
    sample = subject.probe
    h = subject.candidate.evaluate(sample.y, sample.raw)[1]
    with np.errstate(invalid="ignore"):
        negative = h < -1e-12 * np.nanmax(np.abs(h), initial=0.0)
    rows = negative.any(axis=1) if negative.ndim == 2 else negative
    share = float(rows.mean())
    data = {"share": share, "smallest": float(np.nanmin(h, initial=np.inf))}
    if not share:
        return Check("sign", "ok", "no Hessian is negative", data=data)
    worst = int(np.argmax(np.where(rows, -rowwise(h, np.min), -np.inf)))
    at = f"y_true {sample.y[worst]:.4g}, raw_prediction {np.round(sample.raw[worst], 4)}"
    return Check(
        "sign",
        "failure",
        f"the Hessian is negative at {share:.0%} of {len(rows)} points, {data['smallest']:.4g} at {at}.",
        "Neither library clips it. Sums in a leaf cancel: XGBoost's leaves reach 1e18, LightGBM refuses "
        "the splits. " + _cure(subject),
        data,
    )


def direction(subject: Subject) -> Check:
    """Whether predictions that are too high are told to fall, and those too low to rise."""
    if not subject.samples.located:
        return Check("direction", "skipped", "what the outputs estimate is not known")
    sample = subject.probe
    g = subject.candidate.gradient(sample.y, sample.raw)
    sides = _sides(subject)
    if not np.isfinite(g).any():
        return Check("direction", "skipped", "no gradient is finite")
    if np.nanmax(np.abs(g)) == 0:
        return Check(
            "direction", "failure", "the gradient is 0 everywhere: nothing is learned.",
            "Was it cast to an integer, or clipped?",
        )  # fmt: skip
    share = {}
    for name, (where, wanted) in sides.items():
        some = g[where]
        moving = some[np.isfinite(some) & (some != 0)]
        share[name] = float(np.mean(np.sign(moving) != wanted)) if len(moving) else 0.0
    bad = {name: s for name, s in share.items() if s > 0.5}
    if not bad:
        told = "predictions that are too high have a gradient above 0, those too low below"
        return Check("direction", "ok", told, data=share)
    seen = " and ".join(f"{s:.0%} of predictions {name}" for name, s in bad.items())
    both = len(bad) == len(sides)
    return Check(
        "direction",
        "failure",
        f"the gradient points the wrong way for {seen}.",
        "The libraries subtract it: it must be d loss / d raw_prediction, raw_prediction - y_true for "
        "squared error. Look at the sign, and at the order of the arguments."
        if both
        else "Trees can push predictions one way only: is it the gradient of a loss with a minimum?",
        share,
    )


def vanishing(subject: Subject) -> Check:
    """The share of rows whose Hessian is 0, or nearly, where the gradient isn't."""
    shares, zeros, broken = _vanishing(subject)
    if subject.samples.sizes:
        title, unit = "target of size", "the residual"
    else:
        title, unit = "rows with y_true", "1, on the scale of scores"
    worst = max(shares.values())
    data: dict[str, Any] = {"share": shares, "share_of_zeros": zeros, "not_finite": broken}
    if worst < SOME:
        return Check(
            "vanishing", "ok", "the Hessian is large enough wherever there is a gradient", data=data
        )
    lines = {"vanish": shares, "exactly 0": zeros, "not finite": broken}
    if not any(broken.values()):
        del lines["not finite"]
    drawn = table(title, list(shares), lines)
    return Check(
        "vanishing",
        "failure" if worst >= MANY else "warning",
        "the Hessian is 0, or so small that the step of a leaf, gradient/Hessian, would be over "
        f"{TOO_FAR:g} times {unit}, for up to {worst:.0%} of rows:\n{drawn}",
        "XGBoost finds no split in such rows (the sum of Hessians stays below min_child_weight) and "
        "LightGBM's leaves explode. " + _cure(subject),
        data,
    )


def scale(subject: Subject) -> Check:
    """The typical step of a leaf in units of the residuals, over sizes of the target."""
    if not subject.samples.sizes:
        return Check("scale", "skipped", "is for regression")
    steps, hessians, vanish = {}, {}, _vanishing(subject)[0]
    for size in SIZES:
        sample = subject.samples.sized(size)
        g, h = subject.candidate.evaluate(sample.y, sample.raw)
        r = np.abs(subject.samples.residual(sample))
        total = np.abs(h).sum()
        steps[f"{size:g}"] = float(np.abs(g).sum() / total / r.mean()) if total else np.inf
        hessians[f"{size:g}"] = float(h.mean())
    usable = {s: v for s, v in steps.items() if vanish[s] < MANY and np.isfinite(v)}
    data: dict[str, Any] = {"step": steps, "mean_hessian": hessians}
    if len(usable) < 3:
        return Check(
            "scale", "skipped", "the Hessian vanishes at most sizes of the target", data=data
        )
    slow = [s for s, v in usable.items() if v < 1e-2]
    fast = [s for s, v in usable.items() if v > 1e2]
    small = [s for s in usable if 0 <= hessians[s] < 1e-2]
    told = []
    if slow:
        told.append(f"steps are too short for targets of size {', '.join(slow)}")
    if fast:
        told.append(f"steps are too long for targets of size {', '.join(fast)}")
    if small:
        told.append(
            f"the Hessian is {min(hessians[s] for s in small):.2g} on average for targets of size "
            f"{', '.join(small)}, so a leaf of XGBoost, min_child_weight=1, needs hundreds of rows"
        )
    if not told:
        where = "" if len(usable) == len(SIZES) else ", where the Hessian doesn't vanish"
        fine = f"the step of a leaf follows the size of the target{where}"
        return Check("scale", "ok", fine, data=data)
    cells = {size: f"{step:.2g}" for size, step in steps.items()}
    drawn = table("target of size", list(cells), {"step/residual": cells})
    return Check(
        "scale",
        "warning",
        f"{'; '.join(told)}. The step of a leaf, in residuals (about 1 is right):\n{drawn}",
        "A constant of the loss (a delta, a bound of the gradient) is not in the units of the target. Scale "
        "the residual by their spread, so that the gradient is about r and the Hessian about 1 near 0; "
        'delta="auto" does it in gbm_objectives.',
        data,
    )


def _cure(subject: Subject) -> str:
    return CURES["regression" if subject.samples.sizes else "other"]


def _vanishing(subject: Subject) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """By size of the target, or by label, the shares of Hessians that vanish, are exactly 0, or not finite.

    One vanishes if the gradient isn't small, the step too far, and the Hessian far below what it is
    elsewhere: where it is as large as anywhere, it is the gradient that is too large, see `scale`.
    """
    parts: dict[str, tuple[Array, Array, Array]] = {}
    if subject.samples.sizes:
        for size in SIZES:
            sample = subject.samples.sized(size)
            g, h = subject.candidate.evaluate(sample.y, sample.raw)
            parts[f"{size:g}"] = g, h, np.abs(subject.samples.residual(sample))
    elif subject.samples.task == "regression":
        sample = subject.samples.typical()
        g, h = subject.candidate.evaluate(sample.y, sample.raw)
        parts["any"] = g, h, np.ones(g.shape)
    else:
        probe = subject.probe.take(subject.samples.plausible(subject.probe))
        g, h = subject.candidate.evaluate(probe.y, probe.raw)
        for label in np.unique(probe.y)[:5]:
            rows = probe.y == label
            parts[f"{label:g}"] = g[rows], h[rows], np.ones(g[rows].shape)
    largest = max(np.nanmax(np.abs(h), initial=0.0) for _, h, _ in parts.values())
    shares, zeros, broken = {}, {}, {}
    for name, (g, h, unit) in parts.items():
        moving = np.abs(g) > 1e-3 * np.nanmedian(np.abs(g))
        far = (np.abs(g) > TOO_FAR * unit * np.abs(h)) & (np.abs(h) <= 0.1 * largest)
        shares[name] = float((moving & far).mean())
        zeros[name] = float(np.mean((h == 0) & (g != 0)))
        broken[name] = float(np.mean(~np.isfinite(g + h)))
    return shares, zeros, broken


def _sides(subject: Subject) -> dict[str, tuple[Array, float]]:
    sample, task = subject.probe, subject.samples.task
    if task == "multiclass":
        own = sample.y[:, None] == np.arange(sample.raw.shape[1])
        return {"of the true class": (own, -1.0), "of other classes": (~own, 1.0)}
    if task == "binary":
        near, middle = np.abs(sample.raw) <= 3, 0.5 * (sample.y.min() + sample.y.max())
        return {
            "of class 0": (near & (sample.y < middle), 1.0),
            "of class 1": (near & (sample.y > middle), -1.0),
        }
    r = subject.samples.residual(sample)
    far = np.abs(r) >= np.quantile(np.abs(r), 0.85)  # beyond the smoothing of a low quantile
    return {"that are too high": (far & (r > 0), 1.0), "that are too low": (far & (r < 0), -1.0)}
