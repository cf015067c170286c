"""Random weights in place of trained ones, zeros that training starts from included."""

from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def randomise(module: Module, seed: int) -> Module:
    """Every matrix drawn anew at the scale of its inputs, every vector kept: the control of an ablation. In place."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim > 1:
                drawn = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(drawn / parameter.shape[-1] ** 0.5)
    return module
