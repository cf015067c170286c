"""Cells as the user's schema file has them read: numbers and text as moments, where it calls them so.

What cannot be read as the user says is refused: a column that stays what it was would make the statement do nothing.
"""

import pyarrow as pa

from relfm.connectors.canonical import canonical_type
from relfm.connectors.connector import DeclaredTable
from relfm.connectors.date_text import dates_of_form, doubt
from relfm.connectors.epochs import as_moments
from relfm.connectors.overrides import TableOverride
from relfm.connectors.text_types import TIMESTAMP
from relfm.errors import SchemaError
from relfm.stype import Stype

_ISO = "a time column holds dates, timestamps or ISO text (2024-12-31 18:30)"


def as_said(table: DeclaredTable, rows: pa.Table, said: TableOverride) -> pa.Table:
    """``rows`` with columns as moments where the user calls them that; SchemaError if they are none, or not read, or
    dates of another form than the user says."""
    name, forms = table.name, {c.name: c.date_forms for c in table.columns}
    named = [*(said.primary_key or ()), *([said.time_column] if said.time_column else []), *said.stypes]
    for column in named:
        if column not in rows.column_names:
            raise SchemaError(
                f"column '{name}.{column}' cannot be used: its cells are not read (binary or nested data)"
            )
    stamped = {c for c, stype in said.stypes.items() if stype is Stype.timestamp}
    for column in sorted(stamped | ({said.time_column} if said.time_column else set())):
        values, form = rows.column(column), said.date_forms.get(column)
        if form is not None and forms.get(column) and form not in forms[column]:
            raise SchemaError(
                f"column '{name}.{column}' holds dates of the form {' or '.join(forms[column])}, not {form}",
                hint=f'say "timestamp {forms[column][0]}" in the schema file, or nothing',
            )
        converted = _as_moments(values, form)
        if converted is None:
            raise no_moments(name, column, values, said)
        rows = rows.set_column(rows.column_names.index(column), column, converted)
    return rows


def _as_moments(values: pa.ChunkedArray, form: str | None) -> pa.ChunkedArray | None:
    if pa.types.is_timestamp(values.type):
        return values
    if values.null_count == len(values):
        return values.cast(TIMESTAMP)
    if pa.types.is_int64(values.type):
        return as_moments(values)
    return dates_of_form(values, form) if form is not None and pa.types.is_string(values.type) else None


def no_moments(name: str, column: str, values: pa.ChunkedArray, said: TableOverride) -> SchemaError:
    """The refusal of a column that is called a moment and cannot be read as one."""
    kind, form = canonical_type(values), said.date_forms.get(column)
    what = "time column" if column == said.time_column else "column"
    message = f"{what} '{name}.{column}' holds {kind}, not moments"
    if form is not None:
        message += f" of the form {form}"
    why = doubt(values) if kind == "string" else None
    return SchemaError(message, hint=f"it {why}" if why else _ISO)
