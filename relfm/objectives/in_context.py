"""In-context prediction: states are good if a ridge regression on some of them answers for others.

The head is a closed form through which gradients flow (R2D2, Bertinetto et al. 2019), because closed forms on states
are what answers questions later. Context targets are known before the first query's cutoff, as in use.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.objective import Loss, Objective, World
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, TaskTensors

CONTEXT, QUERIES = 192, 96
LEAST_CONTEXT, LEAST_QUERIES = 48, 24
ATTEMPTS = 6
LATEST = 6
"""The context is drawn from so many times its size of the latest known answers."""


@dataclass(frozen=True)
class QuestionDraw:
    """The database with the question's past answers as a table, its neighbourhoods (context first), and targets.

    shown  float32[C, K], wanted float32[Q, K]: 0/1 by class, or standard scores of a number (K = 1)
    """

    database: DatabaseTensors
    until: int
    question: int
    hood: Neighbourhood
    shown: np.ndarray
    wanted: np.ndarray
    is_number: bool


class InContext(Objective):
    """Log loss (numbers: Huber loss of standard scores) of the queries; strength of the ridge and scale are learned."""

    name = "in_context"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.log_strength = nn.Parameter(torch.tensor(-1.5))
        self.log_scale = nn.Parameter(torch.tensor(0.0))

    def draw(self, world: World, generator: np.random.Generator) -> QuestionDraw | None:
        tasks = world.database.tasks
        for _ in range(ATTEMPTS if tasks else 0):
            index = int(generator.integers(len(tasks)))
            places = split(tasks[index], generator)
            if places is None:
                continue
            context, queries, at = places
            made = _targets(tasks[index], context, queries)
            if made is None:
                continue
            database, sampler = asked_world(world, index)
            task = tasks[index]
            rows = np.concatenate([context, queries])
            hood = sampler.sample(task.entity, task.rows[rows], task.cutoffs[rows], self.fanout)
            return QuestionDraw(database, at, task.name, hood, *made, task.kind == "regression")
        return None

    def forward(self, model: RelationalModel, world: World, drawn: QuestionDraw) -> Loss:
        bank = RowBank(model, drawn.database, drawn.until)
        vector = drawn.database.vectors[drawn.question].astype(np.float32)
        states = model.states(drawn.database, drawn.hood, bank, torch.from_numpy(vector).to(model.device))
        shown, wanted = (torch.from_numpy(a).to(states.device) for a in (drawn.shown, drawn.wanted))
        told = ridge(states[: len(shown)], shown, states[len(shown) :], self.log_strength.exp())
        told = told * self.log_scale.exp()
        if drawn.is_number:
            lost = functional.huber_loss(told, wanted)
            constant = functional.huber_loss(torch.zeros_like(wanted), wanted)
        else:
            rate = shown.mean(dim=0).clamp(0.01, 0.99)
            base = torch.log(rate / (1 - rate))
            # A slope of the probability is a slope of the log-odds divided by p (1 - p).
            odds = base + (told / (rate * (1 - rate))).clamp(-12, 12)
            lost = functional.binary_cross_entropy_with_logits(odds, wanted)
            constant = functional.binary_cross_entropy_with_logits(base.expand_as(wanted), wanted)
        return Loss(lost, {}, float(constant.detach()))


def ridge(context: Tensor, shown: Tensor, queries: Tensor, strength: Tensor) -> Tensor:
    """[Q, K]: ridge regression of ``shown`` [C, K] less its mean on the standardised ``context`` [C, D], at ``queries``
    [Q, D]; the penalty is ``strength`` * C."""
    context, queries = context.float(), queries.float()
    centre, spread = context.mean(dim=0), context.std(dim=0) + 1e-2
    near, far = (context - centre) / spread, ((queries - centre) / spread).clamp(-6, 6)
    penalty = strength * len(near) * torch.eye(near.shape[1], device=near.device)
    return far @ torch.linalg.solve(near.t() @ near + penalty, near.t() @ (shown - shown.mean(dim=0)))


def split(task: TaskTensors, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Places of context and queries, and the moment between them: everything in the context was known by then."""
    cutoffs = np.unique(task.cutoffs)
    at = int(cutoffs[int(generator.uniform(0.25, 0.97) * len(cutoffs))])
    known, later = np.flatnonzero(task.known <= at), np.flatnonzero(task.cutoffs >= at)
    if len(known) < LEAST_CONTEXT or len(later) < LEAST_QUERIES:
        return None
    known = known[np.argsort(task.cutoffs[known], kind="stable")][-LATEST * CONTEXT :]
    later = later[np.argsort(task.cutoffs[later], kind="stable")][: LATEST * QUERIES]
    context = np.sort(generator.choice(known, min(CONTEXT, len(known)), replace=False))
    queries = np.sort(generator.choice(later, min(QUERIES, len(later)), replace=False))
    return context, queries, at


@lru_cache(maxsize=64)
def _asked(key: tuple[int, int], holder: "_Held") -> tuple[DatabaseTensors, Sampler]:
    database = holder.database.with_task(holder.database.tasks[key[1]])
    return database, Sampler(database)


@dataclass(frozen=True, eq=False)
class _Held:
    database: DatabaseTensors


_held: dict[int, _Held] = {}


def asked_world(world: World, task: int) -> tuple[DatabaseTensors, Sampler]:
    """The database with that question's answers as a table, and its sampler; the latest ones are kept."""
    holder = _held.get(id(world.database))
    if holder is None or holder.database is not world.database:
        holder = _held[id(world.database)] = _Held(world.database)
    return _asked((id(world.database), task), holder)


def _targets(task: TaskTensors, context: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """float32[C, K] and float32[Q, K]; None if the context holds one answer only."""
    near, far = task.targets[context], task.targets[queries]
    if np.ptp(near) == 0:
        return None
    if task.kind == "multiclass":
        classes = np.unique(near)
        return tuple((values[:, None] == classes).astype(np.float32) for values in (near, far))
    if task.kind == "binary":
        return near[:, None].astype(np.float32), far[:, None].astype(np.float32)
    ordered = np.sort(near)
    ranks = [(np.searchsorted(ordered, v, "left") + np.searchsorted(ordered, v, "right")) / 2 for v in (near, far)]
    scores = [_normal_scores((r / len(near)).clip(0.01, 0.99)) for r in ranks]
    spread = max(float(scores[0].std()), 1e-3)
    return tuple(((s - scores[0].mean()) / spread)[:, None].astype(np.float32) for s in scores)


def _normal_scores(shares: np.ndarray) -> np.ndarray:
    return torch.special.ndtri(torch.from_numpy(shares)).numpy()
