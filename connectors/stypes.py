"""The semantic type of each column, from its type, its name and the earliest cells of its table.

Whether a column is read at all never depends on how its values repeat: rows of the future would then decide it. What
repeats too little to be a category is found out when features are made, from the rows visible at the cutoff.
"""

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.names import tokens, words_of
from relfm.connectors.roles import role_of
from relfm.stype import Stype

EARLIEST = 10_000
"""How many known cells decide."""

_CODE_WORDS = words_of(
    "id code type status category class kind flag zip zipcode postal postcode group gender sex segment tier level "
    "stage state channel method mode season weekday dow month quarter is has"
)
_SUMMARY_WORDS = words_of("lifetime ltv")
_LONG_TEXT = 50

Decided = tuple[Stype | None, str]


def stype_of(table: str, column: str, values: pa.ChunkedArray) -> Decided:
    """The semantic type of a column that is no key (None: no feature reads it), and why.

    ``values`` are in canonical types and in time order.
    """
    head = values.slice(0, 4 * EARLIEST).drop_null().slice(0, EARLIEST)
    if not len(head):
        head = values.drop_null().slice(0, EARLIEST)
    if not len(head):
        return None, "no value in any row"
    if _SUMMARY_WORDS.intersection(tokens(column)):
        return None, "suspect: a summary that is written over as time goes on"
    if pa.types.is_timestamp(values.type):
        role = role_of(table, column)
        if role.is_written_later:
            return None, f"suspect: {role} date, written after the row was made"
        return Stype.timestamp, "moments"
    if pa.types.is_list(values.type):
        return _lists(head)
    if pa.types.is_string(values.type):
        return _text(column, head)
    return _numbers(column, head)


def _numbers(column: str, head: pa.ChunkedArray) -> Decided:
    whole = pa.types.is_int64(head.type) or pc.all(pc.equal(pc.floor(head), head)).as_py()
    if not whole:
        return Stype.numerical, "numbers"
    if pc.all(pc.is_in(head, value_set=pa.array([0, 1], head.type))).as_py():
        return Stype.categorical, "only 0 and 1"
    if _CODE_WORDS.intersection(tokens(column)):
        return Stype.categorical, "whole numbers named like a code"
    return Stype.numerical, "numbers"


def _text(column: str, head: pa.ChunkedArray) -> Decided:
    if _repeats(head) and pc.mean(pc.utf8_length(head)).as_py() <= _LONG_TEXT:
        return Stype.categorical, "text that repeats"
    return Stype.text_embedded, "text that rarely repeats"


def _repeats(head: pa.ChunkedArray) -> bool:
    return pc.count_distinct(head).as_py() <= max(0.5 * len(head), 1)


def _lists(head: pa.ChunkedArray) -> Decided:
    if pa.types.is_float64(head.type.value_type):
        lengths = pc.unique(pc.list_value_length(head))
        return (Stype.embedding, "vectors") if len(lengths) == 1 else (None, "vectors of several lengths")
    return Stype.multicategorical, "lists"
