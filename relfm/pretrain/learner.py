"""What learns: the network, the objectives' heads, their optimisation, and the running average of all weights."""

import copy
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relfm.checkpoint import fill
from relfm.checkpoint.nested import flatten, nest
from relfm.model import RelationalModel
from relfm.objectives import Loss, Objective, Optimisation
from relfm.pretrain.feed import Part, over_limit
from relfm.pretrain.machine import Machine
from relfm.pretrain.ranks import Ranks

WARM_UP = 10
"""The average forgets faster at first: after t steps its decay is at most (1 + t) / (WARM_UP + t)."""


class Weights(nn.Module):
    """The network and the objectives by name."""

    def __init__(self, model: RelationalModel, objectives: Mapping[str, Objective]) -> None:
        super().__init__()
        self.model = model
        self.objectives = nn.ModuleDict(dict(objectives))


class Learner:
    """``step`` changes the weights; ``averaged`` is what is evaluated and exported."""

    def __init__(
        self, weights: Weights, optimisation: Optimisation, machine: Machine, ranks: Ranks, *, average: float, seed: int
    ) -> None:
        self.weights, self.optimisation, self.machine, self.ranks = weights, optimisation, machine, ranks
        self.average, self.seed = average, seed
        self.averaged = copy.deepcopy(weights).requires_grad_(False) if average else weights

    def step(self, parts: Sequence[Part], step: int, steps: int) -> dict[str, float]:
        """The step after ``step`` of ``steps`` in all, on ``parts``. Same weights, parts and step: same numbers.

        Schedules of objectives reach their last value at the last step; the learning rate would after it.
        """
        for objective in self.weights.objectives.values():
            objective.advance(step / max(1, steps - 1))
        seed, order = np.random.SeedSequence([self.seed, step, self.ranks.rank]).generate_state(2).tolist()
        with torch.random.fork_rng([self.machine.device] if self.machine.device.type == "cuda" else []):
            torch.manual_seed(seed)
            losses, record = self._losses(parts)
            if self.ranks.agree(bool(losses), self.machine.device):
                record = self.optimisation.step(losses, step / steps, self.ranks.average, seed=order) | record
        record |= {f"train/over_limit/{database}/{name}": n for (database, name), n in over_limit(parts).items()}
        if self.average:
            follow(self.averaged, self.weights, step, self.average)
        return record

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that the next step depends on."""
        tensors, rest = flatten(self.optimisation.state_dict(), "optimisation")
        tensors |= {f"weights.{name}": tensor for name, tensor in self.weights.state_dict().items()}
        if self.average:
            tensors |= {f"average.{name}": tensor for name, tensor in self.averaged.state_dict().items()}
        return tensors, {"optimisation": rest}

    def restore(self, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
        """UsageError if they do not fit."""
        fill(self.weights, below("weights.", tensors), "the state of the weights")
        if self.average:
            fill(self.averaged, below("average.", tensors), "the state of the average")
        self.optimisation.load_state_dict(nest(tensors, rest["optimisation"]))

    def _losses(self, parts: Sequence[Part]) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Mean loss by objective, and the record of every one of them by database.

        A loss that is not finite is left out, so that one odd database does not end a long run.
        """
        losses: list[tuple[str, str, Loss]] = []
        for part in parts:
            for name, drawn in part.drawn.items():
                with self.machine.autocast():
                    loss = self.weights.objectives[name](self.weights.model, part.world, drawn)
                losses.append((part.world.database.name, name, loss))
        numbers = torch.stack([loss.value.detach().float() for *_, loss in losses]).tolist()
        return _means(losses, numbers), _record(losses, numbers)


def _means(losses: Sequence[tuple[str, str, Loss]], numbers: Sequence[float]) -> dict[str, Tensor]:
    """Mean of the finite losses by objective."""
    finite: dict[str, list[Tensor]] = defaultdict(list)
    for (_, name, loss), number in zip(losses, numbers, strict=True):
        if math.isfinite(number):
            finite[name].append(loss.value)
    return {name: torch.stack(values).mean() for name, values in finite.items()}


def _record(losses: Sequence[tuple[str, str, Loss]], numbers: Sequence[float]) -> dict[str, float]:
    """Loss, and loss over the constant predictor's, by database and objective; loss by database; what else each
    objective measures. All are means over the step, which may draw a database twice; what is not finite is left out of
    them, unless there is nothing else."""
    held: dict[str, list[float]] = defaultdict(list)
    for (database, name, loss), number in zip(losses, numbers, strict=True):
        held[f"train/loss/{database}/{name}"].append(number)
        if loss.constant:
            held[f"train/ratio/{database}/{name}"].append(number / float(loss.constant))
        if math.isfinite(number):
            held[f"train/loss/{database}"].append(number)
        for metric, value in loss.metrics.items():
            held[f"train/{name}/{metric}/{database}"].append(float(value))
    return {"train/skipped": sum(not math.isfinite(number) for number in numbers)} | {
        name: mean([v for v in values if math.isfinite(v)] or values) for name, values in held.items()
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


@torch.no_grad()
def follow(averaged: nn.Module, weights: nn.Module, step: int, average: float) -> None:
    """Moves the running average of the weights towards them, after ``step`` steps."""
    decay = min(average, (1 + step) / (WARM_UP + step))
    torch._foreach_lerp_([*averaged.parameters()], [*weights.parameters()], 1 - decay)
    for kept, now in zip(averaged.buffers(), weights.buffers(), strict=True):
        kept.copy_(now)


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names begin so, without the prefix."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
