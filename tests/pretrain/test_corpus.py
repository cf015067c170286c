import json
from pathlib import Path

import pytest
from small_corpus import NAMES, write_corpus

from relfm.errors import DataCannotAnswer, Refused, UsageError
from relfm.pretrain.config import CorpusConfig
from relfm.pretrain.corpus import read_corpus
from relfm.pretrain.worlds import open_worlds


def test_worlds_are_those_to_train_on_and_those_held_out(corpus: Path) -> None:
    worlds = open_worlds(CorpusConfig(folder=str(corpus), held_out=("library",)))
    assert [w.database.name for w in worlds.train] == ["bakery", "stadium"]
    assert [w.database.name for w in worlds.held_out] == ["library"]
    assert sorted(w.index for w in worlds.train) == [0, 1]
    assert set(worlds.hashes) == {"bakery", "stadium"}
    assert worlds.weights.sum() == pytest.approx(1)
    times = worlds.train[0].database.tables[1].times
    assert worlds.train[0].until == times.max()


def test_a_share_is_held_out_whatever_the_order(corpus: Path) -> None:
    held_out = open_worlds(CorpusConfig(folder=str(corpus), share=0.3)).held_out
    assert len(held_out) == 1
    fewer = tuple(n for n in reversed(NAMES) if n != "library")
    again = open_worlds(CorpusConfig(folder=str(corpus), only=(*fewer, "library"), share=0.3)).held_out
    assert [w.database.name for w in again] == [w.database.name for w in held_out]
    assert open_worlds(CorpusConfig(folder=str(corpus), share=0.0)).held_out == ()


def test_draws_go_to_synthetic_databases_as_told(tmp_path: Path) -> None:
    write_corpus(tmp_path, source="synthetic, seed 3")
    worlds = open_worlds(CorpusConfig(folder=str(tmp_path), share=0.0, synthetic=0.8))
    assert worlds.weights == pytest.approx([0.8, 0.1, 0.1])


@pytest.mark.parametrize("settings", [{"only": ("shop",)}, {"held_out": ("shop",)}])
def test_an_unknown_name_is_refused(corpus: Path, settings: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(UsageError, match="no shard 'shop'") as refused:
        open_worlds(CorpusConfig(folder=str(corpus), **settings))
    assert refused.value.hint == "there are: bakery, library, stadium"


def test_nothing_to_train_on_is_refused(corpus: Path) -> None:
    settings = ({"held_out": NAMES}, "corpus.held_out"), ({"only": NAMES[:1]}, "set corpus.share to 0")
    for given, hint in settings:
        with pytest.raises(DataCannotAnswer, match="every database of the corpus is held out") as refused:
            open_worlds(CorpusConfig(folder=str(corpus), **given))
        assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"source": "relbench/rel-f1"}, "'bakery' is the benchmark database rel-f1"),
        ({"split": "validate"}, "'bakery' is for 'validate', not for pretraining"),
    ],
)
def test_a_corpus_with_a_benchmark_is_refused(tmp_path: Path, facts: dict[str, str], message: str) -> None:
    write_corpus(tmp_path, **facts)
    with pytest.raises(Refused, match=message):
        open_worlds(CorpusConfig(folder=str(tmp_path)))


def test_a_shard_named_like_a_benchmark_is_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path, ["rel_f1", "bakery"])
    with pytest.raises(Refused, match="'rel_f1' is the benchmark database rel-f1"):
        read_corpus(tmp_path)


def test_a_shard_that_is_not_the_prepared_one_is_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    (tmp_path / "library.safetensors").write_bytes((tmp_path / "bakery.safetensors").read_bytes())
    with pytest.raises(DataCannotAnswer, match="the shard of 'library' is not what corpus.json says"):
        open_worlds(CorpusConfig(folder=str(tmp_path)))
    (tmp_path / "library.safetensors").unlink()
    with pytest.raises(DataCannotAnswer, match="the shard of 'library' is missing"):
        open_worlds(CorpusConfig(folder=str(tmp_path)))


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataCannotAnswer, match="no corpus in") as refused:
        read_corpus(tmp_path)
    assert refused.value.hint == "make it with relfm prepare"
    for held, message in (({"format": 9}, "not in format 1"), ({"format": 1, "text_dim": 8, "shards": {}}, "no shard")):
        (tmp_path / "corpus.json").write_text(json.dumps(held))
        with pytest.raises(DataCannotAnswer, match=message):
            read_corpus(tmp_path)
