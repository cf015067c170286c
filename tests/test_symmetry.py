"""What must not matter: the order of rows, columns and tables; names, as long as no model reads them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backends import write_schema_file
from invariance import KINDS, differences, predicted
from mutations import shuffle
from renaming import renamed_frames, renamed_question, renamed_schema
from timed_shop import AT, SCHEMA, frames

from relfm import Predictor
from relfm.connectors import connect


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return frames(25, 220)


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_schema_file(SCHEMA, tmp_path_factory.mktemp("facts"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effort", ["fast", "default"])
def test_order_of_rows_does_not_matter(tables: Mapping[str, pd.DataFrame], kind: str, effort: str) -> None:
    other = shuffle(dict(tables), AT, np.random.default_rng(0))
    assert not differences(predicted(tables, kind, effort), predicted(other, kind, effort))


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_tables_does_not_matter(tables: Mapping[str, pd.DataFrame], kind: str) -> None:
    assert not differences(predicted(tables, kind), predicted(dict(reversed(tables.items())), kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effort", ["fast", "default"])
def test_order_of_columns_does_not_matter(
    tables: Mapping[str, pd.DataFrame], kind: str, effort: str, schema_file: Path
) -> None:
    other = {name: rows[rows.columns[::-1]] for name, rows in tables.items()}
    before, after = (predicted(t, kind, effort, schema_file=schema_file).frame for t in (tables, other))
    pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effort", ["fast", "default"])
def test_names_do_not_matter(
    tables: Mapping[str, pd.DataFrame], kind: str, effort: str, schema_file: Path, tmp_path: Path
) -> None:
    before = predicted(tables, kind, effort, schema_file=schema_file).frame
    renamed_file = write_schema_file(renamed_schema(), tmp_path)
    database = connect(renamed_frames(tables), schema_file=renamed_file, cache=False)
    after = Predictor(effort=effort).predict(database, renamed_question(kind), at=AT).frame
    after.columns = before.columns
    pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=1e-5, atol=1e-6)
