"""Rows and reports on stdout or in a file; nothing else ever writes to stdout.

A file appears whole or not at all; times are ISO text everywhere but in Parquet; a reader that hangs up is no error.
"""

import json
import math
import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from relfm.cli.voice import Voice
from relfm.errors import UsageError, unwritten

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.table import Table

FORMAT_BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".md": "md",
    ".parquet": "parquet",
}
_WIDTH_IN_PIPES = 160
_ROWS_ON_A_TERMINAL = 40


def show_rows(frame: "pd.DataFrame", format: str | None, out: Path | None, voice: Voice) -> None:
    """Writes the rows: to ``out`` in the form of its suffix, else to stdout in ``format`` or the default form."""
    if out is not None:
        chosen = format_of(out, format)
        write_whole(out, rows_as_bytes(frame, chosen))
        voice.note(f"wrote {len(frame):,} rows to {out}")
        return
    chosen = form_on_stdout(format)
    if chosen == "table":
        show(rows_as_table(frame, _ROWS_ON_A_TERMINAL if sys.stdout.isatty() else len(frame)), voice)
    elif chosen == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is not for a terminal", hint="add -o FILE.parquet, or pipe it into something")
    else:
        write_stdout(rows_as_bytes(frame, chosen))


def form_on_stdout(format: str | None) -> str:
    """The form asked for, else a table for a reader and JSON lines for a program."""
    return format or ("table" if sys.stdout.isatty() else "jsonl")


def format_of(out: Path, format: str | None = None) -> str:
    """The form to write ``out`` in; UsageError, before any work is done, for a suffix that means none."""
    if out.is_dir():
        raise UsageError(f"'{out}' is a folder", hint="name a file in it, such as predictions.csv")
    if format == "table":
        raise UsageError("a table is for the terminal", hint="use -f md, csv, json, jsonl or parquet with -o")
    if format is None and out.suffix.lower() not in FORMAT_BY_SUFFIX:
        raise UsageError(f"unknown suffix '{out.suffix}' of '{out}'", hint=f"use one of {' '.join(FORMAT_BY_SUFFIX)}")
    return format or FORMAT_BY_SUFFIX[out.suffix.lower()]


def rows_as_bytes(frame: "pd.DataFrame", format: str) -> bytes:
    """The rows as a csv, json (one array), jsonl, md or parquet document."""
    if format == "parquet":
        import io

        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    frame = with_iso_times(frame)
    if format == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if format == "md":
        return _markdown(frame).encode()
    rows = [json.dumps(row, ensure_ascii=False) for row in rows_as_json(frame)]
    if format == "jsonl":
        return "".join(f"{row}\n" for row in rows).encode()
    return ("[" + ",\n ".join(rows) + "]\n").encode()


def rows_as_json(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """One mapping a row; what is missing is None, because JSON has no NaN."""
    records = with_iso_times(frame).to_dict(orient="records")
    return [{name: plain(value) for name, value in record.items()} for record in records]


def plain(value: Any) -> Any:
    """``value`` as JSON holds it: no numpy, no NaN, no infinity; mappings and sequences all the way down."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return None if text in ("NaT", "<NA>") else text


def with_iso_times(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Datetimes as ISO text, so that one pattern reads a whole column: to the second, or all of them to the
    microsecond if any has a fraction of a second, because a time cut short is no longer the key or cutoff it was."""
    times = {name: _iso(column) for name, column in frame.items() if column.dtype.kind == "M"}
    return frame.assign(**times) if times else frame


def _iso(column: "pd.Series") -> "pd.Series":
    is_fine = (column.dt.microsecond > 0).any()
    return column.dt.strftime("%Y-%m-%dT%H:%M:%S.%f" if is_fine else "%Y-%m-%dT%H:%M:%S")


def show_json(value: Any) -> None:
    write_stdout((json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n").encode())


def show(renderable: "RenderableType", voice: Voice) -> None:
    """Rich text on stdout: coloured on a terminal, plain and wide in a pipe."""
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout, no_color=voice.is_plain, highlight=False, width=None if is_terminal else _WIDTH_IN_PIPES
    )
    with console.capture() as capture:
        console.print(renderable)
    write_stdout("\n".join(line.rstrip() for line in capture.get().split("\n")).encode())


def plain_table(titles: Iterable[str], right: Collection[str] = ()) -> "Table":
    """A table without lines; cells that are too long are folded, and the columns ``right`` stand on the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    return table


def rows_as_table(frame: "pd.DataFrame", most: int) -> "RenderableType":
    """The first ``most`` rows as a rich table, numbers to four digits, with a word about the rest."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, column in frame.items():
        table.add_column(Text(str(name)), justify="right" if column.dtype.kind in "iuf" else "left", no_wrap=True)
    for row in _cells(with_iso_times(frame.head(most))):
        table.add_row(*(Text(cell) for cell in row))
    if len(frame) <= most:
        return table
    return Group(table, Text(f"… {len(frame) - most:,} more rows (-o FILE writes them all)", style="dim"))


def write_stdout(data: bytes) -> None:
    """Bytes to stdout now; the program ends quietly if nobody reads them."""
    try:
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:
            sys.stdout.write(data.decode())
        else:
            sys.stdout.flush()
            binary.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too
        raise typer.Exit(0) from None


def write_whole(path: Path, data: bytes) -> None:
    """Writes a neighbour and renames it, so that no reader ever sees half a file; missing folders are made."""
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe: to rename onto it would remove it
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unwritten(path, error) from None


def _markdown(frame: "pd.DataFrame") -> str:
    lines = [[str(name) for name in frame], ["--:" if c.dtype.kind in "iuf" else "---" for _, c in frame.items()]]
    lines += _cells(frame)
    escaped = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def _cells(frame: "pd.DataFrame") -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
