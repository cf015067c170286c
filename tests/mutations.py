"""Random changes of everything in a timed shop that happens after a moment, and of nothing else.

What has happened by then, rows without time and rows of no known time stay as they are, to the last bit.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from timed_shop import (
    SCHEMA,
    TIME_COLUMNS,
    customers_at,
    lines_of,
    moments,
    orders_at,
    stores_at,
    times_of,
    visits_at,
)

from relfm.times import DAY, to_datetime64

Frames = dict[str, pd.DataFrame]
Mutation = Callable[[Frames, int, np.random.Generator], Frames]

LATEST = 200 * DAY
"""How far after the moment a moved or added row may lie."""


def mutated(tables: Mapping[str, pd.DataFrame], at: int, seed: int) -> Frames:
    """``tables`` after a random selection of the changes below, each of a random share of the rows after ``at``."""
    generator = np.random.default_rng(seed)
    chosen = [change for change in CHANGES if generator.random() < 0.5] or [CHANGES[seed % len(CHANGES)]]
    changed = dict(tables)
    for change in chosen:
        changed = change(changed, at, generator)
    return changed


def future(tables: Mapping[str, pd.DataFrame], table: str, at: int) -> np.ndarray:
    """bool: the rows whose known time is after ``at``."""
    return times_of(tables, table) > to_datetime64(np.int64(at))


def past(tables: Mapping[str, pd.DataFrame], at: int) -> Frames:
    """What no change touches: timeless rows, rows up to ``at`` and rows of no known time."""
    return {name: rows[~future(tables, name, at)].reset_index(drop=True) for name, rows in tables.items()}


def change_cells(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """Other numbers, categories never seen, other text, missing cells; keys and times stay."""
    changed = {}
    for name, rows in tables.items():
        rows = rows.copy()
        hit = np.flatnonzero(future(tables, name, at) & (generator.random(len(rows)) < generator.choice([0.3, 1.0])))
        for column in SCHEMA.tables[name].columns:
            if column.stype is None or column.name == TIME_COLUMNS.get(name):
                continue
            values = rows[column.name].to_numpy(object, copy=True)
            values[hit] = _cells(str(column.stype), column.type, len(hit), generator)
            values[hit[generator.random(len(hit)) < 0.2]] = None
            whole = column.type == "int64"
            rows[column.name] = pd.array(values, "Int64") if whole else pd.Series(values, dtype=_dtype(column.type))
        changed[name] = rows
    return changed


def move_times(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """Rows after the moment at other times after it, some a microsecond later."""
    changed = dict(tables)
    for name, column in TIME_COLUMNS.items():
        rows = tables[name].copy()
        hit = future(tables, name, at) & (generator.random(len(rows)) < 0.7)
        times = rows[column].to_numpy("datetime64[us]", copy=True)
        moved = moments(generator, int(hit.sum()), at + 1, at + LATEST)
        times[hit] = to_datetime64(np.where(generator.random(len(moved)) < 0.1, at + 1, moved))
        rows[column] = times
        changed[name] = rows
    return changed


def add_rows(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """New customers and stores, born later, and orders, lines and visits of old and new ones."""
    customers, stores = (tables[t]["id"].max() + 1 for t in ("customers", "stores"))
    born, opened = (int(generator.integers(1, most)) for most in (30, 6))
    number = int(generator.integers(1, 400))
    times = [moments(generator, n, at + 1, at + LATEST) for n in (born, opened, number, number)]
    added = {
        "customers": customers_at(generator, times[0], customers),
        "stores": stores_at(generator, times[1], stores),
        "orders": orders_at(generator, times[2], tables["orders"]["id"].max() + 1, customers + born, stores + opened),
        "visits": visits_at(generator, times[3], tables["visits"]["id"].max() + 1, customers + born),
    }
    added = {name: rows[_has_parents(rows, tables, added)] for name, rows in added.items()}
    added["lines"] = lines_of(generator, added["orders"]["id"].to_numpy(), len(tables["products"]))
    return {n: pd.concat([rows, added[n]], ignore_index=True) if n in added else rows for n, rows in tables.items()}


def delete_rows(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """A share of the rows after the moment, or all of them; parents that a row which stays points at stay too."""
    share = generator.choice([0.2, 0.8, 1.0])
    changed = dict(tables)
    for name in ("lines", "orders", "visits", "customers", "stores"):
        gone = future(tables, name, at) & (generator.random(len(tables[name])) < share)
        for child in SCHEMA.children_of(name):
            for key in (k for k in child[0].foreign_keys if k.table == name):
                gone &= ~tables[name]["id"].isin(changed[child[0].name][key.columns[0]].dropna()).to_numpy()
        changed[name] = tables[name][~gone].reset_index(drop=True)
    return changed


def retarget(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """Keys of rows after the moment name other rows, some of them later ones, or none."""
    changed = dict(tables)
    for name, column, parent in (
        ("orders", "customer_id", "customers"),
        ("orders", "store_id", "stores"),
        ("lines", "product_id", "products"),
        ("visits", "customer_id", "customers"),
    ):
        rows = changed[name].copy()
        hit = np.flatnonzero(future(tables, name, at) & (generator.random(len(rows)) < 0.6))
        keys = pd.array(rows[column], "Int64")
        keys[hit] = generator.choice(tables[parent]["id"].to_numpy(), len(hit))
        if name != "lines":
            keys[hit[generator.random(len(hit)) < 0.005]] = pd.NA
        rows[column] = keys
        changed[name] = rows
    return changed


def shuffle(tables: Frames, at: int, generator: np.random.Generator) -> Frames:
    """The rows of every table in another order."""
    return {name: rows.iloc[generator.permutation(len(rows))].reset_index(drop=True) for name, rows in tables.items()}


CHANGES: tuple[Mutation, ...] = (change_cells, move_times, add_rows, retarget, delete_rows, shuffle)


def _cells(stype: str, kind: str, number: int, generator: np.random.Generator) -> list:
    if stype == "categorical":
        return generator.choice(["never seen", "unheard of", "web", "gold"], number).tolist()
    if stype == "text_embedded":
        return [f"{generator.integers(10**12)} told later" for _ in range(number)]
    if kind == "int64":
        return generator.integers(-(10**6), 10**6, number).tolist()
    return (generator.normal(0, 1, number) * 10.0 ** generator.integers(-3, 9, number)).tolist()


def _dtype(kind: str) -> str:
    return {"string": "object", "float64": "float64"}[kind]


def _has_parents(rows: pd.DataFrame, tables: Frames, added: Frames) -> pd.Series:
    """Whether the customer and the store that a new row names exist: an earlier change may have deleted them."""
    alive = pd.Series(True, index=rows.index)
    for column, parent in (("customer_id", "customers"), ("store_id", "stores")):
        if column in rows:
            alive &= rows[column].isin({*tables[parent]["id"], *added[parent]["id"]})
    return alive
