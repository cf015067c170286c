"""Graph contrast: the rows of a neighbourhood belong to its summary and to no other's (InfoGraph)."""

from dataclasses import dataclass

import numpy as np
import torch

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.auroc import auroc
from relfm.objectives.contrast import mutual_information
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.precision import exact
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.objectives.structure import identities
from relfm.sampler import Neighbourhood

SEEDS = 64


@dataclass(frozen=True)
class GraphDraw:
    seeds: Seeds
    hood: Neighbourhood


class GraphContrast(Objective):
    """Mutual information between row vectors of the first hop and the seeds' states, by its Jensen-Shannon bound. A
    seed's state is the summary of its neighbourhood: it is what pools it."""

    name = "graph_contrast"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.local, self.whole = (mlp(config.width, config.width, config.width) for _ in range(2))

    def draw(self, world: World, generator: np.random.Generator) -> GraphDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        own = near_rows(hood)[2]
        return GraphDraw(seeds, hood) if own.any(axis=0).mean() > 0.5 and not own.all() else None

    def forward(self, model: RelationalModel, world: World, drawn: GraphDraw) -> Loss:
        hood, bank = drawn.hood, RowBank(model, world.database, world.until)
        whole = self.whole(model.states(world.database, hood, bank))
        tables, rows, own = near_rows(hood)
        local = self.local(bank(tables, rows))
        with exact(local):
            scores = local.float() @ whole.float().t() / local.shape[1] ** 0.5
        lost = mutual_information(scores, torch.from_numpy(own).to(scores.device))
        return Loss(lost, auroc(scores.flatten(), own.ravel()), float(2 * np.log(2)))


def near_rows(hood: Neighbourhood) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The R distinct rows of the first hop: int32[R] tables, int64[R] rows, and bool[R, S], in whose neighbourhoods
    each stands (a row that several seeds point at is no wrong answer for any of them)."""
    near = slice(hood.offsets[1], hood.offsets[2])
    _, first, place = np.unique(identities(hood)[near], return_index=True, return_inverse=True)
    own = np.zeros((len(first), hood.num_seeds), bool)
    own[place.reshape(-1), hood.seeds[near]] = True
    return hood.tables[near][first], hood.rows[near][first], own
