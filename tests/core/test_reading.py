"""What a column is, from the cells that were visible."""

import numpy as np
import pyarrow as pa
import pytest

from relfm.reading import stype_as_seen
from relfm.schema import Column, Decision, Table
from relfm.stype import Stype

WORDS = ["a", "b"] * 3


def seen(
    name: str, cells: list, visible: list[bool] | int, stype: Stype | None, source: str = "inferred"
) -> Stype | None:
    values = pa.chunked_array([pa.array(cells)])
    kind = {pa.int64(): "int64", pa.float64(): "float64", pa.string(): "string"}[values.type]
    column = Column(name, kind, stype)
    table = Table("t", (column,), decisions=(Decision("stype", str(stype), source, "cells", name),))
    shown = np.arange(len(cells)) < visible if isinstance(visible, int) else np.array(visible)
    return stype_as_seen(table, column, values, shown)


@pytest.mark.parametrize(
    ("name", "cells", "number", "before", "after"),
    [
        ("newsletter", [0, 1, None, 1, 2], 4, Stype.categorical, Stype.numerical),
        ("zip", [10115, 80331, 4.5], 2, Stype.categorical, Stype.numerical),
        ("amount", [5, 7, 9], 2, Stype.numerical, Stype.numerical),
        ("city", [*WORDS, *"cdefghijkl"], 6, Stype.categorical, Stype.text_embedded),
        ("note", [*"abcd", *"dddddd"], 4, Stype.text_embedded, Stype.categorical),
        ("late", [None, None, 3.5], 2, None, Stype.numerical),
    ],
)
def test_later_cells_do_not_say_what_a_column_is(
    name: str, cells: list, number: int, before: Stype | None, after: Stype
) -> None:
    assert seen(name, cells, number, after) == before
    assert seen(name, cells, len(cells), after) == after


def test_visible_cells_may_lie_anywhere() -> None:
    assert seen("newsletter", [0, 5, 1], [True, False, True], Stype.numerical) == Stype.categorical
    assert seen("newsletter", [0, 5, 1], [False] * 3, Stype.numerical) is None


def test_what_a_user_stated_is_obeyed() -> None:
    assert seen("newsletter", [0, 1], 2, Stype.numerical, "user") == Stype.numerical
    assert seen("newsletter", [0, 1], 2, None) is None
