"""The methods that a benchmark can score, by name: relfm through its public path, and the baselines beside it.

A method gets a Trial and may look at everything in it but ``truth``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.benchmarks import baselines
from relfm.benchmarks.boosted import lightgbm
from relfm.benchmarks.protocols import Trial
from relfm.errors import UsageError
from relfm.schema import suggestion
from relfm.task import ItemLists, TargetKind


@dataclass(frozen=True)
class Settings:
    """What may vary between runs and never between tasks."""

    effort: str = "default"
    seed: int = 0


Method = Callable[[Trial, Settings], np.ndarray]
"""float64[N]: probability or number; for RANKING int64[N, k]: item rows, best first, -1 for none."""

DEFAULT = ("relfm", "lightgbm", "entity_history", "base_rate")


def method_named(name: str) -> Method:
    """The method of that name; UsageError with what there is."""
    if name not in METHODS:
        raise UsageError(f"unknown method '{name}'", hint=suggestion(name, METHODS))
    return METHODS[name]


def applies(name: str, trial: Trial) -> bool:
    """Boosted trees have no ranking of their own; everything else answers every kind."""
    return name != "lightgbm" or trial.task.task.kind is not TargetKind.RANKING


def best_items(lists: ItemLists, top: int) -> np.ndarray:
    """int64[N, top]: the first ``top`` of each list, -1 where a list is shorter."""
    at = lists.start[:-1, None] + np.arange(top)
    found = at < lists.start[1:, None]
    return np.where(found, np.append(lists.rows, -1)[np.where(found, at, len(lists.rows))], -1)


def _relfm(adapt: str | None) -> Method:
    def score(trial: Trial, settings: Settings) -> np.ndarray:
        from relfm.predictor import Predictor

        predictor = Predictor(effort=settings.effort, adapt=adapt, seed=settings.seed)
        task = trial.task.task
        predictions = predictor.predict_examples(trial.database, task, trial.context, trial.queries)
        return best_items(predictions.items, trial.task.top) if task.kind is TargetKind.RANKING else predictions.values

    return score


METHODS: dict[str, Method] = {
    "relfm": _relfm(None),
    "relfm+trees": _relfm("trees"),
    "lightgbm": lambda trial, settings: lightgbm(trial, settings.seed),
    "entity_history": lambda trial, settings: baselines.entity_history(trial),
    "base_rate": lambda trial, settings: baselines.base_rate(trial),
}
