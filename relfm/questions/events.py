"""Events: dated rows of one table that happen, through at most two links, to rows of another."""

from dataclasses import dataclass

import numpy as np

from relfm.database import Database
from relfm.query.routes import routes
from relfm.schema import Relation, Schema, Table, quoted
from relfm.times import TIMELESS

MIN_EVENTS, MIN_ENTITIES = 300, 15
MOST_HOPS = 2


@dataclass(frozen=True)
class Route:
    """Rows of ``child`` that lead to rows of ``entity``; ``via`` names the link where several lead there."""

    entity: Table
    child: Table
    hops: tuple[Relation, ...]
    via: str = ""

    def of(self, expression: str, where: str = "") -> str:
        """What an aggregate counts: an expression of the child's columns, and which of its rows."""
        return f"{expression}{self.via}{f' WHERE {where}' if where else ''}"

    def star(self, where: str = "") -> str:
        return self.of(f"{quoted(self.child.name)}.*", where)

    def column(self, name: str, where: str = "") -> str:
        return self.of(f"{quoted(self.child.name)}.{quoted(name)}", where)


@dataclass(frozen=True)
class Events:
    """Events in order of time: child rows, the entity row that each happens to, and times (int64[k] each)."""

    rows: np.ndarray
    owners: np.ndarray
    times: np.ndarray

    def where(self, mask: np.ndarray) -> "Events":
        """Those whose child row (bool[n] over the child table) is marked."""
        kept = mask[self.rows]
        return Events(self.rows[kept], self.owners[kept], self.times[kept])


def routes_of(database: Database) -> list[Route]:
    """Every way of at most ``MOST_HOPS`` links from a table of enough dated rows to one of enough keyed rows."""
    schema, found = database.schema, []
    for entity in schema.tables.values():
        if len(entity.primary_key) != 1 or database.num_rows(entity.name) < MIN_ENTITIES:
            continue
        for child in schema.tables.values():
            if child.name == entity.name or not database.is_timed(child.name):
                continue
            if database.num_rows(child.name) >= MIN_EVENTS:
                found += _routes_between(schema, child, entity)
    return found


def events_of(database: Database, route: Route) -> Events:
    """The events of a route that have a time and an owner, in order of time."""
    times = database.times(route.child.name)
    owners = np.arange(len(times))
    for hop in route.hops:
        parents = database.links(hop.table, hop.key)
        owners = np.where(owners >= 0, parents[owners], -1)
    rows = np.flatnonzero((owners >= 0) & (times > TIMELESS))
    rows = rows[np.argsort(times[rows], kind="stable")]
    return Events(rows, owners[rows], times[rows])


def _routes_between(schema: Schema, child: Table, entity: Table) -> list[Route]:
    ways = [way for way in routes(schema, child.name, entity.name) if len(way) <= MOST_HOPS]
    if len(ways) == 1:
        return [Route(entity, child, ways[0])]
    found = []
    for way in ways:
        for hop in way:
            column = hop.key.columns[0]
            if routes(schema, child.name, entity.name, [(hop.table, column)]) == [way]:
                found.append(Route(entity, child, way, f" VIA {quoted(hop.table)}.{quoted(column)}"))
                break
    return found
