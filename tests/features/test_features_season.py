"""Targets of a year before: a peak shows as a peak a year later, and only by labels that were known."""

import numpy as np
import pandas as pd
import pytest

from relfm import features
from relfm.connectors import connect
from relfm.database import Database
from relfm.features.own import SEASON
from relfm.moments import moment_of
from relfm.planning import resolve
from relfm.task import Examples
from relfm.times import parse_time

NAME = f"{SEASON} (targets of a year before)"
COUNT = "PREDICT COUNT(sales.*, 0, 30, days) FOR EACH goods.id"


@pytest.fixture(scope="module")
def market() -> Database:
    """Every thing is sold once in three days, in December every day."""
    days = pd.date_range("2021-01-01", "2024-01-01", freq="D")
    sold = [(n, d) for n in range(5) for i, d in enumerate(days) if d.month == 12 or i % 3 == 0]
    sales = {"id": range(len(sold)), "good_id": [n for n, _ in sold], "made": [d for _, d in sold]}
    return connect({"goods": pd.DataFrame({"id": range(5)}), "sales": pd.DataFrame(sales)})


def season(market: Database, question: str, at: list[str], seen: str | None = None) -> np.ndarray | None:
    task = resolve(market, question)
    end = moment_of(market, task)
    cutoffs = np.array([parse_time(f"{y}-{m:02d}-01") for y in (2021, 2022, 2023) for m in range(1, 13)])
    labelled = task.labeller.label(market, cutoffs[cutoffs < end - 31 * 86_400_000_000])
    asked = Examples.of(np.zeros(len(at), np.int64), [parse_time(a) for a in at])
    asked = asked if seen is None else Examples.of(asked.rows, asked.cutoffs, seen=parse_time(seen))
    matrix = features.compute(market, task, asked, labelled, until=int(asked.seen.min()))
    return matrix.values[:, matrix.names.index(NAME)] if NAME in matrix.names else None


def test_a_peak_shows_a_year_later(market: Database) -> None:
    ordinary, peak = season(market, COUNT, ["2023-06-01", "2023-12-01"])
    assert ordinary == pytest.approx(10 / 11.7, rel=0.05)
    assert peak == pytest.approx(30 / 11.7, rel=0.1)


def test_labels_that_were_not_known_yet_say_nothing(market: Database) -> None:
    assert np.isnan(season(market, COUNT, ["2021-12-01"])).all()
    assert np.isnan(season(market, COUNT, ["2023-12-01"], seen="2022-12-10")).all()


def test_classes_and_windows_of_a_year_have_no_such_season(market: Database) -> None:
    assert season(market, COUNT.replace("FOR", "> 11 FOR"), ["2023-06-01"]) is None
    assert season(market, COUNT.replace("30, days", "1, year"), ["2023-06-01"]) is None
