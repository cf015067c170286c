import re
import threading
from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from relfm.errors import DataCannotAnswer
from relfm.model import ModelConfig
from relfm.objectives import Objective, World
from relfm.pretrain import PretrainConfig
from relfm.pretrain.feed import Feed
from relfm.pretrain.size import num_nodes
from relfm.pretrain.worlds import Worlds, open_worlds
from relfm.sampler import Neighbourhood


class Noted(Objective):
    """Draws a number and remembers in which thread; ``refuses`` names databases that offer it nothing."""

    def __init__(self, name: str, refuses: tuple[str, ...] = ()) -> None:
        super().__init__(ModelConfig())
        self.name, self.refuses, self.threads = name, refuses, set()

    def draw(self, world: World, generator: np.random.Generator) -> float | None:
        self.threads.add(threading.current_thread().name)
        return None if world.database.name in self.refuses else generator.random()


@pytest.fixture
def worlds(config: Callable[..., PretrainConfig]) -> Worlds:
    return open_worlds(config().corpus)


def drawn(feed: Feed, steps: list[int]) -> list[list[tuple[str, dict[str, float]]]]:
    with feed:
        return [[(p.world.database.name, dict(p.drawn)) for p in feed.take(step)] for step in steps]


def test_a_step_is_the_same_whenever_it_is_drawn(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    objectives = nn.ModuleDict({"a": Noted("a")})
    whole = drawn(Feed(worlds, objectives, config()), [0, 1, 2, 3, 4, 5])
    assert drawn(Feed(worlds, objectives, config()), [3, 4, 5]) == whole[3:]
    assert drawn(Feed(worlds, objectives, config(machine={"ahead": 0})), [3, 4, 5]) == whole[3:]
    assert [len(parts) for parts in whole] == [2] * 6
    assert {name for parts in whole for name, _ in parts} == {"bakery", "library"}


def test_seeds_and_ranks_draw_differently(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    objectives = nn.ModuleDict({"a": Noted("a")})
    feeds = [
        Feed(worlds, objectives, config()),
        Feed(worlds, objectives, config(), rank=1),
        Feed(worlds, objectives, config(seed=1)),
    ]
    numbers = [tuple(held["a"] for parts in drawn(feed, [0, 1, 2]) for _, held in parts) for feed in feeds]
    assert len({n for held in numbers for n in held}) == 18


def test_an_objective_does_not_change_what_another_draws(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    alone = drawn(Feed(worlds, nn.ModuleDict({"a": Noted("a")}), config()), [0, 1])
    both = drawn(Feed(worlds, nn.ModuleDict({"b": Noted("b"), "a": Noted("a")}), config()), [0, 1])
    assert [[held["a"] for _, held in parts] for parts in both] == [[h["a"] for _, h in parts] for parts in alone]
    assert all(held["a"] != held["b"] for parts in both for _, held in parts)


def test_a_database_that_offers_nothing_is_passed_over(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    some = nn.ModuleDict({"a": Noted("a", ("bakery",)), "b": Noted("b", ("bakery",))})
    assert {name for parts in drawn(Feed(worlds, some, config()), [0, 1, 2]) for name, _ in parts} == {"library"}
    none = Feed(worlds, nn.ModuleDict({"a": Noted("a", ("bakery", "library"))}), config())
    with pytest.raises(DataCannotAnswer, match="offers anything to a"):
        drawn(none, [0])


class Hooded(Noted):
    """Draws a neighbourhood of 1 to 60 seeds or, where the world asks for less, of at least ``least``; in a tuple."""

    least = 1

    def draw(self, world: World, generator: np.random.Generator) -> tuple[Neighbourhood, int]:
        rows = np.arange(world.sized(int(generator.integers(self.least, 61)), self.least))
        return world.sampler.sample(1, rows, np.full(len(rows), world.until), ()), 7


def test_what_is_too_large_is_drawn_again_then_smaller(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    objectives = nn.ModuleDict({"a": Noted("a"), "hooded": Hooded("hooded")})
    sizes = []
    for nodes in (0, 6):
        steps = drawn(Feed(worlds, objectives, config(loop={"nodes": nodes})), [*range(20)])
        sizes.append([num_nodes(held["hooded"]) for parts in steps for _, held in parts])
    assert max(sizes[0]) > 50
    assert max(sizes[1]) <= 6
    assert len(sizes[0]) == len(sizes[1]) == 40
    assert [few for many, few in zip(*sizes, strict=True) if many <= 6] == [many for many in sizes[0] if many <= 6]


def test_what_no_draw_is_small_enough_for_is_named(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    hooded = Hooded("hooded")
    hooded.least = 30
    settings = config(loop={"nodes": 6})
    with Feed(worlds, nn.ModuleDict({"a": Noted("a"), "hooded": hooded}), settings) as feed:
        parts, (held_out,) = feed.take(0), feed.held_out(1)
        remarks = feed.remarks(parts)
    assert all([*part.drawn] == ["a"] and part.too_large["hooded"] >= 30 for part in (*parts, held_out))
    assert remarks
    assert all(re.match(r"a draw of hooded in \w+ is left out: .* loop.nodes allows \(6\)", said) for said in remarks)
    alone = Feed(worlds, nn.ModuleDict({"hooded": hooded}), settings)
    with pytest.raises(DataCannotAnswer, match=r"at most 6 nodes: hooded in \w+ has 3\d at least") as refused:
        drawn(alone, [0])
    assert "raise loop.nodes" in refused.value.hint


def test_held_out_draws_are_the_same_for_every_seed(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    objectives = nn.ModuleDict({"a": Noted("a")})
    held = []
    for seed in (0, 1):
        with Feed(worlds, objectives, config(seed=seed)) as feed:
            held.append([(p.world.database.name, p.drawn["a"]) for p in feed.held_out(3)])
    assert held[0] == held[1]
    assert [name for name, _ in held[0]] == ["stadium"] * 3
    assert len({number for _, number in held[0]}) == 3


def test_drawing_is_done_by_one_thread_beside(config: Callable[..., PretrainConfig], worlds: Worlds) -> None:
    noted = Noted("a")
    feed = Feed(worlds, nn.ModuleDict({"a": noted}), config())
    with feed:
        feed.take(0)
        feed.held_out(1)
    assert len(noted.threads) == 1
    assert threading.current_thread().name not in noted.threads
    assert feed.waited > 0
