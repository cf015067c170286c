"""The public face: columns by kind of question, the same answer twice, nothing changed by asking."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop
from small_shop import shop

import relfm
from relfm import Predictor
from relfm.database import Database
from relfm.task import TargetKind
from relfm.times import parse_time

FAST = Predictor(effort="fast")


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


@pytest.fixture(scope="module")
def frames(database: Database) -> dict[str, pd.DataFrame]:
    return {kind: FAST.predict(database, question, at=AT).frame for kind, question in QUESTIONS.items()}


NUMBERS = ["prediction", "q10", "q50", "q90", "mean", "baseline"]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("binary", ["user_id", "cutoff", "prediction", "probability", "baseline"]),
        ("multiclass", ["user_id", "cutoff", "prediction", "p_x", "p_y", "p_z", "baseline"]),
        ("regression", ["user_id", "cutoff", *NUMBERS]),
        ("ranking", ["user_id", "cutoff", "prediction", "rank", "item_id", "probability", "baseline"]),
        ("forecast", ["user_id", "cutoff", "step", *NUMBERS]),
    ],
)
def test_columns_follow_from_the_kind_of_question(frames: dict, kind: str, columns: list[str]) -> None:
    assert frames[kind].columns.tolist() == columns
    assert (frames[kind]["cutoff"] == pd.Timestamp(AT)).all()


@pytest.mark.parametrize("kind", QUESTIONS)
def test_everybody_who_was_there_is_answered_and_nobody_else(frames: dict, kind: str) -> None:
    assert set(frames[kind]["user_id"]) == set(range(100, 113))
    assert not frames[kind].drop(columns="baseline").isna().any(axis=None)


def test_probabilities_are_probabilities(frames: dict) -> None:
    binary, multiclass, ranking = (frames[k] for k in ("binary", "multiclass", "ranking"))
    assert binary["probability"].between(0, 1).all()
    assert (binary["prediction"] == (binary["probability"] >= 0.5)).all()
    shares = multiclass[["p_x", "p_y", "p_z"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (multiclass["prediction"] == shares.idxmax(axis=1).str.removeprefix("p_")).all()
    assert ranking["probability"].between(0, 1).all()


@pytest.mark.parametrize("kind", ["regression", "forecast"])
def test_numbers_lie_in_their_interval(frames: dict, kind: str) -> None:
    frame = frames[kind]
    assert ((frame["q10"] <= frame["q50"]) & (frame["q50"] <= frame["q90"])).all()
    assert (frame["prediction"] == frame["q50"]).all()
    assert frame["mean"].between(0, frame["q90"].max() * 2).all()


def test_ranks_count_from_one_and_best_come_first(frames: dict) -> None:
    for _, part in frames["ranking"].groupby("user_id"):
        assert part["rank"].tolist() == list(range(1, len(part) + 1)) and len(part) <= 2
        assert part["probability"].is_monotonic_decreasing
        assert part["prediction"].tolist() == part["item_id"].tolist() and part["item_id"].is_unique


def test_steps_of_a_forecast_stand_together(frames: dict) -> None:
    assert frames["forecast"]["step"].tolist() == [1, 2, 3] * 13


def test_those_who_order_more_are_predicted_to(frames: dict) -> None:
    probability = frames["binary"].set_index("user_id")["probability"]
    assert probability[100] > probability[112] + 0.2
    assert probability[:4].mean() > probability[-4:].mean()


def test_missing_cell_is_predicted_for_those_that_lack_it() -> None:
    question = "PREDICT users.segment FOR EACH users.user_id"
    users = busy_shop().tables["users"]
    segments = [None if n < 3 else s for n, s in enumerate(users["segment"].to_pylist())]
    tables = busy_shop().tables
    place = users.column_names.index("segment")
    tables["users"] = users.set_column(place, "segment", [segments])
    frame = FAST.predict(Database(busy_shop().schema, tables), question, at=AT).frame
    assert frame["user_id"].tolist() == [100, 101, 102]
    assert frame.columns.tolist() == ["user_id", "cutoff", "prediction", "p_a", "p_b", "baseline"]


def test_interval_names_its_quantiles_and_widens_with_coverage(database: Database) -> None:
    question = QUESTIONS["regression"]
    narrow, wide = (FAST.predict(database, question, at=AT, interval=i).frame for i in (0.5, 0.95))
    assert {"q25", "q75"} <= set(narrow) and {"q2.5", "q97.5"} <= set(wide)
    assert (wide["q97.5"] - wide["q2.5"]).mean() > (narrow["q75"] - narrow["q25"]).mean()


def test_named_entities_are_answered_in_their_order(database: Database) -> None:
    found = FAST.predict(database, QUESTIONS["binary"], at=AT, entities=[103, 100]).frame
    assert found["user_id"].tolist() == [103, 100]


def test_named_entities_get_the_answer_that_they_get_among_all(database: Database, frames: dict) -> None:
    found = FAST.predict(database, QUESTIONS["binary"], at=AT, entities=[103]).frame
    whole = frames["binary"].set_index("user_id")
    assert found["probability"][0] == pytest.approx(whole["probability"][103], rel=1e-5)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_the_default_experts_answer_one_as_they_answer_all(database: Database, kind: str) -> None:
    """The head's products are of single precision: their last digits follow the processor and the number of rows."""
    first = Predictor().predict(database, QUESTIONS[kind], at=AT).frame.head(1)
    alone = Predictor().predict(database, QUESTIONS[kind], at=AT, entities=first["user_id"]).frame
    pd.testing.assert_frame_equal(alone, first, rtol=1e-4)


def test_composite_keys_name_entities() -> None:
    lines = [{"order_id": n // 2, "line_no": n % 2, "amount": float(n % 7)} for n in range(400)]
    lines[5]["amount"] = None
    orders = [{"order_id": n, "ordered": n} for n in range(200)]
    question = "PREDICT lines.amount FOR EACH lines"
    found = FAST.predict(shop(orders=orders, lines=lines), question, at=AT, entities=[(2, 1)])
    assert found.frame[["order_id", "line_no"]].values.tolist() == [[2, 1]]


def test_limit_answers_the_first(database: Database, frames: dict) -> None:
    found = FAST.predict(database, QUESTIONS["binary"], at=AT, limit=2).frame
    assert found["user_id"].tolist() == frames["binary"]["user_id"].tolist()[:2]


def test_text_and_microseconds_mean_the_same_moment(database: Database, frames: dict) -> None:
    found = FAST.predict(database, QUESTIONS["binary"], at=parse_time(AT))
    assert found.at == parse_time(AT)
    pd.testing.assert_frame_equal(found.frame, frames["binary"], check_exact=True)


def test_prediction_says_what_it_rests_on(database: Database) -> None:
    said = []
    found = FAST.predict(database, QUESTIONS["binary"], at=AT, progress=said.append)
    assert found.task.kind is TargetKind.BINARY and found.context_rows > 100
    assert 0 < found.base_rate < 1 and found.warnings == ()
    assert sum(found.weights.values()) == pytest.approx(1) and {"prior", "history", "linear"} <= set(found.weights)
    assert set(found.seconds) >= {"features", "experts"}
    assert said[0] == "labels" and said[1].startswith("predicting 13 rows from ")


@pytest.mark.parametrize("kind", QUESTIONS)
def test_asking_changes_neither_the_database_nor_the_predictor(kind: str) -> None:
    database, predictor = busy_shop(), Predictor(effort="fast")
    before = repr(predictor), dict(database.tables)
    first = predictor.predict(database, QUESTIONS[kind], at=AT).frame
    assert (repr(predictor), database.hidden) == (before[0], frozenset())
    assert all(database.tables[n] is rows and rows.equals(busy_shop().tables[n]) for n, rows in before[1].items())
    pd.testing.assert_frame_equal(first, predictor.predict(database, QUESTIONS[kind], at=AT).frame, check_exact=True)


PROCESS = """
import hashlib, busy_shop, relfm
for kind, question in busy_shop.QUESTIONS.items():
    frame = relfm.Predictor().predict(busy_shop.busy_shop(), question, at=busy_shop.AT).frame
    print(kind, hashlib.sha256(frame.to_csv(float_format="%.17g").encode()).hexdigest())
"""


def test_same_bytes_in_every_process() -> None:
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    told = []
    for hash_seed in ("0", "77"):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", PROCESS], capture_output=True, text=True, check=True, env=environment
        )
        told.append(done.stdout)
    assert told[0] == told[1] and len(told[0].splitlines()) == len(QUESTIONS)


def test_package_shows_its_face() -> None:
    assert relfm.Predictor is Predictor
    with pytest.raises(AttributeError, match="no attribute 'Graph'; public are .*connect"):
        relfm.Graph  # noqa: B018
    assert repr(Predictor(effort="fast")) == "Predictor(effort='fast', adapt=None, seed=0, model='relfm-small')"
