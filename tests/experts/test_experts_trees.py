"""Boosted trees beside the closed forms, and direct answers where a target follows from others by a rule."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from relfm import Predictor
from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import UsageError
from relfm.experts.boosting import grown_classes, grown_numbers
from relfm.experts.mixture import Mixed
from relfm.experts.numbers import Reading, numbers
from relfm.experts.outputs import Outputs
from relfm.experts.yardstick import tuned_numbers
from relfm.task import TargetKind

ROWS = 600
QUESTION = "PREDICT bills.size FOR EACH bills.id WHERE bills.size IS NULL"


def bills(column: str) -> Database:
    """A total is net plus tax, and its size large where that is more than 100. Every fourth cell of ``column`` is
    missing; the other of the two is not there."""
    generator = np.random.default_rng(0)
    net, tax = generator.gamma(2, 40, ROWS).round(2), generator.gamma(2, 10, ROWS).round(2)
    told = np.where(np.arange(ROWS) % 4 == 0, None, rule(net, tax)[column])
    told = told.astype(float) if column == "total" else told
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS), unit="h")
    frame = pd.DataFrame({"id": np.arange(ROWS), "net": net, "tax": tax, column: told, "time": times})
    return connect({"bills": frame}, cache=False)


def rule(net: np.ndarray, tax: np.ndarray) -> dict[str, np.ndarray]:
    return {"total": net + tax, "size": np.where(net + tax > 100, "large", "small").astype(object)}


def truth_of(database: Database, column: str) -> np.ndarray:
    table = database.tables["bills"].to_pandas().sort_values("id")
    return rule(table.net.to_numpy(), table.tax.to_numpy())[column][::4]


@pytest.fixture(scope="module")
def ledger() -> Database:
    return bills("size")


def test_a_number_that_follows_by_a_rule_is_answered_closer_than_thresholds_lie() -> None:
    database, found = bills("total"), {}
    truth = truth_of(database, "total")
    for effort in ("fast", "default"):
        made = Predictor(effort=effort, model=None).predict(
            database, "PREDICT bills.total FOR EACH bills.id WHERE bills.total IS NULL"
        )
        frame = made.frame.sort_values("id")
        found[effort] = np.abs(frame.prediction.to_numpy() - truth).mean()
        assert ((frame.q10.to_numpy() <= truth) & (truth <= frame.q90.to_numpy())).mean() > 0.6
    assert found["default"] < 0.75 * found["fast"]


def test_a_class_that_follows_by_a_rule_is_found(ledger: Database) -> None:
    made = Predictor(model=None).predict(ledger, QUESTION)
    told = made.frame.sort_values("id").prediction.to_numpy()
    assert (told == truth_of(ledger, "size")).mean() > 0.95
    assert made.weights["trees"] > 0


@pytest.mark.usefixtures("no_lightgbm")
def test_without_lightgbm_closed_forms_answer_and_a_warning_says_so(ledger: Database) -> None:
    with pytest.warns(UserWarning, match=r"libgomp.so.1. Answered without trees"):
        made = Predictor(model=None).predict(ledger, QUESTION)
    assert "trees" not in made.weights
    with pytest.raises(UsageError, match=r"libgomp.so.1"):
        Predictor(adapt="trees", model=None).predict(ledger, QUESTION)


def test_fast_answers_grow_no_trees(ledger: Database) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = Predictor(model=None).predict(ledger, QUESTION)
    assert "trees" in made.weights
    assert "trees" not in Predictor(effort="fast", model=None).predict(ledger, QUESTION).weights


@pytest.mark.parametrize("classes", [[0.0], [0.0, 2.0], [0.0, 1.0, 2.0]])
def test_every_class_has_its_place(classes: list[float]) -> None:
    generator = np.random.default_rng(1)
    targets = generator.choice(classes, 300)
    values = (targets[:, None] + generator.normal(0, 0.1, (300, 1))).astype(np.float32)
    shares = grown_classes(values, targets, np.array(classes, np.float32)[:, None], 4, 0)
    assert shares.shape == (len(classes), 4)
    assert shares.argmax(axis=1).tolist() == classes
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_trees_are_the_same_for_the_same_seed() -> None:
    generator = np.random.default_rng(2)
    values, targets = generator.normal(size=(200, 5)).astype(np.float32), generator.normal(size=200)
    first, second = (grown_numbers(values, targets, values, 3) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.fixture
def mixed() -> Callable[..., tuple[Outputs, Mixed, np.ndarray]]:
    """A mixture that knows nothing, and direct answers that err by ``error``."""

    def made(error: float) -> tuple[Outputs, Mixed, np.ndarray]:
        generator = np.random.default_rng(0)
        held = generator.normal(size=400)
        outputs = Outputs.of(TargetKind.REGRESSION, held)
        flat = np.tile(outputs.encode(held).mean(axis=0), (400, 1)).astype(np.float64)
        flat = flat.clip(1e-3, 1 - 1e-3)
        points = held + error * generator.normal(size=400), held
        return outputs, Mixed(flat, {}, {}, np.arange(400), flat, {}, points), held

    return made


def test_direct_answers_win_only_where_they_err_less(mixed: Callable[..., tuple]) -> None:
    outputs, close, held = mixed(0.05)
    near = numbers([Reading(outputs, close)], held, 0.8)
    assert np.abs(near.middle - held).max() < 0.2 and np.abs(near.mean - held).max() < 0.2
    assert (near.high - near.low).max() < 0.3
    outputs, far, held = mixed(20.0)
    distant = numbers([Reading(outputs, far)], held, 0.8)
    assert np.ptp(distant.middle) == 0
    assert np.mean((distant.low <= held) & (held <= distant.high)) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(("offset", "unit"), [(1e12, 1.0), (0.0, 1e39), (0.0, 1e-30)])
def test_numbers_of_any_size_are_fitted_as_well(offset: float, unit: float) -> None:
    generator = np.random.default_rng(5)
    values = generator.normal(size=(600, 4)).astype(np.float32)
    plain = values[:, 0].astype(np.float64) + 0.1 * generator.normal(size=600)
    split = np.arange(400), np.arange(400, 600)
    for told in (
        lambda targets: grown_numbers(values, targets, values, 0),
        lambda targets: tuned_numbers(values, targets, split, values, 0),
    ):
        error = np.abs(told(offset + unit * plain) - (offset + unit * plain)).mean() / unit
        assert error < 1.5 * np.abs(told(plain) - plain).mean()
