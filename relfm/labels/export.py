"""Any task as a RelBench 3 task manifest, and a question's label SQL as text.

The SQL reads ``timestamps``, ``{timedelta}`` and the user's own tables and columns, so that others can run it.
"""

from typing import Any

import yaml

from relfm.errors import UsageError
from relfm.labels.labeller import QueryLabeller
from relfm.labels.manifest import KIND_BY_TASK_TYPE
from relfm.labels.sql import SqlLabeller
from relfm.labels.statement import label_statement
from relfm.query.nodes import Column
from relfm.schema import Schema
from relfm.task import TargetKind, Task
from relfm.times import DAY, Span

_TASK_TYPE_BY_KIND = {kind: task_type for task_type, kind in KIND_BY_TASK_TYPE.items()}
_LONGEST_MONTH = 31 * DAY


def label_sql(task: Task) -> str:
    """The SQL that computes the labels of a task, laid out to be read."""
    labeller = task.labeller
    if isinstance(labeller, QueryLabeller):
        return label_statement(labeller.bound).text
    if isinstance(labeller, SqlLabeller):
        return labeller.statement
    raise UsageError(f"the labels of '{task.name}' are not computed by SQL")


def to_manifest(task: Task, schema: Schema, name: str) -> dict[str, Any]:
    """``task`` as the content of ``tasks/NAME/manifest.yaml``; UsageError if RelBench has no form for it."""
    if task.kind not in _TASK_TYPE_BY_KIND:
        raise UsageError(
            f"RelBench has no tasks of kind {task.kind}", hint="ask for one window: leave FORECAST out of the question"
        )
    head = {"name": name, "manifest_version": 1, "description": task.english.removesuffix(".")}
    head |= {"task_type": _TASK_TYPE_BY_KIND[task.kind]}
    if task.horizon is None:
        return head | _autocomplete(task)
    return head | {"kind": "forecast"} | _forecast(task, schema) | {
        "timedelta": str(_timedelta(task.horizon)),
        "num_eval_timestamps": 1,
        "remove_columns": [list(pair) for pair in sorted(task.hidden)],
    }  # fmt: skip


def manifest_yaml(manifest: dict[str, Any]) -> str:
    """The manifest as YAML, its SQL as a block."""
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


def _autocomplete(task: Task) -> dict[str, Any]:
    labeller = task.labeller
    column = None
    if isinstance(labeller, QueryLabeller) and labeller.bound.query.where is None:
        target = labeller.bound.query.target
        if isinstance(target, Column) and target.table == task.entity:
            column = target.name
    if column is None:
        raise UsageError(
            "RelBench can ask for a whole column of the entity's own table, not for this",
            hint="leave the comparison and WHERE out of the question",
        )
    removed = sorted(task.hidden - {(task.entity, column)})
    return {
        "kind": "autocomplete",
        "entity_table": task.entity,
        "target_col": column,
        "remove_columns": [list(pair) for pair in removed],
    }


def _forecast(task: Task, schema: Schema) -> dict[str, Any]:
    labeller = task.labeller
    if isinstance(labeller, SqlLabeller):
        return _named(task, labeller.sql, labeller.entity_column, labeller.time_column, labeller.target_column)
    if not isinstance(labeller, QueryLabeller):
        raise UsageError(f"the labels of '{task.name}' are not computed by SQL")
    keys = schema.tables[task.entity].primary_key
    if len(keys) != 1:
        raise UsageError(
            f"RelBench needs one key column, and '{task.entity}' has {len(keys)}", hint="ask about another table"
        )
    target = None
    if labeller.item is not None:
        target = labeller.item[1] if labeller.item[1].casefold() != keys[0].casefold() else f"{labeller.item[0]}_key"
    timedelta = str(task.horizon) if task.horizon.months == 0 else None
    statement = label_statement(labeller.bound, timedelta=timedelta, target_column=target)
    return _named(task, statement.text, keys[0], statement.time_column, statement.target_column)


def _named(task: Task, sql: str, entity_column: str, time_column: str, target_column: str) -> dict[str, Any]:
    if task.kind is TargetKind.RANKING:
        names = {
            "src_entity_table": task.entity,
            "src_entity_col": entity_column,
            "dst_entity_table": task.item,
            "dst_entity_col": target_column,
            "eval_k": task.top,
        }
    else:
        names = {"entity_table": task.entity, "entity_col": entity_column, "target_col": target_column}
    return names | {"time_col": time_column, "sql": sql}


def _timedelta(horizon: Span) -> Span:
    """RelBench knows no calendar months: the longest that they can last."""
    return Span(0, horizon.months * _LONGEST_MONTH + horizon.microseconds)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)
