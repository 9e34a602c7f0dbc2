"""Which level of ordered classes is predicted, where probabilities are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Probabilities = NDArray[np.float64]

#: A kappa below says next to nothing, and would stretch without end.
_LEAST = 0.05


def median_level(probability: Probabilities) -> NDArray[np.intp]:
    """The lowest level at which half is reached: the least expected distance."""
    below = np.cumsum(probability, axis=1)[:, :-1]
    levels: NDArray[np.intp] = (below < 0.5).sum(axis=1)
    return levels


@dataclass(frozen=True, slots=True)
class KappaDecision:
    """The levels of the highest expected quadratic weighted kappa, 1 - N/D.

    N is the mean of E(y - l)^2, and D that of labels and levels that know nothing of each other, var y + mean of
    (l - centre)^2, for labels of the mean ``centre``. Levels that minimise N - (1 - kappa) D at the highest kappa reach
    it (Dinkelbach 1967, https://doi.org/10.1287/mnsc.13.7.492). In each row that is the level next to centre + (E y -
    centre)/kappa: means lie nearer to each other than labels do, and this brings them apart.

    Parameters
    ----------
    centre : float
        The mean level.
    kappa : float
        The highest expected kappa.
    """

    centre: float
    kappa: float

    @classmethod
    def of(cls, probability: Probabilities, sample_weight: ArrayLike | None) -> KappaDecision:
        """For rows such as these, by what the model says of them."""
        codes = np.arange(probability.shape[1])
        mean = probability @ codes
        variance = np.maximum(probability @ codes**2 - mean**2, 0.0)
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)

        def average(values: NDArray[Any]) -> float:
            return float(np.average(values, weights=weight))

        centre = average(mean)
        spread = average((mean - centre) ** 2 + variance)
        levels, kappa = median_level(probability), 0.0
        for _ in range(100):  # it rises, and ends after a few steps
            over = average((levels - mean) ** 2 + variance)
            under = spread + average((levels - centre) ** 2)
            found = 1.0 - over / under if under else 1.0
            if found <= kappa:
                break
            kappa = found
            levels = cls(centre, max(kappa, _LEAST))(probability)
        return cls(centre, max(kappa, _LEAST))

    def __call__(self, probability: Probabilities) -> NDArray[np.intp]:
        """The level of each row."""
        highest = probability.shape[1] - 1
        mean = probability @ np.arange(highest + 1)
        stretched = self.centre + (mean - self.centre) / self.kappa
        return np.clip(np.rint(stretched), 0, highest).astype(np.intp)
