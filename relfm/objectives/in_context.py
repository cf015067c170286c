"""In-context prediction: states are good if a ridge regression on some of them answers for others.

The head is a closed form, because closed forms on states are what answers questions later. Context targets are known
before the first query's cutoff, as in use.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.asked import asked
from relfm.objectives.auroc import auroc
from relfm.objectives.objective import Loss, Objective, World
from relfm.objectives.ridge import ridge
from relfm.sampler import Neighbourhood
from relfm.tensors import DatabaseTensors, TaskTensors

CONTEXT, QUERIES = 192, 96
LEAST_CONTEXT, LEAST_QUERIES = 48, 24
ATTEMPTS = 6
LATEST = 6
"""The context is drawn from so many times its size of the latest known answers."""

LARGEST = 12.0
"""How far the context can move the log-odds of a class."""


@dataclass(frozen=True)
class QuestionDraw:
    """The database with the question's past answers as a table, its neighbourhoods (context first), and targets.

    until  by when all of the context was known; no query's cutoff is earlier
    shown  float32[C, K], wanted float32[Q, K]: 0/1 by class (binary: of class 1 alone), or standard scores of a number
    """

    database: DatabaseTensors
    until: int
    question: int
    kind: str
    hood: Neighbourhood
    shown: np.ndarray
    wanted: np.ndarray


class InContext(Objective):
    """Log loss (numbers: Huber loss of standard scores) of the queries; strength of the ridge and scale are learned.

    The constant predictor answers with the context's base rates (numbers: with its mean).
    """

    name = "in_context"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.log_strength = nn.Parameter(torch.tensor(-1.5))
        self.log_scale = nn.Parameter(torch.tensor(0.0))

    def draw(self, world: World, generator: np.random.Generator) -> QuestionDraw | None:
        tasks = world.database.tasks
        for _ in range(ATTEMPTS if tasks else 0):
            index = int(generator.integers(len(tasks)))
            task = tasks[index]
            sizes = world.sized(CONTEXT, LEAST_CONTEXT), world.sized(QUERIES, LEAST_QUERIES)
            places = split(task, world.until, generator, *sizes)
            made = places and targets(task, *places[:2])
            if made:
                context, queries, at = places
                shown, wanted, answered = made
                rows = np.concatenate([context, queries[answered]])
                database, sampler = asked(world, index)
                hood = sampler.sample(task.entity, task.rows[rows], task.cutoffs[rows], self.fanout)
                return QuestionDraw(database, at, task.name, task.kind, hood, shown, wanted)
        return None

    def forward(self, model: RelationalModel, world: World, drawn: QuestionDraw) -> Loss:
        bank = RowBank(model, drawn.database, drawn.until)
        vector = drawn.database.vectors[drawn.question].astype(np.float32)
        states = model.states(drawn.database, drawn.hood, bank, torch.from_numpy(vector).to(model.device))
        shown, wanted = (torch.from_numpy(a).to(states.device) for a in (drawn.shown, drawn.wanted))
        told = ridge(states[: len(shown)], shown, states[len(shown) :], self.log_strength.exp())
        told = told * self.log_scale.exp()
        if drawn.kind == "regression":
            constant = functional.huber_loss(torch.zeros_like(wanted), wanted)
            return Loss(functional.huber_loss(told, wanted), {}, float(constant))
        base, slope = log_odds(shown)
        odds = base + (told * slope).clamp(-LARGEST, LARGEST)
        lost, constant = (class_loss(o, wanted) for o in (odds, base.expand_as(odds)))
        metrics = auroc(odds[:, 0], drawn.wanted[:, 0] > 0.5) if drawn.kind == "binary" else {}
        return Loss(lost, metrics, float(constant))


def log_odds(shown: Tensor) -> tuple[Tensor, Tensor]:
    """[K] each: the log-odds (several classes: log-probabilities) of the context's base rates, and what they change by
    for each unit of probability."""
    if shown.shape[1] == 1:
        rate = shown.mean(dim=0).clamp(0.01, 0.99)
        return torch.log(rate / (1 - rate)), 1 / (rate * (1 - rate))
    rate = shown.mean(dim=0).clamp_min(0.01)
    return torch.log(rate / rate.sum()), 1 / rate


def class_loss(odds: Tensor, wanted: Tensor) -> Tensor:
    """Log loss of [Q, K]: two classes in one column, or several that exclude each other."""
    if wanted.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(odds, wanted)
    return functional.cross_entropy(odds, wanted.argmax(dim=1))


def split(
    task: TaskTensors,
    until: int,
    generator: np.random.Generator,
    most_context: int = CONTEXT,
    most_queries: int = QUERIES,
) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Places of so many context answers and queries at most, among the answers known by ``until``, and the moment
    between them: everything in the context was known by then, and no query is asked before."""
    usable = task.known <= until
    cutoffs = np.unique(task.cutoffs[usable])
    if not len(cutoffs):
        return None
    at = int(cutoffs[int(generator.uniform(0.25, 0.97) * len(cutoffs))])
    early, later = np.flatnonzero(usable & (task.known <= at)), np.flatnonzero(usable & (task.cutoffs >= at))
    if len(early) < LEAST_CONTEXT or len(later) < LEAST_QUERIES:
        return None
    early = early[np.argsort(task.cutoffs[early], kind="stable")][-LATEST * CONTEXT :]
    later = later[np.argsort(task.cutoffs[later], kind="stable")][: LATEST * QUERIES]
    context = np.sort(generator.choice(early, min(most_context, len(early)), replace=False))
    queries = np.sort(generator.choice(later, min(most_queries, len(later)), replace=False))
    return context, queries, at


def targets(
    task: TaskTensors, context: np.ndarray, queries: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """float32[C, K], float32[Q', K] and bool[Q]: which queries have an answer that the context knows (all but those of
    new classes). None if the context holds one answer only, or too few queries are left."""
    near, far = task.targets[context], task.targets[queries]
    classes, answered = np.unique(near), np.ones(len(far), bool)
    if len(classes) < 2:
        return None
    if task.kind == "multiclass":
        answered = np.isin(far, classes)
        made = [(values[:, None] == classes).astype(np.float32) for values in (near, far[answered])]
    elif task.kind == "binary":
        made = [values[:, None].astype(np.float32) for values in (near, far)]
    else:
        made = standard_scores(near, far)
    return (*made, answered) if answered.sum() >= LEAST_QUERIES else None


def standard_scores(near: np.ndarray, far: np.ndarray) -> list[np.ndarray]:
    """float32[n, 1] of each: the normal quantile of the rank among ``near``, scaled to mean 0 and spread 1 there."""
    ordered = np.sort(near)
    ranks = [(np.searchsorted(ordered, v, "left") + np.searchsorted(ordered, v, "right")) / 2 for v in (near, far)]
    shares = [torch.from_numpy((rank / len(near)).clip(0.01, 0.99)) for rank in ranks]
    scores = [torch.special.ndtri(share).numpy() for share in shares]
    spread = max(float(scores[0].std()), 1e-3)
    return [((s - scores[0].mean()) / spread)[:, None].astype(np.float32) for s in scores]
