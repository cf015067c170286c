"""The same database through every kind of source: the same schema, the same predictions to the last bit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backends import BACKENDS, drop_database, why_absent, write_database, write_schema_file
from invariance import KINDS, differences, predicted
from timed_shop import SCHEMA, frames, to_arrow

from relfm.connectors import connect
from relfm.predictor import Prediction
from relfm.schema import Schema

DECLARING = ("postgresql", "mariadb", "sqlite", "duckdb")
"""Backends in which keys are declared; the others need a schema file for them."""


def without_evidence(schema: Schema) -> Schema:
    """What was decided, without by whom and why."""
    return Schema.of(replace(table, decisions=()) for table in schema.tables.values())


@pytest.fixture(scope="module", params=BACKENDS)
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Path | None]]:
    reason = why_absent(request.param)
    if reason is not None:
        pytest.skip(reason)
    where = tmp_path_factory.mktemp(f"agree_{request.param}")
    schema_file = None if request.param in DECLARING else write_schema_file(SCHEMA, where)
    yield write_database(request.param, to_arrow(frames(25, 220)), SCHEMA, where), schema_file
    drop_database(request.param, where)


@pytest.fixture(scope="module")
def expected() -> dict[str, Prediction]:
    """Predictions from Arrow tables that are in memory already, by kind of question."""
    return {}


def test_schema_is_the_declared_one(source: tuple[Any, Path | None]) -> None:
    where, schema_file = source
    assert without_evidence(connect(where, schema_file=schema_file).schema) == SCHEMA


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_the_same(
    source: tuple[Any, Path | None], kind: str, expected: dict[str, Prediction], tmp_path: Path
) -> None:
    where, schema_file = source
    if kind not in expected:
        stated = write_schema_file(SCHEMA, tmp_path)
        expected[kind] = predicted(to_arrow(frames(25, 220)), kind, schema_file=stated)
    assert not differences(expected[kind], predicted(where, kind, schema_file=schema_file))
