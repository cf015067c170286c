"""Link existence: does this row point at that one? One true parent to one false one, half of the false ones hard."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.text import text_vectors
from relfm.objectives.auroc import auroc
from relfm.objectives.children import visible_children
from relfm.objectives.known import by_root, known, visible
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import merged, without_rows, without_way
from relfm.objectives.seeds import moments
from relfm.sampler import Neighbourhood
from relfm.times import TIMELESS

PAIRS = 64
ATTEMPTS = 8


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
        tables, links, usable = world.database.tables, world.database.links, known(world).children
        index = by_root([len(c) if len(c) >= 8 else 0 for c in usable], generator)
        if index is None:
            return None
        link, usable = links[index], usable[index]
        children = np.sort(generator.choice(usable, min(world.sized(PAIRS), len(usable)), replace=False))
        times = tables[link.child].times[children]
        seen = moments(world, times, generator)
        false = false_parents(world, index, children, seen, generator)
        fits = (false >= 0) & visible(world, link.parent, link.parents[children], seen)
        children, times, seen, false = (a[fits] for a in (children, times, seen, false))
        if len(children) < 4:
            return None
        child_hood = world.sampler.sample(link.child, children, seen, self.fanout)
        both, before = np.concatenate([link.parents[children], false]), np.where(times > TIMELESS, seen - 1, seen)
        parent_hood = world.sampler.sample(link.parent, both, np.tile(before, 2), self.fanout)
        parent_hood = without_rows(parent_hood, link.child, np.tile(children, 2))
        return LinkDraw(index, merged(without_way(child_hood, 2 * index + 1), parent_hood))

    def forward(self, model: RelationalModel, world: World, drawn: LinkDraw) -> Loss:
        link = world.database.links[drawn.link]
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        child, parent, false = states.chunk(3)
        name = text_vectors(world.database, np.array([link.name]), states.device)
        directed = link.child != link.parent
        scores = torch.cat([self.scores(child, p, name, directed=directed) for p in (parent, false)]).float()
        truth = np.arange(len(scores)) < len(child)
        wanted = torch.from_numpy(truth.astype(np.float32)).to(scores.device)
        lost = functional.binary_cross_entropy_with_logits(scores, wanted)
        return Loss(lost, auroc(scores, truth), float(np.log(2)))

    def scores(self, child: Tensor, parent: Tensor, name: Tensor, *, directed: bool) -> Tensor:
        """[P] of states [P, width] each and the link's name [1, D]; the same both ways unless ``directed``."""
        told = [child + parent, child * parent, (child - parent).abs()]
        told += [state if directed else torch.zeros_like(state) for state in (child, parent)]
        return self.score(torch.cat([*told, name.expand(len(child), -1)], dim=-1))[:, 0]


def false_parents(
    world: World, index: int, children: np.ndarray, seen: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """int64[P]: for each child another row than its parent that was visible, -1 if none was found in a few tries.

    Half are any rows. The hard half are, each with the same chance, drawn by how often they are pointed at, or parents
    of the child's siblings (rows that share another parent with it).
    """
    link, size = world.database.links[index], len(children)
    rows, pointing = len(world.database.tables[link.parent]), known(world).children[index]
    kind, false = generator.integers(4, size=size), np.full(size, -1)
    for _ in range(ATTEMPTS):
        drawn = generator.integers(rows, size=size)
        popular = link.parents[generator.choice(pointing, size)]
        near = _parents_of_siblings(world, index, children, seen, generator)
        drawn = np.where(kind == 2, popular, np.where(kind == 3, near, drawn))
        fits = (drawn >= 0) & visible(world, link.parent, drawn, seen) & (drawn != link.parents[children])
        false = np.where((false < 0) & fits, drawn, false)
        kind = np.where((false < 0) & (kind == 3), 2, kind)
    return false


def _parents_of_siblings(
    world: World, index: int, children: np.ndarray, seen: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """int64[P]: what a visible sibling by another link points at, -1 where there is none."""
    links, link = world.database.links, world.database.links[index]
    others = [k for i, k in enumerate(links) if i != index and k.child == link.child and len(k.children)]
    if not others:
        return np.full(len(children), -1)
    other = others[generator.integers(len(others))]
    via = np.maximum(other.parents[children], 0)
    count = visible_children(world, other, via, seen)
    place = other.start[via] + (generator.random(len(children)) * count).astype(np.int64)
    sibling = other.children[np.minimum(place, len(other.children) - 1)]
    return np.where((other.parents[children] >= 0) & (count > 0), link.parents[sibling], -1)
