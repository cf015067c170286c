"""Rows: attention pooling over their cells, so neither the order nor the number of columns matters."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model.cells import CellEncoder
from relfm.model.config import ModelConfig
from relfm.model.feedforward import FeedForward
from relfm.model.statistics import column_statistics
from relfm.model.text import text_vectors
from relfm.tensors import DatabaseTensors

CHUNK_NUMBERS = {"cpu": 2**20, "other": 2**26}
"""Numbers in the cells that are encoded together: on a CPU what fits in a cache, with gradients too."""


class RowEncoder(nn.Module):
    """Each head asks one learned question of the cells and takes its share of their channels."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.width = config.heads, config.width
        self.cells = CellEncoder(config.text_dim, config.width)
        self.questions = nn.Linear(config.width, config.heads, bias=False)
        self.pooled = nn.Linear(config.width, config.width)
        self.table = nn.Linear(config.text_dim, config.width)
        self.feedforward = FeedForward(config.width, 2 * config.width, config.dropout)

    def forward(
        self, database: DatabaseTensors, table: int, rows: np.ndarray, until: int, masked: np.ndarray | None = None
    ) -> Tensor:
        """int64[n] rows of one table to [n, width]; see RelationalModel.rows."""
        held = database.tables[table]
        name = self.table(text_vectors(database, np.array([held.name]), self.table.weight.device))
        statistics, films = column_statistics(held, until), self.cells.films(database, held)
        embedded, places = self.cells.strings(database, held, rows)
        if masked is None:
            masked = np.zeros((len(rows), len(films)), bool)
        numbers = CHUNK_NUMBERS["cpu" if films.device.type == "cpu" else "other"]
        size = max(64, numbers // (self.width * max(1, len(films))))
        parts = []
        for start in range(0, max(1, len(rows)), size):
            part = slice(start, start + size)
            strings = embedded, places[part]
            cells = self.cells(held, rows[part], masked[part], statistics=statistics, films=films, strings=strings)
            parts.append(self.feedforward(name + self.pooled(self._pool(functional.silu(cells)))))
        return torch.cat(parts)

    def _pool(self, cells: Tensor) -> Tensor:
        """[cells, n, width] to [n, width]; zeros if there are no cells."""
        weights = self.questions(cells).float().softmax(0).to(cells.dtype)
        return (cells.unflatten(-1, (self.heads, -1)) * weights[..., None]).sum(0).flatten(1)
