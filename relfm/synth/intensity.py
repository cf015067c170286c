"""When events happen: each driver's rate over time, and moments drawn from it."""

from dataclasses import dataclass

import numpy as np

from relfm.synth.mechanisms import draw_score
from relfm.synth.population import Population
from relfm.synth.timeline import DAY, YEAR, Timeline

FEWEST_ROUNDS = 5


@dataclass(frozen=True)
class Rhythm:
    """How events of one table come about.

    spread, volatility, season, drift, bursts, noise  weights of a driver's own level, its path, the time of the year,
                          growth, everyone's bursts, and noise in the logarithm of the rate
    excitation, lag       share of events that follow another one of their driver, after about ``lag`` seconds
    period                bins between events that come regularly, 0 for none
    rounds                whether instead all active drivers have one event each at common moments, or sit out
    novelty, debut        how active the newborn are, and whether each begins with an event
    lead                  bins by which a driver's path, and so what its events hold, is ahead of its rate
    influence             what the drivers' events in other tables add to the rates of the bin that follows
    """

    spread: float
    volatility: float
    season: float
    drift: float
    bursts: float
    noise: float
    excitation: float
    lag: float
    period: int
    rounds: bool
    novelty: float
    debut: bool
    lead: int
    influence: float

    @classmethod
    def draw(cls, rng: np.random.Generator, timeline: Timeline) -> "Rhythm":
        span = timeline.end - timeline.start
        return cls(
            spread=rng.uniform(0.3, 1.3),
            volatility=rng.uniform(0.2, 1.3),
            season=float(rng.choice([0.0, rng.uniform(0.3, 1.8)], p=[0.35, 0.65])),
            drift=rng.normal(0.3, 0.7),
            bursts=float(rng.choice([0.0, rng.uniform(0.3, 2.5)], p=[0.6, 0.4])),
            noise=rng.uniform(0.0, 0.6),
            excitation=float(rng.choice([0.0, rng.uniform(0.1, 0.7)], p=[0.4, 0.6])),
            lag=span * np.exp(rng.uniform(np.log(2e-4), np.log(0.02))),
            period=int(rng.integers(2, 13)) if rng.random() < 0.12 else 0,
            rounds=rng.random() < 0.2,
            novelty=float(rng.choice([0.0, rng.uniform(0, 2.5)])),
            lead=int(rng.choice([0, rng.integers(1, 2 + timeline.bins // 16)])),
            debut=rng.random() < 0.4,
            influence=float(rng.choice([0.0, rng.uniform(-0.6, 0.9)])),
        )


def draw_events(
    rng: np.random.Generator,
    timeline: Timeline,
    drivers: Population,
    rhythm: Rhythm,
    count: int,
    history: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """About ``count`` events: driver rows int64[n] and times int64[n] seconds, in order of time.

    ``history`` float32[N, bins, 2] is what other tables saw of the same drivers: it bears on the bins that follow.
    """
    levels = np.minimum(_log_rates(rng, timeline, drivers, rhythm, history), 12)
    bins = np.arange(timeline.bins)
    born, dead = timeline.bin_of(drivers.births), timeline.bin_of(drivers.deaths)
    active = (bins >= born[:, None]) & (bins <= dead[:, None])
    if rhythm.rounds and FEWEST_ROUNDS * len(drivers) < count:
        return _in_rounds(rng, timeline, drivers, levels, active, count)
    rates = np.exp(levels) * active
    ends = np.cumsum(rates.ravel(), dtype=np.float64)
    direct = max(1, int(count * (1 - rhythm.excitation)))
    flat = np.searchsorted(ends, np.sort(rng.random(direct)) * ends[-1], side="right")
    rows, places = np.divmod(np.minimum(flat, len(ends) - 1), timeline.bins)
    times = timeline.edges[places] + rng.random(direct) * timeline.width
    if rhythm.period == 0 and rng.random() < 0.3:
        times = timeline.edges[places] + (0.5 + rng.normal(0, 0.08, direct)).clip(0, 0.99) * timeline.width
    rows, times = _excited(rng, rows, times, rhythm, count - direct)
    times = _on_workdays(rng, _in_season(rng, times, timeline, rhythm), timeline)
    if rhythm.debut and len(drivers) < count:
        newborn = np.flatnonzero(drivers.births > timeline.start)
        rows, times = np.concatenate([rows, newborn]), np.concatenate([times, drivers.births[newborn]])
    times = np.clip(times, drivers.births[rows], np.minimum(drivers.deaths[rows], timeline.end) - 1)
    times = np.maximum(timeline.settled(times), timeline.settled(drivers.births[rows]))
    order = np.lexsort((rows, times))
    return rows[order], times[order]


def _in_rounds(
    rng: np.random.Generator,
    timeline: Timeline,
    drivers: Population,
    levels: np.ndarray,
    active: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Seasons, weekly charts, meter readings: at each round every driver that is active takes part or sits out.

    ``levels`` float32[N, bins] raise the probability of taking part, ``active`` bool[N, bins]: born and not yet gone.
    """
    likely = rng.uniform(0.3, 3) + rng.uniform(0.3, 1.5) * (levels - levels.mean()) / (levels.std() + 1e-6)
    shares = active / (1 + np.exp(-likely))
    rounds = int(np.clip(count / max(shares.sum(axis=0).mean(), 1e-9), FEWEST_ROUNDS, 1000))
    moments = timeline.settled(np.linspace(timeline.start, timeline.end, rounds, endpoint=False))
    there = rng.random((len(drivers), rounds)) < shares[:, timeline.bin_of(moments)]
    there &= (drivers.births[:, None] <= moments) & (drivers.deaths[:, None] > moments)
    if not there.any():
        there[np.argmin(drivers.births), -1] = True
    places, rows = np.nonzero(there.T)
    return rows, moments[places]


def _log_rates(
    rng: np.random.Generator, timeline: Timeline, drivers: Population, rhythm: Rhythm, history: np.ndarray | None
) -> np.ndarray:
    """float32[N, bins]."""
    bins = timeline.bins
    level = rhythm.spread * drivers.weights + np.float32(rng.uniform(0.2, 1.3)) * draw_score(rng, drivers.signs, 0.0)
    common = rhythm.drift * np.linspace(-1, 1, bins) + rhythm.season * yearly(rng, timeline)
    if rhythm.bursts:
        common = common + rhythm.bursts * (rng.random(bins) < 0.06)
    rates = level.astype(np.float32)[:, None] + common.astype(np.float32)
    ahead = drivers.paths[:, np.maximum(np.arange(bins) - rhythm.lead, 0), 0]
    sway = np.exp(np.float32(rng.uniform(0, 0.6)) * draw_score(rng, drivers.signs, 0.0))
    rates += (np.float32(rhythm.volatility) * sway)[:, None] * ahead
    if rhythm.noise:
        rates += np.float32(rhythm.noise) * rng.standard_normal(rates.shape, dtype=np.float32)
    if rhythm.novelty:
        age = np.arange(bins) - timeline.bin_of(drivers.births)[:, None]
        rates += np.float32(rhythm.novelty) * np.exp(-np.maximum(age, 0) / np.float32(max(1, bins / 16)))
    if rhythm.period:
        phase = rng.integers(rhythm.period, size=(len(drivers), 1))
        rates += np.float32(4) * ((np.arange(bins) + phase) % rhythm.period == 0)
    if history is not None and rhythm.influence:
        rates[:, 1:] += np.float32(rhythm.influence) * np.log1p(history[:, :-1, 0])
        rates[:, 1:] += np.float32(rng.uniform(-1, 1)) * _lasting(history)[:, :-1]
    return rates


def _lasting(history: np.ndarray) -> np.ndarray:
    """float32[N, bins]: what the drivers' events showed of late, newer ones for more."""
    sums, counts = history[:, :, 1].copy(), history[:, :, 0].copy()
    for step in range(1, history.shape[1]):
        sums[:, step] += np.float32(0.8) * sums[:, step - 1]
        counts[:, step] += np.float32(0.8) * counts[:, step - 1]
    return sums / (counts + np.float32(0.5))


def yearly(rng: np.random.Generator, timeline: Timeline) -> np.ndarray:
    """float64[bins]: a season of variance about 1, of the year if the timeline has one, else of a part of it."""
    span = timeline.end - timeline.start
    length = YEAR if span > 1.5 * YEAR and timeline.width < YEAR / 3 else span / rng.uniform(2, 12)
    angle = 2 * np.pi * (timeline.middles / length + rng.random())
    return 1.1 * np.sin(angle) + 0.6 * np.sin(2 * angle + rng.uniform(0, 6))


def _excited(
    rng: np.random.Generator, rows: np.ndarray, times: np.ndarray, rhythm: Rhythm, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """With ``count`` more events, each soon after one that was there (in two generations)."""
    for size in (count - count // 3, count // 3):
        if size > 0:
            cause = rng.integers(len(rows), size=size)
            rows = np.concatenate([rows, rows[cause]])
            times = np.concatenate([times, times[cause] + rng.exponential(rhythm.lag, size)])
    return rows, times


def _in_season(rng: np.random.Generator, times: np.ndarray, timeline: Timeline, rhythm: Rhythm) -> np.ndarray:
    """Moved within their year to the months in which events tend to happen, where bins are too long to tell months."""
    if timeline.width < YEAR / 3 or not rhythm.season:
        return times
    months = rng.choice(12, size=len(times), p=rng.dirichlet(np.full(12, 1.5 / rhythm.season)))
    return (np.floor(times / YEAR) + (months + rng.random(len(times))) / 12) * YEAR


def _on_workdays(rng: np.random.Generator, times: np.ndarray, timeline: Timeline) -> np.ndarray:
    """Moved to the weekdays and hours at which this table's events tend to happen."""
    if timeline.width < 7 * DAY or rng.random() < 0.4:
        return times
    days = np.floor(times / DAY)
    weekday = (days + 3) % 7
    profile = rng.dirichlet(np.full(7, 0.8))
    wanted = rng.choice(7, size=len(times), p=profile)
    hours = np.clip(rng.normal(rng.uniform(8, 20), rng.uniform(1, 5), len(times)), 0, 23.99)
    return (days - weekday + wanted) * DAY + hours * 3600
