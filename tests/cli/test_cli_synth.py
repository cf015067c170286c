"""``relfm synth``: what it writes, relfm describes and predicts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_a_generated_database_can_be_described_and_asked(relfm: Run) -> None:
    made = json.loads(relfm("synth", "made", "--seed", "1", "--rows", "1500", "--tables", "4", "--json").out)
    (database,) = made["databases"]
    assert database["seed"] == 1 and database["rows"] == sum(database["tables"].values())
    described = json.loads(relfm("describe", "made", "--json").out)
    assert {name: table["rows"] for name, table in described["tables"].items()} == database["tables"]
    (question, *_) = [q for q in database["questions"] if q.startswith("PREDICT COUNT(")]
    outcome = relfm("predict", "made", question, "--limit", "3", "--effort", "fast", "-f", "jsonl")
    assert outcome.code == 0, outcome.err
    assert len(outcome.out.splitlines()) == 3


def test_an_sqlite_file_can_be_described(relfm: Run) -> None:
    assert relfm("synth", "made.db", "--format", "sqlite", "--rows", "500", "-q").code == 0
    assert Path("made.db").is_file()
    assert relfm("describe", "made.db").code == 0


def test_several_are_written_into_one_folder_and_summed_up(relfm: Run) -> None:
    outcome = relfm("synth", "many", "--count", "3", "--seed", "5", "--rows", "400")
    assert outcome.code == 0
    written = sorted(path.name for path in Path("many").iterdir())
    assert sorted(name.rpartition("_")[2] for name in written) == ["5", "6", "7"]
    assert all(f"many/{name}" in outcome.out for name in written)


def test_the_same_seed_writes_the_same_bytes(relfm: Run) -> None:
    relfm("synth", "first.db", "--format", "sqlite", "--rows", "400")
    relfm("synth", "second.db", "--format", "sqlite", "--rows", "400")
    assert Path("first.db").read_bytes() == Path("second.db").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["there"], "'there' exists already"),
        (["nowhere/made"], "no folder 'nowhere'"),
        (["made", "--rows", "10"], "a database of 10 rows is too small"),
        (["made", "--tables", "1"], "a database of 1 tables cannot be made"),
        (["made", "--seed", "-1"], "a seed of -1 is negative"),
        (["made", "--count", "0"], "invalid value for '--count'"),
    ],
)
def test_what_cannot_be_is_refused(relfm: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "there").mkdir()
    outcome = relfm("synth", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")
    assert not (tmp_path / "made").exists()
