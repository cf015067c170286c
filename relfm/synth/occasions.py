"""Events that no entity drives: occasions by a calendar, and details that come with another event."""

import numpy as np

from relfm.synth.mechanisms import draw_score
from relfm.synth.population import Population
from relfm.synth.timeline import DAY, YEAR, Timeline


def draw_occasions(rng: np.random.Generator, timeline: Timeline, count: int) -> np.ndarray:
    """int64[n] seconds, ascending: rounds at regular intervals within a season, several occasions a round."""
    if rng.random() < 0.3:
        moments = rng.random(count) ** np.exp(rng.normal(0, 0.3))
        return np.sort(timeline.settled(timeline.start + moments * (timeline.end - timeline.start)))
    each = min(int(np.exp(rng.uniform(0, np.log(12)))), max(1, count // 8))
    rounds = np.linspace(timeline.start, timeline.end - 1, max(2, count // each), endpoint=False)
    span = timeline.end - timeline.start
    if span > 2 * YEAR and rng.random() < 0.6:
        months = rng.uniform(0.4, 0.9)
        years = np.floor(rounds / YEAR)
        rounds = np.maximum((years + rng.uniform(0, 0.2) + months * (rounds / YEAR - years)) * YEAR, timeline.start)
    times = np.repeat(rounds, each) + rng.choice([0.0, rng.uniform(0, 3)]) * DAY * rng.random(len(rounds) * each)
    return np.sort(timeline.settled(times))


def draw_details(
    rng: np.random.Generator, timeline: Timeline, events: Population, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """About ``count`` rows: event int64[n] and times int64[n] seconds, in order of time."""
    mean = count / max(1, len(events))
    level = draw_score(rng, events.signs, 0.0)
    form = rng.random()
    if form < 0.25 and mean >= 1.5:
        sizes = np.full(len(events), round(mean))
    elif mean < 0.8:
        sizes = (rng.random(len(events)) < _shares(rng, level, mean)).astype(np.int64)
    else:
        expected = np.exp(rng.uniform(0, 0.8) * level)
        sizes = rng.poisson(expected * (max(mean - 1, 0.05) if mean >= 1.2 else mean) / expected.mean())
        sizes = sizes + 1 if mean >= 1.2 else sizes
    rows = np.repeat(np.arange(len(events)), np.minimum(sizes, 40 * max(1, int(mean))))
    if not len(rows):
        rows = np.arange(min(2, len(events)))
    times = events.births[rows]
    if rng.random() < (0.6 if mean < 0.8 else 0.25):
        lag = (timeline.end - timeline.start) * np.exp(rng.uniform(np.log(1e-4), np.log(0.02)))
        later = timeline.settled(times + rng.exponential(lag, len(rows)) * np.exp(0.5 * level[rows]))
        times = np.maximum(later, times)
    order = np.lexsort((rows, times))
    return rows[order], times[order]


def _shares(rng: np.random.Generator, level: np.ndarray, mean: float) -> np.ndarray:
    """float64[n]: each event's probability of having a detail, ``mean`` on average or nearly so."""
    tilted = np.exp(rng.uniform(0.5, 2.5) * level)
    return np.clip(mean * tilted / tilted.mean(), 0, 0.97)
