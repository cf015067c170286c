"""Dates as people write them are moments where one form fits them all; else they stay text, and that is told."""

import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from relfm.connectors import connect, to_toml
from relfm.connectors.canonical import canonical_column
from relfm.connectors.date_text import doubt
from relfm.errors import SchemaError, UsageError


def column(*cells: str | None) -> pa.ChunkedArray:
    held = canonical_column("x", pa.chunked_array([pa.array(cells, pa.string())]))
    assert not isinstance(held, str)
    return held


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["31/12/2024", "1/2/2024"], ["2024-12-31", "2024-02-01"]),
        (["12/31/2024", "1/2/2024"], ["2024-12-31", "2024-01-02"]),
        (["31/12/2024 10:05", "01/02/2024 00:00:30.5"], ["2024-12-31T10:05", "2024-02-01T00:00:30.5"]),
        (["01/31/2024 10:05 AM", "02/01/2024 12:00 AM"], ["2024-01-31T10:05", "2024-02-01"]),
        (["01/31/2024 12:05 PM", "02/01/2024 1:00pm"], ["2024-01-31T12:05", "2024-02-01T13:00"]),
        (["01.02.2024", "03.04.2024 18:30"], ["2024-02-01", "2024-04-03T18:30"]),
        (["31-12-2024", "01-02-2024"], ["2024-12-31", "2024-02-01"]),
        (["2024/12/31", "2024/1/2, 3:04"], ["2024-12-31", "2024-01-02T03:04"]),
        (["Jan 31 2024", "September 1, 2024", "Sept. 2 2024"], ["2024-01-31", "2024-09-01", "2024-09-02"]),
        (["31 Jan 2024", "01-FEB-2024"], ["2024-01-31", "2024-02-01"]),
        (["05/05/2024", "06/06/2024"], ["2024-05-05", "2024-06-06"]),
        (["31/12/2024", None, "NA"], ["2024-12-31", None, None]),
    ],
)
def test_dates_of_one_form_are_moments(cells: list, expected: list) -> None:
    held = column(*cells)
    assert str(held.type) == "timestamp[us]"
    assert held.to_pylist() == [e and datetime.datetime.fromisoformat(e) for e in expected]


@pytest.mark.parametrize(
    "cells",
    [
        ["03/04/2024", "05/06/2024"],
        ["31/12/2024", "12/31/2024"],
        ["30/02/2024", "31/12/2024"],
        ["31/12/2024 25:00"],
        ["31/12/2024 10:05 AM", "31/12/2024 10:05"],
        ["31/12/2024 13:05 PM"],
        ["31/12/24"],
        ["Jax 31 2024"],
        ["31/12/2024", "31.12.2024"],
        ["1.2.3", "2.3.4"],
    ],
)
def test_what_no_form_or_two_forms_fit_stays_text(cells: list) -> None:
    assert column(*cells).to_pylist() == cells


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["03/04/2024", "05/06/2024"], 'cannot be told apart: say "timestamp D/M/Y" or "timestamp M/D/Y"'),
        (["31/12/2024", "12/31/2024"], "no form fits all of its values: write all of them as 2024-12-31"),
        (["2024-01-01"] * 20 + ["soon"], "no form fits 'soon'"),
        (["1.2.3", "2.3.4"], None),
        (["May I come in?", "10-4"], None),
        ([None], None),
    ],
)
def test_doubt_says_what_it_looks_like_and_what_to_do(cells: list, said: str | None) -> None:
    why = doubt(pa.chunked_array([pa.array(cells, pa.string())]))
    assert why == said if said is None else said in str(why)


def visits(file: Path, *dates: str) -> Path:
    file.write_text("id,visited\n" + "".join(f"{n},{d}\n" for n, d in enumerate(dates)))
    return file


def test_dates_make_a_table_timed(tmp_path: Path) -> None:
    database = connect(visits(tmp_path / "visits.csv", "31/12/2024 10:05", "01/02/2024 11:00"))
    assert database.schema.table("visits").time_column == "visited"


def test_dates_in_doubt_are_told_and_settled_by_the_schema_file(tmp_path: Path) -> None:
    source, file = visits(tmp_path / "visits.csv", "03/04/2024", "05/06/2024"), tmp_path / "relfm.toml"
    told = [str(d) for d in connect(source).schema.table("visits").decisions if d.what == "suspect"]
    assert any(d.startswith("suspect visited: text (inferred: it looks like dates ('03/04/2024')") for d in told)
    file.write_text("[tables.visits.columns]\nvisited = 'timestamp D/M/Y'")
    database = connect(source, schema_file=file)
    assert database.schema.table("visits").time_column == "visited"
    assert database.tables["visits"]["visited"].to_pylist()[0] == datetime.datetime(2024, 4, 3)
    file.write_text(to_toml(database.schema))
    again = connect(source, schema_file=file)
    assert again.tables["visits"].equals(database.tables["visits"])


@pytest.mark.parametrize(
    ("text", "error", "message", "hint"),
    [
        ("columns.seen = 'timestamp'", SchemaError, "column 'visits.seen' holds string, not moments", "D/M/Y"),
        ("time_column = 'seen'", SchemaError, "time column 'visits.seen' holds string, not moments", "D/M/Y"),
        ("columns.note = 'timestamp D/M/Y'", SchemaError, "not moments of the form D/M/Y", "ISO"),
        ("columns.note = 'timestamp'", SchemaError, "column 'visits.note' holds string, not moments", "ISO"),
        ("columns.note = 'timestamp Y-D-M'", UsageError, "unknown stype 'timestamp Y-D-M'", "timestamp"),
        ("columns.id = 'timestamp'", SchemaError, "column 'visits.id' holds int64, not moments", "ISO"),
    ],
)
def test_what_cannot_be_read_as_moments_is_refused(
    tmp_path: Path, text: str, error: type[Exception], message: str, hint: str
) -> None:
    (tmp_path / "visits.csv").write_text("id,seen,note\n1,03/04/2024,x\n2,05/06/2024,y\n")
    (tmp_path / "relfm.toml").write_text(f"[tables.visits]\n{text}")
    with pytest.raises(error, match=message) as caught:
        connect(tmp_path / "visits.csv", schema_file=tmp_path / "relfm.toml")
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(("form", "refused"), [("D/M/Y", False), ("M/D/Y", True)])
def test_a_form_that_the_cells_contradict_is_refused_also_from_a_snapshot(
    tmp_path: Path, form: str, refused: bool
) -> None:
    file, said = tmp_path / "visits.csv", tmp_path / "relfm.toml"
    file.write_text("id,signup\n1,13/1/2024\n2,1/2/2024\n3,20/5/2024\n")
    said.write_text(f'[tables.visits.columns]\nsignup = "timestamp {form}"')
    for _ in range(2):
        if refused:
            with pytest.raises(SchemaError, match="holds dates of the form D/M/Y, not M/D/Y"):
                connect(file, schema_file=said, cache_dir=tmp_path)
        else:
            times = connect(file, schema_file=said, cache_dir=tmp_path).tables["visits"]["signup"].to_pylist()
            assert datetime.datetime(2024, 2, 1) in times
