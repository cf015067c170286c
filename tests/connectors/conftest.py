"""Sources for the tests of connectors, one of each kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from backends import BACKENDS, drop_database, made_database, why_absent, write_database
from hostile import hostile_frames, hostile_schema


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    reason = why_absent(request.param)
    if reason is not None:
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="session")
def hostile_source(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    where: Path = tmp_path_factory.mktemp(backend)
    yield write_database(backend, hostile_frames(), hostile_schema(), where)
    drop_database(backend, where)


@pytest.fixture(scope="module")
def postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL database made by the module's ``POSTGRES_STATEMENTS``, named after the module."""
    where = tmp_path_factory.mktemp(f"{request.module.__name__.rpartition('.')[2]}_postgres")
    with made_database("postgresql", request.module.POSTGRES_STATEMENTS, where) as url:
        yield url


@pytest.fixture(scope="module")
def mariadb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same in MariaDB, by its ``MARIADB_STATEMENTS``."""
    where = tmp_path_factory.mktemp(f"{request.module.__name__.rpartition('.')[2]}_mariadb")
    with made_database("mariadb", request.module.MARIADB_STATEMENTS, where) as url:
        yield url
