"""The network: rows of any database, and what is around them, to vectors. No parameter belongs to a schema."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model.ages import AGE_SIZE
from relfm.model.bank import RowBank
from relfm.model.conditioned import ConditionedLayer
from relfm.model.config import ModelConfig
from relfm.model.gin import GinLayer
from relfm.model.readout import Readout
from relfm.model.rows import RowEncoder
from relfm.model.text import text_vectors
from relfm.model.tree import Tree
from relfm.tensors import DatabaseTensors

if TYPE_CHECKING:
    from relfm.sampler import Neighbourhood

LAYERS = {"conditioned": ConditionedLayer, "gin": GinLayer}


class RelationalModel(nn.Module):
    """One set of weights for every schema: tables, columns and relations enter as vectors of their names."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = RowEncoder(config)
        self.relation = nn.Linear(config.text_dim, config.width)
        self.direction = nn.Embedding(2, config.width)
        self.age = nn.Linear(AGE_SIZE, config.width)
        self.layers = nn.ModuleList(LAYERS[config.backbone](config) for _ in range(config.depth))
        self.readout = Readout(config)
        self.apply(_initialise)

    @property
    def device(self) -> torch.device:
        return self.relation.weight.device

    def rows(
        self, database: DatabaseTensors, table: int, rows: np.ndarray, until: int, masked: np.ndarray | None = None
    ) -> Tensor:
        """Contents of int64[n] ``rows`` of one table as [n, width], whoever asks.

        Columns are scaled by what rows with time <= ``until`` hold. ``masked`` bool[n, A + B + C] (numbers, strings,
        dates in that order) are cells that look masked; column statistics still count them.
        """
        return self.encoder(database, table, rows, until, masked)

    def states(
        self, database: DatabaseTensors, hood: "Neighbourhood", bank: RowBank, question: Tensor | None = None
    ) -> Tensor:
        """Seeds of ``hood`` as float32[S, width]; ``question`` [D] or [S, D] is the text vector of what is asked."""
        tree = Tree.of(hood, self.config.depth, self.device)
        x = bank(hood.tables, hood.rows)
        relations = self._relations(database, tree.relations)
        for layer, level in zip(self.layers, tree.levels, strict=True):
            x = layer(x, tree.ages, relations, level, tree.seeds)
        return self.readout(x[: tree.seeds] + self.age(tree.ages[: tree.seeds]), question)

    def _relations(self, database: DatabaseTensors, relations: np.ndarray) -> Tensor:
        """int64[R] of 2 * link + direction to [R, width]."""
        links = [database.links[relation // 2].name for relation in relations]
        names = text_vectors(database, np.array(links, np.int64), self.device)
        directions = self.direction(torch.from_numpy(relations.astype(np.int64) % 2).to(self.device))
        return functional.silu(self.relation(names) + directions)


def _initialise(module: nn.Module) -> None:
    """Maps that keep the variance of what they read: under torch's default a cell two hops away took three times as
    many steps to be noticed."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.in_features**-0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
