"""The public face: a database and a question in, a table of predictions out.

Zero-shot unless asked otherwise; a Predictor holds settings alone, so predicting twice gives the same answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

from relfm import arguments
from relfm.answer import BlockAnswer, Predictions, answer
from relfm.asked import Asked
from relfm.context import unasked
from relfm.database import Database
from relfm.doubts import warnings_of
from relfm.errors import UsageError
from relfm.experts.panel import Effort, budget_of
from relfm.frames import frame_of
from relfm.learned import DEFAULT_MODEL, Learned, learned
from relfm.moments import Moment
from relfm.planning import base_rate, task_at
from relfm.query import PredictiveQuery
from relfm.schema import suggestion
from relfm.task import Examples, TargetKind, Task

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from relfm.explain import Explanation
    from relfm.scoring import Backtest

MOST_QUERIES = 50_000
"""Queries that are answered together: about a gigabyte of features on a schema of a few tables. A context answers any
number of queries, and their features need not all be held at once."""

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
               (binary), ``p_<class>`` (multiclass), ``q10``, ``q50``, ``q90`` (numbers, named after the interval) and
               ``mean``, or ``rank``, the other key and ``probability`` (ranking); last ``baseline``: what past targets
               or the base rate alone say
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

    def adaptation(self, task: Task) -> str | None:
        """What answers such questions that was fitted to one: "trees", "network" or both, joined by +; None where the
        answers are zero-shot."""
        networks = self._learned(task)
        is_adapted = networks is not None and networks.until is not None
        return "+".join([self.adapt] * (self.adapt is not None) + ["network"] * is_adapted) or None

    def zero_shot(self, task: Task) -> "Predictor":
        """The same settings without adaptation: the default networks in place of an adapted one."""
        networks = self._learned(task)
        model = self.model if networks is None or networks.until is None else DEFAULT_MODEL
        return Predictor(effort=self.effort, seed=self.seed, model=model)

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
        say = progress or (lambda stage: None)
        task, moment = task_at(database, question, at)
        most_rows = budget_of(self.effort, task.kind).rows
        asked = Asked(database, task, moment, most_rows, of_everybody=self.needs_all_labels(task))
        queries = asked.queries(entities, limit)
        found, rate, doubts = [], None, ()
        for step in range(task.steps):
            say(f"labels of step {step + 1} of {task.steps}" if task.steps > 1 else "labels")
            context = asked.context(step)
            if step == 0:
                rate, doubts = base_rate(task, context), warnings_of(database, task, moment, context)
            context = unasked(task, context, queries)  # of all parts, so that they learn from the same rows
            say(f"predicting {len(queries):,} rows from {len(context):,} labels")
            answered = partial(self.predict_examples, database, task, context, interval=interval, known_by=moment)
            chunks = [queries] if task.kind is TargetKind.RANKING else queries.in_chunks(MOST_QUERIES)
            parts = [answered(chunk, own=asked.own(chunk, step)) for chunk in chunks]
            found.append(Predictions.concatenate(parts))
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
        own: Examples | None = None,
        answer_block: BlockAnswer | None = None,
    ) -> Predictions:
        """Predictions for ``queries`` from labelled ``context`` of any time: a label serves only where it was known
        by what the query saw (a static one: by ``known_by``). Labels of ``own`` tell their entity's past to that entity
        and teach nobody; ``answer_block`` is that of ``relfm.answer.answer``. Targets of ``queries`` are never read.
        UsageError if a ranking is to be adapted."""
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
            learned=self._learned(task),
            own=own,
            answer_block=answer_block,
        )

    def needs_all_labels(self, task: Task) -> bool:
        """Whether labels of all entities are read, not of a draw: rankings count items, and a network looks at whoever
        is linked."""
        networks = self._learned(task)
        return task.kind is TargetKind.RANKING or (networks is not None and networks.model is not None)

    def _learned(self, task: Task) -> Learned | None:
        return learned(self.model) if self.effort is not Effort.FAST and is_forecast(task) else None

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

    def explain(
        self,
        database: Database,
        question: Question,
        *,
        entity: Any = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> "Explanation":
        """What the answer for one entity rests on: see ``relfm.explain.explain``."""
        from relfm.explain import explain

        return explain(self, database, question, entity=entity, at=at, progress=progress)


def is_forecast(task: Task) -> bool:
    """Whether pretrained networks know such questions: what will happen, and not which rows or what a cell holds."""
    return task.horizon is not None and task.kind is not TargetKind.RANKING


def _total(found: Sequence[Predictions]) -> dict[str, float]:
    return {stage: sum(f.seconds.get(stage, 0.0) for f in found) for stage in found[0].seconds}
