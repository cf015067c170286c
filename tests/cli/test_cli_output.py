import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from relfm.cli import output
from relfm.cli.voice import Voice
from relfm.errors import ResourceExceeded, UsageError

FRAME = pd.DataFrame(
    {
        "id": [1, 2],
        "cutoff": pd.to_datetime(["2026-01-01T00:00:00", "2026-01-01T12:30:00"]).as_unit("us"),
        "prediction": [0.25, float("nan")],
        "name": ["a|b", None],
    }
)
QUIET = Voice(quiet=True)


@pytest.mark.parametrize("suffix", sorted(output.FORMAT_BY_SUFFIX))
def test_a_file_holds_the_rows_in_the_form_of_its_suffix(tmp_path, suffix):
    path = tmp_path / "new" / f"rows{suffix}"
    output.show_rows(FRAME, None, path, QUIET)
    readers = {
        ".csv": pd.read_csv,
        ".json": pd.read_json,
        ".parquet": pd.read_parquet,
        ".md": lambda p: pd.DataFrame({"id": [int(r.split("|")[1]) for r in p.read_text().splitlines()[2:]]}),
    }
    rows = readers.get(suffix, lambda p: pd.read_json(p, lines=True))(path)
    assert rows["id"].tolist() == [1, 2]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_every_time_of_a_column_is_written_by_one_pattern():
    text = output.rows_as_bytes(FRAME, "csv").decode()
    assert text.splitlines()[1:] == ["1,2026-01-01T00:00:00,0.25,a|b", "2,2026-01-01T12:30:00,,"]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "md"])
def test_a_fraction_of_a_second_is_kept_and_all_times_of_its_column_are_as_long(form):
    cutoff = pd.to_datetime(["2026-01-01T00:00:00", None, "2026-01-01T12:30:00.000007"], format="ISO8601")
    text = output.rows_as_bytes(pd.DataFrame({"cutoff": cutoff.as_unit("us")}), form).decode()
    assert "2026-01-01T00:00:00.000000" in text and "2026-01-01T12:30:00.000007" in text


def test_missing_values_are_null_in_json():
    rows = json.loads(output.rows_as_bytes(FRAME, "json"))
    assert rows[1] == {"id": 2, "cutoff": "2026-01-01T12:30:00", "prediction": None, "name": None}
    assert [json.loads(line) for line in output.rows_as_bytes(FRAME, "jsonl").splitlines()] == rows


def test_no_rows_are_an_empty_array_and_no_lines():
    assert json.loads(output.rows_as_bytes(FRAME.head(0), "json")) == []
    assert output.rows_as_bytes(FRAME.head(0), "jsonl") == b""


def test_a_bar_in_a_cell_does_not_break_a_markdown_table():
    assert r"a\|b" in output.rows_as_bytes(FRAME, "md").decode().splitlines()[2]


def test_parquet_keeps_times_as_times(tmp_path):
    output.show_rows(FRAME, None, tmp_path / "rows.parquet", QUIET)
    assert pd.read_parquet(tmp_path / "rows.parquet")["cutoff"].dtype.kind == "M"


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, ResourceExceeded), (errno.EDQUOT, ResourceExceeded), (errno.EACCES, UsageError)]
)
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, number, kind):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def fail(self: Path, data: bytes) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(kind, match=f"cannot write .*: {os.strerror(number)}"):
        output.write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to_and_not_replaced():
    output.write_whole(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("out", "format", "message"),
    [
        ("rows.xlsx", None, r"unknown suffix '.xlsx' of 'rows.xlsx'"),
        ("rows", None, "unknown suffix '' of 'rows'"),
        ("rows.csv", "table", "a table is for the terminal"),
        (".", None, "'.' is a folder"),
    ],
)
def test_a_file_of_unknown_form_is_refused(out, format, message):
    with pytest.raises(UsageError, match=message):
        output.format_of(Path(out), format)


def test_parquet_is_kept_off_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(UsageError, match="parquet is not for a terminal"):
        output.show_rows(FRAME, "parquet", None, QUIET)


def test_rows_are_json_lines_in_a_pipe_and_a_table_when_asked(capfd):
    output.show_rows(FRAME, None, None, QUIET)
    assert [json.loads(line)["id"] for line in capfd.readouterr().out.splitlines()] == [1, 2]
    output.show_rows(FRAME, "table", None, QUIET)
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "cutoff", "prediction", "name"]
    assert lines[2].split() == ["2", "2026-01-01T12:30:00"]


def test_a_long_table_ends_with_a_word_about_the_rest(capfd):
    output.show(output.rows_as_table(FRAME, 1), QUIET)
    assert "… 1 more rows (-o FILE writes them all)" in capfd.readouterr().out


def test_square_brackets_in_a_value_are_no_markup(capfd):
    output.show(output.rows_as_table(pd.DataFrame({"name": ["[red]x[/red]"]}), 5), QUIET)
    assert "[red]x[/red]" in capfd.readouterr().out
