"""A file of label SQL as a Task; what the SQL does not show stands in comments at its top: ``-- horizon: 30 days``.

What cannot be inferred without doubt from the columns of the result is asked for, never guessed.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.errors import UsageError
from relfm.labels.engine import LabelEngine
from relfm.labels.manifest import parse_timedelta
from relfm.labels.sql import SqlLabeller
from relfm.schema import Schema, Table, match_name, suggestion
from relfm.task import TargetKind, Task

_FACTS = {
    "kind": "binary",
    "entity": "drivers",
    "key": "driverId",
    "horizon": "30 days",
    "time": "timestamp",
    "target": "label",
    "item": "circuits",
    "top": "10",
    "hidden": "drivers.points, drivers.rank",
    "name": "driver-dnf",
    "description": "drivers who do not finish",
}
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
    """The task of the label SQL in ``path``; ``overrides`` are facts that win over its comment lines.

    UsageError names the comment line that is missing; QuestionError is what DuckDB says about wrong SQL.
    """
    try:
        sql = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read label SQL from '{path}': {error.strerror}", hint="check the path") from None
    return task_from_sql(sql, schema, **({"name": Path(path).stem} | facts_of(sql) | overrides))


def task_from_sql(sql: str, schema: Schema, **facts: str) -> Task:
    """The task of label SQL with the facts that a file would say in comments (``kind``, ``entity``, ``horizon``, …)."""
    for fact in facts:
        if fact not in _FACTS:
            raise UsageError(f"label SQL has no fact '{fact}'", hint=suggestion(fact, _FACTS))
    horizon = parse_timedelta(facts["horizon"]) if "horizon" in facts else None
    if horizon is None:
        raise _missing("horizon", "how far the label looks ahead")
    result = _Result(_columns_of(sql.replace("{timedelta}", str(horizon)), schema))
    time = result.take("time", facts.get("time"), result.times())
    entity, key, entity_column = _entity(result, schema, facts)
    target = result.take("target", facts.get("target"), result.left())
    kind = _kind(result.types[target], facts.get("kind"))
    item = _item(target, schema, facts) if kind is TargetKind.RANKING else None
    labeller = SqlLabeller(
        sql=sql,
        entity=entity.name,
        entity_column=entity_column,
        key_column=key,
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
        top=int(facts.get("top", 10)) if item else None,
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
class _Result:
    """The columns that the SQL returns; those whose part is known are taken away."""

    types: dict[str, pa.DataType]

    def __post_init__(self) -> None:
        self._left = list(self.types)

    def left(self) -> list[str]:
        return self._left

    def times(self) -> list[str]:
        return [name for name in self._left if pa.types.is_temporal(self.types[name])]

    def take(self, fact: str, told: str | None, candidates: list[str]) -> str:
        """The column that plays the part of ``fact``: the one told, or the only candidate."""
        if told is not None:
            name = match_name(told, self._left)
            if name is None:
                raise UsageError(f"the label SQL returns no column '{told}'", hint=suggestion(told, self.types))
        elif len(candidates) == 1:
            name = candidates[0]
        else:
            raise _missing(fact, f"which of the columns {', '.join(self.types)} is the {fact}")
        self._left.remove(name)
        return name


def _columns_of(sql: str, schema: Schema) -> dict[str, pa.DataType]:
    """What the SQL returns, found out on tables without rows."""
    empty = {
        name: pa.table({c.name: pa.array([], _ARROW_BY_CANONICAL[c.type]) for c in table.columns})
        for name, table in schema.tables.items()
    }
    answer = LabelEngine(Database(schema, empty)).run(sql, np.array([], dtype=np.int64), 0)
    return {f.name: f.type for f in answer.schema}


def _entity(result: _Result, schema: Schema, facts: dict[str, str]) -> tuple[Table, str, str]:
    """The entity table, its key column, and the column of the result that holds values of it."""
    if "entity" in facts:
        table = schema.table(facts["entity"])
    else:
        named = [t for t in schema.tables.values() if _key_in(t, result.left()) is not None]
        if len(named) != 1:
            raise _missing("entity", "whose label this is")
        table = named[0]
    if len(table.primary_key) != 1:
        raise UsageError(
            f"'{table.name}' has no single key column to name its rows by", hint="ask about a table that has one"
        )
    key = _key_in(table, result.left())
    pointing = [fk.columns[0] for _, fk in schema.children_of(table.name) if len(fk.columns) == 1]
    candidates = [key] if key else [n for n in result.left() if match_name(n, set(pointing))]
    return table, table.primary_key[0], result.take("key", facts.get("key"), candidates)


def _key_in(table: Table, columns: list[str]) -> str | None:
    return match_name(table.primary_key[0], columns) if len(table.primary_key) == 1 else None


def _kind(target: pa.DataType, told: str | None) -> TargetKind:
    if told is not None:
        if told.casefold() not in _KINDS:
            raise UsageError(f"'{told}' is no kind of task", hint=suggestion(told, _KINDS))
        return TargetKind(told.casefold())
    if pa.types.is_list(target) or pa.types.is_large_list(target):
        return TargetKind.RANKING
    if pa.types.is_boolean(target):
        return TargetKind.BINARY
    if pa.types.is_floating(target) or pa.types.is_decimal(target):
        return TargetKind.REGRESSION
    if pa.types.is_string(target) or pa.types.is_large_string(target):
        return TargetKind.MULTICLASS
    raise _missing("kind", f"whether the target ({target}) is a yes or no, a class or a number")


def _item(target: str, schema: Schema, facts: dict[str, str]) -> Table:
    if "item" in facts:
        return schema.table(facts["item"])
    named = [t for t in schema.tables.values() if _key_in(t, [target]) is not None]
    if len(named) != 1:
        raise _missing("item", "which table's rows are listed")
    return named[0]


def _hidden(told: str | None, schema: Schema) -> frozenset[tuple[str, str]]:
    hidden = set()
    for named in (told or "").split(","):
        if named.strip():
            table, _, column = named.strip().rpartition(".")
            hidden.add((schema.table(table).name, schema.table(table).column(column).name))
    return frozenset(hidden)


def _missing(fact: str, what: str) -> UsageError:
    return UsageError(f"the label SQL does not say {what}", hint=f"add a first line like  -- {fact}: {_FACTS[fact]}")
