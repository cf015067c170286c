"""Cells: a value as its kind encodes it, modulated by its column's name (FiLM, Perez et al., 2018)."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model.dates import DATE_SIZE, date_features
from relfm.model.numbers import NumberBasis
from relfm.model.statistics import ColumnStatistics
from relfm.model.text import StringEncoder, text_vectors, used_strings
from relfm.tensors import DatabaseTensors, TableTensors
from relfm.times import MISSING_TIME

MISSING, MASKED = 0, 1
INDICATORS = 2


class CellEncoder(nn.Module):
    """Rows of one table to [cells, n, width]: its numbers, strings and dates, in that order.

    The features of a missing or masked cell are zero but for the indicator that says so; that indicator's row of the
    kind's map is what such cells have learned.
    """

    def __init__(self, text_dim: int, width: int) -> None:
        super().__init__()
        self.basis = NumberBasis()
        self.number = nn.Linear(NumberBasis.size + INDICATORS, width)
        self.date = nn.Linear(DATE_SIZE + INDICATORS, width)
        self.string = StringEncoder(text_dim, width)
        self.no_string = nn.Parameter(torch.randn(INDICATORS, width) / 2)
        self.film = nn.Sequential(nn.Linear(text_dim, width), nn.SiLU(), nn.Linear(width, 2 * width))

    def films(self, database: DatabaseTensors, table: TableTensors) -> Tensor:
        """[cells, 1, 2 * width]: what each column's name does to its values."""
        names = np.concatenate([table.number_names, table.string_names, table.date_names])
        return self.film(text_vectors(database, names, self.number.weight.device))[:, None]

    def strings(self, database: DatabaseTensors, table: TableTensors, rows: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """[U + INDICATORS, width], each string of those rows once, and int64[n, B]: where each cell's string stands."""
        used, places = used_strings(table.strings[rows], len(database.vectors))
        return torch.cat([self.string(database, used), self.no_string]), places

    def forward(
        self,
        table: TableTensors,
        rows: np.ndarray,
        masked: np.ndarray,
        *,
        statistics: ColumnStatistics,
        films: Tensor,
        strings: tuple[Tensor, np.ndarray],
    ) -> Tensor:
        """Cells of ``rows`` int64[n], whose places ``strings`` holds; those in ``masked`` bool[n, cells] are hidden."""
        ends = np.cumsum([table.numbers.shape[1], table.strings.shape[1]])
        hidden = np.split(np.ascontiguousarray(masked.T), ends)
        number_films, string_films, date_films = films.tensor_split(ends.tolist())
        cells = []
        if len(number_films):
            cells.append(self._numbers(table.numbers[rows].T, hidden[0], statistics, number_films))
        if len(string_films):
            cells.append(_strings(strings[0], strings[1].T, hidden[1], string_films))
        if len(date_films):
            cells.append(self._dates(table.dates[rows].T, table.times[rows], hidden[2], statistics, date_films))
        return torch.cat(cells) if cells else films.new_zeros(0, len(rows), self.number.out_features)

    def _numbers(self, values: np.ndarray, hidden: np.ndarray, statistics: ColumnStatistics, films: Tensor) -> Tensor:
        """float32[A, n] to [A, n, width]."""
        shown = np.where(hidden | ~np.isfinite(values), np.float32(np.nan), values)
        features = self.basis(torch.from_numpy(shown).to(films.device), statistics)
        return _mapped(features, np.isnan(shown), hidden, self.number, films)

    def _dates(
        self, dates: np.ndarray, times: np.ndarray, hidden: np.ndarray, statistics: ColumnStatistics, films: Tensor
    ) -> Tensor:
        """int64[C, n] of rows at ``times`` int64[n] to [C, n, width]."""
        shown = np.where(hidden, MISSING_TIME, dates)
        features = date_features(shown, times, statistics.date_centers, statistics.date_scales)
        return _mapped(torch.from_numpy(features).to(films.device), shown == MISSING_TIME, hidden, self.date, films)


def _strings(embedded: Tensor, places: np.ndarray, hidden: np.ndarray, films: Tensor) -> Tensor:
    """[U + INDICATORS, width] at places int64[B, n] to [B, n, width]; missing cells stand at U + MISSING already."""
    shown = np.where(hidden, len(embedded) - INDICATORS + MASKED, places)
    scale, shift = films.to(embedded.dtype).chunk(2, -1)
    return torch.addcmul(shift, functional.embedding(torch.from_numpy(shown).to(films.device), embedded), 1 + scale)


def _mapped(features: Tensor, absent: np.ndarray, hidden: np.ndarray, linear: nn.Linear, films: Tensor) -> Tensor:
    """[C, n, F] to [C, n, width]: the map and its modulation are one product, so nothing of that size is kept twice."""
    indicators = np.empty((*absent.shape, INDICATORS), np.float32)
    indicators[..., MISSING], indicators[..., MASKED] = absent & ~hidden, hidden
    features = torch.cat([features, torch.from_numpy(indicators).to(features.device)], -1)
    scale, shift = films.chunk(2, -1)
    return torch.baddbmm(linear.bias * (1 + scale) + shift, features, linear.weight.t() * (1 + scale))
