"""Which tables are read: all but those of frameworks and tools, or exactly those that the user names."""

from collections.abc import Sequence

from relfm.connectors.names import is_system_table
from relfm.errors import ConnectionFailed, UsageError
from relfm.schema import match_name, suggestion


def select_tables(wanted: Sequence[str] | None, base: Sequence[str], views: Sequence[str], label: str) -> list[str]:
    """Names in alphabetical order. Views are read only if named; UsageError if a name is unknown."""
    if wanted is None:
        chosen = sorted(name for name in base if not is_system_table(name))
        if not chosen:
            hint = f"it has views: name them with --tables {','.join(sorted(views))}" if views else None
            raise ConnectionFailed(f"'{label}' holds no tables", hint=hint)
        return chosen
    known = [*base, *views]
    found = {name: match_name(name, known) for name in wanted}
    for name, match in found.items():
        if match is None:
            raise UsageError(f"no table '{name}' in '{label}'", hint=suggestion(name, known))
    if not found:
        raise UsageError("no table is named", hint=suggestion("", known))
    return sorted({match for match in found.values() if match is not None})
