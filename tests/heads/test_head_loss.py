"""What a head is trained for: its loss against the mixture's, once both are calibrated to the queries."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from small_episodes import episode
from torch import nn

from relfm.heads.batch import HeadBatch, collate
from relfm.heads.inputs import NUM_EXPERTS, head_inputs
from relfm.heads.loss import head_loss


class Shifted(nn.Module):
    """Answers the mixture's odds times ``scale`` plus ``shift``."""

    def __init__(self, shift: float, scale: float = 1.0) -> None:
        super().__init__()
        self.shift, self.scale = nn.Parameter(torch.tensor(shift)), scale

    def forward(self, batch: HeadBatch, *, noise: torch.Generator | None = None) -> tuple[torch.Tensor, ...]:
        del noise
        odds = batch.base[:, None] + batch.odds[:, batch.shown.shape[1] :, -1]
        return self.scale * odds + self.shift, torch.ones(1, 1, NUM_EXPERTS), torch.ones(1, 1, 4)


@pytest.fixture
def batch() -> HeadBatch:
    return collate([head_inputs(episode(seed), 0, 6) for seed in range(3)])


def test_the_mixture_itself_loses_what_the_mixture_loses(batch: HeadBatch) -> None:
    found = head_loss(Shifted(0.0), batch, None)
    assert found.value.item() == pytest.approx(1.0)
    assert found.ratios.tolist() == pytest.approx([1.0] * 3)


def test_it_is_taken_at_the_scale_and_level_that_lose_least(batch: HeadBatch) -> None:
    found = head_loss(Shifted(0.9, 0.4), batch, None)
    odds = (0.4 * (batch.base[:, None] + batch.odds[:, batch.shown.shape[1] :, -1])).numpy().astype(np.float64)
    for i, wanted in enumerate(batch.wanted.numpy()):

        def lost(given: np.ndarray, i: int = i, wanted: np.ndarray = wanted) -> float:
            told = given[0] * odds[i] + given[1]
            return float((np.logaddexp(0, told) - wanted * told).mean())

        assert float(found.lost[i]) == pytest.approx(minimize(lost, [1.0, 0.0]).fun, abs=1e-5)


def test_scale_and_level_that_are_off_cost_a_quarter_of_what_they_would(batch: HeadBatch) -> None:
    near, far = (head_loss(Shifted(*given), batch, None) for given in ((0.0, 1.0), (1.0, 2.0)))
    torch.testing.assert_close(near.lost, far.lost, atol=1e-4, rtol=1e-4)
    assert far.value.item() > near.value.item()


def test_odds_without_bounds_leave_it_finite(batch: HeadBatch) -> None:
    for shift, scale in ((0.0, 0.0), (30.0, 20.0), (-30.0, -5.0)):
        head = Shifted(shift, scale)
        value = head_loss(head, batch, None).value
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(head.shift.grad)


def test_its_slope_is_that_of_the_loss(batch: HeadBatch) -> None:
    head = Shifted(0.4)
    head_loss(head, batch, None).value.backward()
    up, down = (head_loss(Shifted(0.4 + d), batch, None).value.item() for d in (1e-2, -1e-2))
    assert float(head.shift.grad) == pytest.approx((up - down) / 2e-2, rel=2e-2)


def test_padding_counts_for_nothing() -> None:
    parts = [head_inputs(episode(0), 0, 6), head_inputs(episode(1, queries=60), 0, 6)]
    both, alone = (head_loss(Shifted(0.5, 0.8), collate(p), None) for p in (parts, parts[1:]))
    torch.testing.assert_close(both.lost[1:], alone.lost, atol=1e-5, rtol=1e-5)
    one = replace(parts[1], wanted=np.zeros(60, np.float32))
    assert torch.isfinite(head_loss(Shifted(0.5), collate([one]), None).value)
