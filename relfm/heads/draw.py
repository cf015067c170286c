"""What a training step sees of an episode: some context rows, some queries, some experts and inputs left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from relfm.heads.episode import Episode
from relfm.heads.inputs import HeadInputs, head_inputs

MIN_CONTEXT, MIN_QUERIES = 40, 30


def drawn_inputs(
    episode: Episode, generator: np.random.Generator, *, num_inputs: int, context: int, queries: int
) -> HeadInputs:
    """One output of the episode with at most ``context`` and ``queries`` rows, and what may vary varied: the number of
    context rows, which experts sit on the panel, the inputs and their order, which answer is called yes."""
    known = _some(episode.num_context, context, generator)
    if generator.random() < 0.4 and len(known) > 2 * MIN_CONTEXT:
        known = np.sort(generator.choice(known, int(len(known) * generator.uniform(0.3, 1)), replace=False))
    asked = _some(len(episode.query_odds), queries, generator)
    absent = None
    if generator.random() < 0.5:
        absent = np.flatnonzero(episode.present & (generator.random(len(episode.present)) < 0.2))
    output = int(generator.integers(episode.num_outputs))
    made = head_inputs(episode, output, num_inputs, context=known, queries=asked, absent=absent)
    if generator.random() < 0.5:
        made = replace(made, inputs=made.inputs * (generator.random(num_inputs) > generator.uniform(0, 0.5)))
    if generator.random() < 0.3:
        order = np.argsort(np.arange(num_inputs) + generator.normal(0, 3, num_inputs))
        made = replace(made, inputs=made.inputs[:, order], relevance=made.relevance[order])
    made = replace(made, inputs=made.inputs.astype(np.float32))
    return made.flipped() if generator.random() < 0.5 else made


class EpisodeSampler:
    """Draws episodes: a database by its weight, then a question, then one of its moments, so that no question with
    many moments fills the training."""

    def __init__(self, episodes: Sequence[Episode], weights: Mapping[str, float]) -> None:
        self._by_database: dict[str, dict[str, list[Episode]]] = {}
        for one in episodes:
            self._by_database.setdefault(one.database, {}).setdefault(one.question, []).append(one)
        self._names = sorted(self._by_database)
        chances = np.array([weights[name] for name in self._names])
        self._chances = chances / chances.sum()

    def draw(self, generator: np.random.Generator) -> Episode:
        questions = self._by_database[self._names[generator.choice(len(self._names), p=self._chances)]]
        names = sorted(questions)
        moments = questions[names[generator.integers(len(names))]]
        return moments[generator.integers(len(moments))]


def _some(total: int, most: int, generator: np.random.Generator) -> np.ndarray:
    return np.arange(total) if total <= most else np.sort(generator.choice(total, most, replace=False))
