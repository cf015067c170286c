"""The simplest objective: is the first number of a row positive? As a script: relfm.pretrain that knows it."""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel
from relfm.objectives import OBJECTIVES, Loss, Objective, World


class Sign(Objective):
    """Rows of the last table; half of them are positive."""

    name = "sign"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = nn.Linear(config.width, 1)

    def draw(self, world: World, generator: np.random.Generator) -> np.ndarray:
        return generator.choice(len(world.database.tables[-1]), 64)

    def forward(self, model: RelationalModel, world: World, drawn: np.ndarray) -> Loss:
        table = len(world.database.tables) - 1
        truth = torch.from_numpy((world.database.tables[table].numbers[drawn, 0] > 0).astype(np.float32))
        rows = model.rows(world.database, table, drawn, world.until).float()
        odds = self.head(functional.dropout(rows, 0.1, self.training))[:, 0]
        value = functional.binary_cross_entropy_with_logits(odds, truth.to(odds.device))
        return Loss(value, {"accuracy": float(((odds > 0).cpu() == (truth > 0)).float().mean())}, float(np.log(2)))


if __name__ == "__main__":
    from relfm.pretrain.__main__ import main

    OBJECTIVES[Sign.name] = Sign
    sys.exit(main(sys.argv[1:]))
