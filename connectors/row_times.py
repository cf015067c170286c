"""When the rows of a table happened: the column that says so, or the foreign key whose parent does.

A date of birth, of an end or of a change is never taken for the time of a row; without a good candidate a table has
no time, and the schema says which columns were passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.names import is_quantity, key_stem, short_table_forms, table_forms, tokens
from relfm.connectors.roles import Role, is_log, role_of
from relfm.errors import SchemaError
from relfm.schema import Decision, ForeignKey
from relfm.times import DAY

_MOSTLY = 0.95
_KNOWN = 0.5
_RANKS = {Role.START: 0, Role.PLAIN: 0, Role.UNKNOWN: 1}


@dataclass(frozen=True)
class RowTime:
    """A table's time column or the key it takes its time through (at most one of them), and why; or that its rows
    happened when nothing tells."""

    column: str | None = None
    origin: ForeignKey | None = None
    decisions: tuple[Decision, ...] = ()
    is_unknown: bool = False


def infer_time_column(table: str, rows: pa.Table) -> RowTime:
    """The moment at which each row happened, if a column tells."""
    roles = {c: role_of(table, c) for c in rows.column_names if pa.types.is_timestamp(rows.column(c).type)}
    shares = {c: _share_known(rows.column(c)) for c, role in roles.items() if role.may_be_row_time}
    likely = [c for c, share in shares.items() if share >= _KNOWN]
    changes = [c for c, role in roles.items() if role is Role.MUTATION and _share_known(rows.column(c)) >= _MOSTLY]
    is_of_changes = not shares and len(changes) == 1 and is_log(table)
    passed = tuple(
        Decision("suspect", f"{role} date", "inferred", "such a date is never the time of a row", c)
        for c, role in roles.items()
        if not role.may_be_row_time and not (is_of_changes and c in changes)
    )
    if is_of_changes:
        why = "each row of a log is a change, and this says when"
        return RowTime(changes[0], None, (Decision("time_column", changes[0], "inferred", why), *passed))
    if not likely:
        few = {c: f"only {s:.0%} of its cells are known, too few for the time of a row" for c, s in shares.items()}
        sparse = (Decision("suspect", "mostly missing", "inferred", why, c) for c, why in few.items())
        return RowTime(decisions=(*passed, *sparse))
    ranks = {c: (_RANKS[roles[c]], not _says_moment(c)) for c in likely}
    likely = [c for c in likely if ranks[c] == min(ranks.values())]
    chosen = _earliest(rows, likely)
    why = f"its name says {roles[chosen]}"
    if roles[chosen] is Role.UNKNOWN:
        why = "the only date left" if len(likely) == 1 else "the earliest date, though no name tells the role"
    elif len(likely) > 1:
        why += ", and it is the earliest of " + ", ".join(likely)
    return RowTime(chosen, None, (Decision("time_column", chosen, "inferred", why), *passed))


def rows_without_a_moment(table: str, rows: pa.Table, links: tuple[ForeignKey, ...], *, is_parent: bool) -> bool:
    """Whether rows that no column places in time came one by one all the same: they are details of others, and carry
    dates of what became of them. Taken for known from the start, they would tell the past its future."""
    dates = (c for c in rows.column_names if pa.types.is_timestamp(rows.column(c).type))
    return bool(links) and not is_parent and any(role_of(table, c) is not Role.LIFE for c in dates)


def dates_written_later(
    table: str, rows: pa.Table, time_column: str | None, stated: tuple[str, ...] | None
) -> frozenset[str]:
    """The columns of dates whose cells are filled or overwritten after their row was made: those that the user states,
    else those whose name says that something changed or ended. SchemaError for a stated column that holds no dates."""
    for column in stated or ():
        if column not in rows.column_names or not pa.types.is_timestamp(rows.column(column).type):
            raise SchemaError(
                f"column '{table}.{column}' is stated as written later, and its cells are not read as dates",
                hint=f'only a date tells when it became known; leave other columns out: exclude = ["{column}"]',
            )
    if stated is not None:
        return frozenset(stated)
    dates = [c for c in rows.column_names if pa.types.is_timestamp(rows.column(c).type) and c != time_column]
    return frozenset(c for c in dates if role_of(table, c).is_written_later)


def _says_moment(column: str) -> bool:
    return any(word.endswith(("date", "time", "day", "ts", "at", "timestamp")) for word in tokens(column))


def _share_known(values: pa.ChunkedArray) -> float:
    return 1.0 - values.null_count / max(1, len(values))


def _earliest(rows: pa.Table, likely: list[str]) -> str:
    """The column that is at most all the others in nearly every row; of the same day's moments the finest."""
    micros = {c: rows.column(c).cast(pa.int64()) for c in likely}
    days = {c: pc.divide(values, DAY) for c, values in micros.items()}
    fine = {c: bool(pc.any(pc.not_equal(pc.multiply(days[c], DAY), micros[c])).as_py()) for c in likely}
    wins = {c: sum(_share_at_most(days[c], days[o]) >= _MOSTLY for o in likely if o != c) for c in likely}
    return min(likely, key=lambda c: (-wins[c], not fine[c], -_share_known(rows.column(c)), likely.index(c)))


def _share_at_most(one: pa.ChunkedArray, other: pa.ChunkedArray) -> float:
    share = pc.mean(pc.less_equal(one, other).cast(pa.float64())).as_py()
    return 1.0 if share is None else share


def refuse_cycles(origins: Mapping[str, str]) -> None:
    """SchemaError if tables take their time (each from the one that it maps to) from each other."""
    for start in origins:
        seen, name = [start], origins[start]
        while name in origins and name not in seen:
            seen.append(name)
            name = origins[name]
        if name in seen:
            raise SchemaError(
                f"the tables {', '.join(seen)} take their time from each other", hint="give one of them a time_column"
            )


def inherit_times(
    tables: Mapping[str, pa.Table],
    primary_keys: Mapping[str, tuple[str, ...]],
    foreign_keys: Mapping[str, tuple[ForeignKey, ...]],
    timed: frozenset[str],
    without: frozenset[str],
    dated: frozenset[str],
) -> dict[str, RowTime]:
    """For tables in ``without`` the foreign key whose parent gives them their time. Rows of those that are ``dated``,
    by what became of them, may have come long after the parent, unless its key is a part of theirs."""
    found: dict[str, RowTime] = {}
    known = set(timed)
    for _ in range(len(without)):
        fresh = {}
        for table in sorted(without - known):
            origin = _origin(table, tables[table], primary_keys, foreign_keys, known, is_dated=table in dated)
            if origin is not None:
                fresh[table] = origin
        if not fresh:
            break
        found |= fresh
        known |= fresh.keys()
    return found


def _origin(
    table: str,
    rows: pa.Table,
    primary_keys: Mapping[str, tuple[str, ...]],
    foreign_keys: Mapping[str, tuple[ForeignKey, ...]],
    timed: set[str],
    *,
    is_dated: bool,
) -> RowTime | None:
    """The timed parent of a detail table: its only one, or of several the only one that it is a part of (an order line
    is a part of its order, whenever its product was launched). Parents without time leave it open."""
    own = foreign_keys.get(table, ())
    primary_key = primary_keys.get(table, ())
    parents = [fk for fk in own if fk.table in timed and fk.table != table]
    if is_dated:
        parents = [fk for fk in parents if _has_key_of(fk, primary_key)]
    if len(parents) > 1:
        parents = [fk for fk in parents if _part_reason(table, fk, primary_key) is not None]
    if len(parents) != 1:
        return None
    key = parents[0]
    if any(rows.column(c).null_count > 0.01 * rows.num_rows for c in key.columns):
        return None
    why = _part_reason(table, key, primary_key) or _detail_reason(table, key, own, foreign_keys)
    if is_dated:
        why = "the parent's key is a part of its primary key, and its own dates tell what became of its rows"
    if why is None:
        return None
    value = f"from {key.table} through {', '.join(key.columns)}"
    return RowTime(None, key, (Decision("time_column", value, "inferred", why),))


def _part_reason(table: str, key: ForeignKey, primary_key: tuple[str, ...]) -> str | None:
    """Why the rows of ``table`` are parts of their parent row; None if nothing says so."""
    name = "".join(sorted(table_forms(table), key=len)[:1])
    if any(form in name and form != name for form in table_forms(key.table) if len(form) > 2):
        return "no date of its own, and its name says that it is a part of the parent"
    if _has_key_of(key, primary_key):
        return "no date of its own, and the parent's key is a part of its primary key"
    return None


def _has_key_of(key: ForeignKey, primary_key: tuple[str, ...]) -> bool:
    return len(primary_key) > 1 and set(key.columns) < set(primary_key)


def _detail_reason(
    table: str,
    key: ForeignKey,
    own: tuple[ForeignKey, ...],
    foreign_keys: Mapping[str, tuple[ForeignKey, ...]],
) -> str | None:
    """Why the rows of ``table`` happen with their only timed parent; None if they may well have a life of their own."""
    is_referenced = any(fk.table == table for keys in foreign_keys.values() for fk in keys)
    stem = key_stem(key.columns[0])
    is_plain = stem is None or "".join(stem) in table_forms(key.table) | short_table_forms(key.table)
    others = {fk.table for fk in own} - {table, key.table}
    if not is_referenced and is_plain and others and not is_quantity(key.columns[0]):
        return "no date of its own, nothing points at it, and this is its only parent with time"
    return None
