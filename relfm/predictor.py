"""The public face: a database and a question in, a table of predictions out.

Zero-shot unless asked otherwise; a Predictor holds settings alone, so predicting twice gives the same answer.
"""

from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import partial
from html import escape
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from relfm import arguments
from relfm.answer import Predictions, answer
from relfm.database import Database
from relfm.doubts import undated_rows, warnings_of
from relfm.errors import DataCannotAnswer, UsageError
from relfm.experts.panel import Effort, budget_of
from relfm.frames import frame_of
from relfm.history import is_visible
from relfm.labels import with_classes
from relfm.labels.keys import rows_of_keys
from relfm.learned import DEFAULT_MODEL, Learned, learned
from relfm.moments import Moment, data_end, labels_end, moment_of
from relfm.planning import base_rate, check_moment, closed_labels, past_cutoffs, resolve
from relfm.query import PredictiveQuery
from relfm.schema import suggestion
from relfm.task import Examples, TargetKind, Task
from relfm.times import TIMELESS, format_time, when

if TYPE_CHECKING:
    import pandas as pd

    from relfm.scoring import Backtest

MOST_QUERIES = 50_000
"""Queries that are answered together: about a gigabyte of features on a schema of a few tables."""

_MOST_SEEDS = 2**31 - 1
"""What LightGBM takes."""

_SHOWN = 10
"""Rows of a prediction that its repr shows."""

Question = str | PredictiveQuery | Task
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """What ``Predictor.predict`` returns.

    frame      the entity's key columns under their own names, ``cutoff``, ``prediction``, then ``probability``
               (binary), ``p_<class>`` (multiclass), ``q10``, ``q50``, ``q90`` (numbers, named after the interval), or
               ``rank``, the other key and ``probability`` (ranking); last ``baseline``: what past targets or the base
               rate alone say
    at         microseconds
    base_rate  share of yes, or the median, over the context; None where neither makes sense
    weights    each expert's share of the mixture
    seconds    by stage
    """

    frame: "pd.DataFrame"
    task: Task
    at: int
    context_rows: int
    base_rate: float | None
    warnings: tuple[str, ...]
    weights: dict[str, float]
    seconds: dict[str, float]

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self.frame.head(_SHOWN)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._headline())}</p>\n{self.frame.head(_SHOWN).to_html(border=0)}"

    def _headline(self) -> str:
        return f"Prediction({self.task.name!r}: {len(self.frame):,} rows, from {self.context_rows:,} labels)"


class Predictor:
    """Predicts; never changes. ``adapt="trees"`` adds deep boosted trees to the mixture of forecasts as well; unless
    the effort is fast, a question about rows themselves has them anyway, and a forecast of classes has gentle ones.

    ``model`` names the pretrained networks that join the experts in closed form: a shipped one (``relfm models``), a
    folder, or None for none. Fast effort never uses any, rankings and questions about rows neither: they are trained
    on forecasts.
    """

    def __init__(
        self,
        *,
        effort: Literal["fast", "default", "best"] | Effort = "default",
        adapt: Literal["trees"] | None = None,
        seed: int = 0,
        model: str | PathLike[str] | Learned | None = DEFAULT_MODEL,
    ) -> None:
        if not isinstance(effort, str) or effort not in list(Effort):
            raise UsageError(f"unknown effort '{effort}'", hint=suggestion(str(effort), list(Effort)))
        if adapt is not None and (not isinstance(adapt, str) or adapt != "trees"):
            raise UsageError(f"unknown adaptation '{adapt}'", hint="there is: trees")
        if not isinstance(model, str | PathLike | Learned | None) or model == "":
            raise UsageError(f"model {arguments.shown(model)} names no network", hint="give a name, a folder or None")
        self.effort = Effort(effort)
        self.adapt = adapt
        self.seed = arguments.whole("seed", seed, 0, _MOST_SEEDS)
        self.model = fspath(model) if isinstance(model, PathLike) else model

    def __repr__(self) -> str:
        name = self.model.name if isinstance(self.model, Learned) else self.model
        return f"Predictor(effort={self.effort.value!r}, adapt={self.adapt!r}, seed={self.seed}, model={name!r})"

    def zero_shot(self) -> "Predictor":
        """The same settings without adaptation."""
        return Predictor(effort=self.effort, seed=self.seed, model=self.model)

    def predict(
        self,
        database: Database,
        question: Question,
        *,
        at: Moment = None,
        entities: "Sequence[Any] | np.ndarray | pd.Series | pd.Index | None" = None,
        limit: int | None = None,
        interval: float = 0.8,
        progress: Progress | None = None,
    ) -> Prediction:
        """Predictions at ``at`` (ISO text, a datetime, microseconds; default: the end of the data) for the question's
        population, or for ``entities`` (key values; tuples where the key is composite), ``limit`` of them at most.

        QuestionError, SchemaError, UsageError for what was asked; DataCannotAnswer where the data hold no answer.
        """
        interval = arguments.share("interval", interval, "0.8 means 80 % of outcomes inside")
        limit = None if limit is None else arguments.whole("limit", limit, 1, hint="give 1 or more, or None for all")
        arguments.reporter(progress)
        check_moment(at)
        say = progress or (lambda stage: None)
        task = resolve(database, question)
        moment = moment_of(database, task, at)
        task = with_classes(task, database, labels_end(database, task, moment))
        queries = queries_of(database, task, moment, entities, limit)
        found, rate, doubts = [], None, ()
        most_rows = budget_of(self.effort, task.kind).rows
        for step in range(task.steps):
            say(f"labels of step {step + 1} of {task.steps}" if task.steps > 1 else "labels")
            context = context_of(database, task, moment, most_rows, step)
            if step == 0:
                rate, doubts = base_rate(task, context), warnings_of(database, task, moment, context)
            say(f"predicting {len(queries):,} rows from {len(context):,} labels")
            answered = partial(self.predict_examples, database, task, context, interval=interval, known_by=moment)
            chunks = [queries] if task.kind is TargetKind.RANKING else _in_chunks(queries)
            found.append(Predictions.concatenate([answered(chunk) for chunk in chunks]))
        return Prediction(
            frame=frame_of(database, task, queries, found, interval),
            task=task,
            at=moment,
            context_rows=found[0].context_rows,
            base_rate=rate if isinstance(rate, float) else None,
            warnings=doubts,
            weights=dict(found[0].weights),
            seconds=_total(found),
        )

    def predict_examples(
        self,
        database: Database,
        task: Task,
        context: Examples,
        queries: Examples,
        *,
        interval: float = 0.8,
        known_by: int | None = None,
    ) -> Predictions:
        """Predictions for ``queries`` from labelled ``context`` of any time: a label serves only where it was known
        by what the query saw (a static one: by ``known_by``). Targets of ``queries`` are never read. UsageError if a
        ranking is to be adapted."""
        if self.adapt is not None and task.kind == TargetKind.RANKING:
            raise UsageError(f"--adapt {self.adapt} has no rankings", hint="leave --adapt out: rankings are zero-shot")
        return answer(
            database,
            task,
            context,
            queries.unlabelled(),
            effort=self.effort,
            trees=self.adapt == "trees",
            seed=self.seed,
            coverage=interval,
            known_by=known_by if task.horizon is None else None,
            learned=learned(self.model) if self.effort is not Effort.FAST and is_forecast(task) else None,
        )

    def backtest(
        self,
        database: Database,
        question: Question,
        *,
        folds: int = 5,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> "Backtest":
        """The question asked of the past: see ``relfm.backtest.backtest``."""
        from relfm.backtest import backtest

        return backtest(self, database, question, folds=folds, at=at, progress=progress)


def is_forecast(task: Task) -> bool:
    """Whether pretrained networks know such questions: what will happen, and not which rows or what a cell holds."""
    return task.horizon is not None and task.kind is not TargetKind.RANKING


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


def _in_chunks(queries: Examples) -> list[Examples]:
    """At most ``MOST_QUERIES`` each: a context answers any number of queries, and their features need not all be held
    at once."""
    starts = range(0, len(queries), MOST_QUERIES)
    return [queries.take(np.arange(i, min(i + MOST_QUERIES, len(queries)))) for i in starts]


def _total(found: Sequence[Predictions]) -> dict[str, float]:
    return {stage: sum(f.seconds.get(stage, 0.0) for f in found) for stage in found[0].seconds}
