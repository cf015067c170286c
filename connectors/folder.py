"""A folder of Parquet or CSV files, each of them a table named after its file.

CSV cells are read as text and typed afterwards by the same rules as everything else. A file of a folder that holds
nothing at all is a table without columns and rows: exports leave such files behind, and they stop nobody.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from relfm.connectors import rel_bench
from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable
from relfm.connectors.selection import select_tables
from relfm.errors import ConnectionFailed, first_line

SUFFIXES = (".parquet", ".pq", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
_ROWS = 131_072
_DELIMITERS = ",;\t|"
_MEND = "mend that line (text that holds the delimiter stands in quotes), or leave the file out with --tables"
_FAILURES = (
    (r"utf-?8", "save it as UTF-8, or leave the file out with --tables"),
    (r"expected \d+ columns", _MEND),
    (r"parquet", "is it complete? write it again, or leave the file out with --tables"),
)
"""(pattern of the reader's message, what to do)."""


class FolderConnector(Connector):
    """The tables are the files of a folder, or the one file that is named."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = str(path)
        self._headers: dict[str, str] = {}

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        files = self._files()
        if not files:
            raise ConnectionFailed(
                f"'{self.label}' holds no Parquet or CSV files", hint=f"files end in {', '.join(SUFFIXES)}"
            )
        chosen = select_tables(tables, list(files), [], self.label)
        return tuple(DeclaredTable(name, self._columns(files[name])) for name in chosen)

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        file = self._files()[table]
        if self._is_nothing(file):
            return
        try:
            yield from (_read_parquet if _is_parquet(file) else _read_csv)(file, columns)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(file, error) from None

    @property
    def is_steady(self) -> bool:
        return False

    def files(self, tables: Sequence[str]) -> Sequence[Path]:
        files = self._files()
        return [files[t] for t in tables]

    def _files(self) -> dict[str, Path]:
        inside = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        found: dict[str, Path] = {}
        for file in inside:
            suffix = next((s for s in SUFFIXES if file.name.lower().endswith(s)), None)
            if suffix is None or not file.is_file() or file.name.startswith("."):
                continue
            name = file.name[: -len(suffix)]
            if name in found:
                raise ConnectionFailed(
                    f"'{found[name].name}' and '{file.name}' are both table '{name}'", hint="keep one of them"
                )
            found[name] = file
        return found

    def _is_nothing(self, file: Path) -> bool:
        """Whether it is one of several files and holds no byte."""
        return self.path.is_dir() and not _is_parquet(file) and file.stat().st_size == 0

    def _columns(self, file: Path) -> tuple[DeclaredColumn, ...]:
        if self._is_nothing(file):
            return ()
        try:
            if _is_parquet(file):
                import pyarrow.parquet as pq

                return tuple(DeclaredColumn(f.name, str(f.type).upper()) for f in pq.read_schema(file))
            return tuple(DeclaredColumn(name, "TEXT") for name in _header(file))
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _unreadable(file, error) from None


class RelBenchConnector(FolderConnector):
    """A RelBench 3 dataset folder: its manifest declares all keys and times, and nothing else is inferred."""

    def __init__(self, path: Path) -> None:
        super().__init__(path / "db")
        self.folder = path
        self.label = str(path)

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        declared = {t.name: t for t in rel_bench.declared_tables(self.folder)}
        return tuple(declared[name] for name in select_tables(tables, list(declared), [], self.label))


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() in (".parquet", ".pq")


def _read_parquet(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file, memory_map=True) as content:
        yield from content.iter_batches(_ROWS, columns=list(columns))
        if content.metadata.num_rows == 0:
            yield from content.schema_arrow.empty_table().select(list(columns)).to_batches()


def _read_csv(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv

    names = _header(file)
    reader = csv.open_csv(
        file,
        read_options=csv.ReadOptions(column_names=names, skip_rows=1, block_size=2**22),
        parse_options=csv.ParseOptions(delimiter=_delimiter(file), newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(columns),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    with reader:
        yield from reader


def _header(file: Path) -> list[str]:
    """The names in a CSV file's first record."""
    import csv

    with _opened(file) as content:
        try:
            names = next(csv.reader(content, delimiter=_delimiter(file)))
        except StopIteration:
            raise ConnectionFailed(f"'{file}' is empty", hint="the first line names the columns") from None
    if len(set(names)) < len(names) or "" in names:
        raise ConnectionFailed(
            f"the first line of '{file}' does not name each column once", hint=", ".join(names)[:200]
        )
    return names


def _delimiter(file: Path) -> str:
    """The delimiter that the first line has most of."""
    with _opened(file) as content:
        line = content.readline()
    return max(_DELIMITERS, key=line.count)


def _opened(file: Path) -> TextIO:
    import gzip
    import io

    if file.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(file), encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _unreadable(file: Path, error: Exception) -> ConnectionFailed:
    said = first_line(error)
    advice = next((advice for pattern, advice in _FAILURES if re.search(pattern, said, re.IGNORECASE)), None)
    found = _first_ragged(file) if advice == _MEND else None
    return ConnectionFailed(f"cannot read '{file}': {found or said}", hint=advice)


def _first_ragged(file: Path) -> str | None:
    """Where the first record begins that has another number of fields than the first line."""
    import csv

    try:
        with _opened(file) as content:
            records = csv.reader(content, delimiter=_delimiter(file))
            width, start = len(next(records)), 2
            for record in records:
                if record and len(record) != width:
                    return f"line {start} has {len(record)} fields, and the first line names {width}"
                start = records.line_num + 1
    except (csv.Error, UnicodeDecodeError):
        pass  # the reader's own words have to do
    return None
