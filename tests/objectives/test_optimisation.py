"""What a step does with losses and gradients, and what it tells of it."""

import copy

import numpy as np
import pytest
import torch
from objectives.conftest import CONFIG
from torch import Tensor, nn
from torch.nn import functional

from relfm.model import RelationalModel, RowBank
from relfm.objectives import OBJECTIVES, SCHEMES, Objective, Optimisation, World
from relfm.objectives.schedules import reversal, temperature


class Pull(Objective):
    """Draws the network's only weights towards a point."""

    def __init__(self, point: list[float], *, cooperative: bool = True, weight: float = 1.0) -> None:
        nn.Module.__init__(self)
        self.cooperative, self.weight = cooperative, weight
        self.point = torch.tensor(point)

    def loss(self, model: nn.Linear) -> Tensor:
        return ((model.weight[0] - self.point) ** 2).sum()


def test_the_adversary_has_a_backward_pass_of_its_own() -> None:
    """With an adversary in play, balancing weights and surgery are those of the cooperative objectives alone."""
    torch.manual_seed(0)
    model = nn.Linear(2, 1, bias=False)
    objectives = {"a": Pull([1.0, 0.0]), "b": Pull([-1.0, 0.5]), "foe": Pull([5.0, 5.0], cooperative=False)}
    with_foe, without = copy.deepcopy(model), copy.deepcopy(model)
    record = Optimisation(with_foe, objectives).step({n: o.loss(with_foe) for n, o in objectives.items()}, 0.5)
    mates = {n: objectives[n] for n in ("a", "b")}
    other = Optimisation(without, mates).step({n: o.loss(without) for n, o in mates.items()}, 0.5)
    shared = [n for n in other if n.startswith(("gradient_surgery", "train/loss_balancer"))]
    assert shared
    assert [record[n] for n in shared] == pytest.approx([other[n] for n in shared])
    assert record["train/loss/total"] >= 0.5 * other["train/loss/total"] - 1e-6


def test_the_gradient_is_clipped() -> None:
    model = nn.Linear(2, 1, bias=False)
    objective = Pull([1e4, -1e4])
    optimisation = Optimisation(model, {"a": objective}, clip=0.5)
    record = optimisation.step({"a": objective.loss(model)}, 0.5)
    assert record["train/gradients/model_grad_norm"] > 1e3
    assert float(model.weight.grad.norm()) <= 0.5 + 1e-5


def test_the_order_of_projections_follows_from_the_seed_of_the_step_alone() -> None:
    """A process that goes on with the first one's state projects as it would have, whatever it drew before."""
    angles = np.linspace(0, 2 * np.pi, 5, endpoint=False)
    objectives = {str(i): Pull([float(np.cos(a)), float(np.sin(2 * a + i))]) for i, a in enumerate(angles)}

    def step(optimisation: Optimisation, names: list[str], seed: int) -> Tensor:
        nn.init.zeros_(optimisation.model.weight)
        optimisation.step({n: objectives[n].loss(optimisation.model) for n in names}, 0.5, seed=seed)
        return optimisation.model.weight.grad.clone()

    first, other = (Optimisation(nn.Linear(2, 1, bias=False), objectives, clip=1e9) for _ in range(2))
    step(first, ["0", "1", "2"], 7)
    step(other, ["0", "1"], 8)
    found = [step(one, [*objectives], seed) for one in (first, other) for seed in (1, 2, 3, 4)]
    assert all(torch.equal(a, b) for a, b in zip(found[:4], found[4:], strict=True))
    assert len({tuple(gradient.reshape(-1).tolist()) for gradient in found}) > 1


def test_a_loss_that_is_not_finite_is_left_out() -> None:
    model = nn.Linear(2, 1, bias=False)
    objectives = {"a": Pull([1.0, 1.0]), "b": Pull([0.0, 0.0])}
    losses = {"a": objectives["a"].loss(model), "b": objectives["b"].loss(model) * float("nan")}
    record = Optimisation(model, objectives).step(losses, 0.5)
    assert record["train/skipped"] == 1
    assert torch.isfinite(model.weight).all()


class Burst(Pull):
    """Its head's gradient is infinite, the network's is not."""

    def __init__(self) -> None:
        super().__init__([1.0, 1.0])
        self.head = nn.Parameter(torch.zeros(()))

    def loss(self, model: nn.Linear) -> Tensor:
        return super().loss(model) + self.head.abs().sqrt()


def test_a_gradient_that_is_not_finite_changes_no_head() -> None:
    model, burst = nn.Linear(2, 1, bias=False), Burst()
    before = model.weight.detach().clone()
    record = Optimisation(model, {"a": burst}).step({"a": burst.loss(model)}, 0.5)
    assert not np.isfinite(record["train/gradients/heads_grad_norm"])
    assert torch.isfinite(burst.head)
    assert torch.equal(model.weight, before)


def test_heads_learn_at_rates_of_their_own(world: World, model: RelationalModel) -> None:
    objectives = {n: OBJECTIVES[n](CONFIG) for n in ("link_pred", "node_contrast", "domain_adv")}
    optimisation = Optimisation(model, objectives, rate=0.1)
    record = optimisation.step({"node_contrast": _loss("node_contrast", objectives, world, model)}, 0.03)
    rates = [record[f"train/lr/{n}"] for n in ("model", "link_pred", "node_contrast", "domain_adv")]
    assert rates == pytest.approx([0.1, 0.01, 0.1, 0.05])


def test_heads_are_not_projected(world: World, model: RelationalModel) -> None:
    names = ("node_feat_mask", "graph_prop", "link_pred")
    objectives = {n: OBJECTIVES[n](CONFIG) for n in names}
    optimisation = Optimisation(model, objectives, clip=1e9)
    losses = {n: _loss(n, objectives, world, model) for n in names}
    heads = {n: torch.autograd.grad(losses[n], [*objectives[n].parameters()], retain_graph=True) for n in names}
    record = optimisation.step(losses, 0.5)
    for name in names:
        weight = record[f"train/loss_balancer/weight/{name}"]
        for parameter, expected in zip(objectives[name].parameters(), heads[name], strict=True):
            torch.testing.assert_close(parameter.grad, weight * expected, atol=1e-6, rtol=1e-4)


def test_the_record_has_every_figure_of_the_text(world: World, model: RelationalModel) -> None:
    objectives = {n: OBJECTIVES[n](CONFIG) for n in SCHEMES["s5"]}
    for objective in objectives.values():
        objective.advance(0.7)
    optimisation = Optimisation(model, objectives)
    record = optimisation.step({n: _loss(n, objectives, world, model) for n in objectives}, 0.7)
    mates = [n for n in objectives if n != "domain_adv"]
    named = [f"train/loss/{n}" for n in (*objectives, "total")]
    named += [f"{kind}/{n}" for n in mates for kind in ("train/loss_balancer/weight", "train/loss_balancer/weighted")]
    named += [f"train/gradients/{n}" for n in (*mates, "model_grad_norm")]
    named += [f"gradient_surgery/{n}" for n in ("total_conflicts", "total_projections", "conflict_ratio")]
    named += [f"gradient_surgery/cosine/{a}/{b}" for i, b in enumerate(mates) for a in mates[:i]]
    named += ["train/domain_adv/lambda", "train/node_contrast/temperature", "train/progress/share"]
    assert not set(named) - set(record)
    assert all(np.isfinite(value) for value in record.values())
    assert record["train/domain_adv/lambda"] == pytest.approx(reversal(0.7))
    assert record["train/node_contrast/temperature"] == pytest.approx(temperature(0.7))
    weighted = [record[f"train/loss_balancer/weighted/{n}"] for n in mates]
    taken = record["train/domain_adv/lambda"] * record["train/loss/domain_adv"]
    assert record["train/loss/total"] == pytest.approx(sum(weighted) - taken)


class Still(Objective):
    """Wants nothing of the network."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.head = nn.Parameter(torch.ones(()))

    def loss(self) -> Tensor:
        return self.head**2


@pytest.mark.parametrize("progress", [0.0, 0.9])
def test_the_network_is_turned_against_the_adversary(progress: float, world: World, model: RelationalModel) -> None:
    """Its head learns always; the network goes the other way, once the weight is not 0 any more."""
    adversary = OBJECTIVES["domain_adv"](CONFIG)
    adversary.advance(progress)
    drawn = adversary.draw(world, np.random.default_rng(0))
    mate = Still()
    losses = {"mate": mate.loss(), "domain_adv": adversary(model, world, drawn).value}
    Optimisation(model, {"mate": mate, "domain_adv": adversary}, clip=1e9).step(losses, progress)
    assert all(p.grad.abs().sum() > 0 for p in adversary.parameters())
    found = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
    states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
    lost = functional.cross_entropy(adversary.head(states), torch.full((len(states),), world.index))
    plain = torch.autograd.grad(lost, [*model.parameters()], allow_unused=True)
    flat = torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1)
                      for g, p in zip(plain, model.parameters(), strict=True)])  # fmt: skip
    if progress:
        assert functional.cosine_similarity(found, flat, dim=0) < -0.9
    else:
        assert not found.any()


def _loss(name: str, objectives: dict[str, Objective], world: World, model: RelationalModel) -> Tensor:
    return objectives[name](model, world, objectives[name].draw(world, np.random.default_rng(6))).value


def test_a_resumed_optimisation_takes_the_same_steps(world: World) -> None:
    names = ("in_context", "next_window", "domain_adv")

    def fresh() -> tuple[RelationalModel, dict[str, Objective], Optimisation]:
        torch.manual_seed(0)
        model = RelationalModel(CONFIG)
        objectives = {n: OBJECTIVES[n](CONFIG) for n in names}
        return model, objectives, Optimisation(model, objectives)

    def steps(held: tuple[RelationalModel, dict[str, Objective], Optimisation], which: range) -> dict[str, float]:
        model, objectives, optimisation = held
        for step in which:
            drawn = {n: o.draw(world, np.random.default_rng([step, 1])) for n, o in objectives.items()}
            losses = {n: o(model, world, drawn[n]).value for n, o in objectives.items() if drawn[n] is not None}
            record = optimisation.step(losses, step / 8)
        return record

    whole = fresh()
    expected = steps(whole, range(6))
    first, second = fresh(), fresh()
    steps(first, range(3))
    second[0].load_state_dict(first[0].state_dict())
    for name in names:
        second[1][name].load_state_dict(first[1][name].state_dict())
    second[2].load_state_dict(copy.deepcopy(first[2].state_dict()))
    assert steps(second, range(3, 6)) == expected
