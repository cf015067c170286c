"""A corpus: the databases that its index marks, and nothing else."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from relfm.benchmarks.validation import main, marked, run
from relfm.errors import UsageError

INDEX = """# Databases

| name | split | tables |
|---|---|---|
| {0} | validate | 3 |
| seen | pretrain | 9 |
"""


@pytest.fixture
def corpus(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path / "corpus" / "corner-shops")
    (tmp_path / "corpus" / "INDEX.md").write_text(INDEX.format("corner-shops"))
    return tmp_path / "corpus"


def test_every_task_of_every_marked_database_is_scored(corpus: Path) -> None:
    made = run(corpus, protocol="frozen", methods=("base_rate",))
    assert [r.task for r in made.results] == ["sale-price", "shop-items", "shop-revenue", "shop-sells"]
    assert made.failures == ()


def test_a_task_without_an_answer_is_reported_and_the_rest_goes_on(corpus: Path) -> None:
    file = corpus / "corner-shops" / "tasks" / "shop-sells" / "test.parquet"
    pd.read_parquet(file).assign(sells=1).to_parquet(file, index=False)
    made = run(corpus, protocol="rolling", methods=("base_rate",))
    assert len(made.results) == 3
    assert [(f.task, "one class" in f.reason) for f in made.failures] == [("shop-sells", True)]


def test_a_run_is_taken_up_where_it_stopped(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        run(corpus, protocol="frozen", methods=("base_rate",), out=tmp_path / "r.jsonl", progress=said.append)
    assert len(said) == 4


def test_no_protocol_no_number(corpus: Path) -> None:
    with pytest.raises(UsageError, match="a benchmark needs a protocol"):
        run(corpus, protocol=None)


def test_only_the_asked_role_is_listed(corpus: Path) -> None:
    assert marked(corpus, "validate") == ["corner-shops"]
    assert marked(corpus, "pretrain") == ["seen"]


def test_a_role_that_nothing_has_names_those_there_are(corpus: Path) -> None:
    with pytest.raises(UsageError, match="marks no database 'holdout'") as raised:
        marked(corpus, "holdout")
    assert "pretrain, validate" in raised.value.hint


def test_a_folder_without_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no INDEX.md"):
        marked(tmp_path, "validate")


def test_an_index_without_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "INDEX.md").write_text("| a | b |\n|---|---|\n| 1 | 2 |\n")
    with pytest.raises(UsageError, match="has no table with the columns name and split"):
        marked(tmp_path, "validate")


def test_one_command_prints_one_table_over_all_tasks(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = corpus / "corner-shops" / "tasks" / "shop-sells" / "test.parquet"
    pd.read_parquet(file).assign(sells=1).to_parquet(file, index=False)
    assert main([str(corpus), "--protocol", "frozen", "--methods", "base_rate,entity_history"]) == 0
    said = capsys.readouterr()
    assert "### 3 tasks of 1 dataset, frozen, test rows" in said.out
    assert "not scored: corner-shops/shop-sells" in said.err


def test_a_users_mistake_is_a_line_and_an_exit_code(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(corpus)]) == 2
    assert capsys.readouterr().err.startswith("error: a benchmark needs a protocol\n  hint: ")
