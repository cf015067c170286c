"""The semantic type of each column, from its type, its name and the earliest cells of its table.

Whether a column is read at all never depends on how its values repeat: rows of the future would then decide it. What
repeats too little to be a category is found out when features are made, from the rows visible at the cutoff, by the
same rule (relfm.reading).
"""

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.names import tokens, words_of
from relfm.connectors.roles import Role, role_of
from relfm.reading import earliest, stype_of_numbers, stype_of_text
from relfm.stype import Stype

_SUMMARY_WORDS = words_of("lifetime ltv")

Decided = tuple[Stype | None, str]


def stype_of(table: str, column: str, values: pa.ChunkedArray, *, is_time: bool = False) -> Decided:
    """The semantic type of a column that is no key (None: no feature reads it), and why.

    ``values`` are in canonical types and in time order; ``is_time`` says that they are the times of their rows.
    """
    head = earliest(values)
    if not len(head):
        return None, "no value in any row"
    if _SUMMARY_WORDS.intersection(tokens(column)):
        return None, "suspect: a summary that is written over as time goes on"
    if pa.types.is_timestamp(values.type):
        if role_of(table, column) is Role.MUTATION and not is_time:
            # That it is not there yet tells, too: it has been written over since.
            return None, "suspect: mutation date, written over as time goes on"
        return Stype.timestamp, "moments"
    if pa.types.is_list(values.type):
        return _lists(head)
    if pa.types.is_string(values.type):
        return stype_of_text(head)
    return stype_of_numbers(column, head)


def _lists(head: pa.ChunkedArray) -> Decided:
    if pa.types.is_float64(head.type.value_type):
        lengths = pc.unique(pc.list_value_length(head))
        return (Stype.embedding, "vectors") if len(lengths) == 1 else (None, "vectors of several lengths")
    return Stype.multicategorical, "lists"
