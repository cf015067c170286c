"""Databases ready to draw from: those to train on, and how often each, and those held out."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relfm.errors import DataCannotAnswer, UsageError
from relfm.objectives import World
from relfm.pretrain.config import CorpusConfig
from relfm.pretrain.corpus import ShardEntry, check_bytes, chosen, read_corpus
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors, load_shard
from relfm.times import TIMELESS


@dataclass(frozen=True)
class Worlds:
    """``weights`` float64[n] are the probabilities of the n worlds of ``train``; names are those of the corpus."""

    train: tuple[World, ...]
    weights: np.ndarray
    held_out: tuple[World, ...]
    entries: Mapping[str, ShardEntry]
    text_dim: int

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 by name of the shards that are trained on."""
        return {world.database.name: self.entries[world.database.name].sha256 for world in self.train}


def open_worlds(config: CorpusConfig) -> Worlds:
    """The corpus in memory; UsageError for unknown names, DataCannotAnswer if nothing is left to train on."""
    text_dim, entries = read_corpus(Path(config.folder))
    entries = chosen(entries, config.only)
    held_out = held_out_names(entries, config)
    train = [name for name in entries if name not in held_out]
    if not train:
        raise DataCannotAnswer("every database of the corpus is held out", hint=fewer_held_out(config))
    places = {name: index for index, name in enumerate(train)}
    worlds = {name: _world(entry, places.get(name, -1)) for name, entry in entries.items()}
    return Worlds(
        train=tuple(worlds[name] for name in train),
        weights=probabilities([entries[name] for name in train], [entries[name].rows for name in train], config),
        held_out=tuple(worlds[name] for name in entries if name in held_out),
        entries=entries,
        text_dim=text_dim,
    )


def fewer_held_out(config: CorpusConfig) -> str:
    """What to do where nothing is left to train on, in words."""
    if config.held_out:
        return "name fewer in corpus.held_out"
    return "with one database (scheme b4, say) set corpus.share to 0: then it is trained on, and nothing is held out"


def held_out_names(entries: Mapping[str, ShardEntry], config: CorpusConfig) -> set[str]:
    """Those that the configuration names, or a share of the real ones (of all, if all are synthetic) by their hash."""
    if unknown := sorted(set(config.held_out) - set(entries)):
        raise UsageError(f"no shard '{unknown[0]}' to hold out", hint=f"there are: {', '.join(entries)}")
    if config.held_out or not config.share:
        return set(config.held_out)
    names = [name for name, entry in entries.items() if not entry.is_synthetic] or [*entries]
    names.sort(key=lambda name: zlib.crc32(name.encode()))
    return set(names[: max(1, round(config.share * len(names)))])


def probabilities(entries: Sequence[ShardEntry], sizes: Sequence[int], config: CorpusConfig) -> np.ndarray:
    """float64[n] that sum to one: by size to the power, with the share that synthetic ones are to have."""
    weights = np.array([max(1, size) ** config.power for size in sizes])
    synthetic = np.array([entry.is_synthetic for entry in entries])
    if config.synthetic >= 0 and synthetic.any() and not synthetic.all():
        weights[synthetic] *= config.synthetic / weights[synthetic].sum()
        weights[~synthetic] *= (1 - config.synthetic) / weights[~synthetic].sum()
    return weights / weights.sum()


def last_time(database: DatabaseTensors) -> int:
    """The time of the last dated row; TIMELESS if no row has one."""
    return max((int(table.times.max(initial=TIMELESS)) for table in database.tables), default=TIMELESS)


def _world(entry: ShardEntry, index: int) -> World:
    check_bytes(entry)
    database = load_shard(entry.path)
    return World(database=database, sampler=Sampler(database), until=last_time(database), index=index)
