"""Gradient steps on one question, stopped where held-out labels are answered best."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from relfm.adaptation.lessons import Lessons
from relfm.adaptation.ways import Groups, movable
from relfm.model import RelationalModel
from relfm.objectives.in_context import InContext
from relfm.objectives.schedules import learning_rate
from relfm.pretrain.stop import Stop

RATE, DECAY, CLIP = 1e-3, 1e-2, 0.5
EVALUATIONS, PATIENCE = 20, 8
SHARE = 8 / 3
"""Of the usual size of a draw in pretraining: one question has more labels to show than a random one."""

MOST_MISSES = 20
"""Draws in a row from which nothing could be learned (all labels of one class) until training gives up."""


@dataclass(frozen=True)
class Course:
    """What training went through: a record of every evaluation, and the step whose weights were kept (0: none was
    better than before)."""

    records: tuple[dict[str, float], ...]
    best: int
    steps: int

    @property
    def before(self) -> float:
        """Error on held-out labels before any step."""
        return self.records[0]["error"]

    @property
    def after(self) -> float:
        """The same of the weights that were kept."""
        return min(record["error"] for record in self.records)


def train(
    model: RelationalModel,
    lessons: Lessons,
    how: str,
    *,
    steps: int,
    seed: int,
    stop: Stop,
    say: Callable[[str], None],
) -> Course:
    """Moves ``model`` in place. Same arguments: same weights, on one machine, unless ``stop`` ends it early.

    The objective is the one that networks are pretrained with: labels of the past shown, later ones asked for, through
    a ridge regression on the states; so states are taught to be read as they will be (``relfm.objectives.in_context``).
    """
    objective = InContext(model.config).to(model.device)
    every = max(1, steps // EVALUATIONS)
    with torch.random.fork_rng([model.device] if model.device.type == "cuda" else []):
        torch.manual_seed(seed)
        draws = _Draws(objective, lessons, seed)
        records, best, done = [{"step": 0, "error": _error(model, objective, lessons)}], 0, 0
        with movable(model, how) as groups:
            kept, optimizer = _copies(groups), _optimizer(groups, objective)
            for step in range(1, steps + 1):
                drawn = draws.next()
                if drawn is None or stop.asked():
                    break
                loss = _step(model, objective, lessons, drawn, optimizer, (step - 1) / steps)
                done = step
                if step % every and step < steps:
                    continue
                records.append({"step": step, "training": loss, "error": _error(model, objective, lessons)})
                say(f"step {step} of {steps}: error on later labels {records[-1]['error']:.4f}")
                if records[-1]["error"] == min(record["error"] for record in records):
                    best, kept = step, _copies(groups)
                elif step - best >= PATIENCE * every:
                    break
            with torch.no_grad():
                for (parameters, _), held in zip(groups, kept, strict=True):
                    for parameter, value in zip(parameters, held, strict=True):
                        parameter.copy_(value)
    return Course(tuple(records), best, done)


class _Draws:
    """What the objective draws, one after the other."""

    def __init__(self, objective: InContext, lessons: Lessons, seed: int) -> None:
        self.objective, self.generator = objective, np.random.default_rng(seed)
        world = lessons.world
        self.world = type(world)(world.database, world.sampler, world.until, share=SHARE)

    def next(self) -> object | None:
        drawn = (self.objective.draw(self.world, self.generator) for _ in range(MOST_MISSES))
        return next((one for one in drawn if one is not None), None)


def _step(
    model: RelationalModel,
    objective: InContext,
    lessons: Lessons,
    drawn: object,
    optimizer: torch.optim.Optimizer,
    progress: float,
) -> float:
    """The loss before the step, over a constant's."""
    model.train()
    loss = objective(model, lessons.world, drawn)
    optimizer.zero_grad(set_to_none=True)
    loss.value.backward()
    moved = [p for group in optimizer.param_groups for p in group["params"]]
    norm = float(nn.utils.clip_grad_norm_(moved, CLIP))
    for group in optimizer.param_groups:
        group["lr"] = RATE * group["scale"] * learning_rate(progress)
    if math.isfinite(norm):
        optimizer.step()
    return float(loss.value.detach()) / loss.constant


def _optimizer(groups: Groups, objective: InContext) -> torch.optim.Optimizer:
    held = [{"params": parameters, "scale": scale} for parameters, scale in groups]
    held.append({"params": [*objective.parameters()], "scale": 1.0, "weight_decay": 0.0})
    return torch.optim.AdamW(held, lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))


def _copies(groups: Groups) -> list[list[torch.Tensor]]:
    return [[parameter.detach().clone() for parameter in parameters] for parameters, _ in groups]


def _error(model: RelationalModel, objective: InContext, lessons: Lessons) -> float:
    """How badly the held-out draws are answered, 0 to 1 or so: one less the AUROC of yes and no, which heeds neither
    scale nor base rate, because those are fitted anew wherever states are read; else the loss over a constant's."""
    model.eval()
    with torch.inference_mode():
        losses = [objective(model, lessons.world, drawn) for drawn in lessons.held_out]
    told = [1 - loss.metrics["auroc"] if loss.metrics else float(loss.value) / loss.constant for loss in losses]
    return float(np.mean(told))
