"""A schema of many tables keeps to a budget of features, and every path keeps its counts."""

import numpy as np
import pandas as pd
import pytest

from relfm import features
from relfm.connectors import connect
from relfm.database import Database
from relfm.features.compute import FAR_FEATURES, NEAR_FEATURES
from relfm.features.matrix import FeatureMatrix
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span, parse_time

CUTOFF = parse_time("2024-06-01")
NUM_CHILDREN = 24


def made(order: int = 1) -> Database:
    """A hub with many child tables of many columns, all of which also point at a shared second parent; with ``order``
    -1 every column has the name of its opposite."""
    generator = np.random.default_rng(0)
    frames = {
        "hub": pd.DataFrame({"hub_id": np.arange(20)}),
        "place": pd.DataFrame({"place_id": np.arange(5), "size": generator.random(5)}),
    }
    for k in range(NUM_CHILDREN):
        columns = {f"v{c:02}": generator.random(60) for c in range(12)[::order]}
        when = pd.Timestamp("2024-01-01") + pd.to_timedelta(generator.integers(0, 150, 60), unit="D")
        keys = {f"event{k}_id": np.arange(60), "hub_id": generator.integers(0, 20, 60)}
        frames[f"event{k}"] = pd.DataFrame(
            {**keys, "place_id": generator.integers(0, 5, 60), "created": when, **dict(sorted(columns.items()))}
        )
    return connect(frames, cache=False)


@pytest.fixture(scope="module")
def wide() -> Database:
    return made()


def matrix_of(database: Database) -> FeatureMatrix:
    task = Task("t", TargetKind.BINARY, "hub", None, horizon=Span.of(30, "days"))
    return features.compute(database, task, Examples.of(np.arange(20), CUTOFF), until=CUTOFF)


def test_features_of_many_tables_keep_to_the_budget(wide: Database) -> None:
    assert len(wide.schema.children_of("hub")) == NUM_CHILDREN
    matrix = matrix_of(wide)
    assert matrix.num_features < 1.5 * (NEAR_FEATURES + FAR_FEATURES)
    for k in range(NUM_CHILDREN):
        assert f"number of event{k}.hub_id" in matrix.names
        assert any(name.startswith(f"mean of event{k}.v") for name in matrix.names)
    assert len(set(matrix.names)) == matrix.num_features


def test_what_is_left_out_does_not_follow_from_names(wide: Database) -> None:
    """Half of each table's columns are cut; which ones, their values say."""
    before, after = matrix_of(wide), matrix_of(made(order=-1))
    kept = {name for name in before.names if name.startswith("mean of event0.v")}
    assert 0 < len({name.split()[2] for name in kept}) < 12
    assert sorted(c.tobytes() for c in before.values.T) == sorted(c.tobytes() for c in after.values.T)
