"""Rows before they have cells: when they were, what they are like, whom they resemble."""

from dataclasses import dataclass, field

import numpy as np

from relfm.synth.mechanisms import draw_score
from relfm.synth.timeline import Timeline

SIZE = 6
"""Length of a row's latent vector."""


@dataclass(frozen=True)
class Population:
    """N rows of one table.

    births       int64[N] seconds  when the row came to be (a timeless row: when it began to matter)
    deaths       int64[N] seconds  from when on it causes nothing any more
    latents      float32[N, SIZE]  what it is like, for good
    communities  int64[N]          the group of those like it
    weights      float32[N]        logarithm of how popular it is
    paths        float32[N, bins, 2] | None  what it is like over time (None for events)
    drivers      int64[N]          the parent row that made it happen, -1 if none did
    signs        float32[N, k]     what its cells show, and the first cells of its parents
    parents      link -> int64[N]  parent row by each link, -1 where missing
    """

    births: np.ndarray
    deaths: np.ndarray
    latents: np.ndarray
    communities: np.ndarray
    weights: np.ndarray
    paths: np.ndarray | None
    drivers: np.ndarray
    signs: np.ndarray
    parents: tuple[np.ndarray, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.births)


def draw_paths(
    rng: np.random.Generator, timeline: Timeline, count: int, shared: list[np.ndarray], common: np.ndarray
) -> np.ndarray:
    """float32[count, bins, 2] autoregressive paths of variance 1.

    Each takes part in ``common`` (float32[bins, 2], everyone's) and in ``shared`` (each float32[count, bins, 2], those
    of its parents).
    """
    scale = np.exp(rng.uniform(np.log(2), np.log(timeline.bins), 2))
    keep = np.exp(-1 / scale).astype(np.float32)
    own = rng.standard_normal((timeline.bins, count, 2), dtype=np.float32)
    shocks = np.sqrt(1 - keep**2)
    for step in range(1, timeline.bins):
        own[step] *= shocks
        own[step] += keep * own[step - 1]
    paths = np.ascontiguousarray(own.transpose(1, 0, 2))
    if rng.random() < 0.4:
        slopes = rng.standard_normal((count, 1, 2), dtype=np.float32)
        paths += slopes * np.linspace(-1.2, 1.2, timeline.bins, dtype=np.float32)[None, :, None]
    loads = rng.uniform(0, 0.8, len(shared) + 1).astype(np.float32)
    paths += loads[0] * common
    for load, path in zip(loads[1:], shared, strict=True):
        paths += load * path
    return paths / np.sqrt(1 + np.sum(loads**2), dtype=np.float32)


def blend(rng: np.random.Generator, count: int, parts: list[np.ndarray], own: float) -> np.ndarray:
    """float32[count, SIZE]: ``parts`` (each float32[count, d]) in random rotations, plus noise of weight ``own``."""
    total = rng.standard_normal((count, SIZE), dtype=np.float32) * np.float32(own)
    variance = own**2
    for part in parts:
        weight = rng.uniform(0.3, 1.0)
        turn = rng.standard_normal((part.shape[1], SIZE)).astype(np.float32) / np.sqrt(part.shape[1])
        if part.shape[1] == SIZE and rng.random() < 0.6:
            turn = np.eye(SIZE, dtype=np.float32)
        total += np.float32(weight) * (part @ turn)
        variance += weight**2
    return total / np.float32(np.sqrt(variance))


def heavy_weights(rng: np.random.Generator, signs: np.ndarray) -> np.ndarray:
    """float32[N]: log popularity, from nearly equal to a power law; in part a function of float32[N, k]."""
    count = len(signs)
    sigma, known = rng.uniform(0.2, 1.5), rng.uniform(0.2, 0.95)
    weights = sigma * (known * draw_score(rng, signs, 0.0) + np.sqrt(1 - known**2) * rng.standard_normal(count))
    if rng.random() < 0.35:
        weights = weights + rng.exponential(1 / rng.uniform(1.2, 3), count)
    return weights.astype(np.float32)
