"""What happens to losses and gradients, against closed forms."""

import copy

import numpy as np
import pytest
import torch
from objectives.conftest import CONFIG
from torch import Tensor, nn
from torch.nn import functional

from relfm.model import RelationalModel
from relfm.objectives import OBJECTIVES, SCHEMES, Objective, Optimisation, World
from relfm.objectives.balancing import bounded, inverse_magnitude
from relfm.objectives.contrast import info_nce, mutual_information, nt_xent
from relfm.objectives.domain_adversary import Reversal
from relfm.objectives.schedules import learning_rate, reversal, temperature
from relfm.objectives.surgery import project_conflicts


def surgery(*gradients: list[float]) -> Tensor:
    return project_conflicts(torch.tensor(gradients), torch.Generator().manual_seed(0)).gradient


def test_conflicting_gradients_lose_what_opposes() -> None:
    first, second = np.array([1.0, 0.0]), np.array([-1.0, 1.0])
    expected = first - (first @ second) / (second @ second) * second
    expected = expected + second - (second @ first) / (first @ first) * first
    np.testing.assert_allclose(surgery([1.0, 0.0], [-1.0, 1.0]).numpy(), expected, atol=1e-6)


def test_gradients_that_agree_are_added() -> None:
    done = project_conflicts(torch.tensor([[1.0, 1.0], [1.0, 0.5]]), torch.Generator())
    torch.testing.assert_close(done.gradient, torch.tensor([2.0, 1.5]))
    assert (done.conflicts, done.projections, done.pairs) == (0, 0, 1)


def test_opposite_gradients_cancel() -> None:
    torch.testing.assert_close(surgery([1.0, 2.0], [-1.0, -2.0]), torch.zeros(2))


def test_a_zero_gradient_changes_nothing() -> None:
    torch.testing.assert_close(surgery([0.0, 0.0], [-1.0, 3.0]), torch.tensor([-1.0, 3.0]))


def test_reversal_turns_and_scales_the_gradient() -> None:
    values = torch.randn(5, requires_grad=True)
    (Reversal.apply(values, 0.25) ** 2).sum().backward()
    torch.testing.assert_close(values.grad, -0.25 * 2 * values.detach())


def test_info_nce_is_its_formula() -> None:
    queries, keys = torch.randn(6, 4), torch.randn(6, 4)
    q, k = functional.normalize(queries, dim=-1), functional.normalize(keys, dim=-1)
    expected = [-torch.log(torch.exp(q[i] @ k[i] / 0.2) / torch.exp(k @ q[i] / 0.2).sum()) for i in range(6)]
    torch.testing.assert_close(info_nce(queries, keys, 0.2), torch.stack(expected).mean())


def test_nt_xent_is_its_formula() -> None:
    first, second = torch.randn(4, 3), torch.randn(4, 3)
    both = functional.normalize(torch.cat([first, second]), dim=-1)
    expected = []
    for i in range(8):
        others = [j for j in range(8) if j != i]
        total = torch.exp(both[others] @ both[i] / 0.5).sum()
        expected.append(-torch.log(torch.exp(both[(i + 4) % 8] @ both[i] / 0.5) / total))
    torch.testing.assert_close(nt_xent(first, second, 0.5), torch.stack(expected).mean())


def test_chance_costs_two_logarithms_of_two() -> None:
    lost = mutual_information(torch.zeros(6, 3), torch.eye(3, dtype=torch.bool).repeat(2, 1))
    assert float(lost) == pytest.approx(2 * np.log(2))


def test_balancing_makes_weighted_losses_equal() -> None:
    losses = {"a": 4.0, "b": 0.5, "c": -2.0}
    weights = inverse_magnitude(losses)
    assert sum(weights.values()) == pytest.approx(1)
    assert [weights[n] * abs(losses[n]) for n in losses] == pytest.approx([weights["a"] * 4.0] * 3)


@pytest.mark.parametrize("weight", [0.001, 0.5, 3.0])
@pytest.mark.parametrize("adversary", [0.0, 0.2, 9.0])
def test_the_adversary_never_takes_more_than_its_bound(weight: float, adversary: float) -> None:
    allowed = bounded(weight, adversary, 1.0)
    assert 0 <= allowed <= weight
    assert 1.0 - allowed * adversary >= 0.5 - 1e-12
    assert allowed == weight or weight * adversary > 0.5


def test_schedules_have_their_values() -> None:
    assert [temperature(p) for p in (0, 0.5, 1)] == pytest.approx([0.5, 0.275, 0.05])
    assert [reversal(p) for p in (0, 0.2, 0.4)] == [0, 0, 0]
    assert reversal(1.0) == pytest.approx(0.01, rel=1e-3)
    assert reversal(0.7) == pytest.approx(0.01 * (2 / (1 + np.exp(-5)) - 1))
    assert learning_rate(0.03) == pytest.approx(1)
    assert learning_rate(1.0) == pytest.approx(0.05)


def test_schemes_are_those_of_the_text() -> None:
    five = {"node_feat_mask", "link_pred", "node_contrast", "graph_contrast", "graph_prop"}
    assert set(SCHEMES["b2"]) == {"node_feat_mask"}
    assert set(SCHEMES["b3"]) == {"node_contrast"}
    assert set(SCHEMES["s1"]) == {"node_feat_mask", "link_pred"}
    assert set(SCHEMES["s2"]) == {"node_contrast", "graph_contrast"}
    assert set(SCHEMES["s3"]) == five - {"graph_prop"}
    assert set(SCHEMES["s4"]) == set(SCHEMES["b4"]) == five
    assert set(SCHEMES["s5"]) == five | {"domain_adv"}
    assert all(name in OBJECTIVES for names in SCHEMES.values() for name in names)


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


def test_a_loss_that_is_not_finite_is_left_out() -> None:
    model = nn.Linear(2, 1, bias=False)
    objectives = {"a": Pull([1.0, 1.0]), "b": Pull([0.0, 0.0])}
    losses = {"a": objectives["a"].loss(model), "b": objectives["b"].loss(model) * float("nan")}
    record = Optimisation(model, objectives).step(losses, 0.5)
    assert record["train/skipped"] == 1
    assert torch.isfinite(model.weight).all()


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
