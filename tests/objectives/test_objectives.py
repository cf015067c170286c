"""Every objective: drawn from the past alone, the same for the same generator, and learned from."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from objectives.conftest import CONFIG
from small_tensors import SPAN
from torch.nn import functional

from relfm.model import RelationalModel
from relfm.objectives import OBJECTIVES, Objective, Optimisation, World
from relfm.objectives.in_context import split
from relfm.objectives.link_existence import LinkExistence
from relfm.objectives.pruning import merged, pruned, without_way
from relfm.objectives.ridge import ridge
from relfm.objectives.structure import PROPERTIES, properties
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors
from relfm.times import TIMELESS

NAMES = tuple(OBJECTIVES)


def made(name: str) -> Objective:
    torch.manual_seed(1)
    return OBJECTIVES[name](CONFIG)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_finite_and_reaches_the_network(name: str, world: World, model: RelationalModel) -> None:
    objective = made(name)
    objective.advance(0.9)
    drawn = objective.draw(world, np.random.default_rng(6))
    loss = objective(model, world, drawn)
    assert torch.isfinite(loss.value)
    assert loss.constant is None or loss.constant > 0
    loss.value.backward()
    assert sum(float(p.grad.abs().sum()) for p in model.parameters() if p.grad is not None) > 0
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in objective.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_is_the_same_for_the_same_generator(name: str, world: World) -> None:
    objective = made(name)
    first, second, other = (objective.draw(world, np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert same(first, second)
    assert not same(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_no_row_of_a_neighbourhood_is_later_than_what_its_seed_saw(name: str, world: World) -> None:
    for seed in range(4):
        drawn = made(name).draw(world, np.random.default_rng(seed))
        for hood in hoods_in(drawn):
            times = np.array([world.database.tables[t].times[r] if t < len(world.database.tables) else TIMELESS
                              for t, r in zip(hood.tables, hood.rows, strict=True)])  # fmt: skip
            dated = np.flatnonzero((times > TIMELESS) & (np.arange(hood.num_nodes) >= hood.num_seeds))
            seen = times[dated] + hood.ages[dated]  # an age is cut at 0: a later row would give another moment
            moments = np.zeros(hood.num_seeds, np.int64)
            moments[hood.seeds[dated]] = seen
            assert (seen == moments[hood.seeds[dated]]).all()
            assert (seen <= world.until).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_database_without_links_offers_nothing_or_no_trouble(name: str, world: World) -> None:
    alone = replace(world.database, links=(), tasks=())
    assert made(name).draw(World(alone, Sampler(alone, backend="numpy"), SPAN), np.random.default_rng(0)) is None


@pytest.mark.parametrize("name", ["in_context", "next_window", "graph_prop"])
def test_a_few_steps_beat_the_constant_predictor(name: str, world: World, model: RelationalModel) -> None:
    objective = made(name)
    optimisation = Optimisation(model, {name: objective}, rate=1e-2)
    draws = [objective.draw(world, np.random.default_rng(seed)) for seed in range(8)]
    draws = [drawn for drawn in draws if drawn is not None]
    for step in range(80):
        optimisation.step({name: objective(model, world, draws[step % len(draws)]).value}, step / 80)
    found = [objective(model, world, drawn) for drawn in draws]
    assert np.mean([f.value.item() for f in found]) < 0.97 * np.mean([f.constant for f in found])


def test_the_ridge_is_the_closed_form() -> None:
    generator = np.random.default_rng(0)
    context, queries = generator.normal(size=(50, 4)), generator.normal(size=(7, 4))
    shown = generator.normal(size=(50, 2))
    near = (context - context.mean(0)) / (context.std(0, ddof=1) + 1e-2)
    far = ((queries - context.mean(0)) / (context.std(0, ddof=1) + 1e-2)).clip(-6, 6)
    weights = np.linalg.solve(near.T @ near + 0.3 * 50 * np.eye(4), near.T @ (shown - shown.mean(0)))
    tensors = [torch.from_numpy(a).float() for a in (context, shown, queries)]
    np.testing.assert_allclose(ridge(*tensors, torch.tensor(0.3)).numpy(), far @ weights, atol=1e-4)


def test_context_answers_were_known_before_the_first_query(world: World) -> None:
    task = world.database.tasks[0]
    for seed in range(20):
        context, queries, at = split(task, world.until, np.random.default_rng(seed))
        assert task.known[context].max() <= at <= task.cutoffs[queries].min()


def test_a_child_does_not_see_the_link_that_is_asked_about(world: World) -> None:
    drawn = LinkExistence(CONFIG).draw(world, np.random.default_rng(0))
    hood, link = drawn.hood, drawn.link
    children = hood.num_seeds // 3
    first = slice(hood.offsets[1], hood.offsets[2])
    told = (hood.relations[first] == 2 * link + 1) & (hood.seeds[first] < children)
    assert not told.any()


def test_pruned_trees_are_whole(world: World) -> None:
    hood = _hood(world)
    keep = np.random.default_rng(0).random(hood.num_nodes) < 0.6
    less = pruned(hood, keep)
    assert less.num_seeds == hood.num_seeds
    assert less.num_nodes < hood.num_nodes
    later = less.parents[less.offsets[1] :]
    assert (less.seeds[less.offsets[1] :] == less.seeds[later]).all()
    for begin, end, last in zip(less.offsets[1:-1], less.offsets[2:], less.offsets[:-2], strict=True):
        assert ((less.parents[begin:end] >= last) & (less.parents[begin:end] < begin)).all()
        assert (np.diff(less.parents[begin:end]) >= 0).all()


def test_merged_neighbourhoods_give_the_same_states(world: World, model: RelationalModel) -> None:
    from relfm.model import RowBank

    first, second = _hood(world, 0), _hood(world, 2)
    bank = RowBank(model, world.database, world.until)
    apart = torch.cat([model.states(world.database, h, bank) for h in (first, second)])
    torch.testing.assert_close(model.states(world.database, merged(first, second), bank), apart, atol=1e-4, rtol=1e-4)


def test_without_way_cuts_the_first_hop_only(world: World) -> None:
    hood = _hood(world)
    relation = int(hood.relations[hood.offsets[1]])
    less = without_way(hood, relation)
    assert not (less.relations[less.offsets[1] : less.offsets[2]] == relation).any()


@pytest.mark.parametrize("link", [0, 2, 3])
def test_without_way_tells_the_link_nowhere_in_a_deep_tree(world: World, link: int) -> None:
    """Neither from a copy of the seed's row to its parent, nor from the parent to that copy."""
    table, relation = world.database.links[link].child, 2 * link + 1

    def links_told(hood: Neighbourhood) -> int:
        row = hood.tables.astype(np.int64) * 10**6 + hood.rows
        is_own, later = row == row[hood.seeds], np.arange(hood.num_seeds, hood.num_nodes)
        up = (hood.relations[later] == relation) & is_own[hood.parents[later]]
        down = (hood.relations[later] == relation - 1) & is_own[later]
        return int((up | down).sum())

    for depth in (3, 4, 5):
        hood = world.sampler.sample(table, np.arange(60), np.full(60, SPAN), (4,) * depth)
        keep, first = np.ones(hood.num_nodes, bool), slice(hood.offsets[1], hood.offsets[2])
        keep[first] = hood.relations[first] != relation
        less, cut_at_first_hop = without_way(hood, relation), pruned(hood, keep)
        if depth < 4:
            assert same(less, cut_at_first_hop)
        else:
            assert links_told(cut_at_first_hop) > 0
            assert links_told(less) == 0
            assert less.num_nodes > 0.9 * cut_at_first_hop.num_nodes


def test_properties_of_a_tree_counted_by_hand() -> None:
    hood = Neighbourhood(
        offsets=np.array([0, 1, 3, 4]),
        tables=np.array([0, 1, 1, 0]),
        rows=np.array([0, 5, 6, 0]),
        parents=np.array([-1, 0, 0, 1]),
        relations=np.array([-1, 0, 0, 1]),
        ages=np.array([-1, 0, 0, -1]),
        seeds=np.zeros(4, np.int64),
    )
    found = dict(zip(PROPERTIES, properties(hood)[0], strict=True))
    assert found["nodes"] == pytest.approx(np.log1p(4))
    assert found["edges"] == pytest.approx(np.log1p(2))  # the row is reached again: its edge is the first one
    assert found["density"] == pytest.approx(2 * 2 / (3 * 2))
    assert found["mean degree"] == pytest.approx(3 / 4)
    assert found["largest degree"] == pytest.approx(np.log1p(2))
    assert found["leaves"] == pytest.approx(2 / 4)
    assert found["tables"] == 2
    assert found["timeless rows"] == pytest.approx(0.5)


def _hood(world: World, table: int = 0) -> Neighbourhood:
    return world.sampler.sample(table, np.arange(4), np.full(4, SPAN // 2), CONFIG.fanout)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.shape == second.shape and bool((first == second).all())
    if isinstance(first, DatabaseTensors):
        return first.name == second.name
    if is_dataclass(first):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return bool(first == second)


def hoods_in(drawn: Any) -> list[Neighbourhood]:
    if isinstance(drawn, Neighbourhood):
        return [drawn]
    if isinstance(drawn, tuple):
        return [h for part in drawn for h in hoods_in(part)]
    if is_dataclass(drawn) and not isinstance(drawn, DatabaseTensors):
        return [h for f in fields(drawn) for h in hoods_in(getattr(drawn, f.name))]
    return []


def test_a_masked_cell_does_not_tell_itself(world: World, model: RelationalModel) -> None:
    objective = made("node_feat_mask")
    drawn = objective.draw(world, np.random.default_rng(6))
    table = world.database.tables[drawn.seeds.table]
    numbers = table.numbers.copy()
    hidden = drawn.masked[:, : numbers.shape[1]]
    assert hidden.any()
    numbers[drawn.seeds.rows] = np.where(hidden, numbers[drawn.seeds.rows] + 1e-3, numbers[drawn.seeds.rows])
    tables = list(world.database.tables)
    tables[drawn.seeds.table] = replace(table, numbers=numbers)
    other = replace(world, database=replace(world.database, tables=tuple(tables)))
    from relfm.model import RowBank

    states = []
    for one in (world, other):
        bank = RowBank(model, one.database, -1)  # statistics of nothing: the cells alone are compared
        shown = np.zeros((len(drawn.masked), drawn.masked.shape[1] + table.dates.shape[1]), bool)
        shown[:, : drawn.masked.shape[1]] = drawn.masked
        bank.mask(drawn.seeds.table, drawn.seeds.rows, shown)
        states.append(bank(drawn.seeds.table, drawn.seeds.rows[hidden.any(axis=1)]))
    assert functional.l1_loss(*states) == 0
