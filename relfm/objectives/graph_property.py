"""Twelve structural properties of each seed's neighbourhood, told from its state (text 3: graph properties)."""

import numpy as np

from relfm.objectives.objective import World
from relfm.objectives.properties import Properties
from relfm.objectives.seeds import Seeds
from relfm.objectives.structure import PROPERTIES, properties
from relfm.sampler import Neighbourhood


class GraphProperty(Properties):
    """Size, density, degrees and ages of the neighbourhood."""

    name = "graph_prop"
    count = len(PROPERTIES)

    def measured(self, world: World, seeds: Seeds, hood: Neighbourhood) -> np.ndarray:
        return properties(hood)
