"""The methods that a benchmark can score, by name: relfm through its public path, and the baselines beside it.

A method gets a Trial and may look at everything in it but ``truth``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.benchmarks import baselines
from relfm.benchmarks.boosted import lightgbm
from relfm.benchmarks.logistic import logistic
from relfm.benchmarks.protocols import Trial
from relfm.benchmarks.shuffled import shuffled
from relfm.errors import UsageError
from relfm.learned import DEFAULT_MODEL
from relfm.predictor import is_forecast
from relfm.schema import suggestion
from relfm.task import TargetKind


@dataclass(frozen=True)
class Settings:
    """What may vary between runs and never between tasks."""

    effort: str = "default"
    seed: int = 0


Method = Callable[[Trial, Settings], np.ndarray]
"""float64[N]: probability or number; for RANKING int64[N, k]: item rows, best first, -1 for none."""

ADAPTED = ("relfm+full", "relfm+lowrank", "relfm+probe")
"""relfm with a network adapted to the task: see ``relfm.adaptation``."""

DEFAULT = ("relfm", "lightgbm", "entity_history", "base_rate")


def method_named(name: str) -> Method:
    """The method of that name; UsageError with what there is. ``relfm@MODEL`` is relfm with other pretrained networks
    than the default (``relfm@none``: none; a folder; see ``relfm.learned``), ``relfm~names@MODEL`` the same on a
    database whose tables and columns have their names shuffled."""
    plain, _, model = name.partition("@")
    if model and plain == "relfm":
        return _relfm(None, model)
    if model and plain == "relfm~names":
        return _shuffled(_relfm(None, model))
    if name not in METHODS:
        raise UsageError(f"unknown method '{name}'", hint=suggestion(name, METHODS))
    return METHODS[name]


def applies(name: str, trial: Trial) -> bool:
    """Boosted trees have no ranking of their own, logistic regression answers yes or no, networks are adapted to
    forecasts; the rest answers all."""
    kind = trial.task.task.kind
    if name in ADAPTED:
        return is_forecast(trial.task.task)
    if name == "logistic":
        return kind is TargetKind.BINARY
    return name != "lightgbm" or kind is not TargetKind.RANKING


def _relfm(adapt: str | None, model: str = DEFAULT_MODEL) -> Method:
    def score(trial: Trial, settings: Settings) -> np.ndarray:
        from relfm.predictor import Predictor

        predictor = Predictor(effort=settings.effort, adapt=adapt, seed=settings.seed, model=model)
        task = trial.task.task
        predictions = predictor.predict_examples(trial.database, task, trial.context, trial.queries)
        return predictions.items.first(trial.task.top) if task.kind is TargetKind.RANKING else predictions.values

    return score


def _adapted(how: str) -> Method:
    """relfm with the network behind states adapted to the task, on what was known before any of its rows."""

    def score(trial: Trial, settings: Settings) -> np.ndarray:
        from relfm.adaptation import BASE, fitted, network_of
        from relfm.predictor import Predictor

        task, usable = trial.task.task, np.flatnonzero(trial.known <= trial.queries.seen.min())
        networks, *_ = fitted(trial.database, task, trial.context, usable, network_of(BASE), how, seed=settings.seed)
        predictor = Predictor(effort=settings.effort, seed=settings.seed, model=networks)
        return predictor.predict_examples(trial.database, task, trial.context, trial.queries).values

    return score


def _shuffled(method: Method) -> Method:
    """The method on the same rows under names dealt out anew."""

    def score(trial: Trial, settings: Settings) -> np.ndarray:
        return method(shuffled(trial), settings)

    return score


METHODS: dict[str, Method] = {
    "relfm": _relfm(None),
    **{name: _adapted(name.removeprefix("relfm+")) for name in ADAPTED},
    "relfm+trees": _relfm("trees"),
    "lightgbm": lambda trial, settings: lightgbm(trial, settings.seed),
    "logistic": lambda trial, settings: logistic(trial, settings.seed),
    "entity_history": lambda trial, settings: baselines.entity_history(trial),
    "base_rate": lambda trial, settings: baselines.base_rate(trial),
}
