"""Tables by name in a FROM clause: what each is called, where its time stands, which rows of it can be seen.

A row that is reached through a key counts only if it has happened by the end of the window; else it is missing.
"""

from collections.abc import Iterable

from relfm.errors import QuestionError
from relfm.labels.expressions import identifier
from relfm.query.nodes import Column
from relfm.query.routes import Route
from relfm.schema import Relation, Schema, Table

_HAPPENED = "relfm_time"


class Relations:
    """Tables as relations. A table whose time is its parent's becomes a common table expression that adds it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.expressions: dict[str, list[str]] = {}
        self._taken = {name.casefold() for name in schema.tables} | {"timestamps"}

    def name(self, table: str) -> str:
        """The relation that holds the rows of ``table`` with their time."""
        described = self.schema.tables[table]
        if table.casefold() == "timestamps":
            raise QuestionError(
                f"the table '{table}' cannot be asked about: label SQL keeps that name for its cutoffs",
                hint="rename the table, or make a view of it under another name",
            )
        if described.time_column is not None or described.time_from is None:
            return identifier(table)
        name = f"{table}_timed"
        if identifier(name) not in self.expressions:
            self._add_timed(described, name)
        return identifier(name)

    def fresh(self, stem: str) -> str:
        """A name that no table and no other expression has."""
        number = 1
        while f"{stem}_{number}".casefold() in self._taken:
            number += 1
        self._taken.add(f"{stem}_{number}".casefold())
        return f"{stem}_{number}"

    def time(self, table: str, alias: str) -> str | None:
        """When a row called ``alias`` happened; None for a table without time."""
        described = self.schema.tables[table]
        if described.time_column is not None:
            return f"{alias}.{identifier(described.time_column)}"
        return f"{alias}.{_HAPPENED}" if described.time_from is not None else None

    def cell(self, column: Column, alias: str, until: str) -> str:
        """The cell of the row called ``alias`` as it was known ``until`` then: that a row has ended (was deleted, was
        cancelled) is not known before it has."""
        cell = f"{alias}.{identifier(column.name)}"
        if not self.schema.tables[column.table].column(column.name).is_written_later:
            return cell
        return f"CASE WHEN {cell} <= {until} THEN {cell} END"

    def _add_timed(self, child: Table, name: str) -> None:
        key = child.time_from
        parent, alias = self.name(key.table), identifier(key.table)
        if key.table == child.name:
            alias = identifier(f"{key.table}_parent")
        on = equal_keys(self.schema, Relation(child.name, key), identifier(child.name), alias)
        self.expressions[identifier(name)] = [
            f"SELECT {identifier(child.name)}.*, {self.time(key.table, alias)} AS {_HAPPENED}",
            f"FROM {identifier(child.name)}",
            f"JOIN {named(parent, alias)} ON {on}",
        ]


class Joins:
    """The tables reached from one row of ``start``. ``until`` is the time up to which their rows can be seen."""

    def __init__(self, relations: Relations, start: str, until: str, reserved: Iterable[str] = ()) -> None:
        self.relations, self.until = relations, until
        self.lines: list[str] = []
        self._taken = {name.casefold() for name in reserved}
        self._aliases: dict[Route, str] = {(): self._alias(start)}

    @property
    def start(self) -> str:
        return self._aliases[()]

    def reach(self, route: Route, *, to_entity: bool = False) -> str:
        """The alias of the row at the end of ``route``; a missing row is NULL, but the way ``to_entity`` must exist."""
        for length in range(1, len(route) + 1):
            way = route[:length]
            if way not in self._aliases:
                self._join(way, inner=to_entity, unseen=to_entity and length == len(route))
        return self._aliases[route]

    def _join(self, way: Route, *, inner: bool, unseen: bool) -> None:
        hop, below = way[-1], self._aliases[way[:-1]]
        alias = self._alias(hop.key.table)
        on = equal_keys(self.relations.schema, hop, below, alias)
        time = self.relations.time(hop.key.table, alias)
        if time is not None and not unseen:  # the entity itself is checked where the population is made
            on += f" AND {time} <= {self.until}"
        relation = named(self.relations.name(hop.key.table), alias)
        self.lines.append(f"{'JOIN' if inner else 'LEFT JOIN'} {relation} ON {on}")
        self._aliases[way] = alias

    def _alias(self, table: str) -> str:
        alias, number = table, 2
        while alias.casefold() in self._taken:
            alias, number = f"{table}_{number}", number + 1
        self._taken.add(alias.casefold())
        return identifier(alias)


def fresh(name: str, taken: set[str]) -> str:
    """``name``, with as many underscores as it takes to be none of ``taken``."""
    while name in taken:
        name += "_"
    return name


def named(relation: str, alias: str) -> str:
    """``relation AS alias``, or the relation alone where the alias says nothing new."""
    return relation if relation == alias else f"{relation} AS {alias}"


def equal_keys(schema: Schema, hop: Relation, child: str, parent: str) -> str:
    """That a child's key names the parent; keys of different types are compared as links are: as numbers or text."""
    child_table, parent_table = schema.tables[hop.table], schema.tables[hop.key.table]
    parts = []
    for own, other in zip(hop.key.columns, hop.key.other_columns, strict=True):
        left, right = f"{child}.{identifier(own)}", f"{parent}.{identifier(other)}"
        types = child_table.column(own).type, parent_table.column(other).type
        if types[0] != types[1]:
            is_number = set(types) == {"int64", "float64"}
            sides = zip((left, right), types, strict=True)
            left, right = (f"CAST({c} AS DOUBLE)" if is_number else _as_text(c, kind) for c, kind in sides)
        parts.append(f"{right} = {left}")
    return " AND ".join(parts)


def _as_text(cell: str, kind: str) -> str:
    """The cell as links write it: whole numbers without a fraction, whatever type holds them."""
    if kind != "float64":
        return f"CAST({cell} AS VARCHAR)"
    whole = f"{cell} = floor({cell}) AND abs({cell}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST({cell} AS BIGINT) AS VARCHAR) ELSE CAST({cell} AS VARCHAR) END"
