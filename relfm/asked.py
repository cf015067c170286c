"""What a prediction is about and what it is learned from: queries at a moment, and examples that were known by then."""

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa

from relfm.context import refuse_one_class
from relfm.database import Database
from relfm.doubts import oddities_of, undated_rows, unknown_values
from relfm.errors import DataCannotAnswer, UsageError
from relfm.history import is_visible
from relfm.labels import context_cutoffs
from relfm.labels.keys import rows_of_keys
from relfm.moments import data_end, labels_end, span_of, tables_of
from relfm.task import Examples, TargetKind, Task
from relfm.times import TIMELESS, Span, format_time, when

CONTEXT_ROWS = 16_000
"""How many labels a prediction of default effort learns from at most."""

MIN_CUTOFFS, MAX_CUTOFFS = 30, 200
"""At how many past moments a question is asked."""


MOST_ENTITIES = 100_000
"""Of about so many entities a prediction learns at most: a context holds far fewer labels than those have."""


@dataclass(frozen=True)
class Asked:
    """A question at a moment: whom it is about, and what was known by then of others, to learn from.

    most_rows     how many labels are learned from at most
    of_everybody  whether labels of all entities are needed, however many there are; else those of a draw are enough
    every         how far apart the cutoffs are; None: one horizon
    """

    database: Database
    task: Task
    moment: int
    most_rows: int
    of_everybody: bool = False
    every: Span | None = None

    @cached_property
    def population(self) -> np.ndarray:
        """int64[n] rows of the entity's table that the question is about."""
        return self.task.labeller.population(self.database, self.moment)

    @cached_property
    def cutoffs(self) -> np.ndarray:
        """int64[k]: enough of them to fill a context, latest first."""
        population = None if self.task.horizon is None else self.population
        return past_cutoffs(
            self.database, self.task, self.moment, rows=self.most_rows, every=self.every, population=population
        )

    @cached_property
    def drawn(self) -> np.ndarray | None:
        """int64[n] rows of the entity's table that are learned from, ascending; None: all. They are drawn from all that
        are visible at the moment, not from the population: whom the question was about earlier teaches too. Nobody who
        comes later changes the draw."""
        if self.task.horizon is None or self.of_everybody or len(self.population) <= MOST_ENTITIES:
            return None
        visible = np.flatnonzero(is_visible(self.database.times(self.task.entity), self.moment))
        number = -(-len(visible) * MOST_ENTITIES // len(self.population))
        return np.sort(np.random.default_rng(0).permutation(visible)[:number])

    def queries(self, entities: Sequence[Any] | None = None, limit: int | None = None) -> Examples:
        """Whom the question is about (or ``entities``, ``limit`` of them at most), seen as late as the data go. A
        static question is asked of each row at the row's own time, as its context is. DataCannotAnswer if it is about
        nobody or names unknown keys."""
        database, task, moment = self.database, self.task, self.moment
        rows = self.population if entities is None else _rows_of(database, task.entity, entities, moment)
        if len(rows) == 0:
            raise DataCannotAnswer(
                f"the question is about nobody{when('at', moment)}: no row of '{task.entity}' qualifies",
                hint=_whom_to_ask(database, task, moment),
            )
        rows = rows if limit is None else rows[:limit]
        if task.horizon is None:
            own = database.times(task.entity)[rows]
            return Examples.of(rows, np.where(own > TIMELESS, np.minimum(own, moment), moment))
        return Examples.of(rows, moment, seen=data_end(database, task, moment))

    def context(self, step: int = 0) -> Examples:
        """Labelled examples known by the moment: of all entities, or of those drawn."""
        if step == 0:
            end = labels_end(self.database, self.task, self.moment)
            return closed_labels(self.database, self.task, self.cutoffs, end, self.drawn)
        return self._labelled(step, self.drawn)

    def own(self, queries: Examples, step: int = 0) -> Examples | None:
        """What was known of entities that are asked about but not learned from; None if there are none such."""
        left_out = np.zeros(0, np.int64) if self.drawn is None else np.setdiff1d(queries.rows, self.drawn)
        return self._labelled(step, left_out) if len(left_out) else None

    def _labelled(self, step: int, rows: np.ndarray | None) -> Examples:
        examples = self.task.labeller.label_step(self.database, self.cutoffs, step, rows)
        return examples.take(self.task.closes(examples.cutoffs) <= labels_end(self.database, self.task, self.moment))


def past_cutoffs(
    database: Database,
    task: Task,
    at: int,
    *,
    rows: int = CONTEXT_ROWS,
    every: Span | None = None,
    population: np.ndarray | None = None,
) -> np.ndarray:
    """int64[k] microseconds, latest first: enough cutoffs to fill a context of ``rows``, one horizon (or ``every``)
    apart. Their windows have closed by the end of the data that can be seen ``at``. ``population`` (int64[n]) is whom
    the question is about ``at``, if that is known."""
    if task.horizon is None:
        return context_cutoffs(task, (at, at), at, 1)
    first, _ = span_of(database, task)
    end = data_end(database, task, at)
    population = task.labeller.population(database, at) if population is None else population
    enough = int(np.clip(rows // max(1, len(population)), MIN_CUTOFFS, MAX_CUTOFFS))
    cutoffs = context_cutoffs(task, (first, end), end, enough)
    if every is None or len(cutoffs) == 0:
        return cutoffs
    stepped, earliest = [int(cutoffs[0])], int(task.horizon.after(np.int64(first)))
    while earliest <= (earlier := int(every.before(np.int64(stepped[-1])))) < stepped[-1]:
        stepped.append(earlier)
    return np.array(stepped, dtype=np.int64)


def closed_labels(
    database: Database, task: Task, cutoffs: np.ndarray, at: int, rows: np.ndarray | None = None
) -> Examples:
    """The labels at ``cutoffs`` (of ``rows``, int64[n], if given) that are known by ``at``; DataCannotAnswer if nothing
    can be learned from them."""
    for name in sorted({task.entity, *tables_of(task)}):
        require_rows(database, name)
    if len(cutoffs) == 0:
        raise DataCannotAnswer(
            f"no label is known by {format_time(at)}: the data begin less than two horizons ({task.horizon}) before",
            hint="ask for a shorter horizon or a later --at",
        )
    examples = task.labeller.label(database, cutoffs, rows)
    examples = examples.take(task.closes(examples.cutoffs) <= at)
    if len(examples) == 0:
        widen = "widen the window or WHERE, or choose a later --at" if task.horizon else "widen WHERE"
        raise DataCannotAnswer(
            f"no label is known{when('by', at)}: no row of '{task.entity}' has an answer"
            + (" at any earlier cutoff" if task.horizon else ""),
            hint="; ".join(unknown_values(database, task, at)) or widen,
        )
    refuse_one_class(task, examples, partial(oddities_of, database, task, at))
    return examples


def require_rows(database: Database, table: str | None) -> None:
    """DataCannotAnswer if a table is empty."""
    if table is not None and database.num_rows(table) == 0:
        raise DataCannotAnswer(f"table '{table}' has no rows", hint="`relfm describe` shows what was read")


def _whom_to_ask(database: Database, task: Task, moment: int) -> str:
    unknown = list(unknown_values(database, task, moment))
    if unknown:
        return "; ".join(unknown)
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
    if hasattr(entities, "columns"):  # to iterate over a table gives the names of its columns
        raise UsageError("entities is a table, not a list of keys", hint=f"give its column: entities=….{key[0]}")
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
