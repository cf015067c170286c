"""Which tables are read: all but those of frameworks and tools, or exactly those that the user names."""

from collections.abc import Callable, Sequence

from relfm.connectors.names import is_system_table
from relfm.errors import ConnectionFailed, UsageError
from relfm.schema import match_name, suggestion


def select_tables(
    wanted: Sequence[str] | None,
    base: Sequence[str],
    views: Sequence[str],
    label: str,
    elsewhere: Callable[[], Sequence[str]] = tuple,
) -> list[str]:
    """Names in alphabetical order. Views are read only if named; UsageError if a name is unknown.

    ``elsewhere`` lists the other schemas that hold tables, to be told to whoever looks in the wrong one.
    """
    if wanted is None:
        chosen = sorted(name for name in base if not is_system_table(name))
        if not chosen:
            hints = [f"it has views: name them with --tables {','.join(sorted(views))}"] if views else []
            raise ConnectionFailed(
                f"'{label}' holds no tables", hint="; ".join([*hints, *_others(elsewhere())]) or None
            )
        return chosen
    known = [*base, *views]
    found = {name: match_name(name, known) for name in wanted}
    for name, match in found.items():
        if match is None:
            hints = [suggestion(name, known), *_others(elsewhere())]
            raise UsageError(f"no table '{name}' in '{label}'", hint="; ".join(hints))
    if not found:
        raise UsageError("no table is named", hint=suggestion("", known))
    return sorted({match for match in found.values() if match is not None})


def _others(schemas: Sequence[str]) -> list[str]:
    return [f"other schemas hold tables: {', '.join(schemas)} (--schema {schemas[0]} reads one)"] if schemas else []
