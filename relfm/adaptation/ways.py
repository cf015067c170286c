"""Which of the network's weights an adaptation moves, and how fast.

``probe``    the readout alone: what is read off a row and its surroundings, not how they are seen
``lowrank``  every linear map, by a matrix of low rank added to it (LoRA, Hu et al. 2021); merged when done
``full``     all weights, those that read cells more slowly than those above them (layer-wise rates, Howard and
             Ruder 2018)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from relfm.model import RelationalModel

RANK = 4
READING_CELLS = 0.3
"""The rate of what reads cells over that of what is above it."""

Groups = list[tuple[list[nn.Parameter], float]]
"""Parameters that move, and their share of the learning rate."""


@contextmanager
def movable(model: RelationalModel, how: str) -> Iterator[Groups]:
    """``model`` with only that moving which ``how`` moves, while this lasts; afterwards an ordinary network again, with
    whatever was learned in its weights."""
    model.requires_grad_(False)
    groups = WAYS[how](model)
    for parameters, _ in groups:
        for parameter in parameters:
            parameter.requires_grad_(True)
    try:
        yield groups
    finally:
        for module in [*model.modules()]:
            if parametrize.is_parametrized(module, "weight"):
                parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
        model.requires_grad_(False)


class LowRank(nn.Module):
    """A weight [out, in] plus up [out, rank] times down [rank, in]; ``up`` begins at zero, so nothing has moved yet."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(RANK, weight.shape[1], device=weight.device) * weight.shape[1] ** -0.5)
        self.up = nn.Parameter(torch.zeros(weight.shape[0], RANK, device=weight.device))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def _probe(model: RelationalModel) -> Groups:
    return [([*model.readout.parameters()], 1.0)]


def _lowrank(model: RelationalModel) -> Groups:
    added = []
    for module in [*model.modules()]:
        if isinstance(module, nn.Linear):
            low = LowRank(module.weight)
            parametrize.register_parametrization(module, "weight", low)
            added += [*low.parameters()]
    return [(added, 1.0)]


def _full(model: RelationalModel) -> Groups:
    reading = [*model.encoder.parameters()]
    held = {id(parameter) for parameter in reading}
    return [(reading, READING_CELLS), ([p for p in model.parameters() if id(p) not in held], 1.0)]


WAYS: dict[str, Callable[[RelationalModel], Groups]] = {"probe": _probe, "lowrank": _lowrank, "full": _full}
