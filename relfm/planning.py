"""What can be known of a question before any model runs: its task, its labels, its cutoffs, its base rate, its cost.

Nothing here imports torch, and nothing here looks at a feature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relfm import arguments
from relfm.asked import CONTEXT_ROWS, Asked, require_rows
from relfm.database import Database
from relfm.doubts import warnings_of
from relfm.errors import UsageError
from relfm.history import is_visible
from relfm.labels import label_sql, task_of, with_classes
from relfm.moments import Moment, labels_end, moment_of
from relfm.query import PredictiveQuery, parse
from relfm.query.nodes import Column, Entity
from relfm.query.walk import walk
from relfm.schema import match_name
from relfm.task import Examples, TargetKind, Task
from relfm.times import format_time


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """A question, understood.

    at            microseconds: the moment of the prediction; 0 where no table has a time
    cutoffs       int64[k] microseconds, latest first: when the question is asked of the past
    context_rows  how many labels those cutoffs give (of a draw of the entities, where there are more than 100,000)
    query_rows    how many entities the question is about
    base_rate     share of yes (binary), median (regression, forecast), share by class (multiclass), share of lists
                  with anything in them (ranking)
    visible       rows that can be seen at ``at``, by table
    """

    task: Task
    label_sql: str
    at: int
    cutoffs: np.ndarray
    context_rows: int
    query_rows: int
    base_rate: float | Mapping[str, float]
    visible: Mapping[str, int]
    warnings: tuple[str, ...]
    cost: "Cost"

    def __repr__(self) -> str:
        moment = f" at {format_time(self.at)}" if self.at else ""
        asked = f"{self.task.kind.value} about {self.query_rows:,} rows of {self.task.entity}{moment}"
        return f"Plan({self.task.name!r}: {asked}, from {self.context_rows:,} labels)"

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON form of ``relfm plan --json``; times as ISO text, the horizon as '30 days'."""
        task = self.task
        return {
            "question": task.name,
            "english": task.english,
            "task": {
                "kind": task.kind.value,
                "entity": task.entity,
                "horizon": None if task.horizon is None else str(task.horizon),
                "classes": [str(c) for c in task.classes],
                "item": task.item,
                "top": task.top,
                "steps": task.steps,
                "hidden": [f"{table}.{column}" for table, column in sorted(task.hidden)],
            },
            "label_sql": self.label_sql,
            "at": format_time(self.at) if self.at else None,
            "cutoffs": [format_time(int(c)) for c in self.cutoffs if c],
            "context_rows": self.context_rows,
            "query_rows": self.query_rows,
            "base_rate": self.base_rate,
            "visible_rows": dict(self.visible),
            "notes": list(task.notes),
            "warnings": list(self.warnings),
            "cost": {"seconds": self.cost.seconds, "megabytes": self.cost.megabytes},
        }


@dataclass(frozen=True)
class Cost:
    """An estimate for ``predict`` with default effort on one core, after the database is read: a start, then so much
    for each of (context + query rows) x (columns of the tables within two links of the entity).

    Measured on the sample shop of 150 and of 3,000 customers (2.7 s and 7.3 s, 320 MB and 630 MB in all).
    """

    seconds: float
    megabytes: float

    SECONDS_TO_START = 1.5
    MEGABYTES_TO_START = 230
    SECONDS_PER_CELL = 1.2e-5
    BYTES_PER_CELL = 900

    @classmethod
    def of(cls, database: Database, task: Task, rows: int) -> "Cost":
        near = {task.entity}
        for _ in range(2):
            tables = database.schema.tables
            near |= {fk.table for name in near for fk in tables[name].foreign_keys}
            near |= {child.name for name in near for child, _ in database.schema.children_of(name)}
        cells = rows * sum(len(database.schema.tables[name].columns) for name in near)
        seconds = cls.SECONDS_TO_START + cells * cls.SECONDS_PER_CELL
        return cls(round(seconds, 1), round(cls.MEGABYTES_TO_START + cells * cls.BYTES_PER_CELL / 1e6))


def plan(database: Database, question: str | PredictiveQuery | Task, *, at: Moment = None) -> Plan:
    """The plan of a question at ``at`` (ISO text or microseconds; default: the end of the data).

    QuestionError or SchemaError if the question does not fit the schema; DataCannotAnswer if the data hold no answer.
    """
    task, moment = task_at(database, question, at)
    asked = Asked(database, task, moment, CONTEXT_ROWS, of_everybody=task.kind is TargetKind.RANKING)
    context, queries = asked.context(), asked.population
    return Plan(
        task=task,
        label_sql=label_sql(task),
        at=moment,
        cutoffs=asked.cutoffs,
        context_rows=len(context),
        query_rows=len(queries),
        base_rate=base_rate(task, context),
        visible={name: int(is_visible(database.times(name), moment).sum()) for name in database.tables},
        warnings=warnings_of(database, task, moment, context),
        cost=Cost.of(database, task, min(len(context), CONTEXT_ROWS) + len(queries)),
    )


def task_at(database: Database, question: str | PredictiveQuery | Task, at: Moment = None) -> tuple[Task, int]:
    """The task that a question means, with the classes that it has taken by the moment ``at`` (default: the end of the
    data), and that moment in microseconds. UsageError for a moment that is none; and what ``resolve`` raises."""
    task = resolve(database, question)
    moment = moment_of(database, task, at)
    return with_classes(task, database, labels_end(database, task, moment)), moment


def resolve(database: Database, question: str | PredictiveQuery | Task) -> Task:
    """The task that a question means in this database; QuestionError if it does not fit, DataCannotAnswer if it is
    about a table without rows (of which no schema knows when its rows happen, so that comes first)."""
    arguments.of_kind("database", database, Database, "connect first: database = relfm.connect('shop.db')")
    arguments.of_kind("question", question, (str, PredictiveQuery, Task), "ask in text: 'PREDICT … FOR EACH table.key'")
    if isinstance(question, Task):
        return question
    query = parse(question, database.schema) if isinstance(question, str) else question
    for name in dict.fromkeys(node.table for node in walk(query) if isinstance(node, Column | Entity)):
        require_rows(database, match_name(name, database.tables))
    return task_of(query, database.schema)


def refuse_lists(task: Task, one: str) -> None:
    """UsageError for rankings and for forecasts of several windows, where ``one`` answer is all that there may be."""
    if task.kind is TargetKind.RANKING:
        raise UsageError(
            f"a ranking is many answers, and {one}",
            hint="ask about one item: PREDICT COUNT(orders.* WHERE orders.handled_by = 7, 0, 60, days) > 0 FOR EACH …",
        )
    if task.steps > 1:
        raise UsageError(
            f"a forecast of {task.steps} windows is {task.steps} answers, and {one}",
            hint="leave FORECAST out and write the bounds of one window: 7, 14, days",
        )


def base_rate(task: Task, examples: Examples) -> float | dict[str, float]:
    """What knowing the labels alone would answer: see ``Plan.base_rate``."""
    if task.kind is TargetKind.RANKING:
        return float((np.diff(examples.items.start) > 0).mean())
    if task.kind is TargetKind.BINARY:
        return float(examples.targets.mean())
    if task.kind is TargetKind.MULTICLASS:
        counts = np.bincount(examples.targets.astype(np.int64), minlength=len(task.classes))
        return {str(c): float(n / len(examples)) for c, n in zip(task.classes, counts, strict=True)}
    return float(np.median(examples.targets))


def key_columns(database: Database, table: str, rows: np.ndarray) -> dict[str, Any]:
    """The key of each of ``rows`` (int64[n]) by column name; ``row`` with the row number if the table has no key."""
    key = database.schema.tables[table].primary_key
    if not key:
        return {"row": rows}
    return {name: database.tables[table].column(name).take(rows).to_pandas() for name in key}
