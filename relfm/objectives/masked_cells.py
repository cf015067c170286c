"""Masked cells: 15 % of the cells of seed rows are hidden; what stood there is told from what is around the row."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.statistics import column_statistics
from relfm.model.text import text_vectors
from relfm.objectives.contrast import info_nce
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
    the draw (InfoNCE over text vectors), given how often each occurs there. Text 3: node feature masking.

    The constant predictor knows each column's mean, and the same frequencies, in the draw.
    """

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
        choice = [len(np.unique(column[column >= 0])) > 1 for column in strings.T]
        present = np.concatenate([np.isfinite(numbers), (strings >= 0) & np.array(choice, bool)], axis=1)
        masked = present & (generator.random(present.shape) < SHARE)
        if not masked.any():
            return None
        return MaskedDraw(seeds, world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout), masked)

    def forward(self, model: RelationalModel, world: World, drawn: MaskedDraw) -> Loss:
        table = world.database.tables[drawn.seeds.table]
        split, dates = table.numbers.shape[1], np.zeros((len(drawn.seeds), table.dates.shape[1]), bool)
        bank = RowBank(model, world.database, world.until)
        bank.mask(drawn.seeds.table, drawn.seeds.rows, np.concatenate([drawn.masked, dates], axis=1))
        states = model.states(world.database, drawn.hood, bank)
        told = self._numbers(world, drawn, states, drawn.masked[:, :split])
        told += self._strings(world, drawn, states, drawn.masked[:, split:])
        losses, constants = zip(*told, strict=True)
        return Loss(torch.stack(losses).mean(), {}, float(np.mean(constants)))

    def _numbers(
        self, world: World, drawn: MaskedDraw, states: Tensor, masked: np.ndarray
    ) -> list[tuple[Tensor, float]]:
        """The loss and the constant predictor's; nothing if no number is masked."""
        rows, columns = np.nonzero(masked)
        if not len(rows):
            return []
        table = world.database.tables[drawn.seeds.table]
        known = column_statistics(table, world.until)
        scaled = ((table.numbers[drawn.seeds.rows] - known.centers) / known.scales).clip(-LARGEST, LARGEST)
        present = np.isfinite(scaled)
        means = np.where(present, scaled, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        wanted = scaled[rows, columns].astype(np.float32)
        told = self.number(_asked(world, states, rows, table.number_names[columns]))[:, 0]
        lost = functional.mse_loss(told.float(), torch.from_numpy(wanted).to(states.device))
        return [(lost, float(((wanted - means[columns]) ** 2).mean()))]

    def _strings(
        self, world: World, drawn: MaskedDraw, states: Tensor, masked: np.ndarray
    ) -> list[tuple[Tensor, float]]:
        """The mean loss over the columns and the constant predictor's; nothing if no string is masked."""
        table, found = world.database.tables[drawn.seeds.table], []
        for column in np.flatnonzero(masked.any(axis=0)):
            rows, strings = np.flatnonzero(masked[:, column]), table.strings[drawn.seeds.rows, column]
            candidates, counts = np.unique(strings[strings >= 0], return_counts=True)
            places = np.searchsorted(candidates, strings[rows])
            told = self.string(_asked(world, states, rows, np.repeat(table.string_names[column], len(rows))))
            own = torch.from_numpy(places).to(states.device)
            keys, prior = text_vectors(world.database, candidates, states.device), np.log(counts / counts.sum())
            known = torch.from_numpy(prior.astype(np.float32)).to(states.device)
            lost = info_nce(told, keys, own, STRING_TEMPERATURE, known)
            found.append((lost, float(-prior[places].mean())))
        if not found:
            return []
        return [(torch.stack([lost for lost, _ in found]).mean(), float(np.mean([c for _, c in found])))]


def _asked(world: World, states: Tensor, rows: np.ndarray, names: np.ndarray) -> Tensor:
    """[n, width + D]: the states of ``rows`` int64[n] and the vectors of the columns' ``names`` int32[n]."""
    chosen = states[torch.from_numpy(rows).to(states.device)]
    return torch.cat([chosen, text_vectors(world.database, names, states.device)], dim=-1)
