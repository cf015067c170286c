"""What changes over a training, as functions of the share of it that is done (0 to 1)."""

import math

from torch import nn


def temperature(progress: float, first: float = 0.5, last: float = 0.05) -> float:
    """Of contrastive losses: from ``first`` to ``last`` in a straight line (text 3: 0.5 to 0.05)."""
    return first + (last - first) * min(max(progress, 0.0), 1.0)


def reversal(progress: float, *, start: float = 0.4, largest: float = 0.01, steepness: float = 10.0) -> float:
    """Weight of the reversed gradient: 0 for the first ``start`` of the training, then 2 / (1 + exp(-steepness p)) - 1
    of ``largest`` over the rest p (text 3)."""
    if progress <= start:
        return 0.0
    rest = (min(progress, 1.0) - start) / (1 - start)
    return largest * (2 / (1 + math.exp(-steepness * rest)) - 1)


def learning_rate(progress: float, *, warm_up: float = 0.03, last: float = 0.05) -> float:
    """Share of the peak rate: rising in a straight line, then half a cosine down to ``last``. Text 3 found a constant
    rate of 1e-5 enough for weeks of GPU time; minutes on a CPU need a higher one, and that needs both ends tamed."""
    if progress < warm_up:
        return max(progress, 1e-3) / warm_up
    rest = (progress - warm_up) / (1 - warm_up)
    return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))


def set_buffer(module: nn.Module, name: str, value: float) -> None:
    """A scheduled value lives in a buffer, so that a resumed training goes on with it."""
    getattr(module, name).fill_(value)
