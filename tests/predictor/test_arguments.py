"""Arguments of a wrong type or value are refused at once, by name, as relfm's own errors; results print briefly."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop

from relfm import Predictor, connect, plan
from relfm.backtest import MOST_FOLDS
from relfm.database import Database
from relfm.errors import UsageError

FAST = Predictor(effort="fast")
BINARY = QUESTIONS["binary"]
WHOLE = "is no whole number of"


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


@pytest.mark.parametrize("wrong", ["shop.db", None, {}])
def test_database_is_what_connect_returned(wrong: Any) -> None:
    for asked in (FAST.predict, FAST.backtest, plan):
        with pytest.raises(UsageError, match=f"database {wrong!r} is a {type(wrong).__name__}") as caught:
            asked(wrong, BINARY)
        assert "connect first" in caught.value.hint


@pytest.mark.parametrize("wrong", [None, 3, b"PREDICT", [BINARY]])
def test_question_is_a_text(database: Database, wrong: Any) -> None:
    for asked in (FAST.predict, FAST.backtest, plan):
        with pytest.raises(UsageError, match=f"is a {type(wrong).__name__}"):
            asked(database, wrong)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": "1"}, f"limit '1' {WHOLE} 1 or more"),
        ({"limit": 1.5}, f"limit 1.5 {WHOLE}"),
        ({"limit": True}, f"limit True {WHOLE}"),
        ({"interval": "a"}, "interval 'a' is not between 0 and 1"),
        ({"interval": None}, "interval None is not between 0 and 1"),
        ({"interval": float("nan")}, "interval nan is not between 0 and 1"),
        ({"progress": 3}, "progress 3 cannot be called"),
        ({"at": 10**30}, f"at 1{'0' * 30} {WHOLE}"),
    ],
)
def test_options_of_predict_are_checked(database: Database, options: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        FAST.predict(database, BINARY, **options)
    assert caught.value.hint


@pytest.mark.parametrize("folds", ["2", 1.5, None, True, 0, MOST_FOLDS + 1, 10**6])
def test_folds_are_a_whole_number_that_can_be_worked_off(database: Database, folds: Any) -> None:
    with pytest.raises(UsageError, match=f"folds {folds!r} {WHOLE} 1 to {MOST_FOLDS}"):
        FAST.backtest(database, BINARY, folds=folds)


def test_there_are_as_many_folds_as_the_history_holds(database: Database) -> None:
    said: list[str] = []
    held = FAST.backtest(database, BINARY, at=AT, folds=100, progress=said.append).table["fold"].nunique() - 1
    assert 1 < held < 100
    assert [line.split(":")[0] for line in said] == [f"fold {n + 1} of {held}" for n in range(held)]


@pytest.mark.parametrize("seed", [None, "0", 1.5, -1, True, 2**31])
def test_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(UsageError, match=f"seed {seed!r} {WHOLE} 0 to 2147483647"):
        Predictor(seed=seed)


@pytest.mark.parametrize("model", [3, b"relfm-small", ""])
def test_model_is_a_name_or_a_folder(model: Any) -> None:
    with pytest.raises(UsageError, match=f"model {model!r} names no network"):
        Predictor(model=model)


@pytest.mark.parametrize("options", [{"effort": np.array([1])}, {"adapt": np.array(["trees"])}, {"effort": None}])
def test_settings_of_other_types_are_unknown(options: dict) -> None:
    with pytest.raises(UsageError, match="unknown"):
        Predictor(**options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cache_dir": 5}, "cache_dir 5 is no path"),
        ({"cache_dir": "x\0"}, "cache_dir .* is no path"),
        ({"schema_file": 5}, "schema_file 5 is no path"),
        ({"schema_file": ""}, "schema_file '' is no path"),
        ({"tables": "orders"}, "tables 'orders' is no list of names"),
        ({"tables": 5}, "tables 5 is no list of names"),
        ({"tables": [5]}, r"tables \[5\] is no list of names"),
        ({"schema": 5}, "schema 5 is a int"),
        ({"progress": 5}, "progress 5 cannot be called"),
    ],
)
def test_options_of_connect_are_checked(options: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        connect({"orders": pd.DataFrame({"id": [1]})}, **options)


class Place(os.PathLike):
    """A path that is no pathlib.Path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def test_any_path_will_do(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("id\n1\n")
    for cache in (Place(tmp_path / "cache"), str(tmp_path / "text")):
        assert connect(Place(tmp_path / "visits.csv"), cache_dir=cache).num_rows("visits") == 1
        assert (Path(cache) / "snapshots").is_dir()


def test_results_print_briefly_and_can_be_compared(database: Database) -> None:
    prediction = FAST.predict(database, BINARY, at=AT)
    headline, *rows = repr(prediction).splitlines()
    said = f"{len(prediction.frame)} rows, from {prediction.context_rows:,} labels"
    assert headline == f"Prediction({BINARY!r}: {said})"
    assert len(rows) <= 14 and "probability" in repr(prediction)
    shown = prediction._repr_html_()
    assert "<table" in shown and "&#x27;PREDICT" in shown and len(shown) < 5_000
    planned = plan(database, BINARY, at=AT)
    assert repr(planned).startswith(f"Plan({BINARY!r}: binary about") and len(repr(planned)) < 300
    assert prediction == prediction and planned == planned
    assert prediction != FAST.predict(database, BINARY, at=AT)
    assert len({prediction, planned, prediction.task}) == 3
    assert "schema" not in repr(prediction.task).lower()
