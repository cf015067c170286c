"""From a score of mean 0 and variance 1 to what a number column of a given mechanism holds."""

from collections.abc import Callable

import numpy as np

YEARS = (1950, 2025)


def price(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    value = np.exp(rng.uniform(0, 6) + rng.uniform(0.3, 1.2) * score)
    return np.round(value, 2) if rng.random() < 0.8 else np.floor(value) + 0.99


def heavy(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    value = np.exp(rng.uniform(3, 10) + rng.uniform(1.2, 2.2) * score)
    return np.floor(value) if rng.random() < 0.6 else np.round(value, 1)


def count(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    expected = np.exp(np.minimum(rng.uniform(-0.5, 3) + rng.uniform(0.3, 1) * score, 12))
    return rng.poisson(expected) + (rng.random() < 0.3)


def rare(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    """Zero for most rows, above a threshold of the score a count or an amount."""
    edge = rng.uniform(0.2, 1.4)
    above = np.maximum(score - edge, 0)
    if rng.random() < 0.5:
        return np.where(above > 0, 1 + np.floor(rng.uniform(0.5, 4) * above), 0)
    return np.where(above > 0, np.round(np.exp(rng.uniform(0, 4) + above), 2), 0)


def rating(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    top = int(rng.choice([3, 5, 10, 100]))
    return np.clip(np.round(top * (rng.uniform(0.4, 0.8) + rng.uniform(0.1, 0.3) * score)), top > 5, top)


def share(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    value = 1 / (1 + np.exp(-(rng.normal(0, 1) + rng.uniform(0.5, 1.5) * score)))
    return np.round(100 * value, 1) if rng.random() < 0.5 else np.round(value, 3)


def measure(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    scale = np.exp(rng.uniform(-2, 4))
    return np.round(rng.normal(0, 3) * scale + scale * score + (scale * 8 if rng.random() < 0.7 else 0), 2)


def duration(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    value = np.exp(rng.uniform(0, 5) + rng.uniform(0.3, 1.0) * score)
    return np.round(value) if rng.random() < 0.6 else np.round(value, 3)


def year(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    return np.clip(np.round(rng.uniform(1965, 2010) + rng.uniform(3, 12) * score), *YEARS)


def age(rng: np.random.Generator, score: np.ndarray) -> np.ndarray:
    return np.clip(np.round(rng.uniform(20, 50) + rng.uniform(4, 14) * score), 0, 99)


MARGINALS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "price": price,
    "heavy": heavy,
    "count": count,
    "rare": rare,
    "rating": rating,
    "share": share,
    "measure": measure,
    "duration": duration,
    "year": year,
    "age": age,
}


def rank_within(groups: np.ndarray, score: np.ndarray) -> np.ndarray:
    """float64[n]: 1 for the highest score of each group (int64[n]), 2 for the next."""
    order = np.lexsort((-score, groups))
    return _places(groups, order)


def running_count(groups: np.ndarray) -> np.ndarray:
    """float64[n]: how many rows of the group (int64[n]) there have been, this one included; rows in order of time."""
    return _places(groups, np.argsort(groups, kind="stable"))


def _places(groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """float64[n]: place of each row within its group in the order given."""
    ordered = groups[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    places = np.empty(len(order))
    places[order] = np.arange(len(order)) - start + 1
    return places
