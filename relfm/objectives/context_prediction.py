"""Context prediction (text 4): which rows two or more hops away belong to this row's near neighbourhood?"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.auroc import auroc
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.pruning import pruned
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood

SEEDS = 64


@dataclass(frozen=True)
class SurroundingsDraw:
    """near: the neighbourhood up to the first hop; far: the whole of it; other int64[K]: a wrong context each."""

    seeds: Seeds
    near: Neighbourhood
    far: Neighbourhood
    other: np.ndarray


class ContextPrediction(Objective):
    """One true context to one of another seed; a context is the mean of the rows beyond the first hop."""

    name = "context_prediction"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.inner, self.outer = (mlp(config.width, config.width, config.width) for _ in range(2))

    def draw(self, world: World, generator: np.random.Generator) -> SurroundingsDraw | None:
        if len(self.fanout) < 2:
            return None
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        surrounded = np.unique(hood.seeds[hood.offsets[2] :])
        if len(surrounded) < 4:
            return None
        near = pruned(hood, np.arange(hood.num_nodes) < hood.offsets[2])
        order = generator.permutation(len(surrounded))
        other = np.empty(len(surrounded), np.int64)
        other[order] = np.roll(order, 1)  # a single cycle: nobody gets its own
        return SurroundingsDraw(seeds, near, hood, other)

    def forward(self, model: RelationalModel, world: World, drawn: SurroundingsDraw) -> Loss:
        bank = RowBank(model, world.database, world.until)
        hood = drawn.far
        beyond = slice(hood.offsets[2], hood.num_nodes)
        surrounded, place = np.unique(hood.seeds[beyond], return_inverse=True)
        rows = bank(hood.tables[beyond], hood.rows[beyond])
        places = torch.from_numpy(place).to(rows.device)
        sums = rows.new_zeros(len(surrounded), rows.shape[1]).index_add(0, places, rows)
        counts = torch.from_numpy(np.bincount(place)).to(rows.device)[:, None]
        outer = self.outer(sums / counts)
        states = model.states(world.database, drawn.near, bank)
        inner = self.inner(states[torch.from_numpy(surrounded).to(states.device)])
        wrong = outer[torch.from_numpy(drawn.other).to(outer.device)]
        scores = torch.cat([(inner * context).float().sum(-1) for context in (outer, wrong)]) / inner.shape[1] ** 0.5
        truth = np.arange(len(scores)) < len(inner)
        wanted = torch.from_numpy(truth.astype(np.float32)).to(scores.device)
        lost = functional.binary_cross_entropy_with_logits(scores, wanted)
        return Loss(lost, auroc(scores, truth), float(np.log(2)))
