"""Shards, their index, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relfm.connectors import connect
from relfm.errors import DataCannotAnswer, Refused, UsageError
from relfm.experts.episodes import MOST_INPUTS
from relfm.heads import load_episodes
from relfm.prepare import prepare
from relfm.prepare.corpus import states_model
from relfm.prepare.fingerprint import fingerprints
from relfm.prepare.recipe import said_of
from relfm.pretrain.blocked import Blocked
from relfm.pretrain.corpus import read_corpus
from relfm.sample import write_sqlite
from relfm.tensors import load_shard

RELBENCH = Path(__file__).parents[3] / "shared" / "relbench" / "rel-f1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepare") / "shop.db"
    write_sqlite(path, customers=120)
    return path


@pytest.fixture(scope="module")
def out(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shards")
    prepare([shop], out, questions=4, episodes=1)
    return out


def test_a_shard_holds_the_rows_and_the_answers(shop: Path, out: Path) -> None:
    shard, database = load_shard(out / "shop.safetensors"), connect(shop, cache=False)
    assert shard.num_rows == sum(database.num_rows(t) for t in database.tables)
    assert 1 <= len(shard.tasks) <= 4
    assert all((task.known >= task.cutoffs).all() for task in shard.tasks)
    assert np.abs(shard.vectors).sum(axis=1).min() >= 0
    assert (np.abs(shard.vectors).sum(axis=1) > 0).mean() > 0.9


def test_pretraining_reads_the_index(out: Path) -> None:
    dim, entries = read_corpus(out)
    assert list(entries) == ["shop"]
    assert dim == load_shard(out / "shop.safetensors").vectors.shape[1]
    assert json.loads((out / "corpus.json").read_text())["shards"]["shop"]["rows"] > 0


def test_episodes_have_answers_that_the_closed_forms_did_not_see(out: Path) -> None:
    episodes = list(load_episodes(out / "episodes" / "shop.safetensors"))
    assert episodes
    for one in episodes:
        assert one.database == "shop"
        assert one.query_shown.shape == (len(one.query_odds), one.num_outputs)
        assert one.present.any()


def test_episodes_of_learned_states_have_their_width(shop: Path, out: Path) -> None:
    before = (out / "shop.safetensors").read_bytes()
    prepare([shop], out, questions=4, episodes=1, states="relfm-states")
    assert (out / "shop.safetensors").read_bytes() == before
    episodes = list(load_episodes(out / "state-episodes" / "shop.safetensors"))
    width = states_model("relfm-states").config.width
    assert episodes
    assert all(one.context_inputs.shape[1] == min(width, MOST_INPUTS) for one in episodes)
    plain = {e.question for e in load_episodes(out / "episodes" / "shop.safetensors")}
    assert {one.question for one in episodes} & plain


def test_a_model_without_states_is_refused(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'relfm-small' has no learned states"):
        prepare([shop], tmp_path, questions=1, episodes=1, states="relfm-small")


def test_what_is_there_is_not_made_again(shop: Path, out: Path) -> None:
    said: list[str] = []
    before = (out / "shop.safetensors").stat().st_mtime_ns
    prepare([shop], out, questions=4, episodes=1, progress=said.append)
    assert (out / "shop.safetensors").stat().st_mtime_ns == before
    assert said == ["shop: there already"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"questions": 9}, r"'shop' is there already \(shard\), made with questions 4, not 9"),
        ({"seed": 5}, r"made with seed 0, not 5"),
        ({"episodes": 2}, r"'shop' is there already \(episodes\), made with episodes 1, not 2"),
    ],
)
def test_other_options_are_not_passed_over(shop: Path, out: Path, given: dict[str, int], message: str) -> None:
    before = (out / "corpus.json").read_bytes()
    with pytest.raises(UsageError, match=message) as refused:
        prepare([shop], out, **{"questions": 4, "episodes": 1} | given)
    assert "delete '" in refused.value.hint
    assert (out / "corpus.json").read_bytes() == before


def test_another_database_of_the_same_name_is_not_passed_over(shop: Path, out: Path, tmp_path: Path) -> None:
    other = tmp_path / "shop.db"
    other.write_bytes(shop.read_bytes())
    with pytest.raises(UsageError, match=f"made with source {shop.resolve()}, not {other.resolve()}"):
        prepare([other], out, questions=4)
    with pytest.raises(UsageError, match="two databases are called 'shop'") as refused:
        prepare([shop, other], tmp_path / "shards")
    assert "rename one" in refused.value.hint
    assert not (tmp_path / "shards").exists()


def test_an_index_that_does_not_say_how_it_was_made_is_gone_on_with(shop: Path, out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "old")
    index = json.loads((out / "corpus.json").read_text())
    del index["shards"]["shop"]["made"]
    (tmp_path / "old" / "corpus.json").write_text(json.dumps(index))
    said: list[str] = []
    prepare([shop], tmp_path / "old", questions=9, episodes=2, progress=said.append)
    assert said == ["shop: there already"]


def test_a_deleted_shard_is_made_anew_with_other_options(shop: Path, tmp_path: Path) -> None:
    for questions in (1, 2):
        prepare([shop], tmp_path, questions=questions)
        assert len(load_shard(tmp_path / "shop.safetensors").tasks) == questions
        (tmp_path / "shop.safetensors").unlink()
    assert json.loads((tmp_path / "corpus.json").read_text())["shards"]["shop"]["made"]["shard"]["questions"] == 2


def test_the_index_holds_no_password() -> None:
    assert said_of("postgresql://me:secret@host:5432/shop?password=secret") == "postgresql://host:5432/shop"
    assert said_of("@env:SHOP") == "@env:SHOP"


def test_a_database_that_is_too_large_is_refused(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(DataCannotAnswer, match="rows"):
        prepare([shop], tmp_path, most_rows=10)


def test_fingerprints_know_a_copy_under_other_names(shop: Path, tmp_path: Path) -> None:
    database = connect(shop, cache=False)
    tables = {f"x{i}": rows.to_pandas() for i, rows in enumerate(database.tables.values())}
    renamed = {n: rows.rename(columns={c: f"c{j}" for j, c in enumerate(rows)}) for n, rows in tables.items()}
    sampled = {n: rows.sample(frac=0.7, random_state=0) for n, rows in renamed.items()}
    sketch = fingerprints(database)
    blocked = Blocked(("secret",), {"secret": frozenset(sketch)})
    assert set(fingerprints(connect(renamed, cache=False))) == set(sketch)
    assert blocked.why("other", "elsewhere", set(fingerprints(connect(sampled, cache=False))))
    strange = pd.DataFrame({"id": range(400), "text": [f"quite another string {i}" for i in range(400)]})
    assert blocked.why("other", "elsewhere", set(fingerprints(connect({"t": strange}, cache=False)))) is None


@pytest.mark.skipif(not RELBENCH.is_dir(), reason="needs the rel-f1 dataset beside the repository")
def test_a_benchmark_database_is_refused_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "cars").symlink_to(RELBENCH)
    with pytest.raises(Refused, match="rel-f1"):
        prepare([tmp_path / "cars"], tmp_path / "shards", questions=0)
