"""What must not matter does not: the order of columns, tables, links and strings, and names beyond their vectors."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from relfm.model import RelationalModel, RowBank
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors, Kind, LinkTensors, TableTensors
from relfm.times import DAY

States = Callable[..., torch.Tensor]


def other_columns(table: TableTensors) -> TableTensors:
    """The columns of every kind in reverse order."""
    kinds = ("number", "string", "date")
    cells = {f"{k}s": getattr(table, f"{k}s")[:, ::-1].copy() for k in kinds}
    return replace(table, **cells, **{f"{k}_names": getattr(table, f"{k}_names")[::-1].copy() for k in kinds})


def with_columns_reversed(database: DatabaseTensors) -> DatabaseTensors:
    return replace(database, tables=tuple(other_columns(table) for table in database.tables))


def with_links_reversed(database: DatabaseTensors) -> DatabaseTensors:
    return replace(database, links=database.links[::-1])


def with_tables_moved(database: DatabaseTensors) -> DatabaseTensors:
    """All but the first table in reverse order."""
    last = len(database.tables)

    def moved(link: LinkTensors) -> LinkTensors:
        places = {table: last - table if table else 0 for table in (link.child, link.parent)}
        return replace(link, child=places[link.child], parent=places[link.parent])

    links = tuple(moved(link) for link in database.links)
    return replace(database, tables=(database.tables[0], *database.tables[:0:-1]), links=links)


def with_strings_renumbered(database: DatabaseTensors) -> DatabaseTensors:
    """Strings in reverse order."""
    last = len(database.vectors) - 1

    def table(held: TableTensors) -> TableTensors:
        names = {f"{k}_names": last - getattr(held, f"{k}_names") for k in ("number", "string", "date")}
        strings = np.where(held.strings < 0, -1, last - held.strings).astype(np.int32)
        return replace(held, name=last - held.name, strings=strings, **names)

    links = tuple(replace(link, name=last - link.name) for link in database.links)
    vectors, hashes = database.vectors[::-1].copy(), database.hashes[::-1].copy()
    tables = tuple(table(t) for t in database.tables)
    return replace(database, tables=tables, links=links, vectors=vectors, hashes=hashes)


@pytest.mark.parametrize(
    "other", [with_columns_reversed, with_links_reversed, with_tables_moved, with_strings_renumbered]
)
def test_order_does_not_matter(
    model: RelationalModel, shop: DatabaseTensors, states: States, other: Callable[[DatabaseTensors], DatabaseTensors]
) -> None:
    torch.testing.assert_close(states(model, other(shop)), states(model, shop), atol=2e-5, rtol=1e-4)


def test_names_matter_through_their_vectors_only(
    model: RelationalModel, shop: DatabaseTensors, states: States, build_shop: Callable[..., DatabaseTensors]
) -> None:
    renamed = {"orders": "purchases", "customers": "people"}
    other = build_shop(renamed=renamed)
    old_names = ["orders", "customers", *(f"orders.{c}" for c in ("amount", "paid", "status", "note", "due"))]
    old_names += [*(f"customers.{c}" for c in ("height", "vip", "city", "birthday"))]
    old_names += [f"{c}.{p[:-1]} -> {p}" for c, p in (("orders", "customers"), ("orders", "products"))]
    old_names += ["notes.customer -> customers", "reviews.order -> orders"]
    parts = {old: old.replace("orders", "purchases").replace("customers", "people") for old in old_names}
    synonyms = build_shop(renamed=renamed, meaning={new: old for old, new in parts.items()})
    expected = states(model, shop)
    assert not torch.allclose(states(model, other), expected, atol=1e-3)
    assert torch.equal(states(model, synonyms), expected)


@pytest.mark.parametrize("kind", ["table", "column", "link"])
def test_every_name_matters(model: RelationalModel, shop: DatabaseTensors, states: States, kind: str) -> None:
    orders = shop.tables[1]
    name = {"table": orders.name, "column": int(orders.number_names[0]), "link": shop.links[0].name}[kind]
    vectors = shop.vectors.copy()
    vectors[name] = vectors[name][::-1]
    assert not torch.allclose(states(model, replace(shop, vectors=vectors)), states(model, shop), atol=1e-4)


def test_examples_do_not_see_each_other(
    model: RelationalModel, shop: DatabaseTensors, states: States, question: torch.Tensor
) -> None:
    hood = Sampler(shop).sample(0, np.array([3]), np.array([20_000 * DAY - 90 * DAY]), (5, 4))
    alone = model.states(shop, hood, RowBank(model, shop, 20_000 * DAY), question)
    torch.testing.assert_close(alone[0], states(model, shop)[3], atol=2e-5, rtol=1e-4)


def test_no_parameter_is_named_after_the_schema(
    model: RelationalModel, shop: DatabaseTensors, states: States, build_shop: Callable[..., DatabaseTensors]
) -> None:
    before = {name: p.shape for name, p in model.named_parameters()}
    states(model, shop)
    states(model, other_schema(build_shop()))
    assert {name: p.shape for name, p in model.named_parameters()} == before
    schema = {"customers", "orders", "products", "notes", "reviews", "amount", "paid", "status", "city", "price"}
    assert not schema & {word for name in before for word in re.split(r"[._]", name)}


def test_same_weights_run_on_another_schema(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    other = other_schema(shop)
    found = states(model, other)
    assert found.isfinite().all() and not torch.allclose(found, states(model, shop), atol=1e-3)


def other_schema(shop: DatabaseTensors) -> DatabaseTensors:
    """Other tables: without the last two, one link fewer, and without the first number of each."""
    tables = tuple(table.without(Kind.NUMBER, [0]) for table in shop.tables[:3])
    return replace(shop, tables=tables, links=shop.links[:2])
