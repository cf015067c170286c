import json
from pathlib import Path

from relfm.pretrain.journal import FILE, Journal, read_journal


def write(folder: Path, steps: range, done: int = 0) -> None:
    journal = Journal(folder, done, tensorboard=False)
    for step in steps:
        journal.write(step, {"loss": step / 2})
    journal.close()


def test_lines_come_back(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4))
    assert read_journal(tmp_path) == [{"step": s, "loss": s / 2} for s in (1, 2, 3)]


def test_a_resumed_journal_has_no_line_twice(tmp_path: Path) -> None:
    write(tmp_path, range(1, 8))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"step": 8, "lo')
    write(tmp_path, range(4, 7), done=3)
    assert [line["step"] for line in read_journal(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_a_new_run_begins_an_empty_journal(tmp_path: Path) -> None:
    write(tmp_path, range(1, 8))
    write(tmp_path, range(1, 3))
    assert [line["step"] for line in read_journal(tmp_path)] == [1, 2]


def test_what_is_not_finite_is_null(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0, tensorboard=False)
    journal.write(1, {"a": float("nan"), "b": float("inf"), "c": "words"})
    journal.close()
    assert json.loads((tmp_path / FILE).read_text()) == {"step": 1, "a": None, "b": None, "c": "words"}
    assert read_journal(tmp_path / "nowhere") == []
