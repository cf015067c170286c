"""Links of the rows asked about alone give the same sums, to the last bit, as those of all rows."""

import numpy as np
import pytest

from relfm.features.history import HistoryView, Window, add_series
from relfm.features.matrix import Block, FeatureMatrix
from relfm.features.series import Series
from relfm.history import Links
from relfm.times import DAY

WINDOWS = tuple(Window(k * 10 * DAY, f"{k}0 days") for k in (1, 3, 12))


def described(links: Links, series: list[Series], rows: np.ndarray, seen: np.ndarray) -> FeatureMatrix:
    block = Block(len(rows), 1)
    add_series(block, HistoryView(links, rows, seen), series, WINDOWS, "visits", full=True)
    return block.to_matrix()


@pytest.mark.parametrize("share_missing", [0.0, 0.4])
def test_few_rows_are_described_as_among_all(share_missing: float) -> None:
    generator = np.random.default_rng(0)
    parents, times = generator.integers(-1, 60, 3_000), generator.integers(0, 400, 3_000) * DAY
    parents[parents == 7] = 8  # one of the rows asked about has no links at all
    links = Links.of(parents, times, 60)
    values = generator.normal(size=3_000) * 1e3
    values[generator.random(3_000) < share_missing] = np.nan
    series = [Series("price", values), Series("paid", (values > 0).astype(float), is_indicator=True)]
    rows = np.append(np.arange(60), -1)
    seen = generator.integers(0, 400, 61) * DAY
    few = np.array([3, 7, 60, 41, 3])
    whole, part = described(links, series, rows, seen), described(links, series, rows[few], seen[few])
    assert part.names == whole.names
    assert HistoryView(links, rows[few], seen[few]).narrowed()[0].links is not links
    np.testing.assert_array_equal(part.values, whole.values[few])


def test_rows_without_links_are_described_too() -> None:
    links = Links.of(np.array([0, 0, 1]), np.array([1, 2, 3]) * DAY, 4)
    found = described(links, [Series("price", np.ones(3))], np.array([2, 3, -1]), np.full(3, 9 * DAY))
    assert np.isnan(found.values[:, found.names.index("mean of price over all visits")]).all()
