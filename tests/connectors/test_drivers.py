"""A database whose driver is not there says what to install."""

import pytest
import sqlalchemy

from relfm.connectors import connect
from relfm.errors import ConnectionFailed


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("snowflake://me@host/shop", "pip install snowflake-sqlalchemy"),
        ("mssql+pyodbc://me@host/shop", "pip install pyodbc"),
        ("unheard://me@host/shop", "install the SQLAlchemy dialect of unheard"),
    ],
)
def test_a_missing_driver_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch, url: str, hint: str) -> None:
    def missing(*_: object, **__: object) -> None:
        raise sqlalchemy.exc.NoSuchModuleError

    monkeypatch.setattr("sqlalchemy.create_engine", missing)
    with pytest.raises(ConnectionFailed, match="there is no driver for") as caught:
        connect(url)
    assert caught.value.hint == hint
