"""Edge property (text 4): how long ago the parent's last child came, told from child and parent without their link."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.text import text_vectors
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import merged, without_way
from relfm.objectives.structure import standardised
from relfm.sampler import Neighbourhood
from relfm.times import DAY, TIMELESS

PAIRS = 64


@dataclass(frozen=True)
class EdgeDraw:
    """A neighbourhood of P child rows, then of their P parents as seen just before; wanted float32[P]."""

    link: int
    hood: Neighbourhood
    wanted: np.ndarray


class EdgeProperty(Objective):
    """Squared error of the standardised log of days since the previous row that points at the same parent."""

    name = "edge_property"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(3 * config.width + config.text_dim, 1, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> EdgeDraw | None:
        links = world.database.links
        sizes = np.array([len(link.children) for link in links]) ** 0.5 if links else np.zeros(0)
        if not sizes.sum():
            return None
        index = int(generator.choice(len(links), p=sizes / sizes.sum()))
        link = links[index]
        times = world.database.tables[link.child].times
        places = np.flatnonzero(link.parents[link.children[1:]] == link.parents[link.children[:-1]]) + 1
        came = times[link.children]
        places = places[(came[places] > TIMELESS) & (came[places] <= world.until)]
        if len(places) < 8:
            return None
        places = np.sort(generator.choice(places, min(PAIRS, len(places)), replace=False))
        children, gaps = link.children[places], (came[places] - came[places - 1]) / DAY
        child_hood = world.sampler.sample(link.child, children, came[places], self.fanout)
        parents = link.parents[children]
        parent_hood = world.sampler.sample(link.parent, parents, came[places - 1] - 1, self.fanout)
        hood = merged(without_way(child_hood, 2 * index + 1), parent_hood)
        return EdgeDraw(index, hood, standardised(np.log1p(gaps)[:, None])[:, 0])

    def forward(self, model: RelationalModel, world: World, drawn: EdgeDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        child, parent = states.chunk(2)
        name = text_vectors(world.database, np.array([world.database.links[drawn.link].name]), states.device)
        told = self.head(torch.cat([child, parent, child * parent, name.expand(len(child), -1)], dim=-1))[:, 0]
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        return Loss(functional.mse_loss(told.float(), wanted), {}, float(drawn.wanted.var()))
