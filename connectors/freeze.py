"""A schema as a schema file, so that every decision in it is written down and stays.

``read_overrides`` of the text gives the same schema again, whatever is inferred otherwise.
"""

import json
import re
from collections.abc import Sequence

from relfm.schema import Column, ForeignKey, Schema, Table


def to_toml(schema: Schema) -> str:
    """All facts of ``schema`` in the form that a schema file has; suspicions as comments."""
    return "\n".join(_table(t) for t in schema.tables.values())


def _table(table: Table) -> str:
    path = f"tables.{_key(table.name)}"
    lines = [
        f"[{path}]",
        *(f"# {_one_line(str(d))}" for d in table.decisions if d.what == "suspect"),
    ]
    lines.append(f"primary_key = {_names(table.primary_key)}")
    if table.time_unknown:
        lines.append("time_unknown = true")
    elif table.time_from is not None:
        lines.append(f"time_from = {_names(table.time_from.columns)}")
    else:
        lines.append(f"time_column = {_text(table.time_column) if table.time_column else 'false'}")
    excluded = [c for t, c in sorted(Schema.of([table]).excluded)]
    if excluded:
        lines.append(f"exclude = {_names(excluded)}")
    if any(c.type == "timestamp" and c.name != table.time_column for c in table.columns):
        lines.append(f"written_later = {_names([c.name for c in table.columns if c.is_written_later])}")
        lines.append(f"planned = {_names([c.name for c in table.columns if c.is_planned])}")
    if not table.foreign_keys:
        lines.append("foreign_keys = []")
    lines += [f"\n[[{path}.foreign_keys]]\n{_link(key)}" for key in table.foreign_keys]
    silent = table.key_columns.union(excluded)
    stated = [c for c in table.columns if c.stype is not None or c.name not in silent]
    forms = {d.column: d.value for d in table.decisions if d.what == "dates"}
    stypes = [f"{_key(c.name)} = {_text(_stype(c, forms.get(c.name)))}" for c in stated]
    if stypes:
        lines += [f"\n[{path}.columns]", *stypes]
    return "\n".join(lines) + "\n"


def _stype(column: Column, form: str | None) -> str:
    """How the schema file calls the column; dates that do not tell day from month keep their form."""
    if form is not None:
        return f"timestamp {form}"
    return column.stype.value if column.stype else "none"


def _link(key: ForeignKey) -> str:
    return f"columns = {_names(key.columns)}\ntable = {_text(key.table)}\nother_columns = {_names(key.other_columns)}"


def _names(names: Sequence[str]) -> str:
    return f"[{', '.join(_text(n) for n in names)}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
