"""A robust loss that finds its own shape and scale."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from gbm_objectives._core import sketch as _sketch
from gbm_objectives._core.validation import Array
from gbm_objectives.losses._residual import Delta
from gbm_objectives.losses.redescending import Cauchy

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AdaptiveRobust"]

#: The upper quartile of |x| for a standard normal x, and its .375-quantile.
_QUARTILE, _FIRST = 1.1503, 0.4888


@dataclass(frozen=True, slots=True)
class AdaptiveRobust(Cauchy):
    """Student's negative log-likelihood with nu and sigma from the residuals: delta = sqrt(nu) sigma.

    Domain of y: the real numbers. Link: identity.

    Formulas as for `Cauchy`, whose weight 1/(1 + r^2/(nu sigma^2)) is Student's: nearly squared error for
    large nu, ever more redescending for small. ``delta="auto"`` is found in three steps, all in one sketch:

    - sigma is the upper quartile of the |r| within 4 sigma (over 1.15, a standard deviation where the
      errors are normal), iterated from the .375-quantile of all |r|. Outliers beyond 4 sigma don't widen it,
      however many they are below one half. From the median it can end among them: in a small sample 40% are at
      times 46%, and then the median of all |r| is four times what it would be without them.
    - the share e of rows beyond 4 sigma, 6e-5 where the errors are normal, tells how heavy the tails are.
    - sqrt(nu) = 2 (.2/e)^.3, at most 8.

    The likelihood itself is no guide to nu here: residuals of training rows shrink as the trees fit
    them, unevenly, so it finds heavier tails than there are.

    Parameters
    ----------
    root : float
        sqrt(nu), set by `resolve`.
    """

    delta: Delta = field(default="auto", repr=False)
    root: float = field(default=0.0, repr=False)

    reach: ClassVar[float] = 4.0
    widest: ClassVar[float] = 8.0

    name: ClassVar[str] = "adaptive_robust"

    @property
    def degrees(self) -> float:
        """Nu of Student's distribution, once found."""
        return self.root**2

    @property
    def sigma(self) -> float:
        """The scale of Student's distribution, once found."""
        return self.fixed_delta / self.root

    def resolve(self, sums: Array) -> Self:
        """The loss with its spread, then with shape and scale of the sketch."""
        if not self.spread:
            return Cauchy.resolve(self, sums)
        sigma, beyond = self._core(sums)
        root = min(2.0 * (0.2 / max(beyond, 1e-9)) ** 0.3, self.widest)
        delta = max(root * sigma, 0.05) * self.spread
        return replace(self.at_delta(delta, self.spread), root=root)

    def _core(self, sums: Array) -> tuple[float, float]:
        """Sigma, in units of the spread, and the share of rows beyond its reach."""
        sigma = _sketch.quantile(sums, 0.375) / _FIRST
        for _ in range(30):
            within = _sketch.share(sums, self.reach * sigma)
            narrower = _sketch.quantile(sums, 0.75 * within) / _QUARTILE
            if abs(narrower - sigma) <= 1e-4 * sigma:
                break
            sigma = narrower
        return sigma, 1.0 - within
