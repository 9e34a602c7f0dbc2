"""Numbers in every form that users have them in, and numbers that are extreme."""

import tempfile

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from variants import of_levels

from gbm_objectives._core.rows import BLOCK
from gbm_objectives.links import LOG
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.weighting import InverseLabel

try:
    import pyarrow as pa
except ImportError:  # no dependency of ours
    pa = None


def examples(share):
    """A share of the cases of the profile."""
    return settings(max_examples=round(share * settings().max_examples))


def unaligned(array):
    view = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def memory_mapped(array):
    with tempfile.NamedTemporaryFile() as file:
        file.write(np.ascontiguousarray(array).tobytes())
        file.flush()
        return np.memmap(file.name, array.dtype, "r", shape=array.shape)


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def pandas(array, index=None, dtype=None):
    found = (pd.Series if array.ndim == 1 else pd.DataFrame)(array, index=index)
    return found if dtype is None else found.astype(dtype)


def with_missing(dtype):
    def make(array):
        values = pandas(array, dtype=dtype)
        values.iloc[-1] = pd.NA
        return values

    return make


def column(array):
    """One column of the same numbers: as good as a vector."""
    return array[:, None] if array.ndim == 1 else array


#: The same numbers, or numbers that their type makes of them.
FORMS = {
    "float64": lambda a: a,
    "float32": lambda a: a.astype(np.float32),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "big-endian": lambda a: a.astype(">f8"),
    "big-endian float32": lambda a: a.astype(">f4"),
    "int64": lambda a: np.clip(a, -1e9, 1e9).astype(np.int64),
    "big-endian int32": lambda a: np.clip(a, -1e9, 1e9).astype(">i4"),
    "uint8": lambda a: np.clip(a, 0, 255).astype(np.uint8),
    "bool": lambda a: a > 0,
    "unaligned": unaligned,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "read-only": read_only,
    "Fortran": np.asfortranarray,
    "memory-mapped": memory_mapped,
    "column": column,
    "index of strings": lambda a: pandas(a, [f"row {i}" for i in range(len(a))]),
    "duplicated index": lambda a: pandas(a, [7] * len(a)),
    "MultiIndex": lambda a: pandas(a, pd.MultiIndex.from_product([[1], range(len(a))])),
    "index of dates": lambda a: pandas(a, pd.date_range("2020-01-01", periods=len(a), freq="s")),
    "pandas Float64": lambda a: pandas(a, dtype="Float64"),
    "pandas Int64": lambda a: pandas(np.clip(a, -1e9, 1e9).astype(int), dtype="Int64"),
    "pandas boolean": lambda a: pandas(a > 0, dtype="boolean"),
    "pandas categories": lambda a: pandas(a, dtype="category"),
    "polars": lambda a: pl.Series(a) if a.ndim == 1 else pl.DataFrame(a),
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "unmasked": lambda a: np.ma.masked_array(a, mask=np.zeros(a.shape, bool)),
}
if pa is not None:
    FORMS |= {
        "pandas Arrow": lambda a: pandas(a, dtype="double[pyarrow]"),
        "Arrow": lambda a: pa.array(a) if a.ndim == 1 else pa.table([*a.T], [*map(str, range(a.shape[1]))]),
        "Arrow chunks": lambda a: pa.chunked_array([a[:1], a[1:]]) if a.ndim == 1 else FORMS["Arrow"](a),
    }  # fmt: skip


def masked(array):
    mask = np.zeros(array.shape, bool)
    mask[-1] = True
    return np.ma.masked_array(array, mask=mask)


def sparse(array):
    from scipy.sparse import csr_array

    return csr_array(column(array))


#: What no answer can be given for.
REFUSED = {
    "pandas Float64 with NA": with_missing("Float64"),
    "pandas Int64 with NA": lambda a: with_missing("Int64")(np.clip(a, -1e9, 1e9).astype(int)),
    "polars with null": lambda a: pl.Series([*a.ravel()[:-1].tolist(), None]),
    "objects": lambda a: a.astype(object),
    "objects with None": lambda a: [*a.tolist()[:-1], None],
    "masked": masked,
    "sparse": sparse,
    "complex": lambda a: a.astype(complex),
    "dates": lambda a: np.full(a.shape, "2020-01-01", "datetime64[s]"),
    "durations": lambda a: np.full(a.shape, 3, "timedelta64[s]"),
    "texts": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S"),
    "records": lambda a: np.zeros(len(a), [("a", float), ("b", float)]),
    "a number": lambda a: 1.0,
    "a text": lambda a: "abc",
    "three dimensions": lambda a: np.full((len(a), 1, 2), 3.0),
    "ragged": lambda a: [[1.0], [1.0, 2.0]],
    "dict": lambda a: dict(enumerate(a.tolist())),
    "object": lambda a: object(),
    "generator": lambda a: (x for x in a.tolist()),
    "no rows": lambda a: a[:0],
    "too many": lambda a: np.concatenate([a, a[:1]]),
    "NaN": lambda a: np.concatenate([a[:-1], a[-1:] * np.nan]),
    "inf": lambda a: np.concatenate([a[:-1], a[-1:] * 0 + np.inf]),
}
if pa is not None:
    REFUSED["Arrow with null"] = lambda a: pa.array([*a.ravel()[:-1].tolist(), None])


def is_binary(objective):
    return all(isinstance(term.loss, BinaryLoss) for term in objective.terms)


def is_positive(objective):
    weightings = [w for term in objective.terms for w in term.weightings]
    return objective.link == LOG or any(isinstance(w, InverseLabel) for w in weightings)


SIZES = st.sampled_from([1, 2, 3, 5, 17, 64]) | st.integers(1, 40)
LARGE = st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1])
KINDS = [
    *("normal", "counts", "constant", "two", "1e-30", "1e30", "denormal", "offset", "heavy"),
]


def numbers(kind, shape, rng):
    """Numbers of a kind; in float32's range, as the libraries hold them."""
    z = rng.standard_normal(shape)
    return {
        "normal": lambda: z,
        "counts": lambda: rng.poisson(2.0, shape).astype(float),
        "constant": lambda: np.full(shape, rng.choice([0.0, 1.0, -3.7, 1e-30, 1e30])),
        "two": lambda: rng.choice([1.5, 4.0], shape),
        "1e-30": lambda: 1e-30 * z,
        "1e30": lambda: 1e30 * z,
        "denormal": lambda: np.float64(1e-40) * z,
        "offset": lambda: 1e6 + z,
        "heavy": lambda: z / rng.uniform(1e-6, 1, shape) ** 3,
        "1e38": lambda: rng.choice([-1e38, 1e38], shape),
        "zero": lambda: np.zeros(shape),
    }[kind]()


def labels(objective, kind, n, rng):
    if objective.of_classes or of_levels(objective):
        y = rng.integers(0, 3, n).astype(float)
        if kind == "constant":
            y[:] = 1
        return np.eye(3)[y.astype(int)] if objective.name == "kl_divergence" else y
    y = numbers(kind, n, rng)
    if is_binary(objective):
        return np.full(n, 1.0) if kind == "constant" else (y > np.median(y)).astype(float)
    if is_positive(objective):
        y = np.abs(y)
        return np.where(y > 1e-35, y, 1e-35 if kind == "denormal" else 1.0)
    return y


def weights(kind, n, rng):
    w = rng.uniform(0.1, 3, n)
    if kind == "some zero":
        w[rng.random(n) < 0.5] = 0
        w[0] = 1
    if kind == "one":
        w[1:] = 0
    if kind == "one huge":
        w[0] = 1e6
    scale = {"1e-30": 1e-30, "1e30": 1e30, "1e38": 1e38}.get(kind, 1.0)
    return None if kind == "none" else scale * w


WEIGHTS = ["none", "plain", "some zero", "one", "one huge", "1e-30", "1e30", "1e38"]
RAW = ["normal", "zero", "1e38", "denormal", "heavy", "1e-30", "1e30"]


@st.composite
def rows(draw, objective, sizes=SIZES):
    """Labels, raw predictions and weights, good ones, in float64."""
    n, rng = draw(sizes), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = labels(objective, draw(st.sampled_from(KINDS)), n, rng)
    shape = (n, objective.n_outputs or 3) if objective.vector else n
    raw = numbers(draw(st.sampled_from(RAW)), shape, rng)
    return y, raw, weights(draw(st.sampled_from(WEIGHTS)), n, rng)


def plain(values):
    """The same numbers as a float64 array; None where they make none."""
    return None if values is None else np.array(np.asarray(values), dtype=np.float64)
