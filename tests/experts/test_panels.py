"""What the panel is given besides rows: features of the season, pools of recent rows where queries are far ahead."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from relfm import panels
from relfm.experts.outputs import Outputs
from relfm.experts.panel import Effort
from relfm.features import FeatureMatrix
from relfm.features.own import SEASON
from relfm.panels import Side, panel_answers, seasons
from relfm.task import Examples, TargetKind, Task
from relfm.times import DAY, Span

TASK = Task("t", TargetKind.REGRESSION, "users", None, horizon=Span(0, 30 * DAY))
ROWS = 2400
"""Enough that a quarter of them makes a pool."""


def matrix(*names: str) -> FeatureMatrix:
    values = np.random.default_rng(0).normal(size=(ROWS, len(names))).astype(np.float32)
    return FeatureMatrix(values, names, np.ones(len(names), np.int64))


@pytest.mark.parametrize(
    ("years", "task", "kept"),
    [
        (1.5, TASK, ()),
        (2.5, TASK, (1, 2)),
        (2.5, replace(TASK, kind=TargetKind.BINARY), ()),
        (2.5, replace(TASK, horizon=None), ()),
    ],
)
def test_seasons_are_kept_once_they_have_been_seen_twice(years: float, task: Task, kept: tuple[int, ...]) -> None:
    cutoffs = (np.array([0.0, years]) * 365.2425 * DAY).astype(np.int64)
    context = Examples.of(np.arange(2), cutoffs, np.zeros(2))
    assert seasons(task, context, matrix("age", f"{SEASON} (sine)", f"{SEASON} (cosine)")) == kept


@pytest.mark.parametrize(
    ("kind", "delay", "pools"),
    [
        (TargetKind.BINARY, 30, [2400, 1200, 600]),
        (TargetKind.BINARY, 29, [2400]),
        (TargetKind.REGRESSION, 30, [2400]),
    ],
)
def test_classes_far_ahead_are_learned_from_recent_rows_too(
    kind: TargetKind, delay: int, pools: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[np.ndarray]] = []
    monkeypatch.setattr(panels, "mix", lambda *arguments: given.append(arguments[-2]))
    cutoffs = np.repeat(np.arange(24) * 30 * DAY, 100)
    targets = (np.arange(ROWS) % 3 == 0).astype(np.float64)
    context = Examples.of(np.arange(ROWS) % 100, cutoffs, targets, seen=cutoffs - delay * DAY)
    side: Any = Side(matrix("age", "number of orders"))
    panel_answers(replace(TASK, kind=kind), Outputs.of(kind, targets, 2), context, side, side, Effort.DEFAULT)
    assert [len(pool) for pool in given[0]] == pools
