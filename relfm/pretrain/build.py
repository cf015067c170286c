"""From settings to what learns: the network, the objectives of a scheme, their optimisation."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict

import torch

from relfm.errors import UsageError
from relfm.model import RelationalModel
from relfm.objectives import OBJECTIVES, SCHEMES, Optimisation
from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.learner import Learner, Weights
from relfm.pretrain.machine import Machine
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.worlds import Worlds


def build_learner(config: PretrainConfig, worlds: Worlds, machine: Machine, ranks: Ranks) -> Learner:
    """Weights drawn from the seed alone, the same in every process; UsageError for unknown names and settings."""
    model_config = config.model_config(worlds.text_dim)
    names, settings = objective_names(config), asdict(config.optimisation)
    with torch.random.fork_rng([]):
        torch.manual_seed(config.seed)
        weights = Weights(RelationalModel(model_config), {name: OBJECTIVES[name](model_config) for name in names})
    weights = weights.to(machine.device)
    optimisation = Optimisation(weights.model, dict(weights.objectives.items()), **settings)
    return Learner(weights, optimisation, machine, ranks, average=config.loop.average, seed=config.seed)


def objective_names(config: PretrainConfig) -> tuple[str, ...]:
    """The configured objectives, or those of the scheme; UsageError for an unknown one."""
    if not config.objectives:
        _require_known("scheme", [config.scheme], SCHEMES)
        return SCHEMES[config.scheme]
    _require_known("objective", config.objectives, OBJECTIVES)
    return config.objectives


def _require_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise UsageError(f"unknown {what} '{name}'", hint=hint)
