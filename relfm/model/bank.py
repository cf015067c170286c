"""Row vectors of one database, each computed once: row contents do not depend on the example."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from relfm.tensors import DatabaseTensors

if TYPE_CHECKING:
    from relfm.model.network import RelationalModel


class RowBank:
    """Row vectors by (table, row), as of ``until``, as the model's weights are now.

    ``frozen`` keeps what it has computed, without gradients, for as long as the bank lives (the decoupling of LEADING);
    otherwise every call computes the distinct rows asked for anew, with gradients.
    """

    def __init__(
        self, model: "RelationalModel", database: DatabaseTensors, until: int, *, frozen: bool = False
    ) -> None:
        self.model, self.database, self.until, self.frozen = model, database, until, frozen
        self._held: dict[int, Tensor] = {}
        self._filled: dict[int, np.ndarray] = {}
        self._masked: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def mask(self, table: int, rows: np.ndarray, masked: np.ndarray) -> None:
        """From now on these cells, bool[len(rows), cells], of int64 ``rows`` are shown as masked, wherever they occur.

        Replaces an earlier mask of the same table. A row given twice hides what either hides.
        """
        distinct, places = np.unique(rows, return_inverse=True)
        either = np.zeros((len(distinct), masked.shape[1]), bool)
        np.logical_or.at(either, places, masked)
        before = self._masked.pop(table, None)
        if len(distinct):
            self._masked[table] = distinct, either
        if table in self._filled:
            self._filled[table][distinct] = False
            self._filled[table][before[0] if before else distinct] = False

    def __call__(self, tables: int | np.ndarray, rows: np.ndarray) -> Tensor:
        """int32[n] tables (or one for all), int64[n] rows to [n, width]."""
        tables = np.broadcast_to(tables, rows.shape)
        order = np.argsort(tables, kind="stable")
        starts = np.flatnonzero(np.diff(tables[order], prepend=-1))
        parts, places, offset = [], np.empty(len(rows), np.int64), 0
        for table_rows in np.split(order, starts[1:]) if len(order) else []:
            distinct, inverse = np.unique(rows[table_rows], return_inverse=True)
            places[table_rows] = inverse + offset
            offset += len(distinct)
            parts.append(self._vectors(int(tables[table_rows[0]]), distinct))
        if not parts:
            return next(self.model.parameters()).new_zeros(0, self.model.config.width)
        vectors = torch.cat(parts)
        return vectors.index_select(0, torch.from_numpy(places).to(vectors.device))

    def _vectors(self, table: int, rows: np.ndarray) -> Tensor:
        if not self.frozen:
            return self._computed(table, rows)
        if table not in self._held:
            self._held[table] = self._empty(table)
            self._filled[table] = np.zeros(len(self.database.tables[table]), bool)
        held, filled = self._held[table], self._filled[table]
        new = rows[~filled[rows]]
        if len(new):
            with torch.no_grad():
                held[torch.from_numpy(new).to(held.device)] = self._computed(table, new).to(held.dtype)
            filled[new] = True
        return held[torch.from_numpy(rows).to(held.device)]

    def _computed(self, table: int, rows: np.ndarray) -> Tensor:
        masked = None
        if table in self._masked:
            hidden_rows, hidden = self._masked[table]
            places = np.searchsorted(hidden_rows, rows).clip(max=len(hidden_rows) - 1)
            masked = hidden[places] & (hidden_rows[places] == rows)[:, None]
        return self.model.rows(self.database, table, rows, self.until, masked)

    def _empty(self, table: int) -> Tensor:
        size = len(self.database.tables[table]), self.model.config.width
        return torch.empty(size, device=next(self.model.parameters()).device)
