"""A database as arrays: what becomes of its cells, keys and links, and what must not matter."""

from collections.abc import Sequence

import numpy as np
import pytest
from timed_shop import AT, QUESTIONS, frames

from relfm import Database
from relfm.asked import closed_labels, past_cutoffs
from relfm.connectors import connect
from relfm.labels import with_classes
from relfm.planning import resolve
from relfm.states import encode_database, encode_task
from relfm.tensors import Kind, load_shard, save_shard
from relfm.text import default_encoder


@pytest.fixture(scope="module")
def database() -> Database:
    return connect(frames(40, 300), cache=False)


class Counted:
    """The text encoder, and what it was asked."""

    def __init__(self) -> None:
        self.dim = default_encoder().dim
        self.asked: list[str] = []

    def encode(self, strings: Sequence[str | None]) -> np.ndarray:
        self.asked += strings
        return default_encoder().encode(strings)


def test_cells_are_what_the_database_holds(database: Database) -> None:
    encoded = encode_database(database, default_encoder())
    place, kind, column = encoded.columns["orders", "total"]
    assert kind is Kind.NUMBER
    table = encoded.tensors.tables[place]
    np.testing.assert_allclose(table.numbers[:, column], database.numbers("orders", "total"), rtol=1e-6)
    np.testing.assert_array_equal(table.times, database.times("orders"))
    place, kind, column = encoded.columns["orders", "channel"]
    assert kind is Kind.STRING
    ids = encoded.tensors.tables[place].strings[:, column]
    told = [None if i < 0 else encoded.strings.strings[i] for i in ids]
    assert told == database.tables["orders"].column("channel").to_pylist()


def test_keys_and_hidden_columns_are_no_cells(database: Database) -> None:
    hidden = encode_database(database.hide([("customers", "segment")]), default_encoder())
    assert ("customers", "segment") not in hidden.columns
    for table in database.schema.tables.values():
        assert not {(table.name, c) for c in table.key_columns} & set(hidden.columns)


def test_every_key_is_a_link(database: Database) -> None:
    encoded = encode_database(database, default_encoder())
    assert len(encoded.tensors.links) == sum(len(t.foreign_keys) for t in database.schema.tables.values())
    names = sorted(database.tables)
    for link, (table, columns) in zip(encoded.tensors.links, encoded.links, strict=True):
        key = next(k for k in database.schema.tables[table].foreign_keys if k.columns == columns)
        np.testing.assert_array_equal(link.parents, database.links(table, key))
        assert names[link.child] == table


def test_the_order_of_columns_and_tables_leaves_no_trace(database: Database) -> None:
    shop = {name: rows[rows.columns[::-1]] for name, rows in reversed(frames(40, 300).items())}
    first = encode_database(database, default_encoder()).fill_all()
    second = encode_database(connect(shop, cache=False), default_encoder()).fill_all()
    for one, other in zip(first.tensors.tables, second.tensors.tables, strict=True):
        np.testing.assert_array_equal(one.numbers, other.numbers)
        np.testing.assert_array_equal(first.tensors.hashes[one.strings], second.tensors.hashes[other.strings])


def test_text_is_encoded_when_it_is_looked_at(database: Database) -> None:
    encoder = Counted()
    encoded = encode_database(database, encoder)
    names = len(encoder.asked)
    assert "orders.total" in encoder.asked
    assert names < len(encoded.strings)
    empty = int(np.flatnonzero(~encoded.filled)[0])
    encoded.fill(np.array([empty, -1]))
    encoded.fill(np.array([empty]))
    assert len(encoder.asked) == names + 1


def test_a_question_hides_what_it_asks_for(database: Database) -> None:
    task = with_classes(resolve(database, QUESTIONS["imputation"]), database, AT)
    examples = closed_labels(database, task, past_cutoffs(database, task, AT), AT)
    encoded, asked = encode_task(encode_database(database, default_encoder()), task, examples)
    assert asked.hidden.columns == (encoded.columns["customers", "segment"],)
    world = encoded.tensors.with_task(asked)
    place = encoded.columns["customers", "segment"][0]
    assert world.tables[place].strings.shape[1] == encoded.tensors.tables[place].strings.shape[1] - 1
    assert (asked.known > asked.cutoffs).all()


def test_answers_are_known_when_their_window_has_closed(database: Database) -> None:
    task = resolve(database, QUESTIONS["binary"])
    examples = closed_labels(database, task, past_cutoffs(database, task, AT), AT)
    _, asked = encode_task(encode_database(database, default_encoder()), task, examples)
    np.testing.assert_array_equal(asked.known, task.closes(examples.cutoffs))
    assert asked.kind == "binary"


def test_a_shard_is_the_same_again(database: Database, tmp_path) -> None:
    tensors = encode_database(database, default_encoder(), name="shop").fill_all().tensors
    save_shard(tensors, tmp_path / "shop.safetensors")
    again = load_shard(tmp_path / "shop.safetensors")
    assert again.name == "shop"
    np.testing.assert_array_equal(again.vectors, tensors.vectors)
    np.testing.assert_array_equal(again.links[0].children, tensors.links[0].children)
