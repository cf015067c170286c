"""The schema of a database: what the user says, else what is declared, else what is inferred from all of the rows.

Every fact carries its source and evidence; the same rows and declarations give the same schema, whatever their order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from relfm.connectors.canonical import canonical_type
from relfm.connectors.connector import DeclaredTable
from relfm.connectors.date_text import doubt
from relfm.connectors.hindsight import written_in_hindsight
from relfm.connectors.keys import (
    check_key,
    check_target,
    infer_composite_key,
    infer_leading_key,
    infer_named_key,
    infer_used_key,
    nearly_key,
)
from relfm.connectors.links import Parent, infer_links, parents_of
from relfm.connectors.order import in_order
from relfm.connectors.overrides import Overrides, TableOverride
from relfm.connectors.planned import DatesKnown, dates_known
from relfm.connectors.row_times import (
    RowTime,
    infer_time_column,
    inherit_times,
    refuse_cycles,
    rows_without_a_moment,
)
from relfm.connectors.said import as_said, no_moments
from relfm.connectors.stypes import stype_of
from relfm.database import Database
from relfm.errors import SchemaError
from relfm.schema import Column, Decision, ForeignKey, Schema, Source, Table
from relfm.stype import Stype

_NOTHING_SAID = TableOverride()
_AWAY = "a declared key to a table that is not read with this one"
_UNKNOWN = "its rows came one by one, and no column tells when: no feature reads them"


@dataclass(frozen=True)
class Facts:
    """What is known of one table besides its columns."""

    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    time: RowTime
    dates: DatesKnown
    decisions: tuple[Decision, ...]


def infer(
    declared: Sequence[DeclaredTable], tables: Mapping[str, pa.Table], overrides: Overrides
) -> tuple[Schema, dict[str, pa.Table]]:
    """The schema of ``tables`` (in canonical types) and the same tables in canonical order."""
    kept = {t.name: t for t in declared if t.name in tables and not overrides.get(t.name, _NOTHING_SAID).skip}
    said = {name: overrides.get(name, _NOTHING_SAID) for name in kept}
    rows = {name: as_said(table, tables[name], said[name]) for name, table in kept.items()}
    facts = _facts(kept, rows, said)
    timed = Schema.of(_table(kept[n], rows[n], facts[n], {}) for n in kept)
    ordered = in_order(timed, rows)
    stypes = {n: _stypes(n, ordered[n], facts[n], said[n]) for n in kept}
    guessed = {n: [c for c, (stype, source, _) in stypes[n].items() if stype and source == "inferred"] for n in kept}
    later = written_in_hindsight(Database(timed, ordered), {n: guessed[n] for n in kept if not kept[n].complete})
    for (name, column), why in later.items():
        excluded = Decision("exclude", column, "inferred", why)
        facts[name] = replace(facts[name], decisions=(*facts[name].decisions, excluded))
    return Schema.of(_table(kept[n], ordered[n], facts[n], stypes[n]) for n in kept), ordered


def _facts(
    declared: Mapping[str, DeclaredTable], rows: Mapping[str, pa.Table], said: Mapping[str, TableOverride]
) -> dict[str, Facts]:
    keys, decisions = _primary_keys(declared, rows, said)
    links: dict[str, tuple[ForeignKey, ...]] = {}
    parents = parents_of(rows, keys)
    for name in rows:
        decisions[name] += () if declared[name].complete else _doubted_dates(rows[name], said[name])
        links[name], found = _links(declared, name, rows, parents, keys, said[name])
        decisions[name] += found
    for name in rows:
        if not keys[name] and not declared[name].complete:
            composite = infer_composite_key(rows[name], [c for fk in links[name] for c in fk.columns])
            if composite is not None:
                keys[name] = composite[0]
                decisions[name].append(composite[1])
    times = _times(declared, rows, keys, links, said)
    known = {n: dates_known(n, rows[n], times[n].column, said[n], complete=declared[n].complete) for n in rows}
    told = {n: (*decisions[n], *known[n].decisions, *times[n].decisions) for n in rows}
    return {n: Facts(keys[n], links[n], times[n], known[n], told[n]) for n in rows}


def _primary_keys(
    declared: Mapping[str, DeclaredTable], rows: Mapping[str, pa.Table], said: Mapping[str, TableOverride]
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[Decision]]]:
    keys: dict[str, tuple[str, ...]] = {}
    decisions: dict[str, list[Decision]] = {}
    for name, table in declared.items():
        held = table.primary_key if set(table.primary_key) <= set(rows[name].column_names) else ()
        stated, source = _first(("user", said[name].primary_key), ("declared", held or None))
        keys[name], decisions[name] = stated or (), []
        if source == "user" or table.complete:  # a database keeps its own constraints
            check_key(name, rows[name], keys[name])
        if source is not None:
            decisions[name].append(_stated("primary_key", ", ".join(keys[name]) or "none", source))
        if rows[name].num_rows == 0:
            decisions[name].append(Decision("empty", name, "inferred", "the table has no rows"))
        decisions[name] += [Decision("exclude", c.name, "inferred", c.skipped) for c in table.columns if c.skipped]
        decisions[name] += table.decisions
    open_tables = [n for n, t in declared.items() if not any(d.what == "primary_key" for d in decisions[n])]
    for infer_key in (
        lambda name: infer_named_key(name, rows),
        lambda name: infer_used_key(name, rows, keys),
        lambda name: infer_leading_key(name, rows),
    ):
        for name in open_tables:
            found = infer_key(name) if not keys[name] and not declared[name].complete else None
            if found is not None:
                keys[name] = found[0]
                decisions[name].append(found[1])
    failed = {n: nearly_key(n, rows) for n in open_tables if not keys[n] and not declared[n].complete}
    for name, decision in failed.items():
        decisions[name] += [decision] if decision is not None else []
    return keys, decisions


def _doubted_dates(rows: pa.Table, said: TableOverride) -> list[Decision]:
    """What looks like a date and stays text, and which form the user gave to dates that do not tell it."""
    texts = [c for c in rows.column_names if pa.types.is_string(rows.column(c).type) and c not in said.stypes]
    doubts = {c: doubt(rows.column(c)) for c in texts}
    told = [Decision("suspect", "text", "inferred", f"it {why}", c) for c, why in doubts.items() if why]
    return [*told, *(_stated("dates", form, "user", c) for c, form in said.date_forms.items())]


def _links(
    declared: Mapping[str, DeclaredTable],
    name: str,
    rows: Mapping[str, pa.Table],
    parents: Sequence[Parent],
    keys: Mapping[str, tuple[str, ...]],
    said: TableOverride,
) -> tuple[tuple[ForeignKey, ...], list[Decision]]:
    if said.foreign_keys is not None:
        stated, source = said.foreign_keys, "user"
    else:
        stated, source = tuple(_resolved(declared, fk, keys) for fk in declared[name].foreign_keys), "declared"
    held = sorted({fk for fk in stated if fk is not None and _is_held(rows, name, fk)})
    if source == "user" or declared[name].complete:  # a database keeps its own constraints
        for key in held:
            check_target(name, key, rows[key.table])
    decisions = [_stated("foreign_key", f"{', '.join(fk.columns)} -> {_target(fk)}", source) for fk in held]
    if said.foreign_keys is None and not declared[name].complete:
        away = [fk for fk in declared[name].foreign_keys if fk.table not in declared]
        decisions += [Decision("suspect", f"{', '.join(fk.columns)} -> {fk.table}", "inferred", _AWAY) for fk in away]
        taken = frozenset(c for fk in (*held, *away) for c in fk.columns)
        for finding in infer_links(name, rows, parents, keys, taken):
            held += [finding.key] if finding.key is not None else []
            decisions.append(finding.decision)
    return tuple(sorted(held)), decisions


def _resolved(
    declared: Mapping[str, DeclaredTable], key: ForeignKey, keys: Mapping[str, tuple[str, ...]]
) -> ForeignKey | None:
    """The key, to the parent's primary key where the declaration names no columns; None if the parent is left out."""
    if key.table not in declared:
        return None
    return ForeignKey(key.columns, key.table, key.other_columns or keys[key.table])


def _is_held(rows: Mapping[str, pa.Table], name: str, key: ForeignKey) -> bool:
    """Whether both sides were read (a table may be left out, a column may hold binary data)."""
    return (
        key.table in rows
        and len(key.columns) == len(key.other_columns)
        and set(key.columns) <= set(rows[name].column_names)
        and set(key.other_columns) <= set(rows[key.table].column_names)
    )


def _times(
    declared: Mapping[str, DeclaredTable],
    rows: Mapping[str, pa.Table],
    keys: Mapping[str, tuple[str, ...]],
    links: Mapping[str, tuple[ForeignKey, ...]],
    said: Mapping[str, TableOverride],
) -> dict[str, RowTime]:
    times = {n: _time(declared[n], rows[n], links[n], said[n]) for n in rows}
    refuse_cycles({n: t.origin.table for n, t in times.items() if t.origin is not None})
    timed = frozenset(n for n, t in times.items() if t.column or t.origin)
    settled = {n for n in rows if declared[n].complete or said[n].time_column is not None or times[n].is_unknown}
    without = frozenset(n for n in rows if n not in timed and n not in settled and rows[n].num_rows)
    dated = frozenset(n for n in without if any(d.what == "suspect" for d in times[n].decisions))
    inherited = inherit_times(rows, keys, links, timed, without, dated)
    for name, time in inherited.items():
        times[name] = RowTime(None, time.origin, (*time.decisions, *times[name].decisions))
    pointed = {fk.table for own in links.values() for fk in own}
    for name in sorted(without - inherited.keys()):
        if rows_without_a_moment(name, rows[name], links[name], is_parent=name in pointed):
            decided = Decision("time_column", "unknown", "inferred", _UNKNOWN)
            times[name] = RowTime(None, None, (decided, *times[name].decisions), is_unknown=True)
    return times


def _time(table: DeclaredTable, rows: pa.Table, links: tuple[ForeignKey, ...], said: TableOverride) -> RowTime:
    if said.time_from is not None:
        key = next((fk for fk in links if fk.columns == said.time_from), None)
        if key is None:
            raise SchemaError(
                f"time_from of '{table.name}' names {', '.join(said.time_from)}, which is no foreign key of it",
                hint="foreign keys: " + ("; ".join(", ".join(fk.columns) for fk in links) or "none"),
            )
        return RowTime(None, key, (_stated("time_column", f"from {key.table}", "user"),))
    if said.time_unknown:
        return RowTime(None, None, (_stated("time_column", "unknown", "user"),), is_unknown=True)
    column, source = _first(("user", said.time_column), ("declared", table.time_column))
    if source is not None:
        if column and not pa.types.is_timestamp(rows.column(column).type):
            raise no_moments(table.name, column, rows.column(column), said)
        return RowTime(column or None, None, (_stated("time_column", column or "none", source),))
    if table.complete:
        return RowTime(decisions=(_stated("time_column", "none", "declared"),))
    return RowTime() if not rows.num_rows else infer_time_column(table.name, rows)


def _stypes(
    name: str, rows: pa.Table, facts: Facts, said: TableOverride
) -> dict[str, tuple[Stype | None, Source, str]]:
    """Each column's semantic type, who says so and why."""
    keys = frozenset(facts.primary_key).union(*(fk.columns for fk in facts.foreign_keys))
    found: dict[str, tuple[Stype | None, Source, str]] = {}
    for column in rows.column_names:
        if column in said.exclude:
            found[column] = (said.stypes.get(column), "user", "excluded")
        elif column in said.stypes:
            found[column] = (said.stypes[column], "user", "schema file")
        elif column in keys:
            found[column] = (None, "inferred", "")
        else:
            stype, why = stype_of(name, column, rows.column(column), is_time=column == facts.time.column)
            found[column] = (stype, "inferred", why)
    return found


def _table(
    declared: DeclaredTable,
    rows: pa.Table,
    facts: Facts,
    stypes: Mapping[str, tuple[Stype | None, Source, str]],
) -> Table:
    decided = {c: stypes.get(c, (None, "inferred", "")) for c in rows.column_names}
    return Table(
        name=declared.name,
        columns=tuple(
            Column(c, canonical_type(rows.column(c)), decided[c][0], c in facts.dates.later, c in facts.dates.planned)
            for c in rows.column_names
        ),
        primary_key=facts.primary_key,
        foreign_keys=facts.foreign_keys,
        time_column=facts.time.column,
        time_from=facts.time.origin,
        time_unknown=facts.time.is_unknown,
        decisions=(*facts.decisions, *(_stype_decision(c, *d) for c, d in decided.items() if d[2])),
    )


def _stype_decision(column: str, stype: Stype | None, source: Source, why: str) -> Decision:
    if why == "excluded":
        return Decision("exclude", column, source, "schema file")
    if why.startswith("suspect: "):
        return Decision("suspect", "no feature reads it", source, why.removeprefix("suspect: "), column)
    return Decision("stype", stype.value if stype else "none", source, why, column)


def _stated(what: str, value: str, source: Source, column: str | None = None) -> Decision:
    return Decision(what, value, source, "constraint" if source == "declared" else "schema file", column)


def _first(*stated: tuple[Source, tuple[str, ...] | str | None]) -> tuple[tuple[str, ...] | str | None, Source | None]:
    """The first fact that is stated at all, and by whom."""
    return next(((value, source) for source, value in stated if value is not None), (None, None))


def _target(key: ForeignKey) -> str:
    return f"{key.table}.{', '.join(key.other_columns)}" if len(key.other_columns) == 1 else key.table
