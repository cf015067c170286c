"""Ways through foreign keys from the table whose rows are counted up to the entity, or to a parent that is filtered on.

Only the shortest ways count. Where there are several, nobody chooses silently.
"""

from collections.abc import Sequence

from relfm.schema import Relation, Schema

_LONGEST = 5  # hops

Route = tuple[Relation, ...]
"""Its hops, each from a row to the one that its key names."""


def routes(
    schema: Schema, start: str, goal: str, via: Sequence[tuple[str, str]] = (), shortest: int = 1
) -> list[Route]:
    """The shortest routes of at least ``shortest`` hops from ``start`` up to ``goal`` that use every (table, column)
    of ``via``; empty if there is none."""
    if shortest == 0 and start == goal and not via:
        return [()]
    reached: list[Route] = [()]
    for _ in range(_LONGEST):
        reached = [route + (hop,) for route in reached for hop in _hops(schema, route, start)]
        found = [r for r in reached if r[-1].parent == goal and _uses(r, via)]
        if found:
            return found
    return []


def describe_routes(found: Sequence[Route]) -> str:
    """The routes by the foreign keys that tell them apart, as the language writes them."""
    common = set(found[0]).intersection(*found[1:])
    return " or ".join("VIA " + " VIA ".join(str(hop) for hop in route if hop not in common) for route in found)


def _hops(schema: Schema, route: Route, start: str) -> list[Relation]:
    """Every step up from where ``route`` ends, none back into a table that it has left."""
    here = route[-1].parent if route else start
    left = {hop.table for hop in route}
    hops = (Relation(here, key) for key in schema.tables[here].foreign_keys)
    return [hop for hop in hops if hop.parent not in left or hop.parent == here]


def _uses(route: Route, via: Sequence[tuple[str, str]]) -> bool:
    return all(any(hop.table == table and column in hop.key.columns for hop in route) for table, column in via)
