"""The domain adversary: which database is this state from? The network is taught not to tell (gradient reversal)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.schedules import reversal, set_buffer
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood

SEEDS = 48
DOMAINS = 64
"""Databases are told apart up to so many; more share classes."""


class Reversal(torch.autograd.Function):
    """The identity forwards; backwards the gradient times -weight (Ganin and Lempitsky 2015)."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, values: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradient, None


@dataclass(frozen=True)
class DomainDraw:
    seeds: Seeds
    hood: Neighbourhood


class DomainAdversary(Objective):
    """Cross entropy of the database's index; one that is held out has none, and offers nothing. The reversed gradient
    has weight 0 for the first 40 % of the training and then rises to 0.01 (text 3)."""

    name = "domain_adv"
    cooperative = False
    rate = 0.5

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width, DOMAINS, config.width)
        self.register_buffer("weight", torch.tensor(reversal(0.0)))

    def draw(self, world: World, generator: np.random.Generator) -> DomainDraw | None:
        seeds = draw_seeds(world, generator, SEEDS) if world.index >= 0 else None
        if seeds is None:
            return None
        return DomainDraw(seeds, world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout))

    def forward(self, model: RelationalModel, world: World, drawn: DomainDraw) -> Loss:
        weight = float(self.weight)
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        states = states if weight > 0 else states.detach()  # only the head has to learn
        told = self.head(Reversal.apply(states, weight)).float()
        wanted = torch.full((len(told),), world.index % DOMAINS, device=told.device)
        right = float((told.argmax(dim=-1) == wanted).float().mean())
        return Loss(functional.cross_entropy(told, wanted), {"accuracy": right, "lambda": weight}, None)

    def advance(self, progress: float) -> None:
        set_buffer(self, "weight", reversal(progress))
