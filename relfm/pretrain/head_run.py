"""A run that trains an in-context head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relfm.checkpoint import save_checkpoint
from relfm.pretrain.config_file import plain_of, tree_of
from relfm.pretrain.episodes import EpisodeBatch, EpisodeCorpus
from relfm.pretrain.head_config import HeadPretrainConfig
from relfm.pretrain.head_learner import HeadLearner
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.run import Run, described


def head_facts(config: HeadPretrainConfig, corpus: EpisodeCorpus, ranks: Ranks) -> dict[str, Any]:
    """What a run cannot change while it lasts."""
    return {"ranks": ranks.count, "settings": fixed_settings(config), "corpus": dict(corpus.hashes)}


def fixed_settings(config: HeadPretrainConfig) -> dict[str, Any]:
    """Those that a run cannot change, the head's with its defaults."""
    fixed = plain_of(config)
    del fixed["machine"], fixed["corpus"]["folder"]
    fixed["loop"] = {"average": fixed["loop"]["average"]}
    return fixed | {"model": config.model_config().to_dict()}


def completed_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a run that was begun before, its settings with the defaults of those that it does not name."""
    return {**facts, "settings": fixed_settings(tree_of(HeadPretrainConfig, facts["settings"]))}


@dataclass(frozen=True)
class HeadRun(Run):
    """The head's loss over the mixture's on episodes of databases held out."""

    learner: HeadLearner
    config: HeadPretrainConfig
    corpus: EpisodeCorpus
    held_out: Sequence[EpisodeBatch]

    @property
    def file(self) -> Path:
        return self.out / f"{self.config.file_name}.safetensors"

    @property
    def origin(self) -> dict[str, Any]:
        return {"pretraining": plain_of(self.config), "corpus": dict(self.corpus.hashes)}

    def size(self) -> int:
        return sum(p.numel() for p in self.learner.head.parameters())

    def title(self) -> str:
        questions = {(e.database, e.question) for e in self.corpus.train}
        return (
            f"{len(self.corpus.train):,} episodes of {len(questions):,} questions on {len(self.corpus.weights)} "
            f"databases, {len(self.held_out):,} held out"
        )

    def measure(self) -> tuple[dict[str, float], str]:
        if not self.held_out:
            return {}, ""
        record = self.learner.evaluate(self.held_out)
        ratios = {name.removeprefix("val/ratio/"): v for name, v in record.items() if name.startswith("val/ratio/")}
        return record, f"held-out loss against the mixture's: {', '.join(f'{n} {v:.4f}' for n, v in ratios.items())}"

    def export(self, step: int) -> None:
        head = self.learner.averaged
        names = sorted({one.database for one in self.corpus.held_out})
        card = {"steps": step, "seed": self.config.seed, "licence": self.config.licence}
        card |= described([self.corpus.entries[name] for name in self.corpus.weights], names)
        card["data"] += f"; {self.title().partition(' on ')[0]}"
        header = {"kind": self.config.kind, "config": head.config.to_dict(), "card": card, **self.origin}
        save_checkpoint(self.file, head.state_dict(), header)
