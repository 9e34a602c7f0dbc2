"""Reading tables for the comparison, and what is said of those that can't be learned from."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from gbm_objectives.compare.cli import main
from gbm_objectives.compare.data import from_csv, of_arrays

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "size": RNG.normal(size=60).round(3),
        "colour": RNG.choice(["red", "gr\u00fcn", "blue"], 60),
        "price": RNG.normal(100, 20, 60).round(2),
        "bought": RNG.choice(["yes", "no"], 60),
    }
)
FRAME.loc[3, "colour"] = None
FRAME.loc[5, "size"] = np.nan


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_encodings(tmp_path, separator, encoding):
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, sep=separator, encoding=encoding, index=False)
    data = from_csv(path, "price")
    assert data.task == "regression"
    assert data.features == ("size", "colour", "bought")
    assert data.categorical == (1, 2)
    assert "gr\u00fcn" in data.x["f1"].cat.categories
    np.testing.assert_allclose(data.y, FRAME["price"])
    assert np.isnan(data.matrix[3, 1])
    assert np.isnan(data.matrix[5, 0])


def test_decimal_commas(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", sep=";", decimal=",", index=False)
    np.testing.assert_allclose(from_csv(tmp_path / "t.csv", "price").y, FRAME["price"])


def test_frames_of_pandas_and_polars_and_arrays_are_the_same_data():
    x, y = FRAME[["size", "colour"]], FRAME["price"]
    one, other = (
        of_arrays(x, y),
        of_arrays(
            pl.DataFrame({c: [None if pd.isna(v) else v for v in x[c]] for c in x}),
            pl.Series("price", y.to_list()),
        ),
    )
    np.testing.assert_array_equal(one.matrix, other.matrix)
    assert (one.categorical, one.features) == (other.categorical, other.features)
    array = of_arrays(x[["size"]].to_numpy(), y.to_numpy())
    np.testing.assert_array_equal(one.matrix[:, :1], array.matrix)


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (np.arange(300) % 28, "regression"),  # rings
        (np.arange(300) % 3, "multiclass"),
        (np.arange(300) % 2, "binary"),
        (np.array(["Yes", "No", "No"] * 100), "binary"),
        (np.array(["a", "b", "c"] * 100), "multiclass"),
        (np.arange(300) % 3 * 0.5, "regression"),
        (np.array(["1.5", "2", "3"] * 100), "regression"),
        (np.arange(300) % 2 == 0, "binary"),
    ],
)
def test_the_task_is_found(y, task):
    assert of_arrays(np.zeros((300, 1)), y).task == task


def test_ordered_classes():
    x, words = np.zeros((200, 1)), np.array(["low", "high", "middle", "low"] * 50)
    order = ["low", "middle", "high", "never"]
    ordered = pd.Series(pd.Categorical(words, order, ordered=True))
    for data in (of_arrays(x, ordered), of_arrays(x, words, levels=order)):
        assert (data.task, data.classes) == ("ordinal", ("low", "middle", "high"))
        np.testing.assert_array_equal(data.y, [0, 2, 1, 0] * 50)
    assert of_arrays(x, words, "multiclass").classes == ("high", "low", "middle")
    numbers = of_arrays(x, np.array([10.0, 9.0, 1.5, 9.0] * 50), "ordinal")
    assert numbers.classes == ("1.5", "9", "10")
    for given, said in (
        ({"task": "ordinal"}, "text, such as 'low', whose order is not known"),
        ({"levels": ["low", "high"]}, "y is 'middle' in row 2; needed: one of low, high"),
        ({"levels": ["low", "low"]}, "two or more different classes"),
        ({"levels": order, "task": "counts"}, 'needed: the task "ordinal"'),
    ):
        with pytest.raises(ValueError, match=said):
            of_arrays(x, words, **given)


def test_rows_without_a_label_are_left_out():
    y = FRAME["price"].where(FRAME.index > 9)
    data = of_arrays(FRAME[["size"]], y)
    assert len(data.y) == len(data.x) == 50
    assert "10 rows without a price left out" in data.notes


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,price\n1,2\n3,4\n", "--target prize", "Did you mean: price"),
        ("a,price\n1,2\n3,4\n", "", "the column to predict: --target NAME"),
        ("a,y\n1,2\n3,2\n", "--target y", "y is 2 in all 2 rows"),
        ("a,y\n1,\n3,\n", "--target y", "y is missing in all 2 rows"),
        ("a,y\n" + "1,x\n" * 9 + "2,z\n", "--target y", "the class 'z' of y has one row"),
        ("a,y\n" + "1,2\n" * 9 + "2,z\n", "--target y --task regression", "text in 1 of 10 rows"),
        ("a,y\n1,2\n1,2,3\n", "--target y", "needed: rows as long as the header line"),
        ("a,y\n", "--target y", "needed: a header line and rows"),
        ("", "--target y", "nothing in it"),
        ("\0\1\2", "--target y", "bytes that are no text"),
        ("y\n1\n2\n5\n", "--target y", "at least one feature"),
        ("a,y\n1,2\n3,4\n5,9\n", "--target y --folds -1", "folds: -1"),
        (
            "a,y\n1,2\n3,4\n5,9\n",
            "--target y --folds 5",
            "folds: 5; needed: a whole number from 2 to 3",
        ),
        ("a,y\n1,2\n3,4\n", "--target y --out /dev/null/x", "a folder that can be written"),
    ],
)
def test_bad_tables_are_one_line(tmp_path, capsys, text, options, said):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    assert main(["compare", str(path), "--no-cache", *options.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(tmp_path, capsys):
    (tmp_path / "houses.csv").write_text("a,y\n1,2\n")
    assert main(["compare", str(tmp_path / "house.csv"), "--target", "y"]) == 2
    assert "no such file; needed: a CSV file. Did you mean houses.csv?" in capsys.readouterr().err
    assert main(["compare", str(tmp_path), "--target", "y"]) == 2
    assert "Is a directory" in capsys.readouterr().err


def test_texts_of_dates_are_days():
    days = pd.date_range("2020-01-01", periods=40)
    frame = pd.DataFrame(
        {
            "iso": days.strftime("%Y-%m-%d"), "point": days.strftime("%d.%m.%Y"),
            "slash": days.strftime("%m/%d/%Y"),  # American or not
            "y": np.arange(40.0) ** 2,
        }
    )  # fmt: skip
    data = of_arrays(frame, "y")
    assert data.features == ("iso", "point")
    np.testing.assert_array_equal(data.matrix, np.arange(40.0)[:, None] * [1, 1])
    assert "left out, empty or a different text in most rows: slash" in data.notes


def test_the_text_among_numbers_is_shown():
    with pytest.raises(ValueError, match="text in 1 of 40 rows, such as 'n/v'"):
        of_arrays(np.zeros((40, 1)), [*range(39), "n/v"])


def test_masked_and_complex_values_are_errors():
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)
    with pytest.raises(ValueError, match=r"X: 3 masked"):
        of_arrays(np.ma.masked_array(x, x > 36), y)
    with pytest.raises(ValueError, match=r"y: 4 masked"):
        of_arrays(x, np.ma.masked_array(y, y > 15))
    with pytest.raises(TypeError, match="complex numbers"):
        of_arrays(x + 1j, y)


INFINITE = {"a": [0.0, 1.0, np.inf] * 20, "b": np.arange(60.0), "c": [-np.inf] + [2.0] * 59}
SAID = (
    "X: column 'a' has inf in 20 of 60 rows, first in row 2; columns 'c' have some too; "
    "needed: finite numbers, or NaN. Replace inf by NaN"
)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(INFINITE),
        pd.DataFrame(INFINITE).astype("Float64"),
        pd.DataFrame(INFINITE).astype("float32"),
        pd.DataFrame({name: list(map(str, values)) for name, values in INFINITE.items()}),
        pd.DataFrame(INFINITE).astype(object),
        pl.DataFrame(INFINITE),
        pl.DataFrame({name: [*values[:-1], None] for name, values in INFINITE.items()}),
    ],
    ids=["pandas", "nullable", "float32", "text", "object", "polars", "polars with null"],
)
def test_infinite_features_are_an_error(frame):
    kind = "20 of 60" if frame["a"].to_list()[-1] is not None else "19 of 60"
    with pytest.raises(ValueError, match=re.escape(SAID.replace("20 of 60", kind))):
        of_arrays(frame, np.arange(60.0) ** 2)
    finite = pd.DataFrame(INFINITE).replace([np.inf, -np.inf], np.nan)
    assert np.isnan(of_arrays(finite, np.arange(60.0) ** 2).matrix[2, 0])


def test_infinite_features_of_arrays_by_the_rows_that_were_given():
    x, y = np.zeros((40, 2)), np.arange(40.0)
    x[7, 1], y[:5] = -np.inf, np.nan  # rows without a label are left out, but numbered
    with pytest.raises(
        ValueError, match="column 1 has inf in 1 of 35 rows, first in row 7; needed"
    ):
        of_arrays(x, y)
    x[7, 1], x[2, 1] = 0.0, np.inf  # a row that isn't used
    assert len(of_arrays(x, y).y) == 35


@pytest.mark.parametrize("value", ["inf", "-inf", "Infinity", "1e999"])
@pytest.mark.parametrize("column", ["a", "y"])
def test_infinite_numbers_of_a_file_are_one_line(tmp_path, capsys, value, column):
    frame = pd.DataFrame({"a": np.arange(30.0), "b": np.arange(30.0), "y": np.arange(30.0) ** 2})
    frame = frame.astype(str)
    frame.loc[4, column] = value
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert main(["compare", str(tmp_path / "t.csv"), "--target", "y", "--no-cache"]) == 2
    err = capsys.readouterr().err
    start = {"a": "X: column 'a'", "y": "target: y"}[column]
    assert f"{start} has inf in 1 of 30 rows, first in row 4; needed: finite numbers" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("y", [[1.0, np.inf] * 20, ["1.5", "inf"] * 20])
def test_infinite_labels_are_an_error(y):
    with pytest.raises(ValueError, match="target: y has inf in 20 of 40 rows, first in row 1"):
        of_arrays(np.arange(40.0)[:, None], y)


def test_numbers_that_float32_can_not_hold_are_an_error():
    x, y = np.arange(40.0)[:, None], np.arange(40.0)
    with pytest.raises(ValueError, match=r"target: y has numbers above 3\.4e38.* first in row 3"):
        of_arrays(x, np.where(y == 3, 1e39, y))
    with pytest.raises(ValueError, match=r"column 0 has numbers above 3\.4e38.* first in row 5"):
        of_arrays(np.where(x == 5, -1e39, x), y)
