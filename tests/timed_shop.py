"""A shop with a past and a future around ``AT``: what the tests of leakage, backends and symmetry ask questions of.

Tables are pandas frames of plain types, the same for the same seed. Some rows happen exactly at ``AT``, some a
microsecond later, some at no known time, and some orders of the past name a store that opens in the future.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.times import DAY, MISSING_TIME, parse_time, to_datetime64

START = parse_time("2021-01-01")
AT = parse_time("2021-08-01")
END = parse_time("2021-11-01")

QUESTIONS = {
    "binary": "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id",
    "multiclass": "PREDICT FIRST(orders.channel, 0, 45, days) FOR EACH customers.id",
    "regression": "PREDICT SUM(orders.total, 0, 30, days) FOR EACH customers.id",
    "ranking": "PREDICT LIST_DISTINCT(lines.product_id, 0, 30, days) RANK TOP 3 FOR EACH customers.id",
    "forecast": "PREDICT SUM(orders.total, 0, 14, days) FORECAST 2 TIMEFRAMES FOR EACH stores.id",
    "imputation": "PREDICT customers.segment FOR EACH customers.id",
}
"""A question of each kind."""

CHANNELS = ("web", "shop", "phone")
SEGMENTS = ("gold", "plain", "new")
KINDS = ("tool", "toy", "food", "book")

TIME_COLUMNS = {"customers": "joined", "stores": "opened", "orders": "ordered", "visits": "at"}

ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string(), "timestamp": pa.timestamp("us")}


def _columns(**described: tuple[str, Stype | None]) -> tuple[Column, ...]:
    return tuple(Column(name, kind, stype) for name, (kind, stype) in described.items())


_KEY, _TIME = ("int64", None), ("timestamp", Stype.timestamp)
_NUMBER, _CATEGORY = ("float64", Stype.numerical), ("string", Stype.categorical)
_COUNT, _TEXT = ("int64", Stype.numerical), ("string", Stype.text_embedded)
_TO_CUSTOMER = ForeignKey(("customer_id",), "customers", ("id",))
_TO_ORDER = ForeignKey(("order_id",), "orders", ("id",))
_TO_PRODUCT = ForeignKey(("product_id",), "products", ("id",))
_TO_STORE = ForeignKey(("store_id",), "stores", ("id",))

SCHEMA = Schema.of(
    [
        Table("customers", _columns(id=_KEY, segment=_CATEGORY, age=_NUMBER, joined=_TIME), ("id",), (), "joined"),
        Table("stores", _columns(id=_KEY, city=_CATEGORY, rating=_NUMBER, opened=_TIME), ("id",), (), "opened"),
        Table("products", _columns(id=_KEY, kind=_CATEGORY, price=_NUMBER), ("id",)),
        Table(
            "orders",
            _columns(
                id=_KEY, customer_id=_KEY, store_id=_KEY, channel=_CATEGORY, total=_NUMBER, note=_TEXT, ordered=_TIME
            ),
            ("id",),
            (_TO_CUSTOMER, _TO_STORE),
            "ordered",
        ),
        Table(
            "lines",
            _columns(order_id=_KEY, line=_KEY, product_id=_KEY, pieces=_COUNT, amount=_NUMBER),
            ("order_id", "line"),
            (_TO_ORDER, _TO_PRODUCT),
            time_from=_TO_ORDER,
        ),
        Table(
            "visits",
            _columns(id=_KEY, customer_id=_KEY, pages=_COUNT, at=_TIME),
            ("id",),
            (_TO_CUSTOMER,),
            "at",
        ),
    ]
)


def frames(num_customers: int = 40, num_orders: int = 420, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The shop's tables in the order of ``SCHEMA``; a third of the orders lies after ``AT``."""
    generator = np.random.default_rng(seed)
    ordered, opened, visited = (
        moments(generator, n, first, last)
        for n, first, last in ((num_orders, START, END), (6, START - 60 * DAY, AT), (num_orders, START, END))
    )
    ordered[:2], opened[0], visited[:4] = (AT, AT + 1), AT + 9 * DAY, MISSING_TIME
    orders = orders_at(generator, ordered, 0, num_customers, 6)
    return {
        "customers": customers_at(generator, moments(generator, num_customers, START - 90 * DAY, AT + 30 * DAY), 0),
        "lines": lines_of(generator, orders["id"].to_numpy(), 12),
        "orders": orders,
        "products": pd.DataFrame(
            {
                "id": np.arange(12),
                "kind": generator.choice(KINDS, 12),
                "price": generator.gamma(2.0, 7.3, 12),
            }
        ),
        "stores": stores_at(generator, opened, 0),
        "visits": visits_at(generator, visited, 0, num_customers),
    }


def moments(generator: np.random.Generator, number: int, first: int, last: int) -> np.ndarray:
    """int64[number] microseconds in first..last."""
    return generator.integers(first, last, number)


def customers_at(generator: np.random.Generator, times: np.ndarray, first_id: int) -> pd.DataFrame:
    number = len(times)
    segments = np.where(generator.random(number) < 0.25, None, generator.choice(SEGMENTS, number))
    ages = np.where(generator.random(number) < 0.2, np.nan, generator.normal(40, 11.7, number))
    return pd.DataFrame(
        {
            "id": first_id + np.arange(number),
            "segment": segments,
            "age": ages,
            "joined": to_datetime64(times),
        }
    )


def stores_at(generator: np.random.Generator, times: np.ndarray, first_id: int) -> pd.DataFrame:
    number = len(times)
    return pd.DataFrame(
        {
            "id": first_id + np.arange(number),
            "city": generator.choice(["Ulm", "Bonn"], number),
            "rating": generator.normal(3.3, 0.7, number),
            "opened": to_datetime64(times),
        }
    )


def orders_at(
    generator: np.random.Generator, times: np.ndarray, first_id: int, num_customers: int, num_stores: int
) -> pd.DataFrame:
    """Low customer numbers order more often, by phone more often, and for more."""
    number = len(times)
    customers = (num_customers * generator.random(number) ** 1.7).astype(np.int64)
    by_phone = generator.random(number) < customers / num_customers
    return pd.DataFrame(
        {
            "id": first_id + np.arange(number),
            "customer_id": customers,
            "store_id": generator.integers(0, num_stores, number),
            "channel": np.where(by_phone, "phone", generator.choice(CHANNELS[:2], number)),
            "total": generator.gamma(2.0, 10.1, number) * (1 + customers / num_customers),
            "note": [f"note {n} of {generator.integers(10**9)}" for n in range(number)],
            "ordered": to_datetime64(times),
        }
    )


def lines_of(generator: np.random.Generator, orders: np.ndarray, num_products: int) -> pd.DataFrame:
    """One to three lines for each order."""
    counts = generator.integers(1, 4, len(orders))
    number = int(counts.sum())
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return pd.DataFrame(
        {
            "order_id": np.repeat(orders, counts),
            "line": np.arange(number) - first + 1,
            "product_id": (num_products * generator.random(number) ** 2).astype(np.int64),
            "pieces": generator.integers(1, 9, number),
            "amount": generator.gamma(1.5, 8.7, number),
        }
    )


def visits_at(generator: np.random.Generator, times: np.ndarray, first_id: int, num_customers: int) -> pd.DataFrame:
    number = len(times)
    return pd.DataFrame(
        {
            "id": first_id + np.arange(number),
            "customer_id": generator.integers(0, num_customers, number),
            "pages": generator.integers(1, 30, number),
            "at": to_datetime64(times),
        }
    )


def times_of(tables: Mapping[str, pd.DataFrame], table: str) -> np.ndarray:
    """datetime64[us] of each row; NaT for rows of no known time and for all rows of a timeless table."""
    if table == "lines":
        ordered = tables["orders"].set_index("id")["ordered"]
        return ordered.reindex(tables["lines"]["order_id"]).to_numpy("datetime64[us]")
    if table not in TIME_COLUMNS:
        return np.full(len(tables[table]), np.datetime64("NaT"), "datetime64[us]")
    return tables[table][TIME_COLUMNS[table]].to_numpy("datetime64[us]")


def to_arrow(tables: Mapping[str, pd.DataFrame]) -> dict[str, pa.Table]:
    """The tables with the types that ``SCHEMA`` gives their columns."""
    return {
        name: pa.table(
            {c.name: pa.Array.from_pandas(rows[c.name], type=ARROW[c.type]) for c in SCHEMA.tables[name].columns}
        )
        for name, rows in tables.items()
    }
