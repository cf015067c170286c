"""Folders and SQLite files: the same database, whole or not at all, never over something that is there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from relfm.connectors import connect
from relfm.errors import UsageError
from relfm.synth import SyntheticDatabase, generate, write_folder, write_sqlite

WRITERS = [write_folder, write_sqlite]
Write = Callable[[SyntheticDatabase, Path], Path]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("seed", [0, 7, 12])
def test_relfm_reads_the_schema_that_was_made(write: Write, seed: int, tmp_path: Path) -> None:
    made = generate(seed, rows=600)
    found = connect(str(write(made, tmp_path / "made.db")), cache=False)
    assert set(found.tables) == {table.name for table in made.tables}
    for index, table in enumerate(made.tables):
        described = found.schema.tables[table.name]
        assert described.primary_key == (table.key,)
        assert described.time_column == table.clock
        keys = {key.columns[0]: key.table for key in described.foreign_keys}
        assert keys == {link.column: made.tables[link.parent].name for link in made.links_of(index)}
        assert np.array_equal(found.times(table.name), table.times)


def test_the_file_and_the_folder_hold_the_same_cells(tmp_path: Path) -> None:
    made = generate(4, rows=600)
    file, folder = (
        connect(str(write(made, tmp_path / write.__name__)), cache=False) for write in (write_sqlite, write_folder)
    )
    for table in made.tables:
        for column in table.columns:
            first, second = (d.tables[table.name].column(column.name).to_pylist() for d in (file, folder))
            assert first == second


@pytest.mark.parametrize("write", WRITERS)
def test_nothing_is_overwritten(write: Write, tmp_path: Path) -> None:
    made = generate(0, rows=300)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write(made, tmp_path / "there")
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(UsageError, match="no folder"):
        write(made, tmp_path / "nowhere" / "made")


@pytest.mark.parametrize("write", WRITERS)
def test_a_failure_leaves_nothing_behind(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("relfm.synth.folder._cells", fail)
    monkeypatch.setattr("relfm.synth.sqlite_file._cells", fail)
    with pytest.raises(KeyboardInterrupt):
        write(generate(0, rows=300), tmp_path / "made")
    assert list(tmp_path.iterdir()) == []
