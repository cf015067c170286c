"""A date that is filled after its row was made is known from its own moment on; one that is planned ahead, at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relfm.connectors import connect
from relfm.connectors.freeze import to_toml
from relfm.database import Database
from relfm.errors import SchemaError
from relfm.labels import QueryLabeller
from relfm.times import parse_time

_START = pd.Timestamp("2023-01-01")


def frames() -> dict[str, pd.DataFrame]:
    """100 subscriptions of a year each, one a day; an invoice a day, due after 60 days, closed after 90."""
    day = pd.to_timedelta(np.arange(100), unit="D")
    started = _START + day
    subs = pd.DataFrame({"id": np.arange(100), "started_at": started, "expires_at": started + pd.DateOffset(years=1)})
    made = _START + pd.to_timedelta(np.arange(300), unit="D")
    invoices = pd.DataFrame(
        {
            "id": np.arange(300),
            "sub_id": np.arange(300) % 100,
            "created_at": made,
            "due_date": made + pd.Timedelta(days=60),
            "closed_at": made + pd.Timedelta(days=90),
        }
    )
    return {"subs": subs, "invoices": invoices}


def population(database: Database, where: str, at: str) -> int:
    question = f"PREDICT COUNT(invoices.*, 0, 30, days) FOR EACH subs.id WHERE {where}"
    return len(QueryLabeller.of(question, database.schema).population(database, parse_time(at)))


def labels(database: Database, where: str) -> float:
    question = f"PREDICT COUNT(invoices.* WHERE {where}, 0, 30, days) FOR EACH subs.id"
    at = np.array([parse_time("2023-05-01")])
    return float(QueryLabeller.of(question, database.schema).label(database, at).targets.sum())


def test_what_is_planned_ahead_is_known_ahead() -> None:
    database = connect(frames())
    assert population(database, "subs.expires_at > 2024-02-20", "2023-06-01") == 49
    assert population(database, "subs.expires_at IS NOT NULL", "2023-06-01") == 100
    assert labels(database, "invoices.due_date > 2023-07-10") == 20


def test_what_is_written_later_is_not() -> None:
    database = connect(frames())
    assert labels(database, "invoices.closed_at IS NULL") == 30
    later = {c.name for t in database.schema.tables.values() for c in t.columns if c.is_written_later}
    assert later == {"closed_at"}


def test_a_window_that_ended_earlier_knows_what_the_cutoff_knows() -> None:
    """On day 200 the 60 invoices of days 81 to 140 are looked at; those made up to day 110 are closed, the last of
    them at that very moment, and none was when the window ended."""
    still_open = "COUNT(invoices.* WHERE invoices.closed_at IS NULL, -120, -60, days) > 0"
    assert population(connect(frames()), still_open, "2023-07-20") == 30


def test_what_is_written_at_the_end_of_the_window_is_known_there() -> None:
    question = "PREDICT COUNT(invoices.* WHERE invoices.closed_at IS NULL, 0, 120, days) FOR EACH subs.id"
    database = connect(frames())
    labeller = QueryLabeller.of(question, database.schema)
    open_by_day_240 = labeller.label(database, np.array([parse_time("2023-05-01")])).targets.sum()
    assert open_by_day_240 == 90, "those of days 151 to 240: that of day 150 is closed on day 240"


def test_a_written_schema_keeps_what_is_known_when(tmp_path: Path) -> None:
    first = connect(frames())
    file = tmp_path / "relfm.toml"
    file.write_text(to_toml(first.schema))
    again = connect(frames(), schema_file=file)
    for where in ("invoices.closed_at IS NULL", "invoices.due_date > 2023-07-10"):
        assert labels(again, where) == labels(first, where)
    assert 'written_later = ["closed_at"]' in file.read_text()


@pytest.mark.parametrize(("stated", "expected"), [("[]", 0), ('["closed_at", "due_date"]', 30)])
def test_the_user_may_say_which_dates_are_written_later(tmp_path: Path, stated: str, expected: float) -> None:
    file = tmp_path / "relfm.toml"
    file.write_text(f"[tables.invoices]\nwritten_later = {stated}")
    database = connect(frames(), schema_file=file)
    assert labels(database, "invoices.closed_at IS NULL") == expected


def test_the_time_of_a_row_is_never_written_later(tmp_path: Path) -> None:
    file = tmp_path / "relfm.toml"
    file.write_text('[tables.invoices]\ntime_column = "closed_at"')
    invoices = connect(frames(), schema_file=file).schema.tables["invoices"]
    assert invoices.time_column == "closed_at"
    assert not any(c.is_written_later for c in invoices.columns)


def test_a_text_whose_name_says_that_something_ended_is_no_date() -> None:
    made = frames()
    made["invoices"]["cancelled_at"] = np.where(np.arange(300) % 2, "desk", "phone")
    database = connect(made)
    assert not database.schema.tables["invoices"].column("cancelled_at").is_written_later
    assert labels(database, "invoices.cancelled_at = 'desk'") == 15


def test_only_dates_are_known_later(tmp_path: Path) -> None:
    file = tmp_path / "relfm.toml"
    file.write_text('[tables.invoices]\nwritten_later = ["sub_id"]')
    with pytest.raises(SchemaError, match="'invoices.sub_id' is stated as written later"):
        connect(frames(), schema_file=file)
