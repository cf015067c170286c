"""What a corpus sets aside for validation is not prepared for pretraining."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from relfm.errors import Refused
from relfm.prepare import prepare
from relfm.prepare.corpus import facts, split_of
from relfm.sample import write_sqlite

INDEX = """# Corpus

| name | split | rows |
|---|---|---|
| shop | {shop} | 10 |
| market | validate | 10 |
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("splits") / "shop.db"
    write_sqlite(path, customers=60)
    return path


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    """A folder of one database, the INDEX.md of which says that it is for pretraining."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copy(made, folder)
    (folder / "INDEX.md").write_text(INDEX.format(shop="pretrain"))
    return folder


def rel_bench_folder(path: Path, **said: str) -> Path:
    """A dataset's folder as far as its manifest."""
    (path / "db").mkdir(parents=True)
    stated = {"val_timestamp": "2020-01-01", "test_timestamp": "2021-01-01", "tables": {"t": {}}}
    manifest = {"name": path.name, "description": "Source: here. Licence: CC0.", **stated, **said}
    (path / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    return path


def test_an_index_beside_databases_is_passed_over(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    index = prepare(sorted(corpus.iterdir()), tmp_path / "shards", questions=0, progress=said.append)
    assert list(index["shards"]) == ["shop"]
    assert said[0] == "INDEX.md: passed over, for it is no database"
    held = json.loads((tmp_path / "shards" / "corpus.json").read_text())
    assert held["shards"]["shop"]["split"] == "pretrain"


def test_what_the_index_marks_for_validation_is_refused_before_anything_is_read(corpus: Path, tmp_path: Path) -> None:
    (corpus / "INDEX.md").write_text(INDEX.format(shop="validate"))
    market = rel_bench_folder(corpus / "market")
    with pytest.raises(
        Refused, match=r"not for pretraining: 'shop.db' \(validate\), 'market' \(validate\)$"
    ) as refused:
        prepare([corpus / "shop.db", market, tmp_path / "shop.db"], tmp_path / "shards", questions=0)
    assert refused.value.hint.startswith("leave them out")
    assert not (tmp_path / "shards").exists()


def test_the_index_counts_beside_a_link_and_beside_what_it_leads_to(corpus: Path, tmp_path: Path) -> None:
    (corpus / "INDEX.md").write_text(INDEX.format(shop="validate"))
    (tmp_path / "other.db").symlink_to(corpus / "shop.db")
    (corpus / "market").symlink_to(rel_bench_folder(tmp_path / "elsewhere"))
    assert split_of(tmp_path / "other.db") == split_of(corpus / "market") == "validate"
    assert split_of(tmp_path / "elsewhere") == "pretrain"


def test_a_manifest_says_what_its_database_is_for(tmp_path: Path) -> None:
    assert facts(rel_bench_folder(tmp_path / "plain"))["split"] == "pretrain"
    marked = rel_bench_folder(tmp_path / "marked", split="validate")
    assert facts(marked) == {"source": "here", "licence": "CC0", "split": "validate"}
    with pytest.raises(Refused, match=r"not for pretraining: 'marked' \(validate\)"):
        prepare([marked], tmp_path / "shards")


@pytest.mark.parametrize("text", ["Notes without a table.", "| name | rows |\n|---|---|\n| shop | 10 |"])
def test_other_notes_beside_a_database_say_nothing(corpus: Path, text: str) -> None:
    (corpus / "INDEX.md").write_text(text)
    assert split_of(corpus / "shop.db") == "pretrain"
    assert split_of("postgresql://someone@somewhere/shop") == "pretrain"
