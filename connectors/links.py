"""Foreign keys that nobody declared: values that are included in a key, in a column named after it.

A wrong link is worse than a missing one: without a reason in the name, or with two parents equally likely, nothing
is linked and the finding is only reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.keys import composite_share_included, distinct_values, share_included
from relfm.connectors.names import folded, is_quantity, key_stem, tokens
from relfm.connectors.reasons import ALONE, PERSON, is_generic, name_reason
from relfm.schema import Decision, ForeignKey

_ENOUGH, _NEARLY = 0.99, 0.9
_MUTUAL = 0.8
_FEW = 5
_MOMENT_WORDS = frozenset({"date", "time", "at", "ts", "timestamp"})


@dataclass(frozen=True)
class Finding:
    """A link (or None if there is only a suspicion) and what speaks for it."""

    key: ForeignKey | None
    decision: Decision


@dataclass(frozen=True)
class Parent:
    """A table with a key of one column, and the range of that key if it is whole numbers."""

    table: str
    column: str
    values: pa.ChunkedArray
    low: int | None
    high: int | None
    other_names: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


def parents_of(tables: Mapping[str, pa.Table], primary_keys: Mapping[str, tuple[str, ...]]) -> list[Parent]:
    """All tables that a single column can point at, by name."""
    found = []
    for table, key in sorted(primary_keys.items()):
        if len(key) == 1 and tables[table].num_rows:
            values = tables[table].column(key[0])
            bounds = pc.min_max(values) if pa.types.is_int64(values.type) else None
            low, high = (bounds["min"].as_py(), bounds["max"].as_py()) if bounds is not None else (None, None)
            others = frozenset(folded(c) for c in tables[table].column_names if c != key[0])
            found.append(Parent(table, key[0], values, low, high, others))
    return found


def infer_links(
    table: str,
    tables: Mapping[str, pa.Table],
    parents: Sequence[Parent],
    primary_keys: Mapping[str, tuple[str, ...]],
    taken: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Links of ``table`` through columns that are not in ``taken`` (those that a declared key already explains)."""
    rows = tables[table]
    found = _composite_links(table, tables, primary_keys, taken)
    for column in rows.column_names:
        kind = rows.column(column).type
        if column in taken or not (pa.types.is_int64(kind) or pa.types.is_string(kind)) or is_quantity(column):
            continue
        finding = _link_of(table, column, rows.column(column), parents, primary_keys)
        if finding is not None:
            found.append(finding)
    return found


def _link_of(
    table: str,
    column: str,
    values: pa.ChunkedArray,
    parents: Sequence[Parent],
    primary_keys: Mapping[str, tuple[str, ...]],
) -> Finding | None:
    scores = [_score(table, column, p, primary_keys) for p in parents]
    best = max(scores, default=0)
    distinct = distinct_values(values) if best or pa.types.is_int64(values.type) else None
    if distinct is None or not len(distinct):
        return None
    if best == 0:
        is_own = column in primary_keys.get(table, ())
        return None if is_own else _suspicion(column, distinct, [p for p in parents if p.table != table])
    likely = [p for p, score in zip(parents, scores, strict=True) if score == best]
    shares = {p.name: _share(distinct, values, p) for p in likely}
    fitting = [p for p in likely if shares[p.name] >= _ENOUGH and _is_likely(best, distinct, p)]
    if len(fitting) == 1:
        (parent,) = fitting
        evidence = f"{_percent(shares[parent.name])} of its values are in {parent.name}, and the name says so"
        key = ForeignKey((column,), parent.table, (parent.column,))
        return Finding(key, Decision("foreign_key", f"{column} -> {parent.name}", "inferred", evidence))
    near = [p for p in (fitting or likely) if shares[p.name] >= 0.5]
    why = "named after several that fit" if fitting else "named after it, but the values do not settle it"
    fits = ", ".join(f"{p.name} ({_percent(shares[p.name])})" for p in near)
    return Finding(None, Decision("suspect", f"{column} -> {fits}", "inferred", why)) if near else None


def _share(distinct: pa.Array, values: pa.ChunkedArray, parent: Parent) -> float:
    """The share of the values that are in the parent's key; of the rows, where a few strays are all that is amiss: a
    handful of late events of unknown users does not undo what all others say."""
    share = share_included(distinct, parent.values)
    if _NEARLY <= share < _ENOUGH:
        share = max(share, share_included(values.drop_null(), parent.values))
    return share


def _score(table: str, column: str, parent: Parent, primary_keys: Mapping[str, tuple[str, ...]]) -> int:
    """A name that the parent has too, on another column than its key, is no name for its key."""
    if parent.table != table and folded(column) in parent.other_names:
        return 0
    return name_reason(table, column, parent.table, parent.column, primary_keys)


def _is_likely(reason: int, distinct: pa.Array, parent: Parent) -> bool:
    """Whole numbers from 1 on are in most keys. Without a key word in the name they must fill the parent's; named after
    a role, they must come from all over it, or they count the few agents of a table that is not here. Text has to fit
    only."""
    if not pa.types.is_int64(distinct.type):
        return True
    if reason == ALONE:
        return len(distinct) >= max(2 * _FEW, 0.5 * len(parent.values))
    return reason != PERSON or parent.high is None or pc.max(distinct).as_py() >= (parent.low + parent.high) / 2


def _suspicion(column: str, distinct: pa.Array, parents: Sequence[Parent]) -> Finding | None:
    """Whole numbers that fit into keys without a reason in the name: worth a question, not a link."""
    if not pa.types.is_int64(distinct.type) or len(distinct) < _FEW or _MOMENT_WORDS.intersection(tokens(column)):
        return None
    bounds = pc.min_max(distinct)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    fits = [
        p.name
        for p in parents
        if p.low is not None and p.low <= low and high <= p.high
        if key_stem(column) is not None or len(distinct) >= _MUTUAL * len(p.values)
        if share_included(distinct, p.values) >= _ENOUGH
    ]
    if not fits:
        return None
    shown = ", ".join(fits[:3]) + (f" and {len(fits) - 3} more" if len(fits) > 3 else "")
    value = f"{column} -> {shown}"
    return Finding(None, Decision("suspect", value, "inferred", "the values fit, but the name says nothing"))


def _composite_links(
    table: str,
    tables: Mapping[str, pa.Table],
    primary_keys: Mapping[str, tuple[str, ...]],
    taken: frozenset[str],
) -> list[Finding]:
    """Columns that carry all the names of another table's composite key, and its values."""
    rows, found = tables[table], []
    for parent, key in sorted(primary_keys.items()):
        if len(key) < 2 or parent == table or not set(key) <= set(rows.column_names) or set(key) <= taken:
            continue
        if set(primary_keys.get(table, ())) == set(key) or all(is_generic(c) for c in key):
            continue
        share = composite_share_included(rows.select(list(key)), tables[parent].select(list(key)))
        if share >= _ENOUGH:
            evidence = f"{_percent(share)} of its values are in {parent}, under the same names"
            value = f"{', '.join(key)} -> {parent}"
            found.append(Finding(ForeignKey(key, parent, key), Decision("foreign_key", value, "inferred", evidence)))
    return found


def _percent(share: float) -> str:
    return "all" if share == 1.0 else f"{100 * share:.1f} %"
