"""What a prediction is about and what it is learned from: queries at a moment, and examples that were known by then."""

from collections.abc import Iterable, Sequence, Sized
from typing import Any

import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.doubts import undated_rows
from relfm.errors import DataCannotAnswer, UsageError
from relfm.history import is_visible
from relfm.labels.keys import rows_of_keys
from relfm.moments import data_end, labels_end
from relfm.planning import closed_labels, past_cutoffs
from relfm.task import Examples, TargetKind, Task
from relfm.times import TIMELESS, format_time, when


def context_of(database: Database, task: Task, moment: int, most_rows: int, step: int = 0) -> Examples:
    """Labelled examples known by ``moment``: enough cutoffs to fill a context of ``most_rows``, latest first."""
    end = labels_end(database, task, moment)
    cutoffs = past_cutoffs(database, task, moment, rows=most_rows)
    if step == 0:
        return closed_labels(database, task, cutoffs, end)
    examples = task.labeller.label_step(database, cutoffs, step)
    return examples.take(task.closes(examples.cutoffs) <= end)


def queries_of(
    database: Database, task: Task, moment: int, entities: Sequence[Any] | None = None, limit: int | None = None
) -> Examples:
    """Whom the question is about at ``moment``, seen as late as the data go. A static question is asked of each row
    at the row's own time, as its context is. DataCannotAnswer if it is about nobody or names unknown keys."""
    named = entities is not None
    rows = _rows_of(database, task.entity, entities, moment) if named else task.labeller.population(database, moment)
    if len(rows) == 0:
        raise DataCannotAnswer(
            f"the question is about nobody{when('at', moment)}: no row of '{task.entity}' qualifies",
            hint=_whom_to_ask(database, task),
        )
    rows = rows if limit is None else rows[:limit]
    if task.horizon is None:
        own = database.times(task.entity)[rows]
        return Examples.of(rows, np.where(own > TIMELESS, np.minimum(own, moment), moment))
    return Examples.of(rows, moment, seen=data_end(database, task, moment))


def _whom_to_ask(database: Database, task: Task) -> str:
    undated = undated_rows(database, task)
    if task.horizon is None and task.kind is not TargetKind.RANKING:
        hint = "no cell that it asks for is missing there: check WHERE, or name rows to predict anyway with --for"
    else:
        hint = "check WHERE, choose another --at, or name entities with --for"
    return hint if undated is None else f"{hint}; {undated}"


def _rows_of(database: Database, table: str, entities: Sequence[Any], moment: int) -> np.ndarray:
    """int64[n] rows whose primary key is each of ``entities``; DataCannotAnswer for those that were not there yet."""
    key = database.schema.tables[table].primary_key
    if not key:
        raise UsageError(f"table '{table}' has no primary key, so its rows cannot be named")
    if isinstance(entities, str | bytes) or not isinstance(entities, Iterable):
        raise UsageError(f"entities is {entities!r}, not a list of keys", hint=f"write [{entities!r}]")
    entities = list(entities)
    if not entities:
        raise UsageError("entities is an empty list of keys", hint="name a key at least, or None for all in question")
    parts = _parts_of_keys(entities, f"{table}.{'+'.join(key)}", len(key))
    try:
        values = [pa.chunked_array([pa.array(list(part))]) for part in parts]
        rows = rows_of_keys(database, table, key, values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        raise UsageError(f"the keys {entities[:3]} do not fit {table}.{'+'.join(key)}") from None
    except UnicodeEncodeError as error:
        raise UsageError(f"the key {error.object!a} is not text in UTF-8", hint="check --for") from None
    if (rows < 0).any():
        unknown = ", ".join(str(entities[i]) for i in np.flatnonzero(rows < 0)[:5])
        may_be_cut = len(entities) > 1 and any(isinstance(e, str) for e in entities)
        quoting = "; a key that holds a comma is quoted: --for '\"Smith, Ann\"'" if may_be_cut else ""
        raise DataCannotAnswer(f"no row of '{table}' has the key {unknown}", hint=f"check --for{quoting}")
    unborn = ~is_visible(database.times(table)[rows], moment)
    if unborn.any():
        early = ", ".join(str(entities[i]) for i in np.flatnonzero(unborn)[:5])
        raise DataCannotAnswer(
            f"{table} with the key {early} did not exist at {format_time(moment)}, or nobody knows since when",
            hint="predict at a later time with --at, or leave those keys out",
        )
    return rows


def _parts_of_keys(entities: list[Any], name: str, length: int) -> list[list[Any]]:
    """The values of each column of a key of ``length`` columns, in the order of ``entities``."""
    if length == 1:
        return [entities]
    for one in entities:
        if isinstance(one, str | bytes) or not isinstance(one, Sized) or len(one) != length:
            raise UsageError(f"the key {one!r} does not fit {name}", hint=f"give tuples of {length} values")
    return [list(part) for part in zip(*entities, strict=True)]
