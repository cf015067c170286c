"""Node contrast: two distorted views of the same neighbourhood know each other among those of other rows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.contrast import nt_xent
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import pruned
from relfm.objectives.schedules import set_buffer, temperature
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood

SEEDS = 96
DROP_LINKS, DROP_ROWS, MASK_CELLS = 0.15, 0.15, 0.2


@dataclass(frozen=True)
class View:
    """A pruned neighbourhood, and by table rows int64[R] with masks bool[R, cells] of their cells."""

    hood: Neighbourhood
    masked: dict[int, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class ContrastDraw:
    seeds: Seeds
    views: tuple[View, View]


class NodeContrast(Objective):
    """SimCLR's loss; augmentations: drop links, drop rows, mask attributes; temperature from 0.5 to 0.05 (text 3). All
    seeds are rows of one table, so the wrong answers are hard ones."""

    name = "node_contrast"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.project = mlp(config.width, config.width, config.width)
        self.register_buffer("temperature", torch.tensor(temperature(0.0)))

    def draw(self, world: World, generator: np.random.Generator) -> ContrastDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        first, second = (_view(world, hood, generator) for _ in range(2))
        return ContrastDraw(seeds, (first, second))

    def forward(self, model: RelationalModel, world: World, drawn: ContrastDraw) -> Loss:
        first, second = (self._projected(model, world, view) for view in drawn.views)
        lost = nt_xent(first, second, self.temperature)
        return Loss(lost, {"temperature": float(self.temperature)}, float(np.log(2 * len(drawn.seeds) - 1)))

    def advance(self, progress: float) -> None:
        set_buffer(self, "temperature", temperature(progress))

    def _projected(self, model: RelationalModel, world: World, view: View) -> Tensor:
        bank = RowBank(model, world.database, world.until)
        for table, (rows, masked) in view.masked.items():
            bank.mask(table, rows, masked)
        return self.project(model.states(world.database, view.hood, bank))


def _view(world: World, hood: Neighbourhood, generator: np.random.Generator) -> View:
    gone = generator.random(hood.num_nodes) < DROP_ROWS
    # Dropping a link drops all that came by it to the same node; those stand together.
    first = np.ones(hood.num_nodes, bool)
    first[1:] = (np.diff(hood.parents) != 0) | (np.diff(hood.relations) != 0)
    link = np.cumsum(first) - 1
    gone |= (generator.random(link[-1] + 1) < DROP_LINKS)[link]
    masked = {}
    for index in np.unique(hood.tables).tolist():
        table, rows = world.database.tables[index], np.unique(hood.rows[hood.tables == index])
        cells = table.numbers.shape[1] + table.strings.shape[1] + table.dates.shape[1]
        masked[index] = rows, generator.random((len(rows), cells)) < MASK_CELLS
    return View(pruned(hood, ~gone), masked)
