from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sign_objective import Sign

from relfm.model import ModelConfig, RelationalModel
from relfm.objectives import OBJECTIVES, Loss, Optimisation, World
from relfm.pretrain import PretrainConfig
from relfm.pretrain.build import build_learner
from relfm.pretrain.evaluate import evaluate
from relfm.pretrain.feed import Feed
from relfm.pretrain.learner import Learner
from relfm.pretrain.machine import Machine
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.worlds import open_worlds

Config = Callable[..., PretrainConfig]


def learner_of(config: PretrainConfig) -> tuple[Learner, Feed]:
    worlds = open_worlds(config.corpus)
    learner = build_learner(config, worlds, Machine.of(config.machine, Ranks()), Ranks())
    return learner, Feed(worlds, learner.weights.objectives, config)


def weights(learner: Learner) -> list[torch.Tensor]:
    return [p.detach().clone() for p in learner.weights.parameters()]


class Odd(Sign):
    """Has no finite loss on one database."""

    def forward(self, *given: Any) -> Loss:
        loss = super().forward(*given)
        return Loss(loss.value * float("nan"), {}, None) if given[1].database.name == "bakery" else loss


def test_a_loss_that_is_not_finite_changes_nothing(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config()
    monkeypatch.setitem(OBJECTIVES, "sign", Odd)
    learner, feed = learner_of(settings)
    with feed:
        for step in range(8):
            parts = feed.take(step)
            before = weights(learner)
            record = learner.step(parts, step, 8)
            odd = sum(part.world.database.name == "bakery" for part in parts)
            assert record["train/skipped"] == odd
            unchanged = all(torch.equal(a, b) for a, b in zip(before, weights(learner), strict=True))
            assert unchanged == (odd == len(parts))


def test_a_step_depends_on_no_random_state_from_outside(config: Config) -> None:
    records = []
    for seed in (1, 2):
        learner, feed = learner_of(config())
        with feed:
            torch.manual_seed(seed)
            before = torch.random.get_rng_state()
            records.append([learner.step(feed.take(step), step, 3) for step in range(3)])
            assert torch.equal(torch.random.get_rng_state(), before)
    assert records[0] == records[1]


def test_projections_are_seeded_by_step_and_rank_and_no_state_of_them_is_kept(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process's state is what all of them go on with."""
    seeds: list[int] = []
    monkeypatch.setattr(Optimisation, "step", lambda *_, seed, **__: seeds.append(seed) or {})
    settings = config()
    worlds, machine = open_worlds(settings.corpus), Machine.of(settings.machine, Ranks())
    for rank, steps in ((0, (0, 1)), (1, (0, 1)), (1, (1,))):
        learner = build_learner(settings, worlds, machine, Ranks(rank=rank))
        with Feed(worlds, learner.weights.objectives, settings, rank=rank) as feed:
            for step in steps:
                learner.step(feed.take(step), step, 2)
        assert [key for key, _ in learner.state()[1]["optimisation"]["items"]] == ["optimizer"]
    assert len(set(seeds)) == 4
    assert seeds[-1] == seeds[3]


def test_the_same_seed_gives_the_same_network_and_another_seed_another(config: Config) -> None:
    one, same, other = (weights(learner_of(config(seed=seed))[0]) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_bfloat16_is_for_the_forward_pass_only(config: Config) -> None:
    learner, feed = learner_of(config(machine={"precision": "bfloat16"}))
    with feed:
        record = learner.step(feed.take(0), 0, 1)
    assert {p.dtype for p in learner.weights.parameters()} == {torch.float32}
    exact, feed = learner_of(config())
    with feed:
        whole = exact.step(feed.take(0), 0, 1)["train/loss/total"]
    assert record["train/loss/total"] == pytest.approx(whole, rel=0.05)
    assert record["train/loss/total"] != whole


class Told(Sign):
    """Loses what it drew, and tells it."""

    name = "told"

    def draw(self, world: World, generator: np.random.Generator) -> float:
        return generator.random()

    def forward(self, model: RelationalModel, world: World, drawn: float) -> Loss:
        return Loss(drawn + 0 * self.head.weight.sum(), {"drawn": drawn}, 2.0)


def test_what_a_step_records_is_the_mean_over_its_draws_of_a_database(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OBJECTIVES, Told.name, Told)
    alone = {"only": ["bakery"], "held_out": [], "share": 0.0}
    learner, feed = learner_of(config(objectives=[Told.name], loop={"databases": 3}, corpus=alone))
    with feed:
        parts = feed.take(0)
    drawn = np.array([part.drawn[Told.name] for part in parts])
    record = learner.step(parts, 0, 1)
    for name, expected in (
        ("train/loss/bakery/told", drawn.mean()),
        ("train/loss/bakery", drawn.mean()),
        ("train/ratio/bakery/told", drawn.mean() / 2),
        ("train/told/drawn/bakery", drawn.mean()),
    ):
        assert record[name] == pytest.approx(expected), name


class Foe(Told):
    """Turns against the network."""

    name, cooperative, weight = "foe", False, 0.25


def test_what_turns_against_the_network_is_no_part_of_what_models_are_chosen_by(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in (Told, Foe):
        monkeypatch.setitem(OBJECTIVES, one.name, one)
    learner, feed = learner_of(config(objectives=["sign", "told", "foe", "domain_adv"]))
    with feed:
        parts = feed.held_out(3)
    objectives = dict(learner.weights.objectives.items())
    record = evaluate(learner.weights.model, objectives, parts, learner.machine)
    assert record["val/loss/foe"] == pytest.approx(np.mean([part.drawn["foe"] for part in parts]))
    mates = [record["val/loss/sign"], record["val/loss/told"]]
    assert record["val/loss/total"] == record["val/loss/stadium"] == pytest.approx(np.mean(mates))
    assert record["val/ratio/total"] == pytest.approx(np.mean([record["val/ratio/sign"], record["val/ratio/told"]]))
    assert record["val/foe/lambda"] == 0.25
    assert record["val/domain_adv/lambda"] == 0
    assert "val/loss/domain_adv" not in record  # a held-out database is none of its classes


def test_schedules_go_from_the_first_to_the_last_step(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    class Scheduled(Sign):
        """Its share is what it was last advanced to."""

        def __init__(self, given: ModelConfig) -> None:
            super().__init__(given)
            self.register_buffer("share", torch.tensor(-1.0))

        def advance(self, progress: float) -> None:
            self.share.fill_(progress)

    settings = config()
    monkeypatch.setitem(OBJECTIVES, "sign", Scheduled)
    learner, feed = learner_of(settings)
    with feed:
        records = [learner.step(feed.take(step), step, 5) for step in range(5)]
    assert [record["train/sign/share"] for record in records] == [0, 0.25, 0.5, 0.75, 1]
    assert [record["train/progress/share"] for record in records] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert learner.averaged.objectives["sign"].share == 1
