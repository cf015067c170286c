"""``relfm describe``: what relfm takes a database to be, with the source and the evidence of every decision."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relfm.cli.options import AsJson, Source
from relfm.cli.output import plain_table, show, show_json, write_whole
from relfm.cli.voice import Voice
from relfm.times import format_time

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from relfm.database import Database
    from relfm.schema import Decision, Table

WriteTo = Annotated[
    Path | None,
    typer.Option("--write", metavar="FILE", help="Write the schema's facts as a schema file, to edit and to keep."),
]


def describe(source: Source, voice: Voice, json: AsJson = False, write: WriteTo = None) -> None:
    """Show tables, keys, links, time columns and semantic types, and how each was decided.

    Example: relfm describe shop.db --write relfm.toml
    """
    database = source.open(voice)
    if write is not None:
        from relfm.connectors import to_toml

        write_whole(write, to_toml(database.schema).encode())
        voice.note(f"wrote {write}; edit it, and it overrides what relfm infers")
    if json:
        show_json(as_json(database))
    else:
        show(report(database), voice)


def as_json(database: "Database") -> dict[str, Any]:
    """``Schema.to_dict`` with each table's ``rows`` and ``time_range`` (first and last row time, or None)."""
    document = database.schema.to_dict()
    for name, table in document["tables"].items():
        table["rows"] = database.num_rows(name)
        table["time_range"] = time_range(database, name)
    return document


def time_range(database: "Database", table: str) -> list[str] | None:
    """ISO text of the first and the last row time; None for a table without time or without dated rows."""
    from relfm.times import TIMELESS

    times = database.times(table)
    times = times[times > TIMELESS]
    return [format_time(int(times.min())), format_time(int(times.max()))] if len(times) else None


def report(database: "Database") -> "Group":
    """The tables, their links, their columns by semantic type, then every decision that nobody declared."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [summary(database)]
    for title, lines in (("Links", _links(database)), ("Columns", _columns(database)), ("Decided", _decided(database))):
        if lines:
            parts += [Text(f"\n{title}", style="bold"), *(Text(f"  {line}") for line in lines)]
    return Group(*parts)


def summary(database: "Database") -> "RenderableType":
    """One line a table: rows, primary key, what dates its rows, first and last row time."""
    table = plain_table(("Table", "Rows", "Primary key", "Time", "From", "To"), right=("Rows",))
    for name, described in database.schema.tables.items():
        first, last = (text[:10] for text in time_range(database, name) or ("", ""))
        key = ", ".join(described.primary_key) or "none"
        table.add_row(name, f"{database.num_rows(name):,}", key, _time_of(described), first, last)
    return table


def _time_of(table: "Table") -> str:
    if table.time_column is not None:
        return table.time_column
    if table.time_from is not None:
        return f"that of {table.time_from.table}"
    return "unknown" if table.time_unknown else "timeless"


def _links(database: "Database") -> list[str]:
    lines = []
    for name, table in database.schema.tables.items():
        for key in table.foreign_keys:
            links = database.links(name, key)
            dangling = int((links < 0).sum())
            rest = f"  ({dangling:,} of {len(links):,} rows point nowhere)" if dangling else ""
            lines.append(f"{name}({', '.join(key.columns)}) → {key.table}({', '.join(key.other_columns)}){rest}")
    return lines


def _columns(database: "Database") -> list[str]:
    lines = []
    for name, table in database.schema.tables.items():
        by_stype: dict[str, list[str]] = {}
        for column in table.columns:
            if column.stype is not None and not database.is_hidden(name, column.name):
                by_stype.setdefault(column.stype.value, []).append(column.name)
        if by_stype:
            lines.append(f"{name}: " + " · ".join(f"{stype} {', '.join(names)}" for stype, names in by_stype.items()))
    return lines


def _decided(database: "Database") -> list[str]:
    return [
        f"{name}: {decision}"
        for name, table in database.schema.tables.items()
        for decision in sorted(table.decisions, key=lambda d: (d.what != "suspect", d.what, d.column or "", d.value))
        if decision.source == "user" or (decision.source == "inferred" and not _is_a_plain_stype(decision))
    ]


def _is_a_plain_stype(decision: "Decision") -> bool:
    """A column that has a semantic type is shown with it; worth a line is only a column that nothing reads."""
    return decision.what == "stype" and decision.value != "none"
