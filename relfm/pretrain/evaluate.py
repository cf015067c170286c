"""Losses on databases that are never trained on, each against the best constant predictor's."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import torch

from relfm.model import RelationalModel
from relfm.objectives import Objective
from relfm.pretrain.feed import Part, over_limit
from relfm.pretrain.learner import mean
from relfm.pretrain.machine import Machine

SEED = 0


def evaluate(
    model: RelationalModel, objectives: Mapping[str, Objective], parts: Sequence[Part], machine: Machine
) -> dict[str, float]:
    """Means by database and objective, by objective, by database, and in total.

    Databases and the total, by which models are chosen, are means over the cooperative objectives alone: what turns
    against the network counts with a minus where it is trained (text 3), and no network is better for a head that tells
    databases apart worse. Held-out databases are no classes of the domain adversary's, so it is not measured at all.

    val/loss/{database}/{objective}, val/loss/{objective}, val/loss/{database}, val/loss/total: the loss
    val/constant/...: that of the constant predictor
    val/ratio/...: loss over constant; below 1 something was learned
    val/{objective}/{metric}: whatever else the objective measures; val/{adversary}/lambda: the weight that it has
    val/over_limit/{database}/{objective}: nodes of the smallest draw that was too large to measure, where one was
    """
    losses: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    training = model.training
    modules = [model, *objectives.values()]
    for module in modules:
        module.eval()
    with torch.no_grad(), torch.random.fork_rng(_devices(machine)):
        torch.manual_seed(SEED)
        for part in parts:
            for name, drawn in part.drawn.items():
                with machine.autocast():
                    loss = objectives[name](model, part.world, drawn)
                place = losses[f"{part.world.database.name}/{name}"]
                place["loss"].append(float(loss.value))
                if loss.constant is not None:
                    place["constant"].append(float(loss.constant))
                for metric, value in loss.metrics.items():
                    losses[f"/{name}"][metric].append(float(value))
    for module in modules:
        module.train(training)
    left_out = {f"val/over_limit/{database}/{name}": n for (database, name), n in over_limit(parts).items()}
    foes = {name: float(getattr(one, "weight", 0.0)) for name, one in objectives.items() if not one.cooperative}
    lambdas = {f"val/{name}/lambda": weight for name, weight in foes.items()} if losses else {}
    return _summary(losses, foes) | lambdas | left_out


def _summary(losses: Mapping[str, Mapping[str, Sequence[float]]], apart: Collection[str]) -> dict[str, float]:
    """``apart``: objectives that databases and the total leave out."""
    record: dict[str, float] = {}
    by_objective: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    by_database: dict[str, list[float]] = defaultdict(list)
    for place, held in losses.items():
        database, _, name = place.partition("/")
        for metric, values in held.items():
            if not database:
                record[f"val/{name}/{metric}"] = mean(values)
                continue
            record[f"val/{metric}/{place}"] = mean(values)
            by_objective[name][metric].append(mean(values))
            by_database[database] += [mean(values)] if metric == "loss" and name not in apart else []
        if database and held["constant"]:
            by_objective[name]["ratio"].append(_ratio(held["loss"], held["constant"]))
            record[f"val/ratio/{place}"] = by_objective[name]["ratio"][-1]
    for metric in ("loss", "constant", "ratio"):
        means = {name: mean(held[metric]) for name, held in by_objective.items() if held[metric]}
        record |= {f"val/{metric}/{name}": value for name, value in means.items()}
        if counted := [value for name, value in means.items() if name not in apart]:
            record[f"val/{metric}/total"] = mean(counted)
    return record | {f"val/loss/{database}": mean(values) for database, values in by_database.items() if values}


def _ratio(losses: Sequence[float], constants: Sequence[float]) -> float:
    return mean(losses) / max(mean(constants), 1e-9)


def _devices(machine: Machine) -> list[torch.device]:
    return [machine.device] if machine.device.type == "cuda" else []
