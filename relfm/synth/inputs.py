"""What the cells of a row may depend on: its latents, its parents', its driver's path, the season, its predecessor."""

from dataclasses import dataclass

import numpy as np

from relfm.synth.intensity import yearly
from relfm.synth.marginals import running_count
from relfm.synth.population import Population
from relfm.synth.schema import TablePlan
from relfm.synth.world import World


@dataclass(frozen=True)
class Inputs:
    """Of N rows.

    signals      float32[N, d]  each about of variance 1; weights float64[d]: how likely a cell depends on each
    population   the rows themselves
    previous     int64[N] | None  the same driver's row before, -1 for its first; None if no entity drives them
    """

    signals: np.ndarray
    weights: np.ndarray
    population: Population
    previous: np.ndarray | None

    @classmethod
    def of(cls, rng: np.random.Generator, world: World, plan: TablePlan, population: Population) -> "Inputs":
        bins = world.timeline.bin_of(population.births)
        signals, weights = [population.latents], [1.5]
        for link, rows in zip(plan.links, population.parents, strict=True):
            if link.way == "self":
                continue
            parents = world.populations[link.parent]
            held = (rows >= 0)[:, None]
            signals.append(np.where(held, parents.latents[rows, :2], np.float32(0)))
            weights.append(1.0)
            signals.append(np.where(held, parents.signs[rows, :3], np.float32(0)))
            weights.append(1.0)
            if parents.paths is not None and plan.clock:
                signals.append(np.where(held, parents.paths[rows, bins], np.float32(0)))
                weights.append(2.5 if link.way == "driver" else 1.0)
        if population.paths is not None:
            signals.append(population.paths[np.arange(len(bins)), bins])
            weights.append(1.0)
        if plan.clock:
            season = yearly(rng, world.timeline)[bins]
            signals.append(np.stack([season, 3.4 * (bins / world.timeline.bins - 0.5)], 1).astype(np.float32))
            weights.append(0.7)
        previous = None
        if plan.role == "action":
            previous = previous_rows(population.drivers)
            signals.append(_standing(population.drivers)[:, None])
            weights.append(0.7)
        widths = [signal.shape[1] for signal in signals]
        return cls(np.concatenate(signals, axis=1), np.repeat(weights, widths), population, previous)


def previous_rows(drivers: np.ndarray) -> np.ndarray:
    """int64[n]: for rows in order of time, the same driver's row before, -1 for its first."""
    order = np.argsort(drivers, kind="stable")
    before = np.concatenate([[-1], order[:-1]])
    before[np.concatenate([[True], drivers[order][1:] != drivers[order][:-1]])] = -1
    previous = np.empty_like(before)
    previous[order] = before
    return previous


def walk(rng: np.random.Generator, drivers: np.ndarray) -> np.ndarray:
    """float32[n]: a random walk along each driver's rows, scaled to variance 1."""
    order = np.argsort(drivers, kind="stable")
    steps = np.cumsum(rng.standard_normal(len(order)))
    first = np.concatenate([[True], drivers[order][1:] != drivers[order][:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    since = steps - steps[start]
    values = np.empty(len(order), np.float32)
    values[order] = (rng.standard_normal(len(order))[start] * 2 + since) / np.sqrt(4 + np.arange(len(order)) - start)
    return values


def _standing(drivers: np.ndarray) -> np.ndarray:
    """float32[n]: how far the driver's row is along its sequence, on a logarithmic scale."""
    standing = np.log(running_count(drivers))
    return ((standing - standing.mean()) / (standing.std() + 1e-6)).astype(np.float32)
