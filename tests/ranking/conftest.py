"""A market whose purchases a test writes down: customers, products, orders, their lines; days count from 2020-01-01."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest

from relfm.database import Database
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.task import Examples, ItemLists, TargetKind, Task
from relfm.times import DAY, Span, parse_time

START = parse_time("2020-01-01")
_TO_CUSTOMER = ForeignKey(("customer",), "customers", ("id",))
_TO_ORDER = ForeignKey(("order",), "orders", ("id",))
_TO_PRODUCT = ForeignKey(("product",), "products", ("id",))

SCHEMA = Schema.of(
    [
        Table("customers", (Column("id", "int64", None), Column("segment", "string", Stype.categorical)), ("id",)),
        Table("products", (Column("id", "int64", None), Column("price", "float64", Stype.numerical)), ("id",)),
        Table(
            "orders",
            (Column("id", "int64", None), Column("customer", "int64", None), Column("at", "timestamp", None)),
            ("id",),
            (_TO_CUSTOMER,),
            "at",
        ),
        Table(
            "lines",
            (Column("order", "int64", None), Column("product", "int64", None)),
            ("order", "product"),
            (_TO_ORDER, _TO_PRODUCT),
            time_from=_TO_ORDER,
        ),
    ]
)


class NoLabeller:
    """The tests bring their own lists."""

    def label(self, database: Database, cutoffs: np.ndarray) -> Examples:
        raise NotImplementedError

    def population(self, database: Database, cutoff: int) -> np.ndarray:
        raise NotImplementedError


TASK = Task("next purchases", TargetKind.RANKING, "customers", NoLabeller(), Span(0, 30 * DAY), item="products", top=3)


@dataclass(frozen=True)
class Market:
    """Purchases (customer, product, day: int64[n]), one order of one line each."""

    customer: np.ndarray
    product: np.ndarray
    day: np.ndarray
    num_customers: int
    num_products: int
    segments: tuple[str, ...] = ("plain",)
    task: Task = TASK

    def database(self) -> Database:
        order = np.argsort(self.day, kind="stable")
        number = np.arange(len(order))
        segment = [self.segments[c % len(self.segments)] for c in range(self.num_customers)]
        at = pa.array(START + self.day[order] * DAY, pa.timestamp("us"))
        tables = {
            "customers": pa.table({"id": np.arange(self.num_customers), "segment": segment}),
            "products": pa.table({"id": np.arange(self.num_products), "price": np.arange(self.num_products) * 1.5}),
            "orders": pa.table({"id": number, "customer": self.customer[order], "at": at}),
            "lines": pa.table({"order": number, "product": self.product[order]}),
        }
        return Database(SCHEMA, tables)

    def lists(self, *cutoff_days: int, horizon: int = 30) -> Examples:
        """What every customer bought in the ``horizon`` days after each cutoff, empty lists too."""
        rows, cutoffs, starts, items = [], [], [0], []
        for cutoff in cutoff_days:
            inside = (self.day > cutoff) & (self.day <= cutoff + horizon)
            bought = np.unique(np.stack([self.customer[inside], self.product[inside]], axis=1), axis=0)
            counts = np.bincount(bought[:, 0], minlength=self.num_customers)
            rows.append(np.arange(self.num_customers))
            cutoffs.append(np.full(self.num_customers, START + cutoff * DAY))
            starts.extend((starts[-1] + np.cumsum(counts)).tolist())
            items.append(bought[:, 1])
        lists = ItemLists(np.array(starts), np.concatenate(items))
        return Examples.of(np.concatenate(rows), np.concatenate(cutoffs), items=lists)

    def evolve(self, **changes: object) -> "Market":
        return replace(self, **changes)


def hit_rate(truth: ItemLists, ranked: ItemLists, top: int) -> float:
    """Mean share of the first ``top`` ranked items that come true, over examples with any, of what could."""
    shares = []
    for n in range(len(truth.start) - 1):
        if len(truth.of(n)):
            hits = np.isin(ranked.of(n)[:top], truth.of(n)).sum()
            shares.append(hits / min(top, len(truth.of(n))))
    return float(np.mean(shares))


@pytest.fixture
def make_market() -> Callable[..., Market]:
    return Market


@pytest.fixture
def hits() -> Callable[[ItemLists, ItemLists, int], float]:
    return hit_rate


@pytest.fixture(scope="session")
def habits() -> Market:
    """30 customers buy their own three of 20 products about every 20 days, and now and then any other."""
    generator = np.random.default_rng(3)
    customer = np.repeat(np.arange(30), 80)
    favourites = np.stack([generator.choice(20, 3, replace=False) for _ in range(30)])
    product = favourites[customer, generator.integers(0, 3, len(customer))]
    product = np.where(generator.random(len(customer)) < 0.25, generator.integers(0, 20, len(customer)), product)
    return Market(customer, product, generator.integers(0, 540, len(customer)), 30, 20, ("plain", "gold"))


@pytest.fixture(scope="session")
def seasons() -> Market:
    """Each of 24 products is bought by each of 12 customers once a year, in its own half month."""
    generator = np.random.default_rng(5)
    customer, product, year = (a.ravel() for a in np.meshgrid(np.arange(12), np.arange(24), np.arange(4)))
    day = year * 365 + product * 15 + generator.integers(0, 12, len(customer))
    kept = generator.random(len(customer)) < 0.9
    return Market(customer[kept], product[kept], day[kept], 12, 24)
