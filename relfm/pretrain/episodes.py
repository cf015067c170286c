"""Prepared episodes ready to draw from: those to train on, and how often each database's, and those held out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relfm.errors import DataCannotAnswer
from relfm.heads.batch import HeadBatch, collate
from relfm.heads.draw import MIN_CONTEXT, MIN_QUERIES, EpisodeSampler, drawn_inputs
from relfm.heads.episode import FOLDERS, Episode, load_episodes
from relfm.heads.inputs import head_inputs
from relfm.pretrain.ahead import Ahead
from relfm.pretrain.config import CorpusConfig
from relfm.pretrain.corpus import ShardEntry, chosen, read_corpus
from relfm.pretrain.head_config import HeadPretrainConfig
from relfm.pretrain.worlds import fewer_held_out, held_out_names, probabilities

MOST_OUTPUTS = 3
"""Outputs of a held-out episode that are asked about, spread over all of them."""


@dataclass(frozen=True)
class EpisodeCorpus:
    """``weights``: the chance of each database that is trained on; ``hashes``: SHA-256 of its episodes' file."""

    train: tuple[Episode, ...]
    weights: Mapping[str, float]
    held_out: tuple[Episode, ...]
    entries: Mapping[str, ShardEntry]
    hashes: Mapping[str, str]


def open_episodes(config: CorpusConfig, kind: str) -> EpisodeCorpus:
    """The episodes in memory; a database without any is passed over.

    UsageError for unknown names, Refused for a benchmark's database, DataCannotAnswer if none is left to train on.
    """
    folder = Path(config.folder)
    entries = chosen(read_corpus(folder)[1], config.only)
    files = {name: folder / FOLDERS[kind] / f"{name}.safetensors" for name in entries}
    entries = {name: entry for name, entry in entries.items() if files[name].is_file()}
    if not entries:
        raise DataCannotAnswer(
            f"no episodes in '{folder / FOLDERS[kind]}'", hint="make them: relfm prepare --episodes 3"
        )
    held_out = held_out_names(entries, config)
    found = {name: [e for e in load_episodes(files[name]) if _is_usable(e)] for name in entries}
    train = [name for name in entries if name not in held_out and found[name]]
    if not train:
        raise DataCannotAnswer("every database with episodes is held out", hint=fewer_held_out(config))
    weights = probabilities([entries[name] for name in train], [len(found[name]) for name in train], config)
    return EpisodeCorpus(
        train=tuple(e for name in train for e in found[name]),
        weights=dict(zip(train, weights.tolist(), strict=True)),
        held_out=tuple(e for name in entries if name in held_out for e in found[name]),
        entries=entries,
        hashes={name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in train},
    )


@dataclass(frozen=True)
class EpisodeBatch:
    """Episodes side by side, and the databases that they are from."""

    batch: HeadBatch
    databases: tuple[str, ...]


class EpisodeFeed(Ahead[EpisodeBatch]):
    """Batches of episodes, each with what may vary varied: a function of (seed, step, rank) alone."""

    def __init__(self, corpus: EpisodeCorpus, config: HeadPretrainConfig, *, rank: int = 0) -> None:
        super().__init__(config.machine.ahead)
        self.sampler = EpisodeSampler(corpus.train, corpus.weights)
        self.seed, self.rank, self.sizes = config.seed, rank, config.optimisation
        self.num_inputs = config.model_config().inputs

    def draw(self, step: int) -> EpisodeBatch:
        generator = np.random.default_rng([self.seed, step, self.rank])
        episodes = [self.sampler.draw(generator) for _ in range(self.sizes.batch)]
        sizes = {"context": self.sizes.context, "queries": self.sizes.queries}
        parts = [drawn_inputs(e, generator, num_inputs=self.num_inputs, **sizes) for e in episodes]
        return EpisodeBatch(collate(parts), tuple(e.database for e in episodes))


def held_out_batches(episodes: Sequence[Episode], config: HeadPretrainConfig) -> list[EpisodeBatch]:
    """Every held-out episode whole, up to the most rows of a step, at a few of its outputs."""
    num_inputs, sizes = config.model_config().inputs, config.optimisation
    batches = []
    for one in episodes:
        rows = _spread(one.num_context, sizes.context), _spread(len(one.query_odds), 4 * sizes.queries)
        outputs = _spread(one.num_outputs, MOST_OUTPUTS)
        parts = [head_inputs(one, int(k), num_inputs, context=rows[0], queries=rows[1]) for k in outputs]
        batches.append(EpisodeBatch(collate(parts), (one.database,) * len(parts)))
    return batches


def _is_usable(episode: Episode) -> bool:
    return episode.num_context >= MIN_CONTEXT and len(episode.query_odds) >= MIN_QUERIES


def _spread(total: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, total - 1, min(total, most)).astype(np.int64))
