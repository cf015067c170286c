"""Losses, schedules and surgery against closed forms; the schemes of the text."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from relfm.objectives import OBJECTIVES, SCHEMES
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


def test_projections_are_those_of_the_algorithm_step_by_step() -> None:
    """Against PCGrad as its paper writes it: one gradient after the other, one projection after the other."""
    gradients = torch.randn(5, 7, generator=torch.Generator().manual_seed(3))
    done = project_conflicts(gradients, torch.Generator().manual_seed(9))
    order, made, expected = torch.Generator().manual_seed(9), 0, gradients.clone()
    for i, mine in enumerate(expected):
        for j in torch.randperm(5, generator=order).tolist():
            if i != j and mine @ gradients[j] < 0:
                mine -= (mine @ gradients[j]) / (gradients[j] @ gradients[j]) * gradients[j]
                made += 1
    assert made > 0
    assert done.projections == made
    torch.testing.assert_close(done.gradient, expected.sum(dim=0), atol=1e-5, rtol=1e-5)


def test_the_order_of_projections_is_the_generators() -> None:
    gradients = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    found = [project_conflicts(gradients, torch.Generator().manual_seed(s)).gradient for s in (0, 0, 1, 2, 3)]
    assert torch.equal(found[0], found[1])
    assert any(not torch.allclose(found[0], other) for other in found[2:])


def test_norms_cosines_and_conflicts_are_counted() -> None:
    done = project_conflicts(torch.tensor([[3.0, 0.0], [-1.0, 1.0], [0.0, 2.0]]), torch.Generator())
    torch.testing.assert_close(done.norms.float(), torch.tensor([3.0, 2**0.5, 2.0]))
    torch.testing.assert_close(done.between.float(), torch.tensor([-(0.5**0.5), 0.0, 0.5**0.5]))
    assert (done.conflicts, done.projections, done.pairs, done.conflict_ratio) == (1, 2, 3, pytest.approx(1 / 3))


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
    queries, keys, own = torch.randn(6, 4), torch.randn(9, 4), torch.tensor([3, 0, 8, 3, 1, 2])
    q, k = functional.normalize(queries, dim=-1), functional.normalize(keys, dim=-1)
    expected = [-torch.log(torch.exp(q[i] @ k[j] / 0.2) / torch.exp(k @ q[i] / 0.2).sum()) for i, j in enumerate(own)]
    torch.testing.assert_close(info_nce(queries, keys, own, 0.2), torch.stack(expected).mean())


def test_keys_that_say_nothing_cost_what_their_frequencies_say() -> None:
    queries, keys, own = torch.zeros(4, 3), torch.randn(2, 3), torch.tensor([0, 0, 0, 1])
    prior = torch.tensor([0.75, 0.25]).log()
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert float(info_nce(queries, keys, own, 0.1, prior)) == pytest.approx(expected)


@pytest.mark.parametrize("lost", [nt_xent, lambda a, b, t: info_nce(a, b, torch.arange(len(a)), t)])
def test_contrast_is_as_exact_within_autocast(lost: Callable[..., Tensor]) -> None:
    first, second = torch.randn(2, 16, 8)
    expected = lost(first, second, 0.05)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(lost(first, second, 0.05), expected, rtol=1e-6, atol=0)


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
