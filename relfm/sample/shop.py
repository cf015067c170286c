"""A shop's database made from a seed: customers, products, orders, lines, returns, tickets, employees.

The same seed gives the same bytes. What is planted is noisy and latent: no column states who is about to leave.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from relfm.sample.calendar import CLOSING, NUM_DAYS, to_datetime64
from relfm.sample.catalogue import stock
from relfm.sample.history import Events, live
from relfm.sample.people import CHANNELS, enrol, hire
from relfm.sample.storage import write_tables
from relfm.sample.words import bodies, reasons, subjects


def generate(seed: int = 0, customers: int = 3000) -> dict[str, pd.DataFrame]:
    """The shop's tables by name, each sorted by primary key; times are datetime64[us] before 2026-01-01."""
    rng = np.random.default_rng(seed)
    people, catalogue, employees = enrol(rng, customers), stock(rng), hire(rng)
    events = live(rng, people, catalogue, employees)
    position = np.argsort(events.orders["created"], kind="stable")
    order_ids = np.empty(len(position), dtype=np.int64)
    order_ids[position] = np.arange(1, len(position) + 1)
    return {
        "customers": people.table,
        "employees": employees.table,
        "products": catalogue.table,
        "orders": _orders(events, position),
        "order_lines": _order_lines(events, order_ids),
        "returns": _returns(rng, events, order_ids),
        "support_tickets": _tickets(rng, events),
    }


def write_sqlite(path: str | Path, seed: int = 0, customers: int = 3000) -> Path:
    """Write the shop to a new SQLite file with declared keys; UsageError if ``path`` exists already."""
    return write_tables(Path(path), generate(seed, customers))


def _orders(events: Events, position: np.ndarray) -> pd.DataFrame:
    orders = {name: values[position] for name, values in events.orders.items()}
    shipped = np.where(orders["cancelled"], np.inf, orders["shipped"])
    is_open, is_under_way = shipped >= NUM_DAYS, shipped + 3 >= NUM_DAYS
    status = np.select([orders["cancelled"], is_open, is_under_way], ["cancelled", "open", "shipped"], "delivered")
    return pd.DataFrame(
        {
            "id": np.arange(1, len(position) + 1),
            "customer_id": orders["customer"] + 1,
            "created": to_datetime64(orders["created"]),
            "channel": np.array(CHANNELS, dtype=object)[orders["channel"]],
            "status": status.astype(object),
            "shipped": _known(shipped),
            "total": _totals(events)[position],
            "handled_by": _nullable(orders["handler"] + 1, orders["handler"] >= 0),
        }
    )


def _totals(events: Events) -> np.ndarray:
    lines = events.lines
    return np.round(np.bincount(lines["order"], weights=lines["price"] * lines["quantity"]), 2)


def _order_lines(events: Events, order_ids: np.ndarray) -> pd.DataFrame:
    lines = events.lines
    table = pd.DataFrame(
        {
            "order_id": order_ids[lines["order"]],
            "line_no": lines["number"],
            "product_id": lines["product"] + 1,
            "quantity": lines["quantity"],
            "price": lines["price"],
        }
    )
    return table.sort_values(["order_id", "line_no"], ignore_index=True)


def _returns(rng: np.random.Generator, events: Events, order_ids: np.ndarray) -> pd.DataFrame:
    line = events.returns["line"]
    table = pd.DataFrame(
        {
            "order_id": order_ids[events.lines["order"][line]],
            "line_no": events.lines["number"][line],
            "created": events.returns["created"],
            "reason": reasons(rng, events.returns["cause"]),
        }
    )
    return _numbered(table, "created")


def _tickets(rng: np.random.Generator, events: Events) -> pd.DataFrame:
    tickets = events.tickets
    table = pd.DataFrame(
        {
            "customer_id": tickets["customer"] + 1,
            "opened": tickets["opened"],
            "closed": _known(tickets["closed"]),
            "priority": tickets["priority"],
            "subject": subjects(rng, tickets["topic"]),
            "body": bodies(rng, tickets["topic"], tickets["mood"]),
        }
    )
    return _numbered(table, "opened")


def _numbered(table: pd.DataFrame, time: str) -> pd.DataFrame:
    """Rows that have happened by the closing, in the order of their time (days), with an ``id``."""
    table = table[table[time] < NUM_DAYS].sort_values(time, kind="stable", ignore_index=True)
    table[time] = to_datetime64(table[time].to_numpy())
    table.insert(0, "id", np.arange(1, len(table) + 1))
    return table


def _known(days: np.ndarray) -> np.ndarray:
    """datetime64[us][n]: NaT for what has not happened by the closing."""
    happened = to_datetime64(np.where(days < NUM_DAYS, days, 0))
    return np.where((days < NUM_DAYS) & (happened < CLOSING), happened, np.datetime64("NaT"))


def _nullable(values: np.ndarray, present: np.ndarray) -> pd.Series:
    return pd.Series(values, dtype="Int64").where(present)
