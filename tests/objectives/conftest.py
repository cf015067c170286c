"""A small world with questions, and a small network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_tensors import SPAN, random_database

from relfm.model import ModelConfig, RelationalModel
from relfm.objectives import World
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors, TaskTensors
from relfm.times import DAY

CONFIG = ModelConfig(depth=2, width=16, heads=2, text_dim=8, fanout=(6, 3))


def asked(database: DatabaseTensors, kind: str = "binary") -> TaskTensors:
    """Will a customer order in the next five days? How many orders (a regression)?"""
    link, horizon = database.links[0], 5 * DAY
    times = database.tables[link.child].times
    rows, cutoffs, targets = [], [], []
    for cutoff in range(20 * DAY, 95 * DAY, 5 * DAY):
        came = link.parents[(times > cutoff) & (times <= cutoff + horizon)]
        counts = np.bincount(came[came >= 0], minlength=len(database.tables[0]))
        there = np.flatnonzero(database.tables[0].times <= cutoff)
        rows.append(there)
        cutoffs.append(np.full(len(there), cutoff))
        targets.append((counts if kind == "regression" else counts > 0)[there])
    both = np.concatenate(cutoffs)
    return TaskTensors(
        0, 0, kind, horizon, np.concatenate(rows), both, np.concatenate(targets).astype(float), both + horizon
    )


@pytest.fixture(scope="session")
def world() -> World:
    database = random_database(3, rows=400)
    database = replace(database, tasks=(asked(database), asked(database, "regression")))
    return World(database, Sampler(database, backend="numpy"), SPAN, index=2)


@pytest.fixture
def model() -> RelationalModel:
    torch.manual_seed(0)
    return RelationalModel(CONFIG)
