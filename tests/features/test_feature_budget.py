"""A schema of many tables keeps to a budget of features, and every path keeps its counts."""

import numpy as np
import pandas as pd
import pytest

from relfm import features
from relfm.connectors import connect
from relfm.database import Database
from relfm.features.compute import FAR_FEATURES, NEAR_FEATURES
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span, parse_time

CUTOFF = parse_time("2024-06-01")
NUM_CHILDREN = 24


@pytest.fixture(scope="module")
def wide() -> Database:
    """A hub with many child tables of many columns, all of which also point at a shared second parent."""
    generator = np.random.default_rng(0)
    frames = {
        "hub": pd.DataFrame({"hub_id": np.arange(20)}),
        "place": pd.DataFrame({"place_id": np.arange(5), "size": generator.random(5)}),
    }
    for k in range(NUM_CHILDREN):
        columns = {f"v{c}": generator.random(60) for c in range(12)}
        when = pd.Timestamp("2024-01-01") + pd.to_timedelta(generator.integers(0, 150, 60), unit="D")
        keys = {f"event{k}_id": np.arange(60), "hub_id": generator.integers(0, 20, 60)}
        frames[f"event{k}"] = pd.DataFrame(
            {**keys, "place_id": generator.integers(0, 5, 60), "created": when, **columns}
        )
    return connect(frames, cache=False)


def test_features_of_many_tables_keep_to_the_budget(wide: Database) -> None:
    assert len(wide.schema.children_of("hub")) == NUM_CHILDREN
    task = Task("t", TargetKind.BINARY, "hub", None, horizon=Span.of(30, "days"))
    matrix = features.compute(wide, task, Examples.of(np.arange(20), CUTOFF), until=CUTOFF)
    assert matrix.num_features < 1.5 * (NEAR_FEATURES + FAR_FEATURES)
    for k in range(NUM_CHILDREN):
        assert f"number of event{k}.hub_id" in matrix.names
        assert any(name.startswith(f"mean of event{k}.v0 ") for name in matrix.names)
    assert len(set(matrix.names)) == matrix.num_features
