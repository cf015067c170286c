"""The schema: tables, columns, keys, time columns and semantic types, with the source of every decision.

All values are frozen; ``Schema.from_json(schema.to_json()) == schema``.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from relfm.errors import SchemaError
from relfm.stype import Stype

Source = Literal["declared", "inferred", "user"]
CanonicalType = Literal["int64", "float64", "string", "timestamp", "list"]


@dataclass(frozen=True)
class Column:
    """A column as the snapshot holds it. ``stype`` is None for keys and for columns that carry no features.

    ``is_written_later``: it holds dates that are filled or overwritten after their row was made (a cancellation), so a
    cell is known only once its own moment has come.
    ``is_planned``: it holds dates that were set when their row was made, and are known from then on though they lie
    ahead (an invoice is due).
    """

    name: str
    type: CanonicalType
    stype: Stype | None
    is_written_later: bool = False
    is_planned: bool = False


@dataclass(frozen=True, order=True)
class ForeignKey:
    """``columns`` of this table name a row of ``table`` through its ``other_columns``; keys may be composite."""

    columns: tuple[str, ...]
    table: str
    other_columns: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Relation:
    """The rows of ``table`` that point through ``key`` at rows of ``key.table``."""

    table: str
    key: ForeignKey

    @property
    def parent(self) -> str:
        return self.key.table

    def __str__(self) -> str:
        return f"{self.table}.{'+'.join(self.key.columns)}"


@dataclass(frozen=True)
class Decision:
    """One fact about a table, or about its ``column``.

    ``what`` is primary_key, foreign_key, time_column, stype, unit, dates, written_later, planned, exclude, empty or
    suspect.
    """

    what: str
    value: str
    source: Source
    evidence: str
    column: str | None = None

    def __str__(self) -> str:
        about = self.value if self.column is None else f"{self.column}: {self.value}"
        return f"{self.what} {about} ({self.source}: {self.evidence})"


@dataclass(frozen=True)
class Table:
    """A table. Without a ``time_column`` its rows are timeless, unless ``time_from`` names the foreign key whose
    parent row gives them their time (order lines happen when their order does). ``time_unknown``: they happened at
    times that no column tells, so no row may be described by them."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    time_column: str | None = None
    time_from: ForeignKey | None = None
    time_unknown: bool = False
    decisions: tuple[Decision, ...] = ()

    @property
    def inferred(self) -> tuple[Decision, ...]:
        return tuple(d for d in self.decisions if d.source == "inferred")

    @property
    def key_columns(self) -> frozenset[str]:
        return frozenset(self.primary_key).union(*(fk.columns for fk in self.foreign_keys))

    def column(self, name: str) -> Column:
        """The column of that name, matched exactly first and then without regard to case; SchemaError otherwise."""
        found = match_name(name, [c.name for c in self.columns])
        if found is None:
            raise SchemaError(
                f"unknown column '{name}' in table '{self.name}'",
                hint=suggestion(name, [c.name for c in self.columns]),
            )
        return next(c for c in self.columns if c.name == found)


@dataclass(frozen=True)
class Schema:
    """Tables by name, in alphabetical order."""

    tables: Mapping[str, Table] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Iterable[Table]) -> "Schema":
        return cls({t.name: t for t in sorted(tables, key=lambda t: t.name)})

    def table(self, name: str) -> Table:
        """The table of that name, matched exactly first and then without regard to case; SchemaError otherwise."""
        found = match_name(name, self.tables)
        if found is None:
            raise SchemaError(f"unknown table '{name}'", hint=suggestion(name, self.tables))
        return self.tables[found]

    @property
    def excluded(self) -> frozenset[tuple[str, str]]:
        """Every (table, column) that no feature may read: a user says so, or its cells were written later."""
        columns = {(name, c.name) for name, t in self.tables.items() for c in t.columns}
        return (
            frozenset((n, d.value) for n, t in self.tables.items() for d in t.decisions if d.what == "exclude")
            & columns
        )

    def children_of(self, table: str) -> list[tuple[Table, ForeignKey]]:
        """Every (table, foreign key) that points at ``table``."""
        return [(t, fk) for t in self.tables.values() for fk in t.foreign_keys if fk.table == table]

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON form of ``relfm describe --json`` (plus what ``from_dict`` needs to come back)."""
        return {"tables": {name: _table_to_dict(t) for name, t in self.tables.items()}}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Schema":
        return cls.of(_table_from_dict(name, t) for name, t in value["tables"].items())

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> "Schema":
        return cls.from_dict(json.loads(text))


def match_name(name: str, names: Iterable[str]) -> str | None:
    """``name`` itself if it is among ``names``, else the only one that equals it without regard to case."""
    names = list(names)
    if name in names:
        return name
    folded = [n for n in names if n.casefold() == name.casefold()]
    return folded[0] if len(folded) == 1 else None


def suggestion(name: str, names: Iterable[str]) -> str:
    """'did you mean …' with the nearest names, or the list of all of them."""
    names = list(names)
    by_folded = {n.casefold(): n for n in names}
    near = [by_folded[n] for n in difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.5)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are: {', '.join(names)}" if names else "there are none"


def quoted(name: str) -> str:
    """``name`` in the quotes in which SQL, and the question language, take any name."""
    return '"' + name.replace('"', '""') + '"'


def link_form(table: str, column: str, parent: str, other_column: str) -> str:
    """The lines of a schema file that declare a link, indented to stand below a hint; … is for the reader to fill."""
    name = table if re.fullmatch(r"[A-Za-z0-9_-]+", table) else json.dumps(table, ensure_ascii=False)
    column, parent, other_column = (json.dumps(text, ensure_ascii=False) for text in (column, parent, other_column))
    lines = [f"columns = [{column}]", f"table = {parent}", f"other_columns = [{other_column}]"]
    return "\n    ".join(["", f"[[tables.{name}.foreign_keys]]", *lines])


def _key_to_dict(fk: ForeignKey) -> dict[str, Any]:
    return {"columns": list(fk.columns), "table": fk.table, "other_columns": list(fk.other_columns)}


def _key_from_dict(value: Mapping[str, Any]) -> ForeignKey:
    return ForeignKey(tuple(value["columns"]), value["table"], tuple(value["other_columns"]))


def _table_to_dict(table: Table) -> dict[str, Any]:
    return {
        "primary_key": list(table.primary_key),
        "time_column": table.time_column,
        "time_from": _key_to_dict(table.time_from) if table.time_from else None,
        "time_unknown": table.time_unknown,
        "foreign_keys": [_key_to_dict(fk) for fk in table.foreign_keys],
        "columns": {
            c.name: {
                "stype": c.stype and c.stype.value,
                "type": c.type,
                "is_written_later": c.is_written_later,
                "is_planned": c.is_planned,
            }
            for c in table.columns
        },
        "inferred": [str(d) for d in table.inferred],
        "decisions": [asdict(d) for d in table.decisions],
    }


def _table_from_dict(name: str, value: Mapping[str, Any]) -> Table:
    return Table(
        name=name,
        columns=tuple(
            Column(c, v["type"], Stype(v["stype"]) if v["stype"] else None, v["is_written_later"], v["is_planned"])
            for c, v in value["columns"].items()
        ),
        primary_key=tuple(value["primary_key"]),
        foreign_keys=tuple(_key_from_dict(fk) for fk in value["foreign_keys"]),
        time_column=value["time_column"],
        time_from=_key_from_dict(value["time_from"]) if value.get("time_from") else None,
        time_unknown=value["time_unknown"],
        decisions=tuple(Decision(**d) for d in value.get("decisions", ())),
    )
