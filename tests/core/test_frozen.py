"""Arrays as values."""

import pickle

import numpy as np
import pytest

from gbm_objectives._core.frozen import FrozenArray


def test_compares_and_hashes_by_content():
    one, same, other = (FrozenArray(v) for v in ([1.0, 2.0], np.array([1.0, 2.0]), [1.0, 3.0]))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != [1.0, 2.0]
    assert {one, same, other} == {one, other}
    assert FrozenArray([[1.0], [2.0]]) != one
    assert len(one) == 2


def test_nobody_can_change_it():
    given = np.arange(4.0)
    frozen = FrozenArray(given)
    given[0] = 9.0
    assert frozen.values[0] == 0.0
    copied = pickle.loads(pickle.dumps(frozen))
    assert copied == frozen
    assert hash(copied) == hash(frozen)
    for array in (frozen, copied, frozen.part(slice(1, 3))):
        with pytest.raises(ValueError, match="read-only"):
            array.values[0] = 1.0


def test_a_part_is_a_view():
    frozen = FrozenArray(np.arange(4.0))
    part = frozen.part(slice(1, 3))
    assert part == FrozenArray([1.0, 2.0])
    assert hash(part) == hash(FrozenArray([1.0, 2.0]))
    assert np.shares_memory(part.values, frozen.values)
