"""A block of queries ranked with a context of its own: pairs of the past are learned from, pairs of the queries scored.

Features are computed for a bounded number of pairs at a time, whole queries together, since places compare rivals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from relfm.context import known_at
from relfm.distinct import distinct
from relfm.experts.mixture import split_late
from relfm.experts.panel import BUDGETS, Effort
from relfm.features import FeatureMatrix
from relfm.graph import TemporalGraph
from relfm.ranking.candidates import Candidates, Pairs
from relfm.ranking.context import Sample, choose, listed, sample
from relfm.ranking.features import LIST_SHARE, PLAIN_PLACE, PairFeatures
from relfm.ranking.knowledge import Knowledge
from relfm.ranking.likeness import Snapshots
from relfm.ranking.look import Look
from relfm.ranking.ranked import Answer, Ranked
from relfm.ranking.scorer import Scorer
from relfm.ranking.segments import place_within
from relfm.task import Examples, Task

CHUNK_PAIRS = 150_000
"""Pairs whose features are held at a time."""
MIXED_PAIRS = 60_000
"""Pairs that the mixture scores at a time."""
NEAR = 3
"""Candidates that the mixture tells apart, as a multiple of the items asked for, and at least ``LEAST_NEAR``."""
LEAST_NEAR = 30
LOOK_EXAMPLES = 400
LOOK_PAIRS = 6_000


@dataclass(frozen=True)
class Reach:
    """Candidates per query, examples that are learned from, moments at which likeness is measured."""

    candidates: int
    examples: int
    snapshots: int


REACHES = {Effort.FAST: Reach(50, 500, 6), Effort.DEFAULT: Reach(150, 1_500, 12), Effort.BEST: Reach(400, 4_000, 24)}


class Block:
    """Queries, and the labelled examples ``usable`` (positions in ``labelled``) that all of them may learn from."""

    def __init__(
        self,
        graph: TemporalGraph,
        task: Task,
        labelled: Examples,
        usable: np.ndarray,
        queries: Examples,
        effort: Effort,
        seed: int,
        top: int,
    ) -> None:
        reach = REACHES[effort]
        self.task, self.queries, self.effort, self.seed, self.top = task, queries, effort, seed, top
        self.near = max(NEAR * top, LEAST_NEAR)
        self.names: tuple[str, ...] = ()
        self.knowledge = Knowledge.of(graph, task, labelled, int(queries.seen.min()))
        self.chosen = choose(labelled, usable, reach.examples)
        self.context = labelled.take(self.chosen.examples)
        moments = np.concatenate([self.context.seen, queries.seen])
        snapshots = Snapshots(self.knowledge.main, moments, reach.snapshots, 3 * self.knowledge.windows[0].length)
        self.candidates = Candidates(self.knowledge, snapshots, reach.candidates)

    def learn(self) -> Scorer:
        """A sample of the near rivals of the past with their features."""
        rivals = self._rivals(self.context)
        is_listed = listed(self.context, rivals.query, rivals.item, self.knowledge.num_items)
        drawn = self._sample(self.context, rivals.query, rivals.item, is_listed, BUDGETS[self.effort].rows)
        example = self.context.take(rivals.query[drawn.kept])
        closes = known_at(self.task, example.cutoffs)
        return Scorer(
            FeatureMatrix(rivals.values[drawn.kept], self.names, np.ones(len(self.names), np.int64)),
            is_listed[drawn.kept].astype(np.float64),
            drawn.shift,
            split_late(example.cutoffs, closes, example.seen, example.rows),
            (LIST_SHARE, f"number of {self.knowledge.main.name} with the item"),
            self.effort,
            self.seed,
        )

    def answer(self, scorer: Scorer) -> Answer:
        """The ``top`` items of each query."""
        size = max(1, MIXED_PAIRS // max(self.near, 1))
        return Answer.concatenate([self._answer_part(part, scorer) for part in _parts(self.queries, size)])

    def _answer_part(self, queries: Examples, scorer: Scorer) -> Answer:
        rivals = self._rivals(queries)
        scored = scorer.score(rivals.values)
        costs = (-scored.probabilities, rivals.plain)
        ranked = Ranked.best(rivals.query, rivals.item, len(queries), costs, scored.probabilities, self.top)
        baseline = Ranked.best(rivals.query, rivals.item, len(queries), costs[1:], scored.plain, self.top)
        return Answer(ranked, baseline, scored.weights)

    @cached_property
    def look(self) -> Look:
        """Fitted on all candidates of a few examples."""
        few = np.linspace(0, len(self.context) - 1, min(LOOK_EXAMPLES, len(self.context))).astype(np.int64)
        examples = self.context.take(distinct(few))
        values, marks = [], []
        for part in self._chunks(examples):
            pairs = self.candidates.of(part)
            is_listed = listed(part, pairs.query, pairs.item, self.knowledge.num_items)
            share = len(part) / len(examples)
            kept = self._sample(part, pairs.query, pairs.item, is_listed, int(LOOK_PAIRS * share)).kept
            values.append(self._features(part, pairs).values[kept])
            marks.append(is_listed[kept])
        return Look.fit(np.concatenate(values), np.concatenate(marks).astype(np.float64))

    def _rivals(self, examples: Examples) -> "Rivals":
        """The candidates that look best, and the baseline's best."""
        chunks, first = [], 0
        for part in self._chunks(examples):
            pairs = self.candidates.of(part)
            values = self._features(part, pairs).values
            plain = values[:, self.names.index(PLAIN_PLACE)]
            if np.bincount(pairs.query, minlength=1).max() > self.near:
                place = place_within(pairs.query, -self.look(values), plain, pairs.item)
                kept = np.flatnonzero((place < self.near) | (plain < self.top))
            else:
                kept = np.arange(len(pairs))
            chunks.append(Rivals(pairs.query[kept] + first, pairs.item[kept], plain[kept], values[kept]))
            first += len(part)
        return Rivals.concatenate(chunks)

    def _sample(
        self, examples: Examples, query: np.ndarray, item: np.ndarray, is_listed: np.ndarray, most: int
    ) -> Sample:
        return sample(examples, query, item, is_listed, self.chosen.empty_rate, most)

    def _features(self, examples: Examples, pairs: Pairs) -> FeatureMatrix:
        matrix = PairFeatures(self.knowledge, examples, pairs).build()
        self.names = matrix.names
        return matrix

    def _chunks(self, examples: Examples) -> Iterator[Examples]:
        return _parts(examples, max(1, CHUNK_PAIRS // max(self.candidates.per_query, 1)))


@dataclass(frozen=True)
class Rivals:
    """Candidates that are scored: query, item int64[P], place in the plain ranking and features float32[P], [P, F]."""

    query: np.ndarray
    item: np.ndarray
    plain: np.ndarray
    values: np.ndarray

    @staticmethod
    def concatenate(parts: Sequence["Rivals"]) -> "Rivals":
        return Rivals(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rivals)))


def _parts(examples: Examples, size: int) -> Iterator[Examples]:
    for begin in range(0, len(examples), size):
        yield examples.take(np.arange(begin, min(begin + size, len(examples))))
