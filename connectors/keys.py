"""Primary keys that nobody declared: unique over the whole table, and named or used like a key.

Uniqueness alone is not enough: e-mail addresses are unique. A name alone is not either: status codes have one.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.names import key_stem, suffixes, table_forms, table_parts, tokens
from relfm.connectors.reasons import is_generic
from relfm.errors import SchemaError
from relfm.schema import Decision, ForeignKey

_OWN_NAMES = frozenset({"id", "pk", "uuid", "guid", "key", "rowid", "oid"})
_ROW_WORDS = frozenset({"row", "key", "record", "entry", "surrogate"})
_ORDINALS = frozenset({"line", "seq", "sequence", "position", "pos", "index", "idx", "item", "step", "ordinal"})
_ENOUGH = 0.99
_NEARLY = 0.1
_SURELY = 4

Found = tuple[tuple[str, ...], Decision]


def is_unique(rows: pa.Table, columns: tuple[str, ...]) -> bool:
    """Whether no two rows share these columns' values and none of them is missing."""
    if not rows.num_rows or any(rows.column(c).null_count for c in columns):
        return False
    if len(columns) == 1:
        return _is_distinct(rows.column(columns[0]))
    return rows.select(list(columns)).group_by(list(columns)).aggregate([]).num_rows == rows.num_rows


def check_key(table: str, rows: pa.Table, columns: tuple[str, ...]) -> None:
    """SchemaError if a stated key does not tell the rows apart: links through it would then multiply rows."""
    if not rows.num_rows or not columns or is_unique(rows, columns):
        return
    raise SchemaError(
        f"'{table}.{', '.join(columns)}' is no primary key: it {_failings(rows, columns)}",
        hint="name the columns that tell all rows apart together, or say nothing about the table's primary key",
    )


def check_target(table: str, key: ForeignKey, parents: pa.Table) -> None:
    """SchemaError if a stated link may lead to several rows: what is counted through it would be counted for each."""
    known = parents.select(list(key.other_columns)).drop_null()
    if known.num_rows and not is_unique(known, key.other_columns):
        raise SchemaError(
            f"'{table}.{', '.join(key.columns)}' cannot point at '{key.table}.{', '.join(key.other_columns)}', which"
            f" {_failings(known, key.other_columns)}",
            hint="name columns that tell the rows of that table apart, or leave the foreign key out",
        )


def nearly_key(table: str, tables: Mapping[str, pa.Table]) -> Decision | None:
    """What to say of a column that has a key's name, and would be the key but for a few of its rows."""
    rows = tables[table]
    others = frozenset().union(*(table_forms(t) for t in tables if t != table))
    for column in rows.column_names:
        if _name_score(table, column, others) == _SURELY:
            kept = pc.count_distinct(rows.column(column), mode="only_valid").as_py()
            if (1 - _NEARLY) * rows.num_rows <= kept < rows.num_rows:
                why = f"{column} {_failings(rows, (column,))}, so it is no key"
                return Decision("suspect", "not the primary key", "inferred", why, column)
    return None


def _failings(rows: pa.Table, columns: tuple[str, ...]) -> str:
    """In how many rows a key is missing or repeats, with an example."""
    missing = sum(rows.column(c).null_count for c in columns)
    known = rows.select(list(columns)).drop_null()
    counted = known.group_by(list(columns), use_threads=False).aggregate([([], "count_all")])
    often = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, 1).select(list(columns)).to_pylist()
    said = [f"is missing in {missing:,} of {rows.num_rows:,} rows"] if missing else []
    if often:
        example = ", ".join(str(v) for v in often[0].values())
        said.append(f"repeats in {known.num_rows - counted.num_rows:,} of {rows.num_rows:,} rows (such as {example})")
    return " and ".join(said)


def _is_distinct(values: pa.ChunkedArray) -> bool:
    """Whether all values differ; whole numbers in order or nearly without gaps are seen to at once."""
    if pa.types.is_int64(values.type):
        numbers = values.to_numpy()
        if (numbers[:-1] < numbers[1:]).all():
            return True
        marks = _marks(numbers)
        if marks is not None:
            return int(marks.sum()) == len(numbers)
    return pc.count_distinct(values).as_py() == len(values)


def distinct_values(values: pa.ChunkedArray) -> pa.Array:
    """The values that occur, in any order, without the missing ones."""
    values = values.drop_null()
    if pa.types.is_int64(values.type) and len(values):
        numbers = values.to_numpy()
        marks = _marks(numbers)
        if marks is not None:
            return pa.array(np.flatnonzero(marks) + numbers.min())
    return pc.unique(values)


def _marks(numbers: np.ndarray) -> np.ndarray | None:
    """bool[high - low + 1]: which numbers of their range occur; None if the range is too wide for that."""
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= 8 * len(numbers) + 1024:
        return None
    marks = np.zeros(high - low + 1, dtype=bool)
    marks[numbers - low] = True
    return marks


def infer_named_key(table: str, tables: Mapping[str, pa.Table]) -> Found | None:
    """A column named ``id`` or after its own table."""
    rows = tables[table]
    others = frozenset().union(*(table_forms(t) for t in tables if t != table))
    named = [(_name_score(table, c, others), position, c) for position, c in enumerate(rows.column_names)]
    for score, _, column in sorted(named, key=lambda n: (-n[0], n[1])):
        if score and _is_key_typed(rows, column) and is_unique(rows, (column,)):
            return _found((column,), f"unique in all {rows.num_rows:,} rows and named like a key")
    return None


def infer_used_key(
    table: str, tables: Mapping[str, pa.Table], primary_keys: Mapping[str, tuple[str, ...]]
) -> Found | None:
    """A column that is unique here and repeated under the same name in other tables, which hold no other values."""
    rows = tables[table]
    owned = {key[0] for key in primary_keys.values() if len(key) == 1}
    for column in rows.column_names:
        if key_stem(column) is None or is_generic(column) or column in owned or not _is_key_typed(rows, column):
            continue
        others = [t for t in tables if t != table and column in tables[t].column_names and tables[t].num_rows]
        if not others or not is_unique(rows, (column,)):
            continue
        values = [tables[t].column(column) for t in others]
        if any(is_unique(tables[t], (column,)) for t in others if not primary_keys.get(t)):
            continue  # which of them owns the key cannot be told
        if any(_names_table(key_stem(column), t) for t in tables if t != table and primary_keys.get(t)):
            continue  # it is named after a table that has its key: a link
        if all(share_included(distinct_values(v), rows.column(column)) >= _ENOUGH for v in values):
            return _found((column,), f"unique in all {rows.num_rows:,} rows, and {', '.join(others)} refer to it")
    return None


def infer_leading_key(table: str, tables: Mapping[str, pa.Table]) -> Found | None:
    """The first column, if it numbers the rows without gaps under a name that no other table knows."""
    rows = tables[table]
    column = rows.column_names[0] if rows.num_columns else ""
    stem = key_stem(column)
    if stem is None or not pa.types.is_int64(rows.column(column).type) or rows.num_rows < 2:
        return None
    if any(t != table and (column in r.column_names or _names_table(stem, t)) for t, r in tables.items()):
        return None
    bounds = pc.min_max(rows.column(column))
    if bounds["max"].as_py() - bounds["min"].as_py() != rows.num_rows - 1 or not is_unique(rows, (column,)):
        return None
    return _found((column,), f"numbers all {rows.num_rows:,} rows without a gap")


def infer_composite_key(rows: pa.Table, key_columns: Iterable[str]) -> Found | None:
    """The foreign keys of a table without a primary key, with its line number if it has one, if together unique."""
    known = frozenset(key_columns)
    parts = [c for c in rows.column_names if c in known]
    ordinals = [c for c in rows.column_names if c not in known and _is_ordinal(rows, c)]
    for columns in (parts, *([*parts, o] for o in ordinals), *([p, o] for p in parts for o in ordinals)):
        if len(columns) > 1 and is_unique(rows, tuple(columns)):
            return _found(tuple(columns), f"unique together in all {rows.num_rows:,} rows")
    return None


def share_included(distinct: pa.Array | pa.ChunkedArray, parent: pa.ChunkedArray) -> float:
    """The share of values (distinct ones, or those of all rows) that the parent holds; NaN if there are none."""
    if not len(distinct):
        return float("nan")
    if distinct.type != parent.type:
        distinct, parent = distinct.cast(pa.string()), parent.cast(pa.string())
    return pc.mean(pc.is_in(distinct, value_set=parent.combine_chunks()).cast(pa.float64())).as_py()


def composite_share_included(child: pa.Table, parent: pa.Table) -> float:
    """The same for keys of several columns (same names on both sides); rows with a missing part do not count."""
    names = child.column_names
    known = child.drop_null().group_by(names).aggregate([])
    if not known.num_rows or any(known.schema.field(n).type != parent.schema.field(n).type for n in names):
        return float("nan")
    found = known.join(parent.group_by(names).aggregate([]), names, join_type="left semi")
    return found.num_rows / known.num_rows


def _found(columns: tuple[str, ...], evidence: str) -> Found:
    return columns, Decision("primary_key", ", ".join(columns), "inferred", evidence)


def _is_key_typed(rows: pa.Table, column: str) -> bool:
    values = rows.column(column)
    return (pa.types.is_int64(values.type) or pa.types.is_string(values.type)) and values.null_count == 0


def _is_ordinal(rows: pa.Table, column: str) -> bool:
    words = tokens(column)
    return bool(_ORDINALS.intersection(words)) and words[-1] != "id" and pa.types.is_int64(rows.column(column).type)


def _names_table(stem: tuple[str, ...], table: str) -> bool:
    return any(ending in table_forms(table) for ending in suffixes(stem))


def _name_score(table: str, column: str, others: frozenset[str]) -> int:
    """4 for ``id`` and ``<table>_id``, 3 for a part of the table's name, 2 for ``row_id``, 1 for the name itself."""
    words, stem = tokens(column), key_stem(column)
    if words and len(words) == 1 and words[0] in _OWN_NAMES:
        return _SURELY
    if stem is None:
        return int("".join(words) in table_forms(table))
    named = tuple(w for w in stem if w not in _ROW_WORDS)
    if not named:
        return 2
    if "".join(named) in table_forms(table):
        return _SURELY
    is_part = "".join(named) in table_parts(table) and "".join(named) not in others
    return 3 if is_part or _names_table(named, table) else 0
