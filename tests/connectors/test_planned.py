"""Dates that lie ahead and were set with their row, against those that were filled in, moved or put off afterwards."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relfm.connectors import connect
from relfm.connectors.freeze import to_toml
from relfm.database import Database
from relfm.errors import SchemaError

_START = pd.Timestamp("2023-01-01")
_DAYS = 400


def invoices(**columns: object) -> dict[str, pd.DataFrame]:
    """One invoice a day; ``columns`` of days after the start, NaN where the cell is missing."""
    made = np.arange(_DAYS, dtype=float)
    table = {"id": np.arange(_DAYS), "created_at": _START + pd.to_timedelta(made, unit="D"), "amount": made % 7}
    for name, days in columns.items():
        table[name] = _START + pd.to_timedelta(np.asarray(days, float).round(), unit="D")
    return {"invoices": pd.DataFrame(table)}


def leads(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([14.0, 30.0, 60.0], _DAYS)


def planned(database: Database) -> set[str]:
    return {c.name for c in database.schema.tables["invoices"].columns if c.is_planned}


def told(database: Database, what: str) -> list[str]:
    return [str(d) for d in database.schema.tables["invoices"].decisions if d.what == what]


def test_what_is_due_is_known_from_its_row_on() -> None:
    database = connect(invoices(due_date=np.arange(_DAYS) + leads()))
    assert planned(database) == {"due_date"}
    assert "ahead of all of them" in told(database, "planned")[0]


def test_another_name_is_a_hint_to_the_user() -> None:
    database = connect(invoices(settles_on=np.arange(_DAYS) + leads()))
    assert planned(database) == set()
    assert any('planned = ["settles_on"]' in line for line in told(database, "suspect"))


def filled_in_once_they_have_come(days: np.ndarray) -> np.ndarray:
    return np.where(days <= _DAYS, days, np.nan)


def put_off_every_year_of_thirty_days(days: np.ndarray) -> np.ndarray:
    return days + 30 * np.floor(np.maximum(_DAYS - days, 0) / 30 + 1)


def behind_their_rows(days: np.ndarray) -> np.ndarray:
    return 2 * np.arange(_DAYS) - days


@pytest.mark.parametrize(
    "change", [filled_in_once_they_have_come, put_off_every_year_of_thirty_days, behind_their_rows]
)
def test_the_rows_must_agree_with_the_name(change) -> None:
    database = connect(invoices(due_date=change(np.arange(_DAYS) + leads())))
    assert planned(database) == set()
    assert not any("planned" in line for line in told(database, "suspect"))


def test_few_rows_show_nothing() -> None:
    frames = invoices(due_date=np.arange(_DAYS) + leads())
    assert planned(connect({"invoices": frames["invoices"].head(40)})) == set()


def stated(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "relfm.toml"
    file.write_text(f"[tables.invoices]\n{text}\n")
    return file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('planned = ["settles_on"]', {"settles_on"}),
        ("planned = []", set()),
        ('written_later = ["due_date"]', set()),
        ('planned = ["closed_at"]', {"closed_at"}),
    ],
)
def test_the_user_has_the_last_word(tmp_path: Path, text: str, expected: set[str]) -> None:
    days = np.arange(_DAYS) + leads()
    database = connect(invoices(due_date=days, settles_on=days, closed_at=days), schema_file=stated(tmp_path, text))
    assert planned(database) == expected
    later = {c.name for c in database.schema.tables["invoices"].columns if c.is_written_later}
    assert not later & expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('planned = ["amount"]', "'invoices.amount' is stated as planned"),
        ('planned = ["due_date"]\nwritten_later = ["due_date"]', "both as planned and as written later"),
        ('planned = ["due"]', "unknown column 'due'"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        connect(invoices(due_date=np.arange(_DAYS) + leads()), schema_file=stated(tmp_path, text))


def test_a_written_schema_keeps_it(tmp_path: Path) -> None:
    first = connect(invoices(due_date=np.arange(_DAYS) + leads()))
    file = tmp_path / "relfm.toml"
    file.write_text(to_toml(first.schema))
    assert 'planned = ["due_date"]' in file.read_text()
    assert planned(connect(invoices(due_date=np.arange(_DAYS) + leads()), schema_file=file)) == {"due_date"}
