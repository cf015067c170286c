import io
from datetime import datetime

import pytest

from relfm.cli.entities import read_entities
from relfm.errors import UsageError
from relfm.schema import Column, Table

PEOPLE = Table("people", (Column("id", "int64", None), Column("name", "string", None)), primary_key=("id",))
NAMES = Table("names", (Column("name", "string", None),), primary_key=("name",))
LINES = Table("lines", (Column("order", "int64", None), Column("no", "int64", None)), primary_key=("order", "no"))

DAYS = Table("days", (Column("day", "timestamp", None),), primary_key=("day",))
READINGS = Table(
    "readings", (Column("meter", "int64", None), Column("at", "timestamp", None)), primary_key=("meter", "at")
)


def test_keys_come_from_the_command_line_in_the_type_of_the_key():
    assert read_entities("1, 2,3", PEOPLE) == [1, 2, 3]
    assert read_entities("1,2", NAMES) == ["1", "2"]


def test_a_key_with_a_comma_may_be_quoted():
    assert read_entities('"Lovelace, Ada",Bob', NAMES) == ["Lovelace, Ada", "Bob"]


def test_keys_come_from_a_file_without_a_header(tmp_path):
    (tmp_path / "ids.csv").write_text("1\n2\n\n3\n")
    assert read_entities(f"@{tmp_path / 'ids.csv'}", PEOPLE) == [1, 2, 3]


def test_keys_come_from_the_named_column_of_a_file(tmp_path):
    (tmp_path / "ids.csv").write_text("\ufeffname,ID\nAda,7\nBob,8\n")
    assert read_entities(f"@{tmp_path / 'ids.csv'}", PEOPLE) == [7, 8]


def test_keys_come_from_a_pipe(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("4\n5\n"))
    assert read_entities("-", PEOPLE) == [4, 5]


def test_composite_keys_are_tuples(tmp_path):
    (tmp_path / "ids.csv").write_text("no,order\n1,10\n2,10\n")
    assert read_entities(f"@{tmp_path / 'ids.csv'}", LINES) == [(10, 1), (10, 2)]
    assert read_entities("10,1", LINES) == [(10, 1)]


def test_dates_and_times_are_keys():
    assert read_entities("2024-01-10,2024-01-11T06:30", DAYS) == [datetime(2024, 1, 10), datetime(2024, 1, 11, 6, 30)]
    assert read_entities("3,2024-01-10 06:00:00.000007", READINGS) == [(3, datetime(2024, 1, 10, 6, 0, 0, 7))]


@pytest.mark.parametrize(
    ("text", "table", "message"),
    [
        ("1,x", PEOPLE, r"'x' is not a value of people.id \(int64\)"),
        ("soon", DAYS, r"'soon' is not a value of days.day \(timestamp\)"),
        (" , ", PEOPLE, "--for names nobody"),
        ("10,1,2", LINES, "has 3 values; the key of 'lines' is order, no"),
        ("@missing.csv", PEOPLE, "cannot read 'missing.csv': No such file"),
        ("1", Table("log", ()), "table 'log' has no primary key"),
    ],
)
def test_what_names_no_entity_is_refused(text, table, message):
    with pytest.raises(UsageError, match=message):
        read_entities(text, table)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "ids.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match="it is not text in UTF-8"):
        read_entities(f"@{tmp_path / 'ids.csv'}", PEOPLE)
