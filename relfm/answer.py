"""From examples to predictions: blocks of queries, their context, features, experts, calibration.

Everything that a query learns from was known by what that query saw; nothing reads the queries' targets.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from relfm import features
from relfm.calibration import ClassTemperature, Temperature, diluted
from relfm.context import QueryBlock, as_stale_as, denser, is_far_ahead, query_blocks, refuse_one_class, unasked
from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.experts.boosting import there_are_trees
from relfm.experts.episodes import Panelled
from relfm.experts.gentle import SHARE, gentle_trees_answer
from relfm.experts.mixture import Mixed, joined
from relfm.experts.numbers import Reading, numbers
from relfm.experts.outputs import Outputs
from relfm.experts.panel import Effort, budget_of
from relfm.experts.pretrained import heads_of, trust_in_heads
from relfm.experts.trees import trees_join
from relfm.learned import Learned
from relfm.panels import Side, held_out, in_step, in_usual_units, panel_answers
from relfm.task import Examples, ItemLists, TargetKind, Task
from relfm.threads import few_threads, few_torch_threads, side_by_side

BY_QUERY = ("values", "baseline", "probabilities", "mean", "low", "high")
"""What ``Predictions`` hold of each query, rankings aside."""


@dataclass(frozen=True)
class Predictions:
    """Answers to N queries, in their order.

    values         float64[N]     probability of yes; median; class index
    probabilities  float64[N, K]  by class (MULTICLASS), else None
    mean           float64[N]     what sums are made of (numbers), else None
    low, high      float64[N]     the interval (numbers), else None
    baseline       float64[N]     the same as ``values`` from past targets or the base rate alone
    items, scores  ranked item rows per query, best first, and their probabilities (RANKING)
    weights        each expert's weight in the mixture, averaged over the blocks
    """

    values: np.ndarray
    baseline: np.ndarray
    probabilities: np.ndarray | None = None
    mean: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    items: ItemLists | None = None
    scores: np.ndarray | None = None
    baseline_items: ItemLists | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    context_rows: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def concatenate(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Answers to the queries of all parts, in order: their seconds add up, and each part's weights count by its
        queries. Rankings come in one part."""
        if len(parts) == 1:
            return parts[0]

        def together(name: str) -> np.ndarray | None:
            sides = [getattr(p, name) for p in parts]
            return None if sides[0] is None else np.concatenate(sides)

        sizes = [len(p.values) for p in parts]
        names = dict.fromkeys(name for p in parts for name in p.weights)
        return replace(
            parts[0],
            **{n: together(n) for n in BY_QUERY},
            weights={n: float(np.average([p.weights.get(n, 0.0) for p in parts], weights=sizes)) for n in names},
            seconds={stage: sum(p.seconds[stage] for p in parts) for stage in parts[0].seconds},
        )


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def answer(
    database: Database,
    task: Task,
    context: Examples,
    queries: Examples,
    *,
    effort: Effort = Effort.DEFAULT,
    trees: bool = False,
    seed: int = 0,
    coverage: float = 0.8,
    known_by: int | None = None,
    learned: Learned | None = None,
    own: Examples | None = None,
    answer_block: "BlockAnswer | None" = None,
) -> Predictions:
    """Predictions for ``queries`` from labelled ``context`` examples of any time: those not yet known are not used.

    A label serves a query if it was known by what the query saw, or by ``known_by`` (microseconds) where that is given:
    a missing cell of an old row may be filled from the cells of later rows. ``learned`` networks join the experts in
    closed form. ``own`` are labels that tell their entity's past to that entity alone: of those who are asked about
    where the context is a draw of all. A row that is asked about is no example of itself. ``answer_block`` takes the
    place of the function of that name: an explanation asks more of the same experts. DataCannotAnswer if no label was
    known in time, or all known ones are of one class.
    """
    if task.kind == TargetKind.RANKING:
        from relfm.ranking import rank

        return rank(database, task, context, queries, effort=effort, seed=seed, top=task.top)
    context = unasked(task, context, queries)
    watch = Stopwatch()
    trees = trees or (task.horizon is None and effort is not Effort.FAST and there_are_trees())
    is_stale = bool((queries.cutoffs > queries.seen).any())
    gentle = is_gentle(task, queries, effort, learned) and there_are_trees()
    budget, settings = budget_of(effort, task.kind), Settings(effort, trees, gentle, seed, coverage, learned)
    most_blocks = budget.stale_blocks if is_stale else budget.blocks
    context = denser(database, task, context, queries)
    until = int(queries.seen.min()) if known_by is None else known_by
    if learned is not None:
        learned.require_unseen(until)
    blocks = query_blocks(task, context, queries, most_blocks, budget.rows, known_by)
    for block in blocks:
        check_context(task, context.take(block.context))
    with few_threads(), watch.stage("features"):
        shown = [as_stale_as(context.take(b.context), queries.take(b.queries), budget.rows) for b in blocks]
        both = Examples.concatenate([*(s.unlabelled() for s in shown), queries.unlabelled()])
        matrix = features.compute(database, task, both, context, until=until, own=own)
    states = None
    if learned is not None and learned.model is not None:
        from relfm.states import states_of

        with watch.stage("states"):
            states = states_of(learned.model, database, task, both, context, until=until)
    starts, first_query = np.cumsum([0, *(len(s) for s in shown[:-1])]), len(both) - len(queries)

    def answered(start: int, block: QueryBlock, examples: Examples) -> Predictions:
        places = np.arange(start, start + len(examples)), first_query + block.queries
        sides = [Side(matrix.take(p), None if states is None else states[p]) for p in places]
        asked = Block(task, examples, queries.cutoffs[block.queries], *sides, settings, block.enrichment)
        return (answer_block or _answer_block)(asked)

    few = few_torch_threads() if learned is not None else nullcontext()
    with few_threads(), few, watch.stage("experts"):
        parts = side_by_side([partial(answered, *each) for each in zip(starts, blocks, shown, strict=True)])
    return _gather(blocks, parts, len(queries), max(len(b.context) for b in blocks), watch.seconds)


def is_gentle(task: Task, queries: Examples, effort: Effort, learned: Learned | None) -> bool:
    """Whether gentle trees join: for forecasts of classes, unless a head is to be seen alone. Queries far ahead of the
    data have none: under the frozen protocol they lose by it on validation rows."""
    is_class = task.kind in (TargetKind.BINARY, TargetKind.MULTICLASS)
    if task.horizon is None or not is_class or effort is Effort.FAST or (learned and learned.is_alone):
        return False
    return not is_far_ahead(task, queries)


def check_context(task: Task, context: Examples) -> None:
    """DataCannotAnswer if there is nothing to learn from."""
    if len(context) == 0 and task.horizon is None:
        raise DataCannotAnswer(
            f"every known cell of '{task.name}' is asked about itself, so none is left to learn from",
            hint="name fewer rows with --for",
        )
    if len(context) == 0:
        raise DataCannotAnswer(
            f"no label of '{task.name}' was known in time",
            hint="the history before the cutoff is shorter than the horizon: ask for a shorter horizon or a later --at",
        )
    refuse_one_class(task, context)


@dataclass(frozen=True)
class Settings:
    """What ``answer`` was asked to do, for its blocks."""

    effort: Effort
    trees: bool
    gentle: bool
    seed: int
    coverage: float
    learned: Learned | None


@dataclass(frozen=True)
class Block:
    """Queries that are answered together: ``given`` and ``asked`` describe the labelled ``context`` and the queries at
    ``cutoffs`` (int64[Q]); ``enrichment`` is that of the ``QueryBlock``."""

    task: Task
    context: Examples
    cutoffs: np.ndarray
    given: Side
    asked: Side
    settings: Settings
    enrichment: float


BlockAnswer = Callable[[Block], Predictions]


def _answer_block(block: Block) -> Predictions:
    return decode(block, readings_of(block))


def readings_of(block: Block) -> list[Reading]:
    """What the experts make of the queries, fitted on the context; a forecast of numbers is read twice."""
    readings = [_read(block)]
    relative = in_usual_units(block.task, block.context, block.given.features, block.asked.features)
    if relative is not None:
        scaled, units, asked_units = relative
        second = _read(replace(block, context=scaled, settings=replace(block.settings, trees=False)))
        readings.append(replace(second, late_unit=units[second.mixed.late], unit=asked_units))
    return readings


def _read(block: Block) -> Reading:
    task, context, settings = block.task, block.context, block.settings
    outputs = Outputs.of(task.kind, context.targets, len(task.classes))
    sides, until = (block.given, block.asked), settings.learned and settings.learned.until
    mixed, panelled = panel_answers(task, outputs, context, *sides, settings.effort, settings.seed, until)
    early, _ = held_out(task, context, until)
    if settings.trees:
        mixed = trees_join(mixed, panelled, early, settings.seed)
    mixed = _others_join(mixed, panelled, early, context.cutoffs, settings)
    return Reading(outputs, in_step(task, outputs, context, mixed, block.cutoffs))


def _others_join(mixed: Mixed, block: Panelled, early: np.ndarray, cutoffs: np.ndarray, settings: Settings) -> Mixed:
    """Pretrained heads, then gentle trees. Neither reads what the other answers, so they are asked side by side."""
    trust = trust_in_heads(settings.learned, mixed, block)
    grow = partial(gentle_trees_answer, mixed.late, block, early, cutoffs, settings.seed) if settings.gentle else list
    heads = heads_of(settings.learned, mixed, block) if trust > 0 else []
    grown, *told = side_by_side([grow, *heads])
    mixed = joined(block.outputs, mixed, [answers for head in told for answers in head], trust)
    return joined(block.outputs, mixed, grown, SHARE)


def decode(block: Block, readings: list[Reading]) -> Predictions:
    """Calibrated answers, from what the experts made of the queries."""
    task, targets = block.task, block.context.targets
    outputs, mixed = readings[0].outputs, readings[0].mixed
    plain = mixed.by_expert.get("history", mixed.by_expert["prior"])
    if task.kind == TargetKind.BINARY:
        temperature = Temperature.fit(mixed.late_probabilities[:, 0], targets[mixed.late], float(targets.mean()))
        told = (temperature(mixed.probabilities[:, 0]), plain[:, 0])
        return Predictions(*(diluted(p, block.enrichment) for p in told), weights=mixed.weights)
    if task.kind == TargetKind.MULTICLASS:
        shares = ClassTemperature.fit(mixed.late_probabilities, targets[mixed.late].astype(np.int64))
        told = shares(mixed.probabilities)
        likeliest, usual = (p.argmax(axis=1).astype(np.float64) for p in (mixed.probabilities, plain))
        return Predictions(likeliest, usual, told, weights=mixed.weights)
    told = numbers(readings, targets, block.settings.coverage)
    weights = {name: float(np.mean([r.mixed.weights.get(name, 0.0) for r in readings])) for name in mixed.weights}
    baseline = outputs.quantile(plain, 0.5)
    return Predictions(told.middle, baseline, mean=told.mean, low=told.low, high=told.high, weights=weights)


def _gather(
    blocks: list[QueryBlock], parts: list[Predictions], num: int, context_rows: int, seconds: Mapping[str, float]
) -> Predictions:
    """The blocks' answers in the order of the queries."""

    def gathered(name: str) -> np.ndarray | None:
        first = getattr(parts[0], name)
        if first is None:
            return None
        out = np.empty((num, *first.shape[1:]))
        for block, part in zip(blocks, parts, strict=True):
            out[block.queries] = getattr(part, name)
        return out

    names = parts[0].weights
    weights = {n: float(np.mean([p.weights.get(n, 0.0) for p in parts])) for n in names}
    return Predictions(
        **{n: gathered(n) for n in BY_QUERY},
        weights=weights,
        context_rows=context_rows,
        seconds=seconds,
    )
