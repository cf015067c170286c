"""The network as a whole: gradients, empty places, precision, questions, counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, Kind, LinkTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

NOW = 20_000 * DAY
States = Callable[..., torch.Tensor]


def test_every_parameter_has_a_gradient(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    bank = RowBank(model, shop, NOW)
    bank.mask(1, np.arange(0, 90, 7), np.ones((13, 5), bool))
    states(model, shop, bank).square().mean().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_gradient_is_the_slope(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    name, parameter = next((n, p) for n, p in model.named_parameters() if "message.weight" in n or "perceptron.0" in n)
    (gradient,) = torch.autograd.grad(states(model, shop).square().sum(), parameter)
    direction = gradient / gradient.norm()
    losses = []
    with torch.no_grad():
        for step in (0.01, -0.02):
            parameter += step * direction
            losses.append(states(model, shop).square().sum())
    slope = (losses[0] - losses[1]) / 0.02
    assert slope.item() == pytest.approx(gradient.norm().item(), rel=0.03), name


def test_bf16_is_close(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    exact = states(model, shop)
    with torch.autocast("cpu", torch.bfloat16):
        rough = states(model, shop)
        rough.square().mean().backward()
    assert rough.dtype == torch.float32 and not torch.equal(rough, exact)
    assert (rough - exact).norm() < 0.03 * exact.norm()
    assert all(
        p.grad.dtype == torch.float32 and p.grad.isfinite().all() for p in model.parameters() if p.grad is not None
    )


def test_all_is_computed_where_the_weights_are(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    """The meta device computes shapes only, and refuses to mix with any other."""
    model.to("meta")
    bank = RowBank(model, shop, NOW)
    bank.mask(1, np.arange(9), np.ones((9, 5), bool))
    assert states(model, shop, bank).device.type == "meta"
    assert states(model, shop, RowBank(model, shop, NOW, frozen=True)).device.type == "meta"


@pytest.mark.parametrize("table", range(5))
def test_rows_of_every_table_are_told_apart_by_their_cells_alone(
    model: RelationalModel, shop: DatabaseTensors, table: int
) -> None:
    held = shop.tables[table]
    rows = model.rows(shop, table, np.arange(len(held)), NOW)
    assert rows.shape == (len(held), 16) and rows.isfinite().all()
    cells = held.numbers.shape[1] + held.strings.shape[1] + held.dates.shape[1]
    assert len({tuple(row.tolist()) for row in rows.detach().round(decimals=5)}) == (len(held) if cells else 1)


def test_columns_without_a_value_are_no_trouble(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    orders = shop.tables[1]
    empty = replace(
        orders,
        numbers=np.full_like(orders.numbers, np.nan),
        strings=np.full_like(orders.strings, -1),
        dates=np.full_like(orders.dates, MISSING_TIME),
    )
    found = states(model, replace(shop, tables=(shop.tables[0], empty, *shop.tables[2:])))
    assert found.isfinite().all()


def test_values_beyond_all_bounds_are_no_trouble(model: RelationalModel, shop: DatabaseTensors, states: States) -> None:
    orders = shop.tables[1]
    numbers = orders.numbers.copy()
    numbers[:9, 0] = [np.inf, -np.inf, 3e38, -3e38, 0, 1e-38, 1, -1, np.nan]
    other = replace(shop, tables=(shop.tables[0], replace(orders, numbers=numbers), *shop.tables[2:]))
    found = states(model, other)
    found.sum().backward()
    assert found.isfinite().all() and all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("fanout", [(), (3,), (3, 2, 2)])
def test_hops_are_layers(
    model: RelationalModel, shop: DatabaseTensors, sample: Callable[..., Neighbourhood], fanout: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=f"{len(fanout)} hops for 2 layers"):
        model.states(shop, sample(shop, 0, fanout), RowBank(model, shop, NOW))


def test_no_neighbours_and_no_seeds(model: RelationalModel, shop: DatabaseTensors) -> None:
    before = Sampler(shop).sample(0, np.arange(3), np.full(3, TIMELESS), (5, 4))
    assert len(before.rows) == 3
    assert model.states(shop, before, RowBank(model, shop, NOW)).isfinite().all()
    none = Sampler(shop).sample(0, np.zeros(0, np.int64), np.zeros(0, np.int64), (5, 4))
    assert model.states(shop, none, RowBank(model, shop, NOW)).shape == (0, 16)


def test_question_conditions_the_state(
    model: RelationalModel, shop: DatabaseTensors, sample: Callable[..., Neighbourhood], question: torch.Tensor
) -> None:
    bank, hood = RowBank(model, shop, NOW, frozen=True), sample(shop)
    plain, asked = (model.states(shop, hood, bank, q) for q in (None, question))
    assert not torch.allclose(plain, asked, atol=1e-3)
    both = model.states(shop, hood, bank, torch.stack([question, -question] * 6))
    torch.testing.assert_close(both[::2], asked[::2])
    assert not torch.allclose(both[1::2], asked[1::2], atol=1e-3)


def test_number_of_equal_neighbours_matters(model: RelationalModel, shop: DatabaseTensors) -> None:
    """Rows of notes have no cells, so with equal times they differ in nothing but how many there are."""
    same = replace(shop.tables[3], times=np.full(15, NOW - DAY))
    link = shop.links[2]
    pointed = np.repeat([0, 1, 2], [1, 4, 10])
    notes = LinkTensors.of(0, 1, link.name, pointed, same.times, 12)
    customers = replace(shop.tables[0], numbers=np.zeros((12, 2), np.float32))
    other = replace(shop, tables=(same, customers.without(Kind.STRING, [0]).without(Kind.DATE, [0])), links=(notes,))
    hood = Sampler(other).sample(1, np.arange(3), np.full(3, NOW), (16, 8))
    found = model.states(other, hood, RowBank(model, other, NOW))
    assert torch.cdist(found, found).fill_diagonal_(1).min() > 0.01


@pytest.mark.parametrize("backbone", ["conditioned", "gin"])
def test_default_size(backbone: str) -> None:
    model = RelationalModel(ModelConfig(backbone=backbone))
    assert 100_000 < sum(p.numel() for p in model.parameters()) < 1_000_000


def test_both_directions_of_a_link_are_told_apart(model: RelationalModel, shop: DatabaseTensors) -> None:
    there, back, other = model._relations(shop, np.array([0, 1, 2]))
    assert not torch.allclose(there, back, atol=1e-2) and not torch.allclose(there, other, atol=1e-2)
