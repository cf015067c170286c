"""What one answer rests on: the experts that gave it are asked again, of the entity with some of its facts exchanged
for those of examples that they learned from (``relfm.effects``).

A fact is all that is known of one thing: its past targets, a column of its own, the orders that point at it. The
answer is the one that ``predict`` gives, and no other model is fitted to it in hindsight.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from relfm import arguments
from relfm.answer import BY_QUERY, Block, Predictions, decode, readings_of
from relfm.asked import Asked
from relfm.calibration import diluted
from relfm.context import unasked
from relfm.database import Database
from relfm.doubts import warnings_of
from relfm.effects import Exchanged
from relfm.errors import UsageError
from relfm.experts.neighbours import Neighbours
from relfm.experts.numbers import Reading
from relfm.experts.panel import budget_of
from relfm.frames import frame_of
from relfm.label_table import examples_as_frame
from relfm.moments import Moment
from relfm.panels import design_of
from relfm.planning import key_columns, refuse_lists, task_at
from relfm.scoring import COVERAGE
from relfm.task import Examples, TargetKind, Task

if TYPE_CHECKING:
    import pandas as pd

    from relfm.predictor import Predictor

SIMILAR = 50
"""Examples that count as similar."""

_SHOWN = 10
"""Facts that the repr of an explanation shows."""


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What ``Predictor.explain`` returns.

    frame    the row that ``predict`` gives
    what     what ``answer`` and ``usual`` are: the probability of yes or of the likeliest class, or the median
    usual    the mean answer for the examples whose facts were exchanged for the entity's
    facts    fact, effect, error (its standard error), then the fact's most telling feature, its value, and what is
             usual for it (the median over the context); greatest effects first. They add up to ``answer - usual``
    experts  expert, weight, answer (before calibration); greatest weights first
    past     cutoff and target of the entity's own labels that were known; latest first
    similar  key, cutoff and target of the most similar examples of other entities; nearest first, as the expert
             called neighbours measures it
    """

    frame: "pd.DataFrame"
    task: Task
    at: int
    what: str
    answer: float
    usual: float
    facts: "pd.DataFrame"
    experts: "pd.DataFrame"
    past: "pd.DataFrame"
    similar: "pd.DataFrame"
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self.facts.head(_SHOWN).to_string(max_colwidth=60)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._headline())}</p>\n{self.facts.head(_SHOWN).to_html(border=0)}"

    def _headline(self) -> str:
        return f"Explanation({self.task.name!r}: {self.what} {self.answer:.4g}, usual {self.usual:.4g})"


def explain(
    predictor: "Predictor",
    database: Database,
    question: object,
    *,
    entity: Any = None,
    at: Moment = None,
    progress: Callable[[str], None] | None = None,
) -> Explanation:
    """Why ``predict`` answers what it does for the entity with the key ``entity`` (a tuple where the key is composite;
    None if the question is about a single one). UsageError for rankings, for forecasts of several windows and for
    several entities; and whatever ``predict`` raises."""
    arguments.reporter(progress)
    say = progress or (lambda stage: None)
    task, moment = task_at(database, question, at)
    refuse_lists(task, "one can be explained")
    most_rows = budget_of(predictor.effort, task.kind).rows
    asked = Asked(database, task, moment, most_rows, of_everybody=predictor.needs_all_labels(task))
    queries = asked.queries(None if entity is None else [entity])
    _refuse_several(database, task, queries)
    say("labels")
    context, known = asked.context(), asked.own(queries)
    doubts = warnings_of(database, task, moment, context)
    context = unasked(task, context, queries)
    say(f"exchanging facts, from {len(context):,} labels")
    asking = _Asking(predictor.seed)
    found = predictor.predict_examples(
        database, task, context, queries, known_by=moment, own=known, answer_block=asking
    )
    seen, told = asking.seen, asking.seen.told(task)
    labelled = context if known is None else Examples.concatenate([context, known])
    own = np.flatnonzero(labelled.rows == queries.rows[0])
    past = examples_as_frame(database, task, labelled.take(own[np.argsort(-labelled.cutoffs[own], kind="stable")]))
    return Explanation(
        frame=frame_of(database, task, queries, [found], COVERAGE),
        task=task,
        at=moment,
        what=seen.what(task),
        answer=float(told[0]),
        usual=seen.exchanged.usual(told),
        facts=_facts(seen.exchanged, told),
        experts=_experts(task, seen),
        past=past[["cutoff", "target"]],
        similar=examples_as_frame(database, task, _similar(task, seen, queries)),
        warnings=doubts,
    )


def _refuse_several(database: Database, task: Task, queries: Examples) -> None:
    if len(queries) > 1:
        first = [str(values.iloc[0]) for values in key_columns(database, task.entity, queries.rows[:1]).values()]
        raise UsageError(
            f"the question is about {len(queries):,} rows of '{task.entity}', and one answer can be explained",
            hint=f"name the row with --for, as in --for {','.join(first)}",
        )


@dataclass
class _Asking:
    """Stands where ``answer`` answers a block, that of the one query, and keeps what it saw there."""

    seed: int
    seen: "_Seen | None" = None

    def __call__(self, block: Block) -> Predictions:
        exchanged = Exchanged.of(block.asked, block.given, np.random.default_rng(self.seed))
        rows = np.repeat(block.cutoffs, len(exchanged.side.features))
        block = replace(block, cutoffs=rows, asked=exchanged.side)
        readings = readings_of(block)
        found = decode(block, readings)
        self.seen = _Seen(block, exchanged, readings, found)
        every = {name: getattr(found, name) for name in BY_QUERY}
        return replace(found, **{name: one if one is None else one[:1] for name, one in every.items()})


@dataclass(frozen=True)
class _Seen:
    """The one query among rows with some of its facts, and what was made of them; the query is the first of them."""

    block: Block
    exchanged: Exchanged
    readings: list[Reading]
    found: Predictions

    @property
    def likeliest(self) -> int:
        """The class of the answer."""
        return int(self.found.values[0])

    def what(self, task: Task) -> str:
        if task.kind is TargetKind.MULTICLASS:
            return f"probability of {task.classes[self.likeliest]}"
        return "probability of yes" if task.kind is TargetKind.BINARY else "median"

    def told(self, task: Task) -> np.ndarray:
        """float64[rows]: the one number of each answer that is explained."""
        return self.found.probabilities[:, self.likeliest] if task.kind is TargetKind.MULTICLASS else self.found.values


def _facts(exchanged: Exchanged, told: np.ndarray) -> "pd.DataFrame":
    import pandas as pd

    effects, errors = exchanged.effects(told)
    alone, matrix = exchanged.alone(told), exchanged.side.features
    telling = np.full(len(effects), -1)
    for i, effect in enumerate(effects):
        own = np.flatnonzero(exchanged.fact_of == i)
        if len(own):  # one that moves the answer the way its fact does, if there is one
            telling[i] = own[np.argmax(alone[own] * (np.sign(effect) or 1.0))]
    names, values, usual = (
        np.append(matrix.names, ""),
        *(np.append(row, np.nan).astype(np.float64) for row in (matrix.values[0], exchanged.medians)),
    )
    columns = {"fact": exchanged.facts, "effect": effects, "error": errors}
    columns |= {"feature": names[telling], "value": values[telling], "usual": usual[telling]}
    order = np.argsort(-np.abs(effects), kind="stable")
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def _experts(task: Task, seen: _Seen) -> "pd.DataFrame":
    import pandas as pd

    told: dict[str, list[float]] = {}
    for reading in seen.readings:
        unit = float(np.broadcast_to(reading.unit, len(seen.found.values))[0])
        for name, probabilities in reading.mixed.by_expert.items():
            own = probabilities[:1]
            if task.kind is TargetKind.BINARY:
                value = diluted(own[0, 0], seen.block.enrichment)
            elif task.kind is TargetKind.MULTICLASS:
                value = own[0, seen.likeliest]
            else:
                value = reading.outputs.quantile(own, 0.5)[0] * unit
            told.setdefault(name, []).append(float(value))
    columns = {"expert": list(told), "weight": [seen.found.weights.get(name, 0.0) for name in told]}
    columns["answer"] = [float(np.mean(values)) for values in told.values()]
    return pd.DataFrame(columns).sort_values("weight", ascending=False, kind="stable").reset_index(drop=True)


def _similar(task: Task, seen: _Seen, queries: Examples) -> Examples:
    """The nearest examples of the context that are of other entities, nearest first."""
    block = seen.block
    others = np.flatnonzero(block.context.rows != queries.rows[0])
    design = design_of(task, seen.readings[0].outputs, block.context, block.given, block.settings.effort)
    near, own = (
        Neighbours().places(design, design.transform(side.features.values)) for side in (block.given, block.asked)
    )
    distance = ((near[others] - own[0]) ** 2).sum(axis=1)
    return block.context.take(others[np.argsort(distance, kind="stable")[:SIMILAR]])
