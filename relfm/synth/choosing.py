"""Which parent a row points at: popular ones, those that are popular already, those like it, those of late."""

from dataclasses import dataclass

import numpy as np

from relfm.synth.population import Population

BLOCKS = 24
"""Within a block of time nobody's popularity changes."""


@dataclass(frozen=True)
class Taste:
    """How parents are chosen.

    homophily   probability of staying within one's community
    attachment  how much each row gained adds to a parent's popularity
    half_life   seconds after which a parent's attraction has halved (infinite: never)
    habit       probability of choosing what the same driver chose last
    missing     share of rows that point at nothing
    """

    homophily: float
    attachment: float
    half_life: float
    habit: float
    missing: float

    @classmethod
    def draw(cls, rng: np.random.Generator, span: float, of_events: bool) -> "Taste":
        fades = rng.random() < (0.8 if of_events else 0.15)
        return cls(
            homophily=float(rng.beta(1.2, 1.0)),
            attachment=float(rng.choice([0.0, rng.uniform(0, 1)])),
            half_life=span * float(np.exp(rng.uniform(np.log(0.004), np.log(0.3)))) if fades else np.inf,
            habit=float(rng.choice([0.0, rng.uniform(0.1, 0.9)])),
            missing=float(rng.choice([0.0, rng.uniform(0, 0.4)], p=[0.75, 0.25])),
        )


def choose_parents(
    rng: np.random.Generator, parents: Population, times: np.ndarray, communities: np.ndarray, taste: Taste
) -> np.ndarray:
    """int64[n]: a parent born by then, or -1, for each row at ``times`` (int64[n] seconds, ascending)."""
    chosen = np.full(len(times), -1)
    order = np.argsort(parents.communities, kind="stable")
    groups = int(max(parents.communities.max(initial=0), communities.max(initial=0))) + 1
    starts = np.searchsorted(parents.communities[order], np.arange(groups + 1))
    base, births, deaths = np.exp(parents.weights[order]), parents.births[order], parents.deaths[order]
    gained = np.zeros(len(parents))
    bounds = np.unique(np.linspace(0, len(times), min(BLOCKS, max(1, len(times) // 40)) + 1).astype(int))
    alone = rng.random(len(times)) >= taste.homophily
    uniform = rng.random(len(times))
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        now = times[first]
        weights = (base + taste.attachment * gained) * ((births <= now) & (deaths > now))
        if np.isfinite(taste.half_life):
            weights = weights * np.exp2(-np.minimum((now - births) / taste.half_life, 60))
        if not weights.any():
            weights = (births <= now).astype(float)
        places = _places(weights, starts, np.where(alone[first:last], -1, communities[first:last]), uniform[first:last])
        gained += np.bincount(places[places >= 0], minlength=len(parents))
        chosen[first:last] = np.where(places >= 0, order[places], -1)
    chosen[rng.random(len(times)) < taste.missing] = -1
    return chosen


def _places(weights: np.ndarray, starts: np.ndarray, groups: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """int64[n]: a place by weight within the group (-1: anywhere; so too if the group weighs nothing), or -1."""
    ends = np.concatenate([[0.0], np.cumsum(weights)])
    if ends[-1] <= 0:
        return np.full(len(uniform), -1)
    low, high = ends[starts[groups]], ends[starts[groups + 1]]
    anywhere = (groups < 0) | (high <= low)
    low, high = np.where(anywhere, 0.0, low), np.where(anywhere, ends[-1], high)
    places = np.searchsorted(ends, low + uniform * (high - low), side="right") - 1
    places = np.minimum(places, len(weights) - 1)
    return np.where(weights[places] > 0, places, -1)


def with_habit(rng: np.random.Generator, chosen: np.ndarray, drivers: np.ndarray, habit: float) -> np.ndarray:
    """``chosen`` int64[n] (rows in order of time), each repeating its driver's last one with probability ``habit``."""
    if habit <= 0 or not len(chosen):
        return chosen
    order = np.argsort(drivers, kind="stable")
    first = np.concatenate([[True], drivers[order][1:] != drivers[order][:-1]])
    fresh = first | (rng.random(len(order)) >= habit)
    source = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    repeated = np.empty_like(chosen)
    repeated[order] = chosen[order][source]
    return repeated
