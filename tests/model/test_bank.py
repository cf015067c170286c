"""Row banks: the same vectors however they are asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from relfm.model import RelationalModel, RowBank
from relfm.tensors import DatabaseTensors
from relfm.times import DAY

NOW = 20_000 * DAY
TABLES, ROWS = np.array([1, 0, 1, 3, 1, 0], np.int32), np.array([5, 2, 5, 1, 80, 11])


@contextmanager
def counted(model: RelationalModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """(table, row) of everything that the model encodes meanwhile."""
    asked, rows = [], model.rows

    def spy(database: DatabaseTensors, table: int, chosen: np.ndarray, *rest: object) -> torch.Tensor:
        asked.extend((table, int(row)) for row in chosen)
        return rows(database, table, chosen, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(model, "rows", spy)
        yield asked


def test_frozen_equals_unfrozen(
    model: RelationalModel, shop: DatabaseTensors, states: Callable[..., torch.Tensor]
) -> None:
    frozen, live = (RowBank(model, shop, NOW, frozen=f) for f in (True, False))
    frozen(TABLES, ROWS)  # so that what follows mixes what is held and what is new
    torch.testing.assert_close(states(model, shop, frozen), states(model, shop, live), atol=1e-5, rtol=1e-5)
    assert live(TABLES, ROWS).requires_grad and not frozen(TABLES, ROWS).requires_grad


def test_rows_come_in_the_order_asked(model: RelationalModel, shop: DatabaseTensors) -> None:
    found = RowBank(model, shop, NOW)(TABLES, ROWS)
    for i in range(len(ROWS)):
        alone = model.rows(shop, int(TABLES[i]), ROWS[i : i + 1], NOW)[0]
        torch.testing.assert_close(found[i], alone, atol=1e-5, rtol=1e-5)
    assert torch.equal(
        RowBank(model, shop, NOW)(1, np.array([5, 5]))[0], RowBank(model, shop, NOW)(1, np.array([5]))[0]
    )
    assert RowBank(model, shop, NOW)(TABLES[:0], ROWS[:0]).shape == (0, 16)


def test_row_is_computed_once(model: RelationalModel, shop: DatabaseTensors, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = RowBank(model, shop, NOW, frozen=True)
    with counted(model, monkeypatch) as asked:
        first = bank(TABLES, ROWS)
        again = bank(TABLES[::-1].copy(), ROWS[::-1].copy())
    assert sorted(asked) == [(0, 2), (0, 11), (1, 5), (1, 80), (3, 1)]
    assert torch.equal(first, again.flip(0))


@pytest.mark.parametrize("frozen", [True, False])
def test_mask_shows_in_the_rows_named_only(model: RelationalModel, shop: DatabaseTensors, frozen: bool) -> None:
    bank = RowBank(model, shop, NOW, frozen=frozen)
    before = bank(TABLES, ROWS)
    masked = np.zeros((2, 5), bool)
    masked[0, 2], masked[1, 4] = True, True
    bank.mask(1, np.array([5, 5]), masked)
    after = bank(TABLES, ROWS)
    other = np.array([1, 3, 4, 5])
    torch.testing.assert_close(after[other], before[other], atol=1e-5, rtol=1e-5)
    expected = model.rows(shop, 1, np.array([5]), NOW, masked.any(0)[None])
    torch.testing.assert_close(after[[0, 2]], expected.expand(2, -1), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(after[0], before[0], atol=1e-3)
    bank.mask(1, np.array([80]), np.ones((1, 5), bool))
    torch.testing.assert_close(bank(TABLES, ROWS)[0], before[0], atol=1e-5, rtol=1e-5)
    hidden = model.rows(shop, 1, np.array([80]), NOW, np.ones((1, 5), bool))
    torch.testing.assert_close(bank(TABLES, ROWS)[4], hidden[0], atol=1e-5, rtol=1e-5)
