"""Losses on a sample of the classes or of the rows, drawn anew in each round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.factories.binary import binary_cross_entropy
from gbm_objectives.losses import SampledSoftmax
from gbm_objectives.losses.sampled import Distribution
from gbm_objectives.objective import Objective
from gbm_objectives.weighting._sampling import NegativeSampling

__all__ = ["negative_sampling", "sampled_softmax"]


def sampled_softmax(
    n_negatives: int = 20,
    *,
    distribution: Distribution = "uniform",
    seed: int = 0,
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Softmax cross-entropy whose sum over the classes is estimated from a few of them, drawn anew in each round.

    log(exp z_y + sum_{j in S, j != y} exp(z_j)/pi_j) - z_y: S is a sample of ``n_negatives`` classes for all rows,
    pi_j the probability that class j is in it, so the sum is right on average (the log-Q correction). Gradient
    q - onehot, q the softmax of z_y and z_j - log pi_j; 0 for classes that are neither drawn nor the row's own.
    The metric and the intercept are those of the full loss.

    It saves little where trees are grown: both libraries grow a tree a class in every round, from all rows, whatever
    the gradients are. Measured on one thread (`benchmarks/sampling.py`): with 5 of 10, 100 and 1000 classes the
    callback takes 1.3, .95 and .8 times as long as that of `softmax_cross_entropy`, with a fifth of them 1.1, 1 and
    .9, with a half 1.2 to 1.3. It is 4 to 19% of a round, so a round takes .8 to .9 times as long with 1000 classes
    and .9 to 1.2 times with fewer. After as many rounds the full loss on test rows was 22 to 34% higher with a fifth of
    10 or 100 classes, and 7 to 12% with a half. So the full loss is the better choice unless the sampled one
    itself is wanted, for instance to compare with a network trained on it.

    Parameters
    ----------
    n_negatives : int, default 20
        How many classes are drawn, at least 1. From K on it is `softmax_cross_entropy`.
    distribution : {"uniform", "frequency"}, default "uniform"
        "frequency": pi is proportional to count^.75, as in word2vec, and at most 1; counts below a
        tenth of the mean one are raised to that.
    seed : int, default 0
        A whole number >= 0. A draw depends on it and on a checksum of the predictions alone: the same call
        gives the same result, on several machines too, and each round another draw.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `softmax_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `softmax_cross_entropy`. The default, "xgboost", is max(2 p (1 - p), |g|/2) with p = pi_j q_j
        of drawn classes and the class share of the others, so that a class is held back in all rounds, not
        only when it is drawn. Not so "exact", with which leaves step up in nearly all rounds: the full loss
        may rise.
    clip : tuple of (float, float or None), or None, default None
        As for `softmax_cross_entropy`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For arguments out of range; as `softmax_cross_entropy`.

    References
    ----------
    Bengio & Senécal (2008), https://doi.org/10.1109/TNN.2007.912312; Jean et al. (2015),
    https://arxiv.org/abs/1412.2007; Mikolov et al. (2013), https://arxiv.org/abs/1310.4546 (count^.75)

    Examples
    --------
    >>> gradient, hessian = sampled_softmax(n_negatives=1)([0, 2], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.525,  0.525,  0.   ],
           [ 0.   ,  0.75 , -0.75 ]], dtype=float32)
    >>> hessian.round(3)
    array([[0.499, 0.289, 0.5  ],
           [0.5  , 0.375, 0.375]], dtype=float32)
    """
    loss = SampledSoftmax(n_negatives, distribution, seed)
    return objective(loss, curvature, clip, class_weight)


def negative_sampling(
    objective: Objective | None = None, *, share: float = 0.1, seed: int = 0
) -> Objective:
    """An objective of labels 0 and 1 on a sample of the negatives, drawn anew in each round.

    Rows with a label above 0 are all kept. Of the others a ``share`` is kept. Their gradients and Hessians are
    multiplied by 1/share, so that sums are right on average; the rest gets 0. Columns of label matrices have draws of their own. The metric and the
    intercept are those of the objective.

    It saves nothing where trees are grown: both libraries go through all rows, whatever the gradients are. Measured on
    one thread (`benchmarks/sampling.py`), the callback takes 2.1 times as long as that of `binary_cross_entropy` and
    a round 1.1 to 1.3 times as long; with a tenth of the negatives and 2% positives the loss on test rows was 4 to 6% higher. To
    save time leave negatives out of the data once and give those left the ``sample_weight`` 1/share: a round then
    took a quarter of the time, and the loss was 8 to 22% higher. What drawing anew adds is that in the end all negatives
    are used. LightGBM's own ``neg_bagging_fraction`` has no effect with a custom objective.

    Parameters
    ----------
    objective : Objective or None, default None
        An objective of binary labels, such as `focal` or `multilabel_cross_entropy`; None: `binary_cross_entropy`.
    share : float, default 0.1
        The share of the negatives that is kept, in (0, 1].
    seed : int, default 0
        A whole number >= 0. A draw depends on it, on a checksum of labels and predictions, and on row
        numbers: the same call gives the same result, and each round another draw. On several machines rows
        are numbered by machine.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For a share or seed out of range; for objectives of other labels.

    References
    ----------
    Mikolov et al. (2013), https://arxiv.org/abs/1310.4546 (without the weights: there the sample is the loss)

    Examples
    --------
    >>> gradient, hessian = negative_sampling(share=0.5)([1, 0, 0, 0, 0], [0.0, 2.0, 2.0, 2.0, 2.0])
    >>> gradient.round(3)
    array([-0.5  ,  0.   ,  1.762,  1.762,  0.   ], dtype=float32)
    >>> hessian.round(3)
    array([0.25, 0.  , 0.21, 0.21, 0.  ], dtype=float32)
    """
    base: Any = binary_cross_entropy() if objective is None else objective
    if not isinstance(base, Objective):
        needed = "an objective of this package, such as focal()"
        raise TypeError(message("objective", f"a {type(base).__name__}", needed))
    sampling = NegativeSampling(share, seed)
    terms = tuple(replace(t, weightings=(*t.weightings, sampling)) for t in base.terms)
    return replace(base, terms=terms)
