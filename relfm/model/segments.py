"""Reductions over contiguous groups of rows (segments), the same on every device and under autocast.

Sums are index_add, by far the fastest forward and backward on a CPU of what torch offers; the gradient of torch's own
segment maxima costs five times as much as the one here.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def segment_sum(x: Tensor, segments: Tensor, count: int) -> Tensor:
    """[n, w] to [count, w]: sums of the rows with segments[i] = 0, 1, ..."""
    return x.new_zeros(count, x.shape[1]).index_add(0, segments, x)


class _SegmentMax(torch.autograd.Function):
    """Largest entries by segment; all that are largest share the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, segments: Tensor, count: int) -> Tensor:
        index = segments[:, None].expand_as(x)
        largest = x.new_zeros(count, x.shape[1]).scatter_reduce(0, index, x, "amax", include_self=False)
        ctx.save_for_backward(x, segments, largest)
        return largest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        x, segments, largest = ctx.saved_tensors
        chosen = (x == largest.index_select(0, segments)).to(grad.dtype)
        shared = grad / segment_sum(chosen, segments, len(largest)).clamp_min(1)
        return chosen * shared.index_select(0, segments), None, None


def segment_max(x: Tensor, segments: Tensor, count: int) -> Tensor:
    """[n, w] to [count, w]; 0 for a segment of no rows."""
    return _SegmentMax.apply(x, segments, count)


def segment_softmax(logits: Tensor, segments: Tensor, count: int) -> Tensor:
    """[n, h] to [n, h]: within every segment and head the weights sum to one."""
    with torch.no_grad():
        largest = segment_max(logits, segments, count)
    weights = (logits - largest.index_select(0, segments)).exp()
    return weights / segment_sum(weights, segments, count).index_select(0, segments)
