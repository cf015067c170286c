"""RelBench's own verdict: its metric on the stored rows, and the prediction files that its leaderboard takes.

What is scored or written is in the official order of the official rows; relbench itself reads them from the folder.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from relfm.benchmarks.protocols import Trial
from relfm.benchmarks.tasks import BenchmarkTask, Metric, Split
from relfm.errors import UsageError
from relfm.task import TargetKind

NAME_OF: Mapping[Metric, str] = {"auroc": "roc_auc", "nmae": "nmae", "map": "map"}


def is_installed() -> bool:
    """Whether relbench can be imported, without importing it."""
    return find_spec("relbench") is not None


def evaluate(trial: Trial, answers: np.ndarray) -> float:
    """relbench's ``task.evaluate`` of ``answers`` (float64[N], or int64[N, k] item rows), both in official order."""
    task = _load(trial.task)
    table = task.get_table(str(trial.split), mask_input_cols=False)
    return float(task.evaluate(_in_keys(trial.task, answers), table)[NAME_OF[trial.task.metric]])


def check_submittable(split: Split) -> None:
    """UsageError for a split that is never submitted, or without relbench."""
    if split is not Split.TEST:
        raise UsageError(f"a submission holds the test rows, not the {split} rows", hint="--split test")
    if not is_installed():
        raise UsageError(
            "submissions are written by relbench, which is not installed", hint="pip install 'relfm[benchmarks]'"
        )


def write_submission(trial: Trial, answers: np.ndarray, folder: str | Path) -> Path:
    """``<dataset>__<task>.csv`` for RelBench's leaderboard, from answers in official order."""
    check_submittable(trial.split)
    from relbench.submit import write_prediction_table

    path = Path(folder) / f"{trial.task.dataset.name}__{trial.task.name}.csv"
    return write_prediction_table(_load(trial.task), _in_keys(trial.task, answers), path)


def _load(task: BenchmarkTask) -> Any:
    import relbench

    return relbench.load_dataset(task.dataset.path).load_task(task.name)


def _in_keys(task: BenchmarkTask, answers: np.ndarray) -> np.ndarray:
    """Probabilities within [0, 1]; item rows as the primary keys that relbench knows them by."""
    if task.task.kind is TargetKind.BINARY:
        return np.clip(answers, 0.0, 1.0)
    if task.task.kind is not TargetKind.RANKING:
        return answers
    described = task.database.schema.tables[task.task.item]
    keys = task.database.tables[task.task.item].column(described.primary_key[0]).to_numpy()
    return np.where(answers >= 0, keys[np.maximum(answers, 0)], -1)
