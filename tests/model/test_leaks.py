"""What a seed must not see does not change its state by one bit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from relfm.model import RelationalModel, RowBank
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY, MISSING_TIME

NOW = 20_000 * DAY
CUTOFF = NOW - 300 * DAY


def with_later_rows_changed(database: DatabaseTensors, cutoff: int) -> DatabaseTensors:
    """Every cell of every row later than ``cutoff``, or of unknown time, is another."""

    def changed(table: TableTensors) -> TableTensors:
        later = (table.times > cutoff) | (table.times == MISSING_TIME)
        strings = np.where(later[:, None], (table.strings + 2) % 5, table.strings).astype(np.int32)
        numbers = np.where(later[:, None], np.float32(1e6), table.numbers)
        dates = np.where(later[:, None], np.int64(DAY), table.dates)
        return replace(table, numbers=numbers, strings=strings, dates=dates)

    return replace(database, tables=tuple(changed(t) for t in database.tables))


def with_more_rows(database: DatabaseTensors, cutoff: int) -> DatabaseTensors:
    """Each timed table once more, all of it after ``cutoff``."""
    tables = list(database.tables)
    for i, table in enumerate(tables):
        if len(table) and table.times[0] > 0:
            later = cutoff + 1 + np.arange(len(table))
            names = ("numbers", "strings", "dates")
            twice = {n: np.concatenate([getattr(table, n), getattr(table, n)[::-1]]) for n in names}
            tables[i] = replace(table, times=np.concatenate([table.times, later]), **twice)
    links = []
    for link in database.links:
        times, parent = tables[link.child].times, tables[link.parent]
        pointed = np.resize(link.parents, len(times))
        links.append(LinkTensors.of(link.child, link.parent, link.name, pointed, times, len(parent)))
    return replace(database, tables=tuple(tables), links=tuple(links))


@pytest.mark.parametrize("later", [with_later_rows_changed, with_more_rows])
def test_later_rows_change_nothing(
    model: RelationalModel, shop: DatabaseTensors, later: Callable[[DatabaseTensors, int], DatabaseTensors]
) -> None:
    def states(database: DatabaseTensors, seen: int, until: int) -> torch.Tensor:
        rows = np.arange(12)
        hood = Sampler(database).sample(0, rows, np.full(12, seen), (5, 4))
        return model.states(database, hood, RowBank(model, database, until))

    changed = later(shop, CUTOFF)
    assert torch.equal(states(shop, CUTOFF, CUTOFF), states(changed, CUTOFF, CUTOFF))
    assert not torch.equal(states(shop, NOW, CUTOFF), states(changed, NOW, CUTOFF))
    assert not torch.equal(states(shop, CUTOFF, NOW), states(changed, CUTOFF, NOW))


@pytest.mark.parametrize("column", range(5))
def test_masked_cell_says_nothing_but_that_it_is_masked(
    model: RelationalModel, shop: DatabaseTensors, column: int
) -> None:
    later = np.flatnonzero(shop.tables[1].times > CUTOFF)  # so that no statistics hold the cell
    masked = np.zeros((len(later), 5), bool)
    masked[:, column] = True
    changed = with_later_rows_changed(shop, CUTOFF)
    table, kind, place = (
        shop.tables[1],
        *[("numbers", 0), ("numbers", 1), ("strings", 0), ("strings", 1), ("dates", 0)][column],
    )
    values = getattr(table, kind).copy()
    values[:, place] = getattr(changed.tables[1], kind)[:, place]
    changed = replace(shop, tables=(shop.tables[0], replace(table, **{kind: values}), *shop.tables[2:]))
    assert torch.equal(model.rows(shop, 1, later, CUTOFF, masked), model.rows(changed, 1, later, CUTOFF, masked))
    open_rows = [model.rows(database, 1, later, CUTOFF) for database in (shop, changed)]
    assert (open_rows[0] != open_rows[1]).any(1).all()
    assert not torch.allclose(open_rows[0], model.rows(shop, 1, later, CUTOFF, masked))


@pytest.mark.parametrize("column", range(5))
def test_masked_is_not_missing(model: RelationalModel, shop: DatabaseTensors, column: int) -> None:
    orders, masked = shop.tables[1], np.arange(5) == np.full((90, 1), column)
    missing = replace(
        orders,
        numbers=np.where(masked[:, :2], np.float32(np.nan), orders.numbers),
        strings=np.where(masked[:, 2:4], np.int32(-1), orders.strings),
        dates=np.where(masked[:, 4:], MISSING_TIME, orders.dates),
    )
    without = replace(shop, tables=(shop.tables[0], missing, *shop.tables[2:]))
    found = model.rows(shop, 1, np.arange(90), NOW, masked), model.rows(without, 1, np.arange(90), NOW)
    assert ((found[0] - found[1]).abs().amax(1) > 1e-3).all()
