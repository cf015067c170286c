"""RelBench 3 task manifests as Tasks.

A manifest that relfm cannot honour is refused by name; nothing in it is silently ignored that changes a label.
"""

from collections.abc import Mapping
from typing import Any

from relfm.errors import UsageError
from relfm.labels.labeller import QueryLabeller
from relfm.labels.sql import SqlLabeller
from relfm.query.nodes import Column, Entity, PredictiveQuery
from relfm.schema import Schema, Table
from relfm.task import TargetKind, Task
from relfm.times import Span

KIND_BY_TASK_TYPE = {
    "binary_classification": TargetKind.BINARY,
    "multiclass_classification": TargetKind.MULTICLASS,
    "regression": TargetKind.REGRESSION,
    "recommendation": TargetKind.RANKING,
}


def task_from_manifest(manifest: Mapping[str, Any], schema: Schema) -> Task:
    """The task that a ``tasks/NAME/manifest.yaml`` describes: kinds forecast (label SQL) and autocomplete (a column).

    UsageError names a missing or unsupported field; SchemaError a table or column that the schema lacks.
    """
    task_type = _field(manifest, "task_type")
    if task_type not in KIND_BY_TASK_TYPE:
        raise UsageError(
            f"task_type '{task_type}' is not supported", hint=f"supported are: {', '.join(KIND_BY_TASK_TYPE)}"
        )
    kind = KIND_BY_TASK_TYPE[task_type]
    if manifest.get("kind") == "autocomplete":
        return _autocomplete(manifest, schema, kind)
    if manifest.get("kind") == "forecast":
        return _forecast(manifest, schema, kind)
    raise UsageError(
        f"tasks of kind '{manifest.get('kind')}' carry no way to compute labels",
        hint="relfm reads kind forecast (with sql) and autocomplete",
    )


def parse_timedelta(text: str) -> Span:
    """'30 days' or any other length that pandas reads ('365D', '1 days 12:00:00')."""
    try:
        return Span.parse(text)
    except UsageError:
        import pandas as pd

        try:
            return Span(0, pd.Timedelta(text) // pd.Timedelta(microseconds=1))
        except ValueError:
            raise UsageError(f"timedelta '{text}' is not a length of time", hint="write it as '30 days'") from None


def _forecast(manifest: Mapping[str, Any], schema: Schema, kind: TargetKind) -> Task:
    ranks = kind is TargetKind.RANKING
    table = schema.table(_field(manifest, "src_entity_table" if ranks else "entity_table"))
    item = schema.table(_field(manifest, "dst_entity_table")) if ranks else None
    target = _field(manifest, "dst_entity_col" if ranks else "target_col")
    horizon = parse_timedelta(str(_field(manifest, "timedelta")))
    labeller = SqlLabeller(
        sql=_field(manifest, "sql"),
        entity=table.name,
        entity_column=table.column(_field(manifest, "src_entity_col" if ranks else "entity_col")).name,
        time_column=_field(manifest, "time_col"),
        target_column=target,
        horizon=horizon,
        item=item and item.name,
        item_column=item and _item_column(item, target),
        is_binary=kind is TargetKind.BINARY,
    )
    return Task(
        name=_field(manifest, "name"),
        kind=kind,
        entity=table.name,
        labeller=labeller,
        horizon=horizon,
        hidden=_removed(manifest, schema),
        classes=(False, True) if kind is TargetKind.BINARY else (),
        item=labeller.item,
        top=int(manifest.get("eval_k") or 10) if ranks else None,
        english=_english(manifest, table.name, horizon),
    )


def _autocomplete(manifest: Mapping[str, Any], schema: Schema, kind: TargetKind) -> Task:
    table = schema.table(_field(manifest, "entity_table"))
    column = table.column(_field(manifest, "target_col"))
    if kind is TargetKind.BINARY and column.type == "string":
        kind = TargetKind.MULTICLASS  # two words are two classes; which is the positive one nobody says
    question = PredictiveQuery(Column(table.name, column.name), Entity(table.name))
    return Task(
        name=_field(manifest, "name"),
        kind=kind,
        entity=table.name,
        labeller=QueryLabeller.of(question, schema),
        hidden=_removed(manifest, schema) | {(table.name, column.name)},
        classes=(False, True) if kind is TargetKind.BINARY else (),
        english=manifest.get("description") or f"For every row of {table.name}, its {column.name}.",
    )


def _item_column(item: Table, name: str) -> str:
    """The column of the item table that the listed values are of: the one so called, else its key."""
    if any(c.name == name for c in item.columns) or len(item.primary_key) != 1:
        return item.column(name).name
    return item.primary_key[0]


def _field(manifest: Mapping[str, Any], name: str) -> Any:
    if manifest.get(name) is None:
        raise UsageError(f"the task manifest has no '{name}'", hint=f"add '{name}: …' to it")
    return manifest[name]


def _removed(manifest: Mapping[str, Any], schema: Schema) -> frozenset[tuple[str, str]]:
    """The (table, column) pairs to hide. Pairs that the schema lacks are already hidden."""
    hidden = set()
    for table, column in manifest.get("remove_columns") or ():
        if table in schema.tables and any(c.name == column for c in schema.tables[table].columns):
            hidden.add((table, column))
    return frozenset(hidden)


def _english(manifest: Mapping[str, Any], entity: str, horizon: Span) -> str:
    what = manifest.get("description") or f"{_field(manifest, 'name')} over the next {horizon}"
    return f"For every row of {entity}: {what}."
