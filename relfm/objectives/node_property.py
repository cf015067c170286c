"""Degree and clustering of a row (text 4): how many rows point at it, how much its surroundings close on themselves."""

import numpy as np

from relfm.objectives.children import visible_children
from relfm.objectives.objective import World
from relfm.objectives.properties import Properties
from relfm.objectives.seeds import Seeds
from relfm.objectives.structure import repeats, triangles
from relfm.sampler import Neighbourhood


class NodeProperty(Properties):
    """Log degree, triangles and repeats. The degree counts all visible rows, not the sampled ones."""

    name = "node_property"
    count = 3

    def measured(self, world: World, seeds: Seeds, hood: Neighbourhood) -> np.ndarray:
        return np.stack([np.log1p(degrees(world, seeds)), triangles(hood), repeats(hood)], axis=1)


def degrees(world: World, seeds: Seeds) -> np.ndarray:
    """int64[S]: visible rows that point at each seed, by any link."""
    links = [link for link in world.database.links if link.parent == seeds.table]
    counts = [visible_children(world, link, seeds.rows, seeds.seen) for link in links]
    return np.sum([np.zeros(len(seeds), np.int64), *counts], axis=0)
