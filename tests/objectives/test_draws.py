"""What objectives draw and ask for, against counting by hand; and that what is later than a world's ``until`` is not
looked at."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from objectives.conftest import CONFIG
from objectives.test_objectives import NAMES, made, same
from small_tensors import SPAN

from relfm.model import RelationalModel
from relfm.model.statistics import column_statistics
from relfm.objectives import World
from relfm.objectives.asked import Asked
from relfm.objectives.auroc import auroc
from relfm.objectives.children import visible_children
from relfm.objectives.graph_contrast import near_rows
from relfm.objectives.in_context import LEAST_QUERIES, class_loss, log_odds, targets
from relfm.objectives.link_existence import false_parents
from relfm.objectives.masked_cells import LARGEST
from relfm.objectives.next_window import NextWindow
from relfm.objectives.seeds import draw_seeds
from relfm.objectives.structure import repeats, triangles
from relfm.pretrain.size import num_nodes
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors, TaskTensors
from relfm.times import MISSING_TIME, TIMELESS

UNTIL = int(0.7 * SPAN)


def with_another_future(database: DatabaseTensors) -> DatabaseTensors:
    """The same up to UNTIL; of later rows all cells, times, links and answers are different."""
    generator = np.random.default_rng(0)
    tables, links = [], []
    for table in database.tables:
        late = table.times > UNTIL
        numbers, strings, dates, times = (a.copy() for a in (table.numbers, table.strings, table.dates, table.times))
        numbers[late], strings[late], dates[late] = 1e6, -1, MISSING_TIME
        times[late] = UNTIL + 1 + generator.integers(0, SPAN, late.sum())
        tables.append(replace(table, numbers=numbers, strings=strings, dates=dates, times=times))
    for link in database.links:
        times, size = tables[link.child].times, len(tables[link.parent])
        moved = np.where(times > UNTIL, generator.integers(0, size, len(times)), link.parents)
        links.append(LinkTensors.of(link.child, link.parent, link.name, moved, times, size))
    tasks = [replace(t, targets=np.where(t.known > UNTIL, 1 - t.targets, t.targets)) for t in database.tasks]
    return replace(database, tables=tuple(tables), links=tuple(links), tasks=tuple(tasks))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_later_than_until_changes_nothing(name: str, world: World, model: RelationalModel) -> None:
    objective, database = made(name), with_another_future(world.database)
    worlds = [replace(world, until=UNTIL), World(database, Sampler(database, backend="numpy"), UNTIL, world.index)]
    lost = 0
    for seed in range(4):
        first, second = (objective.draw(one, np.random.default_rng(seed)) for one in worlds)
        assert same(first, second)
        if first is not None:
            values = [objective(model, w, d).value for w, d in zip(worlds, (first, second), strict=True)]
            assert torch.equal(*values)
            lost += 1
    assert lost


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_share_draws_fewer_seeds(name: str, world: World) -> None:
    """So that what is too large for the memory is drawn smaller, not left out."""
    sizes = []
    for share in (1.0, 0.25):
        drawn = (made(name).draw(replace(world, share=share), np.random.default_rng(seed)) for seed in range(6))
        sizes.append(sum(num_nodes(one) for one in drawn))
    assert 0 < sizes[1] < 0.6 * sizes[0]


def test_seeds_are_seen_at_their_own_time_or_later(world: World) -> None:
    at_once = []
    for seed in range(30):
        seeds = draw_seeds(world, np.random.default_rng(seed), 40)
        times = world.database.tables[seeds.table].times[seeds.rows]
        dated = times > TIMELESS
        assert (seeds.seen[dated] >= times[dated]).all()
        assert (seeds.seen <= world.until).all()
        if dated.all():
            at_once.append(bool((seeds.seen == times).all()))
    assert 0.1 < np.mean(at_once) < 0.9


def test_visible_children_are_counted(world: World) -> None:
    generator = np.random.default_rng(0)
    for link in world.database.links:
        times = world.database.tables[link.child].times
        rows = generator.integers(0, len(world.database.tables[link.parent]), 50)
        seen = generator.integers(0, SPAN, 50)
        known = times != MISSING_TIME
        expected = [(known & (link.parents == r) & (times <= s)).sum() for r, s in zip(rows, seen, strict=True)]
        assert visible_children(world, link, rows, seen).tolist() == expected


def test_windows_count_the_rows_that_come_after_what_is_seen(world: World) -> None:
    found = 0
    for seed in range(8):
        drawn = NextWindow(CONFIG).draw(world, np.random.default_rng(seed))
        rows, seen = drawn.seeds.rows, drawn.seeds.seen
        assert (seen + drawn.window <= world.until).all()
        for column, index in enumerate(drawn.links):
            link = world.database.links[index]
            assert link.parent == drawn.seeds.table
            times = world.database.tables[link.child].times
            expected = [
                ((link.parents == r) & (times > s) & (times <= s + drawn.window)).sum()
                for r, s in zip(rows, seen, strict=True)
            ]
            assert drawn.counts[:, column].tolist() == expected
            found += sum(expected)
    assert found


def test_a_head_that_says_the_base_rates_costs_the_constant_of_windows(world: World, model: RelationalModel) -> None:
    """One link a draw, so that the head's biases can say its rate; any count will do, if it is the same for all."""
    objective = made("next_window")
    draws = (objective.draw(world, np.random.default_rng(seed)) for seed in range(20))
    drawn = next(d for d in draws if not (d.counts[:, 0] > 0).all())
    drawn = replace(drawn, links=drawn.links[:1], counts=drawn.counts[:, :1])
    rate = float((drawn.counts > 0).mean())
    with torch.no_grad():
        objective.head[-1].weight.zero_()
        objective.head[-1].bias.copy_(torch.tensor([np.log(rate / (1 - rate)), 7.0]))
    loss = objective(model, world, drawn)
    assert float(loss.value.detach()) == pytest.approx(loss.constant, rel=1e-5)


def test_false_parents_are_visible_and_false(world: World) -> None:
    for index, link in enumerate(world.database.links):
        children = link.children[:: max(1, len(link.children) // 60)]
        seen = world.database.tables[link.child].times[children]
        false = false_parents(world, index, children, seen, np.random.default_rng(0))
        kept = false >= 0
        assert kept.mean() > 0.7
        assert (false[kept] != link.parents[children][kept]).all()
        times = world.database.tables[link.parent].times[false[kept]]
        assert ((times != MISSING_TIME) & (times <= seen[kept])).all()


def a_timeless_world() -> World:
    """Twenty items of five kinds, by eight makers; nothing has a time."""
    none, generator = np.zeros(0, np.int32), np.random.default_rng(0)

    def table(size: int) -> TableTensors:
        cells = generator.normal(size=(size, 1)).astype(np.float32)
        times, nothing = np.full(size, TIMELESS), np.zeros((size, 0), np.int32)
        return TableTensors(0, times, cells, nothing, nothing.astype(np.int64), np.zeros(1, np.int32), none, none)

    tables = (table(20), table(5), table(8))
    links = tuple(
        LinkTensors.of(0, p, 0, generator.integers(0, n, 20), tables[0].times, n) for p, n in ((1, 5), (2, 8))
    )
    vectors = generator.normal(size=(1, CONFIG.text_dim)).astype(np.float16)
    database = DatabaseTensors("items", tables, links, vectors, np.zeros(1, np.uint32))
    return World(database, Sampler(database, backend="numpy"), TIMELESS)


@pytest.mark.parametrize("name", ["link_pred", "edge_property"])
def test_a_timeless_child_is_not_shown_among_its_parents_children(name: str) -> None:
    world = a_timeless_world()
    for seed in range(6):
        drawn = made(name).draw(world, np.random.default_rng(seed))
        hood = drawn.hood
        if name == "link_pred":
            count, index = hood.num_seeds // 3, drawn.link
            children, parents = hood.rows[:count], hood.rows[count : 2 * count]
            assert (world.database.links[index].parents[children] == parents).all()
            shown = (hood.tables == 0) & (hood.seeds >= count)
            assert (hood.rows[shown] != children[hood.seeds[shown] % count]).all()
            assert shown.any()
        else:
            assert hood.num_seeds % 2 == 0
            assert set(hood.tables[: hood.num_seeds]) == {1, 2}


def test_several_classes_cost_what_their_base_rates_say() -> None:
    shown = torch.eye(3)[[0, 0, 0, 1, 1, 2]]
    base, slope = log_odds(shown)
    rates = torch.tensor([3, 2, 1]) / 6
    torch.testing.assert_close(base.softmax(0), rates)
    wanted = torch.eye(3)[[0, 2]]
    expected = -(rates[0].log() + rates[2].log()) / 2
    torch.testing.assert_close(class_loss(base.expand(2, -1), wanted), expected)
    step = 1e-3 * torch.tensor([1.0, -0.5, -0.5])
    moved = (base + step * slope).softmax(0) - rates
    torch.testing.assert_close(moved, step, atol=1e-5, rtol=0.01)


def test_queries_of_new_classes_are_left_out() -> None:
    answers = np.concatenate([np.tile([0, 2], 30), np.tile([0, 1, 2], LEAST_QUERIES)]).astype(float)
    size = np.arange(len(answers))
    task = TaskTensors(0, 0, "multiclass", 1, size, size, answers, size, num_classes=3)
    shown, wanted, answered = targets(task, size[:60], size[60:])
    assert shown.shape == (60, 2)
    assert (answered == (answers[60:] != 1)).all()
    assert (wanted.argmax(axis=1) * 2 == answers[60:][answered]).all()
    assert targets(task, size[:60:2], size[60:]) is None


def test_the_constant_of_masked_cells_is_that_of_each_column(world: World, model: RelationalModel) -> None:
    """Counted anew from the draw: means of numbers, frequencies of strings."""
    objective = made("node_feat_mask")
    drawn = next(d for s in range(20) if (d := objective.draw(world, np.random.default_rng(s))).masked.all(axis=0).any()
                 or d.masked.any(axis=0).all())  # fmt: skip
    table = world.database.tables[drawn.seeds.table]
    known, parts = column_statistics(table, world.until), []
    squares = []
    for column in range(table.numbers.shape[1]):
        scaled = (table.numbers[drawn.seeds.rows, column] - known.centers[column]) / known.scales[column]
        scaled = scaled.clip(-LARGEST, LARGEST)
        squares += [*((scaled[drawn.masked[:, column]] - np.nanmean(scaled)) ** 2)]
    parts.append(np.mean(squares))
    strings, masked = table.strings[drawn.seeds.rows, 0], drawn.masked[:, -1]
    present = strings[strings >= 0]
    parts.append(np.mean([-np.log((present == s).mean()) for s in strings[masked]]))
    assert objective(model, world, drawn).constant == pytest.approx(np.mean(parts), rel=1e-5)


def test_rows_of_the_first_hop_belong_to_all_that_they_stand_beside() -> None:
    hood = Neighbourhood(
        offsets=np.array([0, 2, 5]),
        tables=np.array([0, 0, 1, 1, 1]),
        rows=np.array([0, 1, 7, 7, 8]),
        parents=np.array([-1, -1, 0, 1, 1]),
        relations=np.array([-1, -1, 0, 0, 0]),
        ages=np.full(5, -1),
        seeds=np.array([0, 1, 0, 1, 1]),
    )
    tables, rows, own = near_rows(hood)
    assert (tables.tolist(), rows.tolist(), own.tolist()) == ([1, 1], [7, 8], [[True, True], [False, True]])


def test_triangles_and_repeats_of_a_tree_counted_by_hand() -> None:
    """Three neighbours, two of which are linked, seen from either end; the third leads back to none of them."""
    hood = Neighbourhood(
        offsets=np.array([0, 1, 4, 7]),
        tables=np.array([0, 1, 1, 2, 1, 1, 3]),
        rows=np.array([0, 5, 6, 0, 6, 5, 1]),
        parents=np.array([-1, 0, 0, 0, 1, 2, 3]),
        relations=np.array([-1, 0, 0, 1, 2, 3, 5]),
        ages=np.full(7, -1),
        seeds=np.zeros(7, np.int64),
    )
    assert triangles(hood).tolist() == pytest.approx([1 / 3])
    assert repeats(hood).tolist() == pytest.approx([2 / 7])


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    scores, truth = torch.tensor([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True])
    assert auroc(scores, truth) == {"auroc": pytest.approx(3.5 / 4)}
    assert auroc(scores, np.ones(4, bool)) == {}


def test_asked_databases_are_kept_while_there_is_room(world: World) -> None:
    asked = Asked(most_rows=world.database.num_rows * 2)
    first = asked(world, 0)
    assert asked(world, 0)[0] is first[0]
    assert len(first[0].tables) == len(world.database.tables) + 1
    asked(world, 1)
    assert asked(world, 0)[0] is not first[0]
