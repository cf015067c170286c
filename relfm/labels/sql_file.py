"""A file of label SQL as a Task; what the SQL does not show stands in comments at its top: ``-- horizon: 30 days``.

What cannot be inferred without doubt from the columns of the result is asked for, all of it at once, never guessed.
A RelBench task manifest (``.yaml``) says everything itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from relfm.database import Database
from relfm.errors import UsageError
from relfm.labels.engine import LabelEngine
from relfm.labels.manifest import parse_timedelta, task_from_manifest
from relfm.labels.sql import SqlLabeller
from relfm.schema import Schema, Table, match_name, suggestion
from relfm.task import TargetKind, Task
from relfm.times import Span

_FACTS = ("kind", "entity", "key", "horizon", "time", "target", "item", "top", "hidden", "name", "description")
_SOME_HORIZON = Span.of(30, "days")
_FACT = re.compile(r"\s*--\s*([\w ]+?)\s*:\s*(.*?)\s*$")
_KINDS = tuple(kind.value for kind in TargetKind if kind is not TargetKind.FORECAST)
_ARROW_BY_CANONICAL = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "list": pa.list_(pa.string()),
}


def task_from_sql_file(path: str | Path, schema: Schema, **overrides: str) -> Task:
    """The task of the label SQL, or of the RelBench task manifest, in ``path`` (a task's folder holds one);
    ``overrides`` are facts that win over the comment lines of SQL; a manifest has none of those.

    UsageError names the comment lines that are missing; QuestionError is what DuckDB says about wrong SQL.
    """
    path = Path(path)
    path = path / "manifest.yaml" if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"cannot read label SQL from '{path}': {reason}", hint="check the path") from None
    if path.suffix.lower() in (".yaml", ".yml"):
        return task_from_manifest(_manifest(text, path), schema)
    return task_from_sql(text, schema, **({"name": path.stem} | facts_of(text) | overrides))


def task_from_sql(sql: str, schema: Schema, **facts: str) -> Task:
    """The task of label SQL with the facts that a file would say in comments (``kind``, ``entity``, ``horizon``, …)."""
    for fact in facts:
        if fact not in _FACTS:
            raise UsageError(f"label SQL has no fact '{fact}'", hint=suggestion(fact, _FACTS))
    unsaid = _Unsaid()
    horizon = parse_timedelta(facts["horizon"]) if "horizon" in facts else _SOME_HORIZON
    if "horizon" not in facts:
        unsaid.ask("horizon", "how far the label looks ahead", str(_SOME_HORIZON))
    result = _Result(_columns_of(sql.replace("{timedelta}", str(horizon)), schema), unsaid)
    time = result.take("time", facts.get("time"), result.times(), "timestamp")
    entity, entity_column = _entity(result, schema, facts)
    target = result.take("target", facts.get("target"), result.left(), "label")
    kind = _kind(result, target, facts.get("kind"))
    item = _item(result, target, schema, facts) if kind is TargetKind.RANKING else None
    unsaid.check()
    labeller = SqlLabeller(
        sql=sql,
        entity=entity.name,
        entity_column=entity_column,
        key_column=entity.primary_key[0],
        time_column=time,
        target_column=target,
        horizon=horizon,
        item=item.name if item else None,
        item_column=item.primary_key[0] if item else None,
        is_binary=kind is TargetKind.BINARY,
    )
    name = facts.get("name", "label SQL")
    return Task(
        name=name,
        kind=kind,
        entity=entity.name,
        labeller=labeller,
        horizon=horizon,
        hidden=_hidden(facts.get("hidden"), schema),
        classes=(False, True) if kind is TargetKind.BINARY else (),
        item=labeller.item,
        top=_top(facts.get("top", "10")) if item else None,
        english=f"For every row of {entity.name}: {facts.get('description', name)} over the next {horizon}.",
    )


def facts_of(sql: str) -> dict[str, str]:
    """The ``-- fact: value`` lines before the SQL begins."""
    facts = {}
    for line in sql.splitlines():
        if line.strip() and not line.lstrip().startswith("--"):
            break
        found = _FACT.match(line)
        if found and found.group(1).casefold() in _FACTS:
            facts[found.group(1).casefold()] = found.group(2)
    return facts


@dataclass
class _Unsaid:
    """Facts that neither the SQL nor its comments tell: for each what it is, and how its line would look here."""

    facts: dict[str, tuple[str, str]] = field(default_factory=dict)

    def ask(self, fact: str, what: str, example: str) -> None:
        self.facts[fact] = (what, f"-- {fact}: {example}")

    def check(self) -> None:
        """UsageError with every such fact, so that nobody is asked for one after another."""
        if self.facts:
            what, lines = zip(*self.facts.values(), strict=True)
            hint = "begin it with lines like these:" if len(lines) > 1 else "begin it with a line like this:"
            raise UsageError(f"the label SQL does not say {'; '.join(what)}", hint="\n    ".join([hint, *lines]))


@dataclass
class _Result:
    """The columns that the SQL returns; those whose part is known are taken away."""

    types: dict[str, pa.DataType]
    unsaid: _Unsaid

    def __post_init__(self) -> None:
        self._left = list(self.types)

    def left(self) -> list[str]:
        return self._left

    def times(self) -> list[str]:
        return [name for name in self._left if pa.types.is_temporal(self.types[name])]

    def take(self, fact: str, told: str | None, candidates: list[str], example: str) -> str | None:
        """The column that plays the part of ``fact``: the one told, or the only candidate; None if it is asked for."""
        if told is not None:
            name = match_name(told, self._left)
            if name is None:
                raise UsageError(f"the label SQL returns no column '{told}'", hint=suggestion(told, self.types))
        elif len(candidates) == 1:
            name = candidates[0]
        else:
            example = candidates[-1] if candidates else example
            self.unsaid.ask(fact, f"which of the columns {', '.join(self.types)} is the {fact}", example)
            return None
        self._left.remove(name)
        return name


def _manifest(text: str, path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    if not isinstance(content, Mapping):
        raise UsageError(f"'{path}' is not a task manifest in YAML", hint="relfm plan … --export task.yaml writes one")
    return dict(content)


def _columns_of(sql: str, schema: Schema) -> dict[str, pa.DataType]:
    """What the SQL returns, found out on tables without rows."""
    empty = {
        name: pa.table({c.name: pa.array([], _ARROW_BY_CANONICAL[c.type]) for c in table.columns})
        for name, table in schema.tables.items()
    }
    answer = LabelEngine(Database(schema, empty)).run(sql, np.array([], dtype=np.int64), 0)
    return {f.name: f.type for f in answer.schema}


def _entity(result: _Result, schema: Schema, facts: dict[str, str]) -> tuple[Table | None, str | None]:
    """The entity table, and the column of the result that holds values of its key."""
    if "entity" in facts:
        table = schema.table(facts["entity"])
    else:
        named = [t for t in schema.tables.values() if _key_in(t, result.left()) is not None]
        if len(named) != 1:
            result.unsaid.ask("entity", "whose label this is", _likely(schema, named, result.left()))
            told = facts.get("key") or next(iter(result.left()), None)
            if told is not None:
                result.take("key", told, [], "")  # if it is not told, the first, to ask about the rest
            return None, None
        table = named[0]
    if len(table.primary_key) != 1:
        raise UsageError(
            f"'{table.name}' has no single key column to name its rows by", hint="ask about a table that has one"
        )
    key = _key_in(table, result.left())
    pointing = [fk.columns[0] for _, fk in schema.children_of(table.name) if len(fk.columns) == 1]
    candidates = [key] if key else [n for n in result.left() if match_name(n, set(pointing))]
    return table, result.take("key", facts.get("key"), candidates, table.primary_key[0])


def _likely(schema: Schema, named: list[Table], columns: list[str]) -> str:
    """An example for the entity: the table that a column of the result points at, else one that many point at."""
    keys = [fk for table in schema.tables.values() for fk in table.foreign_keys if len(fk.columns) == 1]
    pointed = [schema.tables[fk.table] for name in columns for fk in keys if match_name(name, fk.columns)]
    tables = pointed or named or [t for t in schema.tables.values() if len(t.primary_key) == 1]
    return max(tables, key=lambda t: len(schema.children_of(t.name))).name if tables else "table"


def _key_in(table: Table, columns: list[str]) -> str | None:
    return match_name(table.primary_key[0], columns) if len(table.primary_key) == 1 else None


def _kind(result: _Result, target: str | None, told: str | None) -> TargetKind | None:
    if told is not None:
        if told.casefold() not in _KINDS:
            raise UsageError(f"'{told}' is no kind of task", hint=suggestion(told, _KINDS))
        return TargetKind(told.casefold())
    if target is None:
        return None
    found = result.types[target]
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return TargetKind.RANKING
    if pa.types.is_boolean(found):
        return TargetKind.BINARY
    if pa.types.is_floating(found) or pa.types.is_decimal(found):
        return TargetKind.REGRESSION
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return TargetKind.MULTICLASS
    choice = "a yes or no (binary), a class (multiclass) or a number (regression)"
    result.unsaid.ask("kind", f"whether the target ({found}) is {choice}", "binary")
    return None


def _item(result: _Result, target: str | None, schema: Schema, facts: dict[str, str]) -> Table | None:
    if "item" in facts:
        return schema.table(facts["item"])
    named = [t for t in schema.tables.values() if target is not None and _key_in(t, [target]) is not None]
    if len(named) != 1:
        result.unsaid.ask("item", "which table's rows are listed", _likely(schema, named, [target or ""]))
        return None
    return named[0]


def _top(told: str) -> int:
    if not told.isdecimal() or int(told) < 1:
        raise UsageError(f"'{told}' is not how many to list", hint="write a number: -- top: 10")
    return int(told)


def _hidden(told: str | None, schema: Schema) -> frozenset[tuple[str, str]]:
    hidden = set()
    for named in (told or "").split(","):
        if named.strip():
            table, _, column = named.strip().rpartition(".")
            hidden.add((schema.table(table).name, schema.table(table).column(column).name))
    return frozenset(hidden)
