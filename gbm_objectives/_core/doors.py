"""What the libraries' data sets hold, by the methods that they share."""

from __future__ import annotations

from typing import Any


def is_data_set(value: object) -> bool:
    """Whether this is a DMatrix or a Dataset, which ``train`` and ``cv`` hand over."""
    return hasattr(value, "get_label")


def labels_and_weights(data: Any) -> tuple[Any, Any]:
    """The labels and the weights of a data set."""
    return data.get_label(), data.get_weight()


def has_groups(data: Any) -> bool:
    """Whether the rows of a data set belong to queries."""
    if hasattr(data, "get_uint_info"):  # a DMatrix: where each group begins, and the number of rows
        return len(data.get_uint_info("group_ptr")) > 2
    return hasattr(data, "get_group") and data.get_group() is not None
