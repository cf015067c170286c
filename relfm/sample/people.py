"""Customers and employees: what the database says of them, and the habits that it does not say.

A habit is never a column: it can only be read from what somebody does.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relfm.sample.calendar import NUM_DAYS, OPENING, Seasons, to_datetime64
from relfm.sample.catalogue import CATEGORIES

NUM_EMPLOYEES = 36
SEGMENTS = ("consumer", "family", "student", "business")
CHANNELS = ("web", "app", "store", "phone")
_CITIES = (
    "Aldbury",
    "Brennick",
    "Corvale",
    "Dunmere",
    "Eastport",
    "Farholt",
    "Glenrow",
    "Highmoor",
    "Ivelton",
    "Kerrow",
)


@dataclass(frozen=True)
class Habit:
    """How one kind of customer behaves. ``gap`` is days between orders, ``regularity`` their gamma shape, ``leaving``
    the log-odds of leaving after a flawless order, ``tastes`` the categories preferred, ``segments`` weights."""

    share: float
    gap: float
    regularity: float
    leaving: float
    basket: float
    discount: float
    seasons: Seasons
    tastes: tuple[str, ...]
    segments: tuple[float, float, float, float]


HABITS = (
    Habit(0.28, 22, 2.2, -5.0, 0.7, 0.04, Seasons(0.6, 0.3), ("coffee", "tea"), (0.72, 0.13, 0.1, 0.05)),
    Habit(0.22, 27, 1.6, -4.7, 1.5, 0.07, Seasons(1.2, 0.6), ("toys", "kitchen"), (0.17, 0.75, 0.04, 0.04)),
    Habit(0.20, 32, 0.8, -4.1, 0.6, 0.20, Seasons(0.6, 3.5), ("books", "wellness"), (0.26, 0.08, 0.62, 0.04)),
    Habit(0.16, 52, 1.2, -4.3, 1.2, 0.06, Seasons(5.0, 0.8), ("garden", "books"), (0.62, 0.26, 0.08, 0.04)),
    Habit(0.14, 13, 3.0, -5.7, 1.3, 0.02, Seasons(0.1, 0.1), ("office", "coffee"), (0.08, 0.04, 0.02, 0.86)),
)


@dataclass(frozen=True)
class Customers:
    """N customers, sorted by signup.

    table     the customers table       habit     int64[N] into HABITS     signup    float64[N] days
    pace      float64[N], multiplies gaps          cooling   float64[N], growth of gaps per year, as a logarithm
    tastes    float64[N, categories], cumulative   loyalty   float64[N], share of lines that repeat a favourite
    channels  float64[N, channels], cumulative     city      int64[N]
    """

    table: pd.DataFrame
    habit: np.ndarray
    signup: np.ndarray
    pace: np.ndarray
    cooling: np.ndarray
    tastes: np.ndarray
    loyalty: np.ndarray
    channels: np.ndarray
    city: np.ndarray

    def __len__(self) -> int:
        return len(self.habit)

    def trait(self, name: str) -> np.ndarray:
        """float64[N]: the named field of each customer's habit."""
        return np.array([getattr(h, name) for h in HABITS])[self.habit]


@dataclass(frozen=True)
class Employees:
    """E employees, sorted by the day they were hired, the first ones before the opening.

    table  the employees table    hired  float64[E] days    delay  float64[E], logarithm of their orders' slowness
    """

    table: pd.DataFrame
    hired: np.ndarray
    delay: np.ndarray


def enrol(rng: np.random.Generator, num_customers: int) -> Customers:
    """Customers who sign up ever more often as the shop grows."""
    signup = np.sort(np.floor(NUM_DAYS * rng.beta(2.1, 1.0, num_customers)))
    habit = rng.choice(len(HABITS), size=num_customers, p=[h.share for h in HABITS])
    city = rng.integers(len(_CITIES), size=num_customers)
    segment = _segments(rng, habit)
    age = np.clip(rng.normal(42, 13, num_customers) - 15 * (segment == "student") + 5 * (habit == 3), 18, 88)
    table = pd.DataFrame(
        {
            "id": np.arange(1, num_customers + 1),
            "city": np.array(_CITIES, dtype=object)[city],
            "segment": np.where(rng.random(num_customers) < 0.12, None, segment),
            "signup": to_datetime64(signup),
            "birth_date": _birth_dates(rng, age),
            "newsletter": rng.random(num_customers) < np.where(habit == 2, 0.75, 0.4),
        }
    )
    return Customers(
        table=table,
        habit=habit,
        signup=signup,
        pace=rng.lognormal(0, 0.45, num_customers),
        cooling=rng.normal(0.06, 0.22, num_customers),
        tastes=_tastes(rng, habit),
        loyalty=rng.beta(3, 4, num_customers),
        channels=_channels(rng, habit, age),
        city=city,
    )


def hire(rng: np.random.Generator) -> Employees:
    """Employees who report to each other: a head, six team leads, and their teams."""
    ids = np.arange(1, NUM_EMPLOYEES + 1)
    hired = np.sort(np.floor(rng.uniform(-1500, 900, NUM_EMPLOYEES)))
    manager = np.where(ids <= 7, 1, 2 + ids % 6)
    team = np.where(ids <= 7, 0, 1 + ids % 3)
    table = pd.DataFrame(
        {
            "id": ids,
            "team": np.array(["management", "warehouse", "packing", "shop floor"], dtype=object)[team],
            "hired": to_datetime64(hired),
            "manager_id": pd.Series(manager, dtype="Int64").where(ids > 1),
        }
    )
    return Employees(table, hired, rng.normal(0, 0.35, NUM_EMPLOYEES))


def _segments(rng: np.random.Generator, habit: np.ndarray) -> np.ndarray:
    weights = np.cumsum([h.segments for h in HABITS], axis=1)[habit]
    drawn = (rng.random(len(habit))[:, None] > weights[:, :-1]).sum(axis=1)
    return np.array(SEGMENTS, dtype=object)[drawn]


def _birth_dates(rng: np.random.Generator, age: np.ndarray) -> np.ndarray:
    born = (OPENING - (age * 365.25).astype("timedelta64[D]")).astype("datetime64[D]").astype("datetime64[us]")
    return np.where(rng.random(len(age)) < 0.07, np.datetime64("NaT"), born)


def _tastes(rng: np.random.Generator, habit: np.ndarray) -> np.ndarray:
    liking = np.array([[6.0 if c in h.tastes else 0.8 for c in CATEGORIES] for h in HABITS])
    tastes = rng.gamma(0.7 * liking[habit])
    return np.cumsum(tastes / tastes.sum(axis=1, keepdims=True), axis=1)


def _channels(rng: np.random.Generator, habit: np.ndarray, age: np.ndarray) -> np.ndarray:
    young, old = np.exp((40 - age) / 12), np.exp((age - 55) / 12)
    liking = np.stack([np.full(len(age), 2.0), 1.5 * young, np.full(len(age), 0.8), old + 1.5 * (habit == 4)], axis=1)
    weights = rng.gamma(0.6 * liking + 0.05)
    return np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
