"""What a user says about tables, keys, times and semantic types, read from ``relfm.toml`` or another schema file.

Every name is checked against the database; a name that it does not hold is an error with a suggestion, never ignored.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relfm.connectors.connector import DeclaredTable
from relfm.connectors.date_text import FORMS
from relfm.errors import SchemaError, UsageError
from relfm.schema import ForeignKey, link_form, match_name, suggestion
from relfm.stype import Stype

_TABLE_KEYS = (
    "primary_key",
    "time_column",
    "time_from",
    "time_unknown",
    "exclude",
    "written_later",
    "planned",
    "skip",
    "foreign_keys",
    "columns",
)
_NO_STYPE = "none"
_DATED = {f"{Stype.timestamp.value} {form}": form for form in FORMS}
"""How a column of dates is called whose cells do not tell day from month, and the form that is meant."""

_LINK_KEYS = ("columns", "table", "other_columns")


@dataclass(frozen=True)
class TableOverride:
    """What the user says about one table; None where nothing is said, ``time_column=""`` for 'it has none'."""

    primary_key: tuple[str, ...] | None = None
    foreign_keys: tuple[ForeignKey, ...] | None = None
    time_column: str | None = None
    time_from: tuple[str, ...] | None = None
    time_unknown: bool = False
    exclude: tuple[str, ...] = ()
    written_later: tuple[str, ...] | None = None
    planned: tuple[str, ...] | None = None
    skip: bool = False
    stypes: Mapping[str, Stype | None] = field(default_factory=dict)
    date_forms: Mapping[str, str] = field(default_factory=dict)
    """By column the form of its dates, where the cells do not tell day from month: 'D/M/Y'."""


Overrides = Mapping[str, TableOverride]


def read_overrides(path: str | Path, declared: Sequence[DeclaredTable]) -> Overrides:
    """The schema file's facts; UsageError if it cannot be read, SchemaError if it does not fit the database."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read schema file '{path}': {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"schema file '{path}' is not valid TOML: {error}") from None
    return parse_overrides(content.get("tables", {}), declared, str(path))


def parse_overrides(content: Any, declared: Sequence[DeclaredTable], where: str) -> Overrides:
    """The ``tables`` part of a schema file as checked facts."""
    reader = _Reader({t.name: tuple(c.name for c in t.columns) for t in declared}, where)
    if not isinstance(content, Mapping):
        raise UsageError(f"{where}: 'tables' must be a table of tables", hint="write [tables.orders]")
    return {reader.table(name): reader.override(name, value) for name, value in content.items()}


@dataclass(frozen=True)
class _Reader:
    """Reads facts against the names that exist: columns by table."""

    columns: Mapping[str, tuple[str, ...]]
    where: str

    def table(self, name: str) -> str:
        found = match_name(name, self.columns)
        if found is None:
            raise SchemaError(f"{self.where}: unknown table '{name}'", hint=suggestion(name, self.columns))
        return found

    def column(self, table: str, name: Any) -> str:
        names = self.columns[table]
        found = match_name(name, names) if isinstance(name, str) else None
        if found is None:
            raise SchemaError(
                f"{self.where}: unknown column '{name}' in table '{table}'", hint=suggestion(str(name), names)
            )
        return found

    def key(self, table: str, value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list):
            raise UsageError(f"{self.where}: a key of '{table}' must be a column or a list of columns, not {value!r}")
        return tuple(self.column(table, name) for name in names)

    def override(self, given: str, value: Any) -> TableOverride:
        table = self.table(given)
        self._known(f"[tables.{given}]", value, _TABLE_KEYS)
        if value.get("time_unknown") and ("time_column" in value or "time_from" in value):
            raise UsageError(
                f"{self.where}: [tables.{given}] states both when its rows came and that it is unknown",
                hint="leave out time_unknown, or the time_column or time_from beside it",
            )
        links = value.get("foreign_keys")
        if links is not None and not isinstance(links, list):
            raise UsageError(f"{self.where}: foreign_keys of '{table}' must be a list", hint=_form(table, links))
        return TableOverride(
            primary_key=self.key(table, value["primary_key"]) if "primary_key" in value else None,
            foreign_keys=None if links is None else tuple(self.link(table, link) for link in links),
            time_column=self._time_column(table, value.get("time_column")),
            time_from=self.key(table, value["time_from"]) if "time_from" in value else None,
            time_unknown=self._flag(table, "time_unknown", value.get("time_unknown", False)),
            exclude=self.key(table, value.get("exclude", [])),
            written_later=self.key(table, value["written_later"]) if "written_later" in value else None,
            planned=self.key(table, value["planned"]) if "planned" in value else None,
            skip=self._flag(table, "skip", value.get("skip", False)),
            stypes=self._stypes(table, value.get("columns", {})),
            date_forms=self._date_forms(table, value.get("columns", {})),
        )

    def link(self, table: str, value: Any) -> ForeignKey:
        if not isinstance(value, Mapping):
            what = f"a foreign key of '{table}' must be a table of {', '.join(_LINK_KEYS)}, not {value!r}"
            raise UsageError(f"{self.where}: {what}", hint=_form(table, value))
        self._known(f"[[tables.{table}.foreign_keys]]", value, _LINK_KEYS)
        if missing := [k for k in _LINK_KEYS if k not in value]:
            what = f"a foreign key of '{table}' does not state {', '.join(missing)}"
            raise UsageError(f"{self.where}: {what}", hint=_form(table, None))
        parent = self.table(str(value["table"]))
        key = ForeignKey(self.key(table, value["columns"]), parent, self.key(parent, value["other_columns"]))
        if len(key.columns) != len(key.other_columns) or not key.columns:
            raise UsageError(
                f"{self.where}: the foreign key of '{table}' to '{parent}' has {len(key.columns)} columns "
                f"on one side and {len(key.other_columns)} on the other"
            )
        return key

    def _time_column(self, table: str, value: Any) -> str | None:
        if value is None:
            return None
        return "" if value is False else self.column(table, value)

    def _flag(self, table: str, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise UsageError(f"{self.where}: {name} of '{table}' must be true or false, not {value!r}")
        return value

    def _stypes(self, table: str, value: Any) -> dict[str, Stype | None]:
        if not isinstance(value, Mapping):
            raise UsageError(f"{self.where}: columns of '{table}' must be a table", hint='write status = "categorical"')
        names = [*(s.value for s in Stype), _NO_STYPE, *_DATED]
        for column, stype in value.items():
            if stype not in names:
                raise UsageError(
                    f"{self.where}: unknown stype {stype!r} of '{table}.{column}'", hint=suggestion(str(stype), names)
                )
        return {self.column(table, c): _stype(s) for c, s in value.items()}

    def _date_forms(self, table: str, value: Mapping[str, str]) -> dict[str, str]:
        return {self.column(table, c): _DATED[s] for c, s in value.items() if s in _DATED}

    def _known(self, what: str, value: Any, keys: Sequence[str]) -> None:
        if not isinstance(value, Mapping):
            raise UsageError(f"{self.where}: {what} must be a table of settings, not {value!r}")
        for name in value:
            if name not in keys:
                raise UsageError(f"{self.where}: unknown setting '{name}' in {what}", hint=suggestion(name, keys))


def _form(table: str, given: Any) -> str:
    """A hint that shows how a foreign key is written, with the column that was given if it is one name."""
    return f"write it as{link_form(table, given if isinstance(given, str) else '…', '…', '…')}"


def _stype(name: str) -> Stype | None:
    if name in _DATED:
        return Stype.timestamp
    return None if name == _NO_STYPE else Stype(name)
