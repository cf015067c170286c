"""What the network behind the states is trained on: a function of (seed, step, rank) alone."""

import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
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
SMALLER = 3
"""Draws of an objective until one has no more nodes than allowed."""

EVALUATION = 0xE7A1
"""Begins the seeds of held-out draws, which are the same at every evaluation and for every seed of the training."""


@dataclass(frozen=True)
class Part:
    """One database's share of a step: what each objective that it offers something to has drawn, by name."""

    world: World
    drawn: Mapping[str, Any]


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
        return self.beside(lambda: [Part(world, self._drawn(world, seed)) for world, seed in seeds])

    def _part(self, seed: list[int]) -> Part:
        generator = np.random.default_rng(seed)
        for attempt in range(ATTEMPTS):
            world = self.worlds.train[generator.choice(len(self.worlds.train), p=self.worlds.weights)]
            if drawn := self._drawn(world, [*seed, attempt]):
                return Part(world, drawn)
        raise DataCannotAnswer(
            f"none of {ATTEMPTS} databases drawn offers anything to {', '.join(self.objectives)}",
            hint="add databases with times and links, or other objectives",
        )

    def _drawn(self, world: World, seed: list[int]) -> dict[str, Any]:
        """By objective; each has a generator of its own, so that none changes what another draws."""
        found = {}
        for name, objective in self.objectives.items():
            for attempt in range(SMALLER):
                generator = np.random.default_rng([*seed, zlib.crc32(name.encode()), attempt])
                drawn = objective.draw(world, generator)
                if drawn is None:
                    break
                if num_nodes(drawn) <= self.nodes:
                    found[name] = drawn
                    break
        return found
