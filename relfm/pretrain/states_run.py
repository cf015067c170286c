"""A run that trains the network behind the learned states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relfm.checkpoint import save_checkpoint
from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.config_file import plain_of, tree_of
from relfm.pretrain.evaluate import evaluate
from relfm.pretrain.feed import Part
from relfm.pretrain.learner import Learner
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.run import Run, described
from relfm.pretrain.worlds import Worlds

KIND = "states"


def facts_of(config: PretrainConfig, worlds: Worlds, ranks: Ranks) -> dict[str, Any]:
    """What a run cannot change while it lasts; how long, how often and where it runs it can."""
    return {"ranks": ranks.count, "settings": fixed_settings(config, worlds.text_dim), "corpus": worlds.hashes}


def fixed_settings(config: PretrainConfig, text_dim: int) -> dict[str, Any]:
    """Those that a run cannot change, the network's with all that follows from what was given."""
    fixed = plain_of(config)
    del fixed["machine"], fixed["corpus"]["folder"]
    fixed["loop"] = {name: fixed["loop"][name] for name in ("databases", "nodes", "average")}
    return fixed | {"model": config.model_config(text_dim).to_dict()}


def completed_facts(facts: Mapping[str, Any], text_dim: int) -> dict[str, Any]:
    """The facts of a run that was begun before, its settings with the defaults of those that it does not name."""
    settings = fixed_settings(tree_of(PretrainConfig, facts["settings"]), text_dim)
    return {**facts, "settings": settings}


@dataclass(frozen=True)
class StatesRun(Run):
    """Losses of the objectives on databases held out."""

    learner: Learner
    config: PretrainConfig
    worlds: Worlds
    held_out: Sequence[Part]

    @property
    def file(self) -> Path:
        return self.out / f"{self.config.name}.safetensors"

    @property
    def origin(self) -> dict[str, Any]:
        return {"pretraining": plain_of(self.config), "corpus": self.worlds.hashes}

    def size(self) -> int:
        return sum(p.numel() for p in self.learner.weights.model.parameters())

    def title(self) -> str:
        objectives = ", ".join(self.learner.weights.objectives)
        return f"{objectives}; {len(self.worlds.train)} databases, {len(self.worlds.held_out)} held out"

    def measure(self) -> tuple[dict[str, float], str]:
        if not self.held_out:
            return {}, ""
        weights = self.learner.averaged
        record = evaluate(weights.model, dict(weights.objectives.items()), self.held_out, self.learner.machine)
        ratios = {name.removeprefix("val/ratio/"): value for name, value in record.items() if name.count("/") == 2}
        told = [f"{n} {v:.3f}" for n, v in ratios.items() if f"val/ratio/{n}" in record]
        return record, f"held-out loss against a constant's: {', '.join(told) or 'nothing could be measured'}"

    def export(self, step: int) -> None:
        model = self.learner.averaged.model
        entries = [self.worlds.entries[world.database.name] for world in self.worlds.train]
        card = {"steps": step, "seed": self.config.seed, "licence": self.config.licence}
        card |= described(entries, [world.database.name for world in self.worlds.held_out])
        header = {"kind": KIND, "config": model.config.to_dict(), "card": card, **self.origin}
        save_checkpoint(self.file, model.state_dict(), header)
