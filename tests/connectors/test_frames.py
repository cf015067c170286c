"""DataFrames as a database: what they hold is read whole, and what cannot be read is refused by name."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from relfm.connectors import connect
from relfm.errors import QuestionError, UsageError
from relfm.planning import plan


def read(*columns: Any, index: Any = None) -> pa.Table:
    frame = pd.DataFrame({f"c{n}": column for n, column in enumerate(columns)}, index=index)
    return connect({"t": frame}).tables["t"]


def test_frames_keep_their_named_index_and_mixed_cells() -> None:
    frame = pd.DataFrame({"kind": ["a", 2, None]}, index=pd.Index([1, 2, 3], name="id"))
    rows = connect({"things": frame, "arrow": pa.table({"id": [1]})}).tables["things"]
    assert rows["id"].to_pylist() == [1, 2, 3]
    assert rows["kind"].to_pylist() == ["a", "2", None]


def test_a_table_of_another_library_is_read_through_arrow() -> None:
    class Foreign:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            text = pa.array(["a", "b"], pa.string_view())
            return pa.table({"id": [1, 2], "name": text}).__arrow_c_stream__(requested_schema)

    assert connect({"t": Foreign()}).tables["t"].to_pydict() == {"id": [1, 2], "name": ["a", "b"]}


def test_a_key_that_repeats_says_so_where_it_is_asked_for() -> None:
    users = pd.DataFrame({"user_id": [1, 1, *range(2, 60)], "x": range(60)})
    with pytest.raises(QuestionError, match="users.user_id is not the primary key") as caught:
        plan(connect({"users": users}), "PREDICT users.x FOR EACH users.user_id")
    assert "user_id repeats in 1 of 60 rows (such as 1)" in caught.value.hint


def test_a_link_that_is_missing_is_written_with_the_column_that_may_be_meant() -> None:
    users = pd.DataFrame({"user_id": range(30)})
    orders = pd.DataFrame({"user_id": range(20, 120), "at": pd.date_range("2024-01-01", periods=100)})
    with pytest.raises(QuestionError, match="no foreign key leads from orders to users") as caught:
        plan(connect({"users": users, "orders": orders}), "PREDICT COUNT(orders.*, 0, 9) FOR EACH users.user_id")
    assert 'columns = ["user_id"]' in caught.value.hint


def test_every_level_of_a_named_index_is_a_column() -> None:
    keys = pd.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["order_id", None])
    rows = read([1.5, 2.5], index=keys)
    assert rows.to_pydict() == {"order_id": [1, 3], "level_1": [2, 4], "c0": [1.5, 2.5]}


def test_index_that_repeats_a_column_is_that_column() -> None:
    frame = pd.DataFrame({"id": [1, 2], "x": [3, 4]}).set_index("id", drop=False)
    assert connect({"t": frame}).tables["t"].to_pydict() == {"id": [1, 2], "x": [3, 4]}


def test_periods_are_the_moments_at_which_they_begin() -> None:
    periods = pd.period_range("2020-01", periods=2, freq="M")
    rows = read(periods, pd.Categorical(periods))
    months = [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 2, 1)]
    assert rows.to_pydict() == {"c0": months, "c1": months}


def test_moments_among_dates_keep_their_hours() -> None:
    cells = [datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 2, 5)]
    assert read(cells)["c0"].to_pylist() == [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2, 5)]


def test_sparse_columns_are_dense_and_numbers_beyond_64_bits_are_text() -> None:
    rows = read(pd.arrays.SparseArray([1, 0]), pd.arrays.SparseArray(["a", None]), [1, 2**70], [[1, 2**70], None])
    assert rows.sort_by("c0").to_pydict() == {
        "c0": [0, 1],
        "c1": [None, "a"],
        "c2": [str(2**70), "1"],
        "c3": [None, f"[1, {2**70}]"],
    }


def test_table_of_nested_cells_alone_has_its_rows() -> None:
    assert read([{"x": 1}, {"x": 2}]).num_rows == 2


PLAIN = pd.DataFrame({"id": [1, 2]})


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({5: PLAIN}, "the table name 5 is no text"),
        ({"": PLAIN}, "the table name '' is no text"),
        ({"t": pd.DataFrame([[1, 2]], columns=["x", "x"])}, "table 't' has several columns named 'x'"),
        ({"t": pd.DataFrame([[1, 2]], columns=["1", 1])}, "table 't' has several columns named '1'"),
        ({"t": pa.table([[1], [2]], names=["x", "x"])}, "table 't' has several columns named 'x'"),
        ({"t": PLAIN.rename_axis("id")}, "table 't' has an index and a column named 'id' that differ"),
        (
            {"t": PLAIN.set_index(pd.MultiIndex.from_arrays([[1, 2]] * 2, names=("a", "a")))},
            "several columns named 'a'",
        ),
        ({"t": pd.DataFrame({"z": np.array([1, 2j])})}, "column 't.z' holds complex numbers"),
    ],
)
def test_frames_that_cannot_be_tables_are_refused_by_name(tables: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(tables)
    assert said in caught.value.message
    assert caught.value.hint
