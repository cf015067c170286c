"""What happens in the shop: orders, and what each one does to the customer's wish to come back.

Every customer's next order depends on nothing but the past: a round draws one order of everybody who is due,
lives through its delivery, returns and tickets, and only then decides whether and when the customer orders again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.sample.calendar import NUM_DAYS, is_sale, slowness
from relfm.sample.catalogue import Catalogue
from relfm.sample.people import HABITS, Customers, Employees
from relfm.sample.words import SEVERITY, Cause, Mood, Topic

_MAX_LINES = 6
_LATE_DAYS = 5.0
_SELF_SERVED = 0.08  # share of orders that no employee handled


@dataclass(frozen=True)
class Events:
    """Columns of equal length, by name; one value per order, line, return or ticket."""

    orders: dict[str, np.ndarray]
    lines: dict[str, np.ndarray]
    returns: dict[str, np.ndarray]
    tickets: dict[str, np.ndarray]

    @staticmethod
    def concatenate(rounds: Sequence["Events"]) -> "Events":
        """All rounds; ``order`` becomes a position among all orders, ``line`` one among all lines."""
        offsets = {"order": 0, "line": 0}
        parts: dict[str, list[dict[str, np.ndarray]]] = {k: [] for k in ("orders", "lines", "returns", "tickets")}
        for events in rounds:
            for kind, kept in parts.items():
                kept.append({c: v + offsets[c] if c in offsets else v for c, v in getattr(events, kind).items()})
            offsets["order"] += len(events.orders["customer"])
            offsets["line"] += len(events.lines["order"])
        return Events(**{k: {c: np.concatenate([p[c] for p in kept]) for c in kept[0]} for k, kept in parts.items()})


def live(rng: np.random.Generator, customers: Customers, catalogue: Catalogue, employees: Employees) -> Events:
    """All rounds until nobody is due before the closing."""
    favourites = _favourites(rng, customers, catalogue)
    due = customers.signup + rng.exponential(6.0, len(customers))
    grudge = np.zeros(len(customers))
    rounds = []
    while (who := np.flatnonzero(due < NUM_DAYS)).size:
        orders = _order(rng, customers, employees, who, due[who])
        lines = _fill(rng, customers, catalogue, favourites, orders)
        returns, annoyance = _return(rng, catalogue, orders, lines)
        tickets, mood = _complain(rng, orders, annoyance, grudge[who])
        rounds.append(Events(orders, lines, returns, tickets))
        grudge[who] = np.maximum(0.6 * grudge[who] + 0.5 * orders["late"] + 0.7 * annoyance + mood, 0)
        due[who] = _next(rng, customers, who, due[who], grudge[who])
    return Events.concatenate(rounds)


def _favourites(rng: np.random.Generator, customers: Customers, catalogue: Catalogue) -> np.ndarray:
    """int64[N, 5]: the products that a customer comes back to, dearest first."""
    uniform = rng.random((len(customers), 5))
    category = (uniform[:, :, None] > customers.tastes[:, None, :-1]).sum(axis=2)
    return catalogue.draw(category, rng.random(category.shape))


def _order(
    rng: np.random.Generator, customers: Customers, employees: Employees, who: np.ndarray, due: np.ndarray
) -> dict[str, np.ndarray]:
    day = np.floor(due)
    created = day + np.clip(rng.normal(0.62, 0.16, len(who)), 0.01, 0.99)
    handler = (rng.random(len(who)) * np.searchsorted(employees.hired, day)).astype(int)
    delay = rng.lognormal(0.75 + employees.delay[handler] + 0.05 * (customers.city[who] - 5), 0.45) * slowness(day)
    return {
        "customer": who,
        "created": created,
        "channel": (rng.random(len(who))[:, None] > customers.channels[who, :-1]).sum(axis=1),
        "handler": np.where(rng.random(len(who)) < _SELF_SERVED, -1, handler),
        "shipped": created + delay,
        "late": (delay > _LATE_DAYS).astype(float),
        "cancelled": rng.random(len(who)) < 0.015,
    }


def _fill(
    rng: np.random.Generator, customers: Customers, catalogue: Catalogue, favourites: np.ndarray, orders: dict
) -> dict[str, np.ndarray]:
    """The lines of each order: favourites again, or something of a category that the customer likes."""
    size = np.minimum(1 + rng.poisson(customers.trait("basket")[orders["customer"]]), _MAX_LINES)
    order = np.repeat(np.arange(len(size)), size)
    who, day = orders["customer"][order], orders["created"][order]
    category = (rng.random(len(order))[:, None] > customers.tastes[who, :-1]).sum(axis=1)
    found = catalogue.draw(category, rng.random(len(order)))
    known = favourites[who, (5 * rng.random(len(order)) ** 1.6).astype(int)]
    product = np.where(rng.random(len(order)) < customers.loyalty[who], known, found)
    product = catalogue.available(product, day)
    keenness = customers.trait("discount")[who] + 0.35 * is_sale(day)
    discount = 0.1 * rng.integers(1, 4, len(order)) * (rng.random(len(order)) < keenness)
    return {
        "order": order,
        "number": np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size) + 1,
        "product": product,
        "quantity": 1 + (rng.random(len(order)) < 0.2) + rng.poisson(0.9 * (customers.habit[who] == len(HABITS) - 1)),
        "price": np.round(catalogue.price[product] * (1 - discount), 2),
    }


def _return(
    rng: np.random.Generator, catalogue: Catalogue, orders: dict, lines: dict
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The returns, and float64[orders]: how much they annoy."""
    defect, late = catalogue.defect[lines["product"]], orders["late"][lines["order"]]
    happens = rng.random(len(defect)) < _logistic(-3.2 + 0.9 * defect + 0.6 * late)
    line = np.flatnonzero(happens & ~orders["cancelled"][lines["order"]])
    severe = rng.random(len(line)) < _logistic(0.8 * defect[line] + 0.2)
    cause = np.where(
        severe,
        rng.choice([Cause.DEFECT, Cause.WRONG], size=len(line), p=[0.7, 0.3]),
        rng.choice([Cause.UNSUITABLE, Cause.REGRET], size=len(line), p=[0.6, 0.4]),
    )
    order = lines["order"][line]
    annoyance = np.bincount(order, weights=SEVERITY[cause], minlength=len(orders["late"]))
    created = orders["shipped"][order] + 1 + rng.gamma(2.0, 3.0, len(line))
    return {"line": line, "cause": cause, "created": created}, np.minimum(annoyance, 1.5)


def _complain(
    rng: np.random.Generator, orders: dict, annoyance: np.ndarray, grudge: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The tickets, and float64[orders]: what writing them adds to the grudge."""
    late = orders["late"]
    writes = rng.random(len(late)) < _logistic(-2.9 + 1.5 * late + 1.7 * annoyance + 0.3 * grudge)
    order = np.flatnonzero(writes)
    heat = 0.5 * grudge[order] + 0.9 * late[order] + 1.1 * annoyance[order] + rng.normal(0, 0.7, len(order))
    mood = np.where(heat > 0.9, Mood.ANGRY, np.where(heat < -0.4, Mood.PLEASED, Mood.NEUTRAL))
    topic = np.where(annoyance[order] > 0.5, Topic.REFUND, np.where(late[order] > 0, Topic.DELIVERY, Topic.QUESTION))
    opened = orders["created"][order] + 0.5 + rng.gamma(2.0, 2.5, len(order))
    effect = np.zeros(len(late))
    effect[order] = np.array([-0.3, 0.0, 1.2])[mood]
    closed = opened + rng.lognormal(0.2 + 0.5 * (mood == Mood.ANGRY), 0.9)
    priority = 1 + ((heat + rng.normal(0, 0.8, len(order)))[:, None] > [0.2, 1.6]).sum(axis=1)
    forgotten = rng.random(len(order)) < 0.02
    columns = {"customer": orders["customer"][order], "opened": opened, "closed": np.where(forgotten, np.inf, closed)}
    return columns | {"topic": topic, "mood": mood, "priority": priority}, effect


def _next(
    rng: np.random.Generator, customers: Customers, who: np.ndarray, day: np.ndarray, grudge: np.ndarray
) -> np.ndarray:
    """float64[n]: the day of each one's next order, infinite for those who never come back."""
    years = (day - customers.signup[who]) / 365.25
    shape = customers.trait("regularity")[who]
    gap = customers.trait("gap")[who] * customers.pace[who] * np.exp(customers.cooling[who] * years + 0.15 * grudge)
    gap = np.maximum(gap * rng.gamma(shape) / shape, 1.0)
    leaves = rng.random(len(who)) < _logistic(customers.trait("leaving")[who] + 1.9 * grudge)
    comes_back = rng.random(len(who)) < 0.4
    gap = np.where(leaves, np.where(comes_back, 60 + rng.exponential(200, len(who)), np.inf), gap)
    habit = customers.habit[who]
    due = np.full(len(who), np.inf)
    for index, kind in enumerate(HABITS):
        chosen = (habit == index) & np.isfinite(gap)
        due[chosen] = kind.seasons.later(day[chosen], gap[chosen])
    return due


def _logistic(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-value))
