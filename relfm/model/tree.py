"""A neighbourhood as the layers read it: which nodes are whose neighbours by which relation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from relfm.model.ages import age_features

if TYPE_CHECKING:
    from relfm.sampler import Neighbourhood


@dataclass(frozen=True)
class Level:
    """Nodes of the first hops as parents, and all their neighbours, grouped in segments of one parent and relation.

    parents   how many nodes from the first on are updated; neighbours: they stand at seeds:seeds + neighbours
    segments  int64[neighbours]: the segment of each; kinds int64[neighbours]: the relation of each, a place in
              Tree.relations
    lengths, owners, relations  int64[M]: neighbours, parent and relation (again a place) of each segment
    """

    parents: int
    neighbours: int
    segments: Tensor
    kinds: Tensor
    lengths: Tensor
    owners: Tensor
    relations: Tensor


@dataclass(frozen=True)
class Tree:
    """levels[l] is what layer l reads: every layer updates one hop fewer, and the last one the seeds alone.

    seeds      S
    relations  int64[R]: 2 * link + direction, the distinct ones of this neighbourhood
    ages       float32[n, AGE_SIZE]
    """

    seeds: int
    relations: np.ndarray
    ages: Tensor
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, hood: "Neighbourhood", depth: int, device: torch.device) -> "Tree":
        """As many levels as layers; ValueError if the neighbourhood does not have as many hops."""
        if len(hood.offsets) - 2 != depth:
            raise ValueError(f"a neighbourhood of {len(hood.offsets) - 2} hops for {depth} layers")
        seeds = int(hood.offsets[1])
        parents, kinds = hood.parents[seeds:], hood.relations[seeds:]
        first = np.ones(len(parents), bool)  # nodes are sorted by (parent, relation), so segments are contiguous
        first[1:] = (parents[1:] != parents[:-1]) | (kinds[1:] != kinds[:-1])
        starts = np.flatnonzero(first)
        segments = np.cumsum(first) - 1
        relations, places = np.unique(kinds[starts], return_inverse=True)
        columns = [segments, places[segments], np.diff(np.append(starts, len(parents))), parents[starts], places]
        held = [torch.from_numpy(c.astype(np.int64)).to(device) for c in columns]
        levels = []
        for hop in range(depth, 0, -1):
            updated, read = int(hood.offsets[hop]), int(hood.offsets[hop + 1]) - seeds
            used = int(np.searchsorted(starts, read))
            levels.append(Level(updated, read, held[0][:read], held[1][:read], *(c[:used] for c in held[2:])))
        ages = torch.from_numpy(age_features(hood.ages, hood.parents, segments, starts)).to(device)
        return cls(seeds, relations, ages, tuple(levels))
