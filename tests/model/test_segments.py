"""Segment reductions and the layer's aggregates against plain loops, forward and backward."""

import torch

from relfm.model import ModelConfig
from relfm.model.conditioned import ConditionedLayer
from relfm.model.segments import segment_max, segment_softmax, segment_sum
from relfm.model.tree import Level

SEGMENTS = torch.tensor([0, 0, 0, 2, 3, 3])


def rows(width: int = 3) -> torch.Tensor:
    return torch.randn(6, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)


def test_values() -> None:
    x = rows()
    groups = [x[i == SEGMENTS] for i in range(4)]
    sums = torch.stack([g.sum(0) for g in groups])
    largest = torch.stack([g.max(0).values if len(g) else x.new_zeros(3) for g in groups])
    weights = torch.cat([g.softmax(0) for g in groups])
    torch.testing.assert_close(segment_sum(x, SEGMENTS, 4), sums)
    torch.testing.assert_close(segment_max(x, SEGMENTS, 4), largest)
    torch.testing.assert_close(segment_softmax(x, SEGMENTS, 4), weights)


def test_gradients() -> None:
    for reduction in (segment_sum, segment_max, segment_softmax):
        assert torch.autograd.gradcheck(lambda x, r=reduction: r(x, SEGMENTS, 4), (rows(),))


def test_equal_largest_share_the_gradient() -> None:
    x = torch.tensor([[1.0], [1.0], [0.0], [5.0], [2.0], [2.0]], requires_grad=True)
    segment_max(x, SEGMENTS, 4).sum().backward()
    assert x.grad.ravel().tolist() == [0.5, 0.5, 0.0, 1.0, 0.5, 0.5]


def test_softmax_of_huge_logits_is_finite() -> None:
    assert segment_softmax(rows() * 1e4, SEGMENTS, 4).isfinite().all()


def test_aggregates_of_a_layer() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = ConditionedLayer(ModelConfig(width=4, heads=2, text_dim=3)).double()
    x, segments = rows(4), torch.tensor([0, 0, 0, 1, 2, 2])
    level = Level(1, 6, segments, segments, torch.tensor([3, 1, 2]), torch.zeros(3), torch.zeros(3))
    for i, found in enumerate(layer._aggregate(x, level)):
        held = x[segments == i]
        weights = layer.attention(held).softmax(0).repeat_interleave(2, 1)
        count = torch.tensor([len(held)], dtype=x.dtype)
        expected = [held.mean(0) * count.log1p(), held.mean(0), (held.var(0, correction=0) + 1e-4).sqrt()]
        expected += [held.amax(0), -held.amin(0), (held * weights).sum(0), count.log1p(), 1 / count]
        torch.testing.assert_close(found, torch.cat(expected), atol=1e-6, rtol=1e-6)
