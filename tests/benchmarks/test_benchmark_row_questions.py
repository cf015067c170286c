"""Questions about rows: every column has its line, and tax beside price leaves little to guess."""

from pathlib import Path

import pytest

from relfm.benchmarks import row_questions


def test_every_column_that_is_there_has_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_questions, "COLUMNS", {folder.name: ("sales.price",), "nowhere": ("a.b",)})
    assert row_questions.main([str(folder.parent), "--model", "none"]) == 0
    told = capsys.readouterr()
    assert "not there" in told.err
    header, _, line = told.out.strip().splitlines()[-3:]
    found = dict(zip(header.strip("| ").split(" | "), line.strip("| ").split(" | "), strict=True))
    assert (found["column"], found["metric"]) == (f"{folder.name}: sales.price", "nmae")
    assert float(found["relfm"]) < 0.5 * float(found["base rate"])


def test_a_mistake_is_one_error_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_questions, "COLUMNS", {folder.name: ("sales.colour",)})
    assert row_questions.main([str(folder.parent), "--model", "none"]) != 0
    assert capsys.readouterr().err.startswith("error: unknown column 'colour'")
