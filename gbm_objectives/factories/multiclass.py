"""Losses of classes that exclude each other, and of label matrices."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from gbm_objectives.curvature import Curvature
from gbm_objectives.factories._make import Clip, objective
from gbm_objectives.losses import (
    BinaryCrossEntropy,
    Focal,
    KLDivergence,
    SoftmaxCrossEntropy,
    SoftmaxFocal,
)
from gbm_objectives.losses._smoothing import Smoothing
from gbm_objectives.objective import Objective

__all__ = [
    "kl_divergence",
    "multilabel_cross_entropy",
    "multilabel_focal",
    "negative_log_likelihood",
    "softmax_cross_entropy",
    "softmax_focal",
]


def softmax_cross_entropy(
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Cross-entropy of classes that exclude each other, -sum_k t_k log p_k, p = softmax(z), t the one-hot label.

    XGBoost's multi:softprob, LightGBM's multiclass, PyTorch's CrossEntropyLoss. Labels are class codes 0..K-1,
    (n_samples,); raw predictions (n_samples, K), so the library needs num_class=K. Gradient p - t; Hessian by
    default max(2 p q, |g|/2), q = 1 - p. Softmax couples the classes: 2 p q bounds the matrix of second
    derivatives at the current scores, its diagonal p q does not.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        The share e of each label, in [0, 1), that goes to other classes.
    smoothing : {"uniform", "others"}, default "uniform"
        "uniform": (1 - e) onehot + e/K, as in PyTorch, Keras and optax; "others": e/(K - 1) for each wrong
        class and 1 - e for the right one, so that 5 classes and e = .1 give [.025, .9, .025, .025, .025].
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        None, "balanced" (scikit-learn's n / (K n_k)), an `EffectiveNumber`, or K weights > 0, as a sequence
        or a dict by code; multiplies the rows' losses.
    curvature : Curvature, str or None, default None
        A policy of `gbm_objectives.curvature` or its name: "xgboost" (2 p q), "lightgbm" (K/(K - 1) p q),
        "exact" (p q), "majorizer" (1/2: safe at any step, slow), "absolute", "unit".
    clip : tuple of (float, float or None), or None, default None
        (low, high) bounds of the Hessian before weights.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For arguments out of range; when called, for labels that are no class codes.

    References
    ----------
    Böhning (1992), https://doi.org/10.1007/BF00048682 (the majorizer); Cui et al. (2019),
    https://arxiv.org/abs/1901.05555 (effective numbers)

    Examples
    --------
    >>> gradient, hessian = softmax_cross_entropy()([0, 2], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.424,  0.212,  0.212],
           [ 0.576,  0.212, -0.788]], dtype=float32)
    >>> hessian.round(3)
    array([[0.488, 0.334, 0.334],
           [0.488, 0.334, 0.394]], dtype=float32)
    """
    loss = SoftmaxCrossEntropy(label_smoothing, smoothing)
    return objective(loss, curvature, clip, class_weight)


def negative_log_likelihood(
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """The same objective as `softmax_cross_entropy`, under the name that it has for models of log-probabilities.

    PyTorch's NLLLoss takes log-probabilities. Trees add up raw scores, whose log-probabilities are their log-softmax,
    and the loss of these is softmax cross-entropy. On probabilities it is `metrics.negative_log_likelihood`.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        As for `softmax_cross_entropy`.
    smoothing : {"uniform", "others"}, default "uniform"
        As for `softmax_cross_entropy`.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `softmax_cross_entropy`.
    curvature : Curvature, str or None, default None
        As for `softmax_cross_entropy`.
    clip : tuple of (float, float or None), or None, default None
        As for `softmax_cross_entropy`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As `softmax_cross_entropy`.

    Examples
    --------
    >>> gradient, hessian = negative_log_likelihood()([0, 2], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.424,  0.212,  0.212],
           [ 0.576,  0.212, -0.788]], dtype=float32)
    >>> hessian.round(3)
    array([[0.488, 0.334, 0.334],
           [0.488, 0.334, 0.394]], dtype=float32)
    """
    return softmax_cross_entropy(
        label_smoothing=label_smoothing, smoothing=smoothing, class_weight=class_weight,
        curvature=curvature, clip=clip,
    )  # fmt: skip


def softmax_focal(
    gamma: float = 2.0,
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Focal loss of classes that exclude each other, -sum_k t_k (1 - p_k)^gamma log p_k, p = softmax(z).

    Labels are class codes 0..K-1; raw predictions (n_samples, K), num_class=K. Hessian by default
    max(exact diagonal, |gradient|/2), since the exact one may be negative. gamma = 0 is
    `softmax_cross_entropy`; two classes are `focal` of the difference of the scores.

    Parameters
    ----------
    gamma : float, default 2.0
        How much easy rows are damped, >= 0.
    label_smoothing : float, default 0.0
        As for `softmax_cross_entropy`.
    smoothing : {"uniform", "others"}, default "uniform"
        As for `softmax_cross_entropy`.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `softmax_cross_entropy`; class weights are the paper's alpha.
    curvature : Curvature, str or None, default None
        As for `softmax_cross_entropy`; "exact", "absolute" and "unit" fit.
    clip : tuple of (float, float or None), or None, default None
        As for `softmax_cross_entropy`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For gamma < 0; as `softmax_cross_entropy`.

    References
    ----------
    Lin et al. (2017), https://arxiv.org/abs/1708.02002; Charoenphakdee et al. (2021),
    https://arxiv.org/abs/2011.09172 (its probabilities)

    Examples
    --------
    >>> gradient, hessian = softmax_focal()([0, 2], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.19 ,  0.095,  0.095],
           [ 0.656,  0.241, -0.898]], dtype=float32)
    >>> hessian.round(3)
    array([[0.303, 0.123, 0.123],
           [0.374, 0.203, 0.449]], dtype=float32)
    """
    loss = SoftmaxFocal(label_smoothing, smoothing, gamma=gamma)
    return objective(loss, curvature, clip, class_weight)


def kl_divergence(
    targets: ArrayLike | None = None,
    *,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Kullback-Leibler divergence from soft labels, sum_k t_k log(t_k / p_k), p = softmax(z).

    Each label is a distribution over K classes, such as shares of votes or a teacher's probabilities. Gradient
    p - t and Hessian are those of `softmax_cross_entropy`; the entropy of t is no function of z. As
    PyTorch's KLDivLoss with reduction "batchmean", and Keras' KLDivergence.

    Parameters
    ----------
    targets : array_like of shape (n_rows, n_outputs), or None, default None
        None for labels that are a matrix (n_samples, K), as XGBoost takes them. For LightGBM, whose labels
        are one column: the matrix itself, (n_rows, K), and as labels the numbers of its rows; see
        `Objective.with_targets`.
    curvature : Curvature, str or None, default None
        As for `softmax_cross_entropy`.
    clip : tuple of (float, float or None), or None, default None
        As for `softmax_cross_entropy`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For an unfit curvature; when called, for rows that are not distributions.

    Examples
    --------
    >>> gradient, hessian = kl_divergence()([[0.6, 0.3, 0.1]], [[1.0, 0.0, 0.0]])
    >>> gradient.round(3)
    array([[-0.024, -0.088,  0.112]], dtype=float32)
    >>> hessian.round(3)
    array([[0.488, 0.334, 0.334]], dtype=float32)
    """
    found = objective(KLDivergence(), curvature, clip)
    return found if targets is None else found.with_targets(targets)


def multilabel_cross_entropy(
    targets: ArrayLike | None = None,
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Cross-entropy of K labels that don't exclude each other: `binary_cross_entropy` of each column.

    Labels are a matrix (n_samples, K) of 0 and 1, or probabilities; p_k = sigmoid(z_k). PyTorch's
    BCEWithLogitsLoss. The metric is the mean over columns.

    Parameters
    ----------
    targets : array_like of shape (n_rows, n_outputs), or None, default None
        As for `kl_divergence`: for LightGBM the label matrix, with row numbers as labels.
    label_smoothing : float, default 0.0
        As for `binary_cross_entropy`.
    smoothing : {"uniform", "others"}, default "uniform"
        As for `binary_cross_entropy`.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `binary_cross_entropy`, the same for all columns; "balanced" balances each column.
    curvature : Curvature, str or None, default None
        As for `binary_cross_entropy`.
    clip : tuple of (float, float or None), or None, default None
        As for `binary_cross_entropy`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        For arguments out of range; when called, for labels outside [0, 1].

    Examples
    --------
    >>> gradient, hessian = multilabel_cross_entropy()([[1, 0], [0, 0]], [[0.0, 2.0], [0.0, 2.0]])
    >>> gradient.round(3)
    array([[-0.5  ,  0.881],
           [ 0.5  ,  0.881]], dtype=float32)
    >>> hessian.round(3)
    array([[0.25 , 0.105],
           [0.25 , 0.105]], dtype=float32)
    """
    loss = BinaryCrossEntropy(label_smoothing, smoothing)
    found = objective(loss, curvature, clip, class_weight)
    return found if targets is None else found.with_targets(targets)


def multilabel_focal(
    gamma: float = 2.0,
    alpha: float | None = None,
    targets: ArrayLike | None = None,
    *,
    label_smoothing: float = 0.0,
    smoothing: Smoothing = "uniform",
    class_weight: Any = None,
    curvature: Curvature | str | None = None,
    clip: Clip | None = None,
) -> Objective:
    """Focal loss of K labels that don't exclude each other: `focal` of each column.

    Parameters
    ----------
    gamma : float, default 2.0
        As for `focal`.
    alpha : float or None, default None
        As for `focal`.
    targets : array_like of shape (n_rows, n_outputs), or None, default None
        As for `kl_divergence`: for LightGBM the label matrix, with row numbers as labels.
    label_smoothing : float, default 0.0
        As for `focal`.
    smoothing : {"uniform", "others"}, default "uniform"
        As for `focal`.
    class_weight : "balanced", EffectiveNumber, sequence, dict or None, default None
        As for `focal`.
    curvature : Curvature, str or None, default None
        As for `focal`.
    clip : tuple of (float, float or None), or None, default None
        As for `focal`.

    Returns
    -------
    Objective
        To pass as ``objective`` to `train`, `cv` or an estimator of this package.

    Raises
    ------
    TypeError, ValueError
        As `focal`; when called, for labels other than 0 and 1.

    Examples
    --------
    >>> gradient, hessian = multilabel_focal()([[1, 0], [0, 0]], [[0.0, 2.0], [0.0, 2.0]])
    >>> gradient.round(3)
    array([[-0.298,  1.077],
           [ 0.298,  1.077]], dtype=float32)
    >>> hessian.round(3)
    array([[0.399, 0.538],
           [0.399, 0.538]], dtype=float32)
    """
    loss = Focal(label_smoothing, smoothing, gamma=gamma, alpha=alpha)
    found = objective(loss, curvature, clip, class_weight)
    return found if targets is None else found.with_targets(targets)
