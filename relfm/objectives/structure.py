"""The shape of neighbourhoods, in numbers."""

import numpy as np

from relfm.sampler import Neighbourhood
from relfm.times import DAY

LARGEST = 3.0
PROPERTIES = (
    "nodes", "edges", "density", "mean degree", "largest degree", "deviation of degrees", "leaves",
    "distinct rows", "tables", "relations", "timeless rows", "mean age",
)  # fmt: skip


def identities(hood: Neighbourhood) -> np.ndarray:
    """int64[n]: nodes of the same row have the same number, in every tree."""
    return hood.tables.astype(np.int64) * (int(hood.rows.max(initial=0)) + 1) + hood.rows


def properties(hood: Neighbourhood) -> np.ndarray:
    """float64[S, 12] in the order of PROPERTIES. Edges and density are those of the graph of distinct rows; degrees are
    of nodes in the tree; ages in logarithms of days; what grows with the tree in logarithms."""
    seeds, later = hood.num_seeds, slice(hood.offsets[1], None)
    nodes = np.bincount(hood.seeds, minlength=seeds).astype(float)
    own, row = _numbered(hood)
    rows = np.bincount(own, minlength=seeds).astype(float)
    ends = np.sort(np.stack([row[later], row[hood.parents[later]]]), axis=0)
    edges = np.unique(ends[0] * len(own) + ends[1]) // max(len(own), 1)
    count = np.bincount(own[edges], minlength=seeds).astype(float)
    degree = np.bincount(hood.parents[later], minlength=hood.num_nodes).astype(float)
    mean, square = (np.bincount(hood.seeds, values, seeds) / nodes for values in (degree, degree**2))
    largest = np.zeros(seeds)
    np.maximum.at(largest, hood.seeds, degree)
    told = {
        "nodes": np.log1p(nodes),
        "edges": np.log1p(count),
        "density": 2 * count / np.maximum(rows * (rows - 1), 1),
        "mean degree": mean,
        "largest degree": np.log1p(largest),
        "deviation of degrees": np.sqrt(np.maximum(square - mean**2, 0)),
        "leaves": np.bincount(hood.seeds, degree == 0, seeds) / nodes,
        "distinct rows": np.log1p(rows),
        "tables": _distinct(hood.seeds, hood.tables, seeds),
        "relations": _distinct(hood.seeds, hood.relations, seeds),
        "timeless rows": np.bincount(hood.seeds, hood.ages < 0, seeds) / nodes,
        "mean age": np.bincount(hood.seeds, np.log1p(np.maximum(hood.ages, 0) / DAY), seeds) / nodes,
    }
    return np.stack([told[name] for name in PROPERTIES], axis=1)


def triangles(hood: Neighbourhood) -> np.ndarray:
    """float64[S]: the clustering coefficient, the share of pairs of a seed's neighbours that are linked."""
    own, row = _numbered(hood)
    first, second = slice(hood.offsets[1], hood.offsets[2]), slice(*hood.offsets[[2, min(3, len(hood.offsets) - 1)]])
    near = np.zeros(len(own), bool)
    near[row[first]] = True
    near[row[: hood.num_seeds]] = False
    ends = np.sort(np.stack([row[second], row[hood.parents[second]]]), axis=0)
    ends = ends[:, near[ends].all(axis=0)]
    edges = np.unique(ends[0] * len(own) + ends[1]) // max(len(own), 1)
    size = np.bincount(own[near], minlength=hood.num_seeds).astype(float)
    return 2 * np.bincount(own[edges], minlength=hood.num_seeds) / np.maximum(size * (size - 1), 1)


def repeats(hood: Neighbourhood) -> np.ndarray:
    """float64[S]: the share of a tree's nodes that are rows which it has shown before: how many of the seed's ways
    lead together (in graphs of tables squares are common, triangles rare)."""
    own, _ = _numbered(hood)
    nodes = np.bincount(hood.seeds, minlength=hood.num_seeds)
    return 1 - np.bincount(own, minlength=hood.num_seeds) / nodes


def standardised(values: np.ndarray) -> np.ndarray:
    """float32[S, P] with mean 0 and spread 1 in each column (0 where it does not vary), clipped."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
    return np.where(spread > 1e-6, scaled, 0).clip(-LARGEST, LARGEST).astype(np.float32)


def _numbered(hood: Neighbourhood) -> tuple[np.ndarray, np.ndarray]:
    """Distinct (seed, row): int64[R] seeds, and int64[n], which of them each node is."""
    identity = identities(hood)
    size = int(identity.max(initial=0)) + 1
    distinct, inverse = np.unique(hood.seeds * size + identity, return_inverse=True)
    return distinct // size, inverse.reshape(-1)


def _distinct(groups: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """float64[size]: how many different ``values`` (int, -1 or more) each group has."""
    base = int(values.max(initial=0)) + 2
    return np.bincount(np.unique(groups * base + values + 1) // base, minlength=size).astype(float)
