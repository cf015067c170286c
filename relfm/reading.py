"""What the cells of a column are, as far as they were there to be seen: numbers, categories or text.

The schema's semantic type follows from all rows, so a row of the future can turn a column's type around. Whatever an
answer rests on is decided here instead, by the same rule, from the rows that were visible. What a user stated is
obeyed, because no row changes it.
"""

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.schema import Column, Table
from relfm.stype import Stype

EARLIEST = 10_000
"""How many known cells decide."""

_CODES = (
    "id code type status category class kind flag zip zipcode postal postcode group gender sex segment tier level "
    "stage state channel method mode season weekday dow month quarter is has"
)
_CODE_WORDS = frozenset(_CODES.split())
_LONG_TEXT = 50

Decided = tuple[Stype, str]


@lru_cache(maxsize=65_536)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: ``billingAddress_ID`` gives billing, address, id."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(word.casefold() for word in re.split(r"[\W_]+", spaced) if word)


def stype_as_seen(table: Table, column: Column, cells: pa.ChunkedArray, visible: np.ndarray) -> Stype | None:
    """What the visible cells (bool[n] of ``cells``, in time order) say that the column is; None if none is known.

    What was not inferred from cells is as the schema has it.
    """
    if column.stype is None or column.type == "list" or not _is_inferred(table, column):
        return column.stype
    rows = np.flatnonzero(visible)
    is_run = len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows)  # nearly always: rows stand in time order
    head = earliest(cells.slice(rows[0], len(rows)) if is_run else cells.filter(pa.array(visible)))
    if not len(head) or column.type == "timestamp":
        return column.stype if len(head) else None
    return (stype_of_text(head) if column.type == "string" else stype_of_numbers(column.name, head))[0]


def earliest(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """The known cells that decide, the first of those in time order; none if no cell is known."""
    head = cells.slice(0, 4 * EARLIEST).drop_null().slice(0, EARLIEST)
    return head if len(head) else cells.drop_null().slice(0, EARLIEST)


def stype_of_numbers(name: str, head: pa.ChunkedArray) -> Decided:
    """Numbers are categories if they are yes or no, or whole and named like a code."""
    whole = pa.types.is_int64(head.type) or pc.all(pc.equal(pc.floor(head), head)).as_py()
    if not whole:
        return Stype.numerical, "numbers"
    if pc.all(pc.is_in(head, value_set=pa.array([0, 1], head.type))).as_py():
        return Stype.categorical, "only 0 and 1"
    if _CODE_WORDS.intersection(tokens(name)):
        return Stype.categorical, "whole numbers named like a code"
    return Stype.numerical, "numbers"


def stype_of_text(head: pa.ChunkedArray) -> Decided:
    """Short text that repeats is a category."""
    repeats = pc.count_distinct(head).as_py() <= max(0.5 * len(head), 1)
    if repeats and pc.mean(pc.utf8_length(head)).as_py() <= _LONG_TEXT:
        return Stype.categorical, "text that repeats"
    return Stype.text_embedded, "text that rarely repeats"


def _is_inferred(table: Table, column: Column) -> bool:
    return any(d.what == "stype" and d.source == "inferred" and d.column == column.name for d in table.decisions)
