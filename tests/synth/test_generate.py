"""What every generated database keeps to, and how much they differ."""

from itertools import pairwise

import numpy as np
import pytest

from relfm.errors import UsageError
from relfm.synth import ColumnKind, SyntheticDatabase, generate
from relfm.times import MISSING_TIME, SECOND, TIMELESS

SEEDS = range(40)


@pytest.fixture(scope="module")
def databases() -> list[SyntheticDatabase]:
    return [generate(seed, rows=1_500) for seed in SEEDS]


def _arrays(database: SyntheticDatabase) -> list[np.ndarray]:
    columns = [column.values for table in database.tables for column in table.columns]
    return [*columns, *(t.times for t in database.tables), *(link.rows for link in database.links)]


def _names(database: SyntheticDatabase) -> list[tuple]:
    return [(t.name, t.key, t.clock, *((c.name, c.kind, c.strings) for c in t.columns)) for t in database.tables]


def test_the_same_seed_gives_the_same_database() -> None:
    first, second = generate(5, rows=1_500), generate(5, rows=1_500)
    assert _names(first) == _names(second)
    for one, other in zip(_arrays(first), _arrays(second), strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_another_seed_gives_another_database() -> None:
    assert _names(generate(5, rows=1_500)) != _names(generate(6, rows=1_500))


@pytest.mark.parametrize("tables", [2, 3, 7, 12, 40])
def test_there_are_as_many_tables_as_asked_for(tables: int) -> None:
    assert len(generate(1, rows=1_000, tables=tables).tables) == tables


@pytest.mark.parametrize("rows", [400, 4_000, 40_000])
def test_there_are_about_as_many_rows_as_asked_for(rows: int) -> None:
    made = [generate(seed, rows=rows).num_rows for seed in range(8)]
    assert rows / 2 < np.median(made) < rows * 1.6


@pytest.mark.parametrize("sizes", [{"rows": 199}, {"tables": 1}, {"tables": 41}])
def test_sizes_that_cannot_be_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        generate(0, **sizes)


def test_keys_point_at_rows_that_exist(databases: list[SyntheticDatabase]) -> None:
    for database in databases:
        for link in database.links:
            assert len(link.rows) == len(database.tables[link.child])
            assert link.rows.min() >= -1
            assert link.rows.max() < len(database.tables[link.parent])


def test_no_row_is_before_a_row_that_it_points_at(databases: list[SyntheticDatabase]) -> None:
    for database in databases:
        for link in database.links:
            held = link.rows >= 0
            children, parents = database.tables[link.child].times, database.tables[link.parent].times
            assert np.all(children[held] >= parents[link.rows[held]])


def test_a_row_never_points_at_itself(databases: list[SyntheticDatabase]) -> None:
    own = [link for database in databases for link in database.links if link.child == link.parent]
    assert own
    assert all(np.all(link.rows < np.arange(len(link.rows))) for link in own)


def test_two_keys_to_one_table_name_different_rows(databases: list[SyntheticDatabase]) -> None:
    pairs = 0
    for database in databases:
        for first, second in pairwise(database.links):
            if (first.child, first.parent) == (second.child, second.parent) and second.child != second.parent:
                both = (first.rows >= 0) & (second.rows >= 0)
                pairs += 1
                assert np.all(first.rows[both] != second.rows[both])
    assert pairs


def test_rows_stand_in_the_order_of_their_times_within_the_span(databases: list[SyntheticDatabase]) -> None:
    for database in databases:
        for table in database.tables:
            assert np.all(np.diff(table.times) >= 0)
            if table.clock:
                assert database.start <= table.times[0] and table.times[-1] < database.end
                assert np.all(table.times % SECOND == 0)
            else:
                assert np.all(table.times == TIMELESS)


def test_no_name_is_used_twice(databases: list[SyntheticDatabase]) -> None:
    for database in databases:
        names = [table.name.casefold() for table in database.tables]
        assert len(set(names)) == len(names)
        for index, table in enumerate(database.tables):
            held = [table.key, *(link.column for link in database.links_of(index)), *(c.name for c in table.columns)]
            held += [table.clock] if table.clock else []
            assert len({name.casefold() for name in held}) == len(held)


def test_cells_are_what_their_kind_says(databases: list[SyntheticDatabase]) -> None:
    for database in databases:
        for table in database.tables:
            for column in table.columns:
                assert len(column.values) == len(table)
                if column.kind.is_string:
                    assert column.values.min() >= -1 and column.values.max() < len(column.strings)
                    assert len(set(column.strings)) == len(column.strings)
                elif column.kind is ColumnKind.DATE:
                    assert column.values.dtype == np.int64
                else:
                    assert not np.isinf(column.values).any()
                    assert column.kind is ColumnKind.NUMBER or set(column.values[~np.isnan(column.values)]) <= {
                        0.0,
                        1.0,
                    }


def test_databases_differ_in_shape_and_content(databases: list[SyntheticDatabase]) -> None:
    roles = {table.role for d in databases for table in d.tables}
    kinds = [column.kind for d in databases for t in d.tables for column in t.columns]
    assert roles == {"dimension", "entity", "bridge", "occasion", "action", "detail"}
    assert all(0.02 < kinds.count(kind) / len(kinds) < 0.6 for kind in ColumnKind)
    assert len({len(d.tables) for d in databases}) >= 6
    assert len({d.name.split("_")[1] for d in databases}) >= 8
    spans = [(d.end - d.start) for d in databases]
    assert max(spans) > 20 * min(spans)


def test_some_cells_and_keys_are_missing_but_not_many(databases: list[SyntheticDatabase]) -> None:
    columns = [column for d in databases for t in d.tables for column in t.columns]
    gaps = np.array([np.mean(_missing(c.values)) for c in columns])
    assert 0.2 < np.mean(gaps > 0) < 0.6
    assert 0.02 < gaps.mean() < 0.2
    assert any((link.rows < 0).any() for d in databases for link in d.links if link.child != link.parent)


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.int32:
        return values < 0
    return np.isnan(values) if values.dtype.kind == "f" else values == MISSING_TIME


def test_names_tell_the_mechanism(databases: list[SyntheticDatabase]) -> None:
    """A price is positive and skewed, wherever it stands; a measure need be neither."""
    prices = [c.values for d in databases for t in d.tables for c in t.columns if c.name in ("price", "amount", "cost")]
    known = [values[~np.isnan(values)] for values in prices]
    assert len(known) >= 5
    assert all(values.min() >= 0 for values in known)
    assert np.mean([values.mean() > np.median(values) for values in known if len(values) > 50]) > 0.8
