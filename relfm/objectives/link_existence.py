"""Link existence: does this row point at that one? One true parent to one false one, half of the false ones hard."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.text import text_vectors
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import merged, without_way
from relfm.objectives.seeds import moments
from relfm.sampler import Neighbourhood
from relfm.times import MISSING_TIME, TIMELESS

PAIRS = 64


@dataclass(frozen=True)
class LinkDraw:
    """A neighbourhood of P child rows, then their P parents, then P false ones; the link by index."""

    link: int
    hood: Neighbourhood


class LinkExistence(Objective):
    """The child does not see by the link in question, its parents are seen just before it came. Where a link goes
    from a table to itself it has no direction here, and the features are symmetric (text 3): sum, product, difference.
    """

    name = "link_pred"
    rate = 0.1

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.score = mlp(5 * config.width + config.text_dim, 1, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> LinkDraw | None:
        links = world.database.links
        sizes = np.array([len(link.children) for link in links]) ** 0.5 if links else np.zeros(0)
        if not sizes.sum():
            return None
        index = int(generator.choice(len(links), p=sizes / sizes.sum()))
        link = links[index]
        times, other = world.database.tables[link.child].times, world.database.tables[link.parent].times
        usable = link.children[times[link.children] <= world.until]
        if len(usable) < 8 or len(other) < 4:
            return None
        children = np.sort(generator.choice(usable, min(PAIRS, len(usable)), replace=False))
        seen = moments(world, times[children], generator)
        parents = link.parents[children]
        false = false_parents(parents, link.parents[usable], other, seen, generator)
        kept = false >= 0
        if kept.sum() < 4:
            return None
        children, seen, parents, false = children[kept], seen[kept], parents[kept], false[kept]
        before = np.where(times[children] > TIMELESS, seen - 1, seen)
        child_hood = world.sampler.sample(link.child, children, seen, self.fanout)
        both = np.concatenate([parents, false])
        parent_hood = world.sampler.sample(link.parent, both, np.tile(before, 2), self.fanout)
        return LinkDraw(index, merged(without_way(child_hood, 2 * index + 1), parent_hood))

    def forward(self, model: RelationalModel, world: World, drawn: LinkDraw) -> Loss:
        link = world.database.links[drawn.link]
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        child, parent, false = states.chunk(3)
        name = text_vectors(world.database, np.array([link.name]), states.device)
        directed = float(link.child != link.parent)
        scores = torch.cat([self._scores(child, p, name, directed) for p in (parent, false)])
        wanted = torch.cat([torch.ones(len(child)), torch.zeros(len(child))]).to(scores.device)
        lost = functional.binary_cross_entropy_with_logits(scores.float(), wanted)
        right = float(((scores > 0) == (wanted > 0.5)).float().mean())
        return Loss(lost, {"accuracy": right}, float(np.log(2)))

    def _scores(self, child: Tensor, parent: Tensor, name: Tensor, directed: float) -> Tensor:
        symmetric = [child + parent, child * parent, (child - parent).abs()]
        told = torch.cat([*symmetric, child * directed, parent * directed, name.expand(len(child), -1)], dim=-1)
        return self.score(told)[:, 0]


def false_parents(
    parents: np.ndarray, linked: np.ndarray, times: np.ndarray, seen: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """int64[P]: for each pair another parent row that was visible, -1 if none was found in a few tries. Half are drawn
    from all rows, half by how often they are pointed at: popular ones are the hard ones."""
    hard = generator.random(len(parents)) < 0.5
    out = np.full(len(parents), -1)
    for _ in range(8):
        drawn = np.where(
            hard, generator.choice(linked, len(parents)), generator.integers(len(times), size=len(parents))
        )
        visible = (times[drawn] != MISSING_TIME) & (times[drawn] <= seen)
        out = np.where((out < 0) & visible & (drawn != parents), drawn, out)
    return out
