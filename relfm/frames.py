"""Predictions as the table that the user asked for, with the user's own key names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relfm.answer import Predictions
from relfm.database import Database
from relfm.planning import key_columns
from relfm.task import Examples, TargetKind, Task

if TYPE_CHECKING:
    import pandas as pd


def frame_of(
    database: Database, task: Task, queries: Examples, found: Sequence[Predictions], interval: float
) -> "pd.DataFrame":
    """One row per query (ranking: per query and rank; forecast: per query and step), columns as in ``Prediction``."""
    import pandas as pd

    if task.kind == TargetKind.RANKING:
        return _ranked(database, task, queries, found[0])
    frames = []
    for step, one in enumerate(found):
        columns = key_columns(database, task.entity, queries.rows)
        columns["cutoff"] = database.shown(queries.cutoffs)
        if task.steps > 1:
            columns["step"] = np.full(len(queries), step + 1)
        frames.append(pd.DataFrame(columns | _answers(task, one, interval)))
    if len(frames) == 1:
        return frames[0]
    order = np.argsort(np.tile(np.arange(len(queries)), len(frames)), kind="stable")
    return pd.concat(frames).iloc[order].reset_index(drop=True)


def _answers(task: Task, found: Predictions, interval: float) -> dict[str, Any]:
    if task.kind == TargetKind.BINARY:
        return {"prediction": found.values >= 0.5, "probability": found.values, "baseline": found.baseline}
    if task.kind == TargetKind.MULTICLASS:
        names = np.array(task.classes, dtype=object)
        shares = {f"p_{name}": found.probabilities[:, k] for k, name in enumerate(task.classes)}
        told = {"prediction": names[found.values.astype(np.int64)], **shares}
        return told | {"baseline": names[found.baseline.astype(np.int64)]}
    low, high = quantile_names(interval)
    return {
        "prediction": found.values,
        low: found.low,
        "q50": found.values,
        high: found.high,
        "mean": found.mean,
        "baseline": found.baseline,
    }


def quantile_names(interval: float) -> tuple[str, str]:
    """0.8 -> q10, q90; 0.95 -> q2.5, q97.5."""
    tail = round(50 * (1 - interval), 6)
    return f"q{tail:g}", f"q{100 - tail:g}"


def _ranked(database: Database, task: Task, queries: Examples, found: Predictions) -> "pd.DataFrame":
    """A row per entity and ranked item; ``prediction`` is the item's key, so is the column named after that key."""
    import pandas as pd

    lengths = np.diff(found.items.start)
    owner = np.repeat(np.arange(len(queries)), lengths)
    rank = np.arange(len(owner)) - np.repeat(found.items.start[:-1], lengths) + 1
    columns = key_columns(database, task.entity, queries.rows[owner])
    columns["cutoff"] = database.shown(queries.cutoffs[owner])
    item = key_columns(database, task.item, found.items.rows)
    columns["prediction"] = next(iter(item.values()))
    columns["rank"] = rank
    for name, values in item.items():
        columns[name if name not in columns else f"{task.item}.{name}"] = values
    columns["probability"] = found.scores
    columns["baseline"] = _plain_rank(found, len(queries), owner)
    return pd.DataFrame(columns)


def _plain_rank(found: Predictions, num_queries: int, owner: np.ndarray) -> np.ndarray:
    """float64: where popularity and own history alone would have put the item; NaN if nowhere in their list."""
    plain = found.baseline_items
    plain_owner = np.repeat(np.arange(num_queries), np.diff(plain.start))
    plain_rank = np.arange(len(plain.rows)) - np.repeat(plain.start[:-1], np.diff(plain.start)) + 1
    width = int(max(plain.rows.max(initial=0), found.items.rows.max(initial=0))) + 1
    keys = plain_owner * width + plain.rows
    order = np.argsort(keys, kind="stable")
    wanted = owner * width + found.items.rows
    place = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    if len(keys) == 0:
        return np.full(len(wanted), np.nan)
    return np.where(keys[order][place] == wanted, plain_rank[order][place], np.nan)
