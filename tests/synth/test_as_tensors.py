"""What training gets without files is what the written folder holds."""

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from relfm.connectors import connect
from relfm.database import Database
from relfm.synth import SyntheticDatabase, generate, write_folder
from relfm.synth.as_tensors import checksums
from relfm.tensors import DatabaseTensors, Kind, load_shard, save_shard
from relfm.text import identity_hash
from relfm.times import DAY, MISSING_TIME

DIM = 8


def encode(strings: Sequence[str]) -> np.ndarray:
    """The first letters' codes, so that each vector says which string it is of."""
    return np.array([[ord(c) % 251 for c in s[:DIM].ljust(DIM)] for s in strings], np.float32)


@pytest.fixture(scope="module")
def made() -> SyntheticDatabase:
    return generate(9, rows=2_000, tables=7)


@pytest.fixture(scope="module")
def tensors(made: SyntheticDatabase) -> DatabaseTensors:
    return made.to_tensors(encode)


@pytest.fixture(scope="module")
def written(made: SyntheticDatabase, tmp_path_factory: pytest.TempPathFactory) -> Database:
    return connect(write_folder(made, tmp_path_factory.mktemp("synth") / "database"), cache=False)


def _spelled(made: SyntheticDatabase, tensors: DatabaseTensors) -> list[str]:
    """Every string by its number, found again by its hash."""
    known = [t.name for t in made.tables] + [s for t in made.tables for c in t.columns for s in c.strings]
    known += [f"{t.name}.{c.name}" for t in made.tables for c in t.columns]
    by_hash = {crc32(s.encode()): s for s in known}
    return [by_hash.get(int(h), "") for h in tensors.hashes]


def test_tables_and_times_are_those_of_the_folder(
    made: SyntheticDatabase, tensors: DatabaseTensors, written: Database
) -> None:
    spelled = _spelled(made, tensors)
    assert [spelled[t.name] for t in tensors.tables] == [t.name for t in made.tables]
    for table, described in zip(tensors.tables, made.tables, strict=True):
        assert np.array_equal(table.times, written.times(described.name))


def test_links_are_those_of_the_folder(made: SyntheticDatabase, tensors: DatabaseTensors, written: Database) -> None:
    assert len(tensors.links) == sum(len(t.foreign_keys) for t in written.schema.tables.values())
    for link, described in zip(tensors.links, made.links, strict=True):
        name = made.tables[described.child].name
        keys = written.schema.tables[name].foreign_keys
        key = next(key for key in keys if key.columns == (described.column,))
        assert key.table == made.tables[link.parent].name
        assert np.array_equal(link.parents, written.links(name, key))
        assert len(link.children) == np.sum(link.parents >= 0)


def test_cells_are_those_of_the_folder(made: SyntheticDatabase, tensors: DatabaseTensors, written: Database) -> None:
    spelled, compared = _spelled(made, tensors), {kind: 0 for kind in Kind}
    for table, described in zip(tensors.tables, made.tables, strict=True):
        for place, number in enumerate(table.number_names):
            column = spelled[number].split(".")[1]
            values = written.numbers(described.name, column)
            assert np.allclose(table.numbers[:, place], values.astype(np.float32), equal_nan=True)
            compared[Kind.NUMBER] += 1
        for place, number in enumerate(table.string_names):
            held = written.tables[described.name].column(spelled[number].split(".")[1]).to_pylist()
            assert [spelled[i] if i >= 0 else None for i in table.strings[:, place]] == held
            compared[Kind.STRING] += 1
        for place, number in enumerate(table.date_names):
            values = written.numbers(described.name, spelled[number].split(".")[1])
            known = table.dates[:, place] != MISSING_TIME
            assert np.array_equal(known, ~np.isnan(values))
            assert np.array_equal(table.dates[known, place], values[known].astype(np.int64))
            assert np.all(table.dates[known, place] % DAY == 0)
            compared[Kind.DATE] += 1
    assert all(compared.values())


def test_every_string_has_its_vector_and_identity_once(tensors: DatabaseTensors, made: SyntheticDatabase) -> None:
    assert tensors.vectors.dtype == np.float16 and tensors.vectors.shape == (len(tensors.hashes), DIM)
    assert len(set(tensors.hashes.tolist())) == len(tensors.hashes)
    spelled = _spelled(made, tensors)
    for number, string in enumerate(spelled):
        if string:
            assert np.array_equal(tensors.vectors[number], encode([string])[0].astype(np.float16))


def test_a_hidden_column_is_the_one_asked_for(made: SyntheticDatabase) -> None:
    found = 0
    for seed in range(6):
        database = generate(seed, rows=1_500)
        tensors = database.to_tensors(encode)
        for task in (t for t in tensors.tasks if t.horizon == 0):
            ((table, kind, place),) = task.hidden.columns
            assert table == task.entity
            cells = getattr(tensors.tables[table], f"{kind.value}s")[task.rows, place]
            if kind is Kind.NUMBER:
                assert np.allclose(cells, task.targets.astype(np.float32))
            else:
                assert len(set(zip(cells.tolist(), task.targets.tolist(), strict=True))) == len(set(cells.tolist()))
            hidden = tensors.with_task(task)
            assert getattr(hidden.tables[table], f"{kind.value}s").shape[1] == cells_of(tensors, table, kind) - 1
            found += 1
    assert found >= 4


def cells_of(tensors: DatabaseTensors, table: int, kind: Kind) -> int:
    return getattr(tensors.tables[table], f"{kind.value}s").shape[1]


def test_no_target_is_visible_to_its_own_seed(tensors: DatabaseTensors) -> None:
    assert tensors.tasks
    for task in tensors.tasks:
        assert np.all(task.known > task.cutoffs)


def test_it_is_a_shard_like_any_other(tensors: DatabaseTensors, tmp_path: Path) -> None:
    save_shard(tensors, tmp_path / "synthetic.safetensors")
    again = load_shard(tmp_path / "synthetic.safetensors")
    assert again.name == tensors.name
    assert np.array_equal(again.hashes, tensors.hashes)
    assert [t.kind for t in again.tasks] == [t.kind for t in tensors.tasks]
    assert all(np.array_equal(a.strings, b.strings) for a, b in zip(again.tables, tensors.tables, strict=True))


def test_identities_are_those_of_prepared_databases(tensors: DatabaseTensors, made: SyntheticDatabase) -> None:
    assert np.array_equal(made.to_tensors(encode, identify=identity_hash).hashes, tensors.hashes)
    odd = ["", "price", "Größe", "orders.total", "x" * 300]
    assert np.array_equal(checksums(odd), identity_hash(odd))


def test_the_number_of_questions_is_bounded_and_the_identity_may_be_given(made: SyntheticDatabase) -> None:
    given = made.to_tensors(encode, identify=lambda strings: np.arange(len(strings), dtype=np.uint32), tasks=2)
    assert len(given.tasks) == 2
    assert given.hashes.tolist() == list(range(len(given.vectors)))
