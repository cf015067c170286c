"""Heads are trained by the same system: from prepared episodes, resumable, benchmarks refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from journals import losses
from small_corpus import write_corpus
from small_episodes import episode

from relfm.checkpoint import Card, load_checkpoint
from relfm.errors import DataCannotAnswer, Refused, UsageError
from relfm.heads import save_episodes
from relfm.heads.answering import answer_queries
from relfm.heads.config import HeadConfig
from relfm.heads.draw import EpisodeSampler
from relfm.heads.episode import Episode
from relfm.heads.network import InContextHead
from relfm.pretrain import Asked, HeadPretrainConfig, pretrain, tree_of
from relfm.pretrain.episodes import EpisodeFeed, open_episodes
from relfm.pretrain.journal import read_journal
from relfm.pretrain.state import checkpoints

PEOPLE = ("bakery", "library", "stadium")


def write_episodes(folder: Path) -> Path:
    write_corpus(folder)
    for place, name in enumerate(PEOPLE):
        made = [replace(episode(10 * place + k), database=name, question=f"question {k % 2}") for k in range(4)]
        save_episodes(made, folder / "episodes" / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="session")
def episodes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_episodes(tmp_path_factory.mktemp("episodes"))


@pytest.fixture
def config(episodes_folder: Path) -> Callable[..., HeadPretrainConfig]:
    def made(**given: Any) -> HeadPretrainConfig:
        values: dict[str, Any] = {
            "kind": "features-head",
            "model": {"width": 32, "layers": 2, "heads": 2, "inputs": 6, "clusters": 4},
            "optimisation": {"batch": 4, "context": 128, "queries": 96, "rate": 3e-3},
            "corpus": {"folder": str(episodes_folder), "held_out": ["stadium"]},
            "loop": {"steps": 8, "evaluate": 4, "save": 2, "average": 0.9},
            "machine": {"device": "cpu", "threads": 1, "tensorboard": False},
        }
        for name, value in given.items():
            values[name] = values.get(name, {}) | value if isinstance(value, dict) else value
        return tree_of(HeadPretrainConfig, values)

    return made


Config = Callable[..., HeadPretrainConfig]


def test_it_beats_the_mixture_on_questions_that_it_never_saw(config: Config, tmp_path: Path) -> None:
    path = pretrain(config(loop={"steps": 120, "evaluate": 60, "save": 60}), tmp_path, quiet=True)
    first, *_, last = (line for line in losses(tmp_path) if "val/ratio/total" in line)
    assert first["val/ratio/total"] == pytest.approx(1.0, abs=0.05)
    assert last["val/ratio/total"] == last["val/ratio/stadium"]
    assert last["val/ratio/total"] < 0.97
    assert 0 < last["val/routing/expert_entropy"] <= 1
    assert last["val/routing/cluster_entropy"] > 0.2
    tensors, header = load_checkpoint(path, kind="features-head")
    head = InContextHead(HeadConfig.from_dict(header["config"]))
    head.load_state_dict(tensors)
    fresh = [episode(seed) for seed in range(100, 104)]
    lost = [_loss(answer_queries(head.eval(), e), e) for e in fresh]
    assert np.mean(lost) < 0.97 * np.mean([_loss(e.pooled[1], e) for e in fresh])


def test_a_stopped_run_goes_on_with_the_same_losses(config: Config, tmp_path: Path) -> None:
    pretrain(config(), tmp_path / "whole", quiet=True)
    pretrain(config(), tmp_path / "cut", quiet=True)
    for path in checkpoints(tmp_path / "cut")[1:]:
        path.unlink()
    again = pretrain(config(), tmp_path / "cut", resume=True, quiet=True)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    assert again.read_bytes() == (tmp_path / "whole" / again.name).read_bytes()


def test_settings_are_not_added_to_a_run(config: Config, tmp_path: Path) -> None:
    given = {"width": 32, "layers": 2, "heads": 2, "inputs": 6}
    plain = replace(config(loop={"steps": 1}), model=given)
    pretrain(plain, tmp_path, quiet=True)
    with pytest.raises(UsageError, match="settings.model.clusters was 8, now it is 4"):
        pretrain(replace(plain, model=given | {"clusters": 4}), tmp_path, resume=True, quiet=True)
    pretrain(replace(plain, model=given | {"clusters": 8}), tmp_path, resume=True, quiet=True)


def test_its_card_says_what_it_saw(config: Config, tmp_path: Path) -> None:
    card = Card.of(pretrain(config(loop={"steps": 1}), tmp_path, quiet=True))
    assert (card.kind, card.steps, card.seed) == ("features-head", 1, 0)
    assert card.data == "2 real and 0 synthetic databases, 680 rows; 8 episodes of 4 questions"
    assert card.never_seen == "stadium, every RelBench benchmark database"


def test_the_journal_names_databases(config: Config, tmp_path: Path) -> None:
    pretrain(config(), tmp_path, quiet=True)
    begun, *rest = read_journal(tmp_path)
    assert set(begun["corpus"]) == {"bakery", "library"}
    steps = [line for line in rest if "train/loss/total" in line]
    assert [line["step"] for line in steps] == [*range(1, 9)]
    assert all({"train/loss/bakery", "train/ratio/library"} & set(line) for line in steps)
    assert all(0 <= line["train/system/waiting"] <= 1 for line in steps)


def test_draws_follow_from_seed_step_and_rank(config: Config) -> None:
    corpus = open_episodes(config().corpus, "features-head")
    feeds = [EpisodeFeed(corpus, config()), EpisodeFeed(corpus, config(machine={"ahead": 0}))]
    other = EpisodeFeed(corpus, config(), rank=1)
    first, second = (feed.take(3) for feed in feeds)
    assert first.databases == second.databases
    assert torch.equal(first.batch.odds, second.batch.odds)
    drawn = other.take(3).batch.odds
    assert drawn.shape != first.batch.odds.shape or not torch.equal(drawn, first.batch.odds)


def test_databases_are_drawn_by_their_weights() -> None:
    made = [replace(episode(k, context=50, queries=40), database=name) for k, name in enumerate(PEOPLE)]
    sampler = EpisodeSampler(made, {"bakery": 0.7, "library": 0.3, "stadium": 0.0})
    generator = np.random.default_rng(0)
    drawn = [sampler.draw(generator).database for _ in range(400)]
    assert drawn.count("bakery") / 400 == pytest.approx(0.7, abs=0.07)
    assert "stadium" not in drawn


def test_a_corpus_without_episodes_says_how_to_make_them(config: Config, tmp_path: Path) -> None:
    write_corpus(tmp_path)
    with pytest.raises(DataCannotAnswer, match="no episodes") as refused:
        open_episodes(config(corpus={"folder": str(tmp_path)}).corpus, "features-head")
    assert "--episodes" in refused.value.hint


def test_a_benchmark_among_the_episodes_is_refused(config: Config, tmp_path: Path) -> None:
    write_episodes(tmp_path)
    write_corpus(tmp_path, source="rel-f1", split="test")
    with pytest.raises(Refused):
        open_episodes(config(corpus={"folder": str(tmp_path)}).corpus, "features-head")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "tail"}, "kind is 'tail'"),
        ({"kind": "features-head", "scheme": "b2"}, "unknown setting 'scheme'"),
        ({"kind": "features-head", "optimisation": {"batch": 0}}, "optimisation.batch is 0"),
        ({"kind": "states", "optimisation": {"batch": 3}, "steps": 3}, "unknown setting 'steps'"),
    ],
)
def test_the_kind_decides_which_settings_there_are(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(given))
    with pytest.raises(UsageError, match=said):
        Asked(config=path).settings()


def _loss(odds: np.ndarray, one: Episode) -> float:
    return float((np.logaddexp(0, odds) - one.query_shown * odds).mean())
