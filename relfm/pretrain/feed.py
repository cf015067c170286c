"""What the network behind the states is trained on: a function of (seed, step, rank) alone."""

import itertools
import math
import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from relfm.errors import DataCannotAnswer
from relfm.objectives import World
from relfm.pretrain.ahead import Ahead
from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.size import num_nodes
from relfm.pretrain.worlds import Worlds

ATTEMPTS = 50
FULL_SIZE = 3
"""Draws of an objective of the usual size until one has no more nodes than allowed; then smaller ones are tried."""

SMALLEST = 1 / 16
"""Share of the usual size below which no draw is tried."""

EVALUATION = 0xE7A1
"""Begins the seeds of held-out draws, which are the same at every evaluation and for every seed of the training."""


@dataclass(frozen=True)
class Part:
    """One database's share of a step: what each objective that it offers something to has drawn, by name.

    too_large  nodes of the smallest draw of each objective that no draw was small enough for, by name
    """

    world: World
    drawn: Mapping[str, Any]
    too_large: Mapping[str, int] = field(default_factory=dict)


def over_limit(parts: Iterable[Part]) -> dict[tuple[str, str], int]:
    """Nodes by (database, objective) of what was left out of ``parts`` because it was too large."""
    return {(part.world.database.name, name): nodes for part in parts for name, nodes in part.too_large.items()}


class Feed(Ahead[tuple[Part, ...]]):
    """Parts of so many databases a step."""

    def __init__(self, worlds: Worlds, objectives: nn.ModuleDict, config: PretrainConfig, *, rank: int = 0) -> None:
        super().__init__(config.machine.ahead)
        self.worlds, self.objectives = worlds, dict(objectives.items())
        self.seed, self.rank = config.seed, rank
        self.databases, self.nodes = config.loop.databases, config.loop.nodes or sys.maxsize

    def draw(self, step: int) -> tuple[Part, ...]:
        return tuple(self._part([self.seed, step, self.rank, place]) for place in range(self.databases))

    def held_out(self, draws: int) -> list[Part]:
        """``draws`` parts of each held-out database."""
        seeds = [(world, [EVALUATION, i, k]) for i, world in enumerate(self.worlds.held_out) for k in range(draws)]
        return self.beside(lambda: [self._drawn(world, seed) for world, seed in seeds])

    def remarks(self, drawn: Iterable[Part]) -> list[str]:
        return [
            f"a draw of {objective} in {database} is left out: at its smallest it has more nodes than loop.nodes "
            f"allows ({self.nodes:,}); raise loop.nodes, or lower model.fanout"
            for database, objective in over_limit(drawn)
        ]

    def _part(self, seed: list[int]) -> Part:
        generator, left_out = np.random.default_rng(seed), []
        for attempt in range(ATTEMPTS):
            world = self.worlds.train[generator.choice(len(self.worlds.train), p=self.worlds.weights)]
            part = self._drawn(world, [*seed, attempt])
            if part.drawn:
                return part
            left_out.append(part)
        if large := over_limit(left_out):
            (database, objective), nodes = min(large.items(), key=lambda held: held[1])
            raise DataCannotAnswer(
                f"none of {ATTEMPTS} databases drawn offers anything of at most {self.nodes:,} nodes: {objective} in "
                f"{database} has {nodes:,} at least",
                hint="raise loop.nodes (memory is in proportion), or lower model.fanout",
            )
        raise DataCannotAnswer(
            f"none of {ATTEMPTS} databases drawn offers anything to {', '.join(self.objectives)}",
            hint="add databases with times and links, or other objectives",
        )

    def _drawn(self, world: World, seed: list[int]) -> Part:
        """By objective; each has a generator of its own, so that none changes what another draws."""
        found, too_large = {}, {}
        for name in self.objectives:
            drawn, nodes = self._small_enough(name, world, [*seed, zlib.crc32(name.encode())])
            if drawn is not None:
                found[name] = drawn
            elif nodes:
                too_large[name] = nodes
        return Part(world, found, too_large)

    def _small_enough(self, name: str, world: World, seed: list[int]) -> tuple[Any, int]:
        """What the objective draws, and its nodes: at the usual size for a few times, then at half of it, a quarter and
        so on, by what was too large before. None where no draw had few enough, with the nodes of the smallest one (0
        if the database offers nothing)."""
        share, least = 1.0, 0
        for attempt in itertools.count():
            drawn = self.objectives[name].draw(replace(world, share=share), np.random.default_rng([*seed, attempt]))
            if drawn is None:
                break
            nodes = num_nodes(drawn)
            if nodes <= self.nodes:
                return drawn, nodes
            least = min(least or nodes, nodes)
            if attempt >= FULL_SIZE - 1:
                if share <= SMALLEST:
                    break
                share = max(SMALLEST, share / 2 ** max(1, math.ceil(math.log2(nodes / self.nodes))))
        return None, least
