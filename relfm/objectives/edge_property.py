"""Edge properties (text 4): what the row that links two others holds, or how long after the last one it came."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.statistics import column_statistics
from relfm.model.text import text_vectors
from relfm.objectives.known import by_root, known, visible
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import merged, without_rows, without_way
from relfm.objectives.seeds import moments
from relfm.objectives.structure import LARGEST, standardised
from relfm.sampler import Neighbourhood
from relfm.times import DAY, TIMELESS

PAIRS = 64
LEAST = 8
NUMBER = 0.5
"""Chance that a number of the linking row is asked for, where it has one and links two rows."""


@dataclass(frozen=True)
class EdgeDraw:
    """A neighbourhood of P rows, then of the P rows at the other end; what is asked, by the id of its name; wanted
    float32[P], standardised over the draw."""

    name: int
    hood: Neighbourhood
    wanted: np.ndarray


class EdgeProperty(Objective):
    """Squared error. Neither end knows of the row that links them."""

    name = "edge_property"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(3 * config.width + config.text_dim, 1, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> EdgeDraw | None:
        index = by_root([len(c) if len(c) >= LEAST else 0 for c in known(world).children], generator)
        if index is None:
            return None
        ways = [self._number, self._gap] if generator.random() < NUMBER else [self._gap, self._number]
        found = (way(world, index, generator) for way in ways)
        return next((drawn for drawn in found if drawn is not None and drawn.wanted.any()), None)

    def forward(self, model: RelationalModel, world: World, drawn: EdgeDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        first, second = states.chunk(2)
        name = text_vectors(world.database, np.array([drawn.name]), states.device)
        told = self.head(torch.cat([first, second, first * second, name.expand(len(first), -1)], dim=-1))[:, 0]
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        return Loss(functional.mse_loss(told.float(), wanted), {}, float(drawn.wanted.var()))

    def _gap(self, world: World, index: int, generator: np.random.Generator) -> EdgeDraw | None:
        """Log days since the previous row that points at the same parent: the row, without that link, and the parent as
        of before the previous one."""
        link, children = world.database.links[index], known(world).children[index]
        times = world.database.tables[link.child].times[children]
        place = np.unique(generator.integers(1, len(children), 4 * PAIRS))
        same = link.parents[children[place]] == link.parents[children[place - 1]]
        there = visible(world, link.parent, link.parents[children[place]], times[place - 1])
        place = generator.permutation(place[same & there & (times[place - 1] > TIMELESS)])[: world.sized(PAIRS, LEAST)]
        if len(place) < LEAST:
            return None
        gaps, rows = np.log1p((times[place] - times[place - 1]) / DAY), children[place]
        child_hood = world.sampler.sample(link.child, rows, times[place], self.fanout)
        parent_hood = world.sampler.sample(link.parent, link.parents[rows], times[place - 1] - 1, self.fanout)
        hood = merged(without_way(child_hood, 2 * index + 1), parent_hood)
        return EdgeDraw(link.name, hood, standardised(gaps[:, None])[:, 0])

    def _number(self, world: World, index: int, generator: np.random.Generator) -> EdgeDraw | None:
        """A number of the linking row, robustly scaled: both of its parents as of just before it."""
        link, children = world.database.links[index], known(world).children[index]
        table = world.database.tables[link.child]
        others = [k for i, k in enumerate(world.database.links) if i != index and k.child == link.child]
        if not others or not table.numbers.shape[1]:
            return None
        other, column = others[generator.integers(len(others))], int(generator.integers(table.numbers.shape[1]))
        rows = generator.choice(children, min(4 * PAIRS, len(children)), replace=False)
        rows = rows[(other.parents[rows] >= 0) & np.isfinite(table.numbers[rows, column])]
        seen = moments(world, table.times[rows], generator)
        there = np.all([visible(world, k.parent, k.parents[rows], seen) for k in (link, other)], axis=0)
        rows, seen = (a[there][: world.sized(PAIRS, LEAST)] for a in (rows, seen))
        if len(rows) < LEAST:
            return None
        statistics = column_statistics(table, world.until)
        scaled = (table.numbers[rows, column] - statistics.centers[column]) / statistics.scales[column]
        before = np.where(table.times[rows] > TIMELESS, seen - 1, seen)
        ends = [
            without_rows(world.sampler.sample(k.parent, k.parents[rows], before, self.fanout), k.child, rows)
            for k in (link, other)
        ]
        wanted = standardised(scaled.clip(-LARGEST, LARGEST)[:, None])[:, 0]
        return EdgeDraw(int(table.number_names[column]), merged(*ends), wanted)
