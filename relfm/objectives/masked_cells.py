"""Masked cells: 15 % of the cells of seed rows are hidden; what stood there is told from what is around the row."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.statistics import column_statistics
from relfm.model.text import text_vectors
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood

SHARE = 0.15
SEEDS = 128
STRING_TEMPERATURE = 0.1
LARGEST = 3.0


@dataclass(frozen=True)
class MaskedDraw:
    """masked bool[S, A + B]: hidden cells (numbers, then strings; dates stay)."""

    seeds: Seeds
    hood: Neighbourhood
    masked: np.ndarray


class MaskedCells(Objective):
    """Numbers by squared error of the robustly scaled value; strings by choosing among the strings of that column in
    the draw (InfoNCE over text vectors). Text 3: node feature masking."""

    name = "node_feat_mask"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.number = mlp(config.width + config.text_dim, 1, config.width)
        self.string = mlp(config.width + config.text_dim, config.text_dim, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> MaskedDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        table = world.database.tables[seeds.table]
        numbers, strings = table.numbers[seeds.rows], table.strings[seeds.rows]
        present = np.concatenate([np.isfinite(numbers), strings >= 0], axis=1)
        masked = present & (generator.random(present.shape) < SHARE)
        if not masked.any():
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        return MaskedDraw(seeds, hood, masked)

    def forward(self, model: RelationalModel, world: World, drawn: MaskedDraw) -> Loss:
        table = world.database.tables[drawn.seeds.table]
        shown = np.zeros((len(drawn.masked), drawn.masked.shape[1] + table.dates.shape[1]), bool)
        shown[:, : drawn.masked.shape[1]] = drawn.masked
        bank = RowBank(model, world.database, world.until)
        bank.mask(drawn.seeds.table, drawn.seeds.rows, shown)
        states = model.states(world.database, drawn.hood, bank)
        split = table.numbers.shape[1]
        parts = [self._numbers(model, world, drawn, states, drawn.masked[:, :split])]
        parts += self._strings(model, world, drawn, states, drawn.masked[:, split:])
        found = [p for p in parts if p is not None]
        if not found:
            zero = states.sum() * 0
            return Loss(zero, {}, None)
        losses, constants = zip(*found, strict=True)
        return Loss(torch.stack(losses).mean(), {}, float(np.mean(constants)))

    def _numbers(
        self, model: RelationalModel, world: World, drawn: MaskedDraw, states: Tensor, masked: np.ndarray
    ) -> tuple[Tensor, float] | None:
        rows, columns = np.nonzero(masked)
        if not len(rows):
            return None
        table = world.database.tables[drawn.seeds.table]
        statistics = column_statistics(table, world.until)
        values = (table.numbers[drawn.seeds.rows[rows], columns] - statistics.centers[columns]) / np.maximum(
            statistics.scales[columns], 1e-9
        )
        wanted = torch.from_numpy(values.clip(-LARGEST, LARGEST).astype(np.float32)).to(states.device)
        names = text_vectors(world.database, table.number_names[columns], states.device)
        told = self.number(torch.cat([states[torch.from_numpy(rows)], names], dim=-1))[:, 0]
        return functional.mse_loss(told.float(), wanted), float(wanted.var(unbiased=False))

    def _strings(
        self, model: RelationalModel, world: World, drawn: MaskedDraw, states: Tensor, masked: np.ndarray
    ) -> list[tuple[Tensor, float]]:
        table, found = world.database.tables[drawn.seeds.table], []
        for column in range(masked.shape[1]):
            rows = np.flatnonzero(masked[:, column])
            candidates = np.unique(table.strings[drawn.seeds.rows, column])
            candidates = candidates[candidates >= 0]
            if not len(rows) or len(candidates) < 2:
                continue
            names = text_vectors(world.database, np.repeat(table.string_names[column], len(rows)), states.device)
            told = self.string(torch.cat([states[torch.from_numpy(rows)], names], dim=-1))
            vectors = text_vectors(world.database, candidates, states.device)
            scores = functional.normalize(told, dim=-1) @ functional.normalize(vectors, dim=-1).t()
            places = np.searchsorted(candidates, table.strings[drawn.seeds.rows[rows], column])
            wanted = torch.from_numpy(places).to(states.device)
            lost = functional.cross_entropy(scores.float() / STRING_TEMPERATURE, wanted)
            shares = np.bincount(places) / len(places)
            found.append((lost, float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())))
        if not found:
            return []
        return [(torch.stack([f[0] for f in found]).mean(), float(np.mean([f[1] for f in found])))]
