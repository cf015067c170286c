"""What became of the others of one's company, city or team, against a loop over all labels."""

import numpy as np
import pandas as pd
import pytest

import relfm
from relfm.features import FeatureMatrix, compute
from relfm.features.groups import groups_by_category
from relfm.task import Examples, TargetKind, Task
from relfm.times import DAY, MISSING_TIME, Span, parse_time

HORIZON = 10 * DAY
TASK = Task("t", TargetKind.REGRESSION, "customers", None, horizon=Span.of(10, "days"))
START, NUM, CITIES = parse_time("2025-01-01"), 60, 9


def database(later: bool = False) -> relfm.Database:
    """60 customers of 12 companies and 9 cities, some of neither; ``later``: one more, who came after all cutoffs."""
    generator = np.random.default_rng(3)
    city = [f"city {k}" for k in generator.integers(0, CITIES, NUM)]
    city[5] = None
    joined = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(generator.integers(0, 60, NUM)), "D")
    company = pd.array(generator.integers(0, 12, NUM), "Int64")
    company[7] = pd.NA
    customers = pd.DataFrame({"id": range(NUM), "joined": joined, "city": city, "company_id": company})
    if later:
        new = pd.DataFrame({"id": [NUM], "joined": [pd.Timestamp("2026-01-01")], "city": ["Ávila"], "company_id": [3]})
        customers = pd.concat([customers, new.astype(customers.dtypes)])
    return relfm.connect({"companies": pd.DataFrame({"id": range(12)}), "customers": customers})


@pytest.fixture(scope="module")
def labelled() -> Examples:
    """Ten targets of each customer, ten days apart."""
    cutoffs = np.repeat(START + HORIZON * np.arange(10), NUM)
    targets = np.random.default_rng(4).normal(size=len(cutoffs))
    return Examples.of(np.tile(np.arange(NUM), 10), cutoffs, targets)


def told(source: relfm.Database, labelled: Examples) -> FeatureMatrix:
    until = START + 95 * DAY
    rows, cutoffs = np.tile(np.arange(NUM), 3), np.repeat(START + np.array([25, 60, 95]) * DAY, NUM)
    return compute(source, TASK, Examples.of(rows, cutoffs), labelled, until=until)


@pytest.mark.parametrize(
    ("column", "path"), [("city", "the same customers.city"), ("company_id", "its companies (company_id)")]
)
def test_it_averages_what_a_loop_averages(column, path, labelled) -> None:
    source = database()
    found = told(source, labelled)
    means = found.values[:, found.names.index(f"mean of target in all past targets of {path}")]
    own, joined = source.tables["customers"].column(column).to_pylist(), source.times("customers")
    for place, mean in enumerate(means):
        row, cutoff = place % NUM, START + (25, 60, 95)[place // NUM] * DAY
        known = [
            target
            for other, at, target in zip(labelled.rows, labelled.cutoffs, labelled.targets, strict=True)
            if at + HORIZON <= cutoff and own[row] is not None and own[other] == own[row]
        ]
        assert np.isnan(mean) if not known or joined[row] > cutoff else np.isclose(mean, np.mean(known), atol=1e-5)


def test_one_who_comes_later_changes_nothing(labelled) -> None:
    before, after = told(database(), labelled), told(database(later=True), labelled)
    assert before.names == after.names
    assert np.array_equal(before.values, after.values, equal_nan=True)


def test_hidden_columns_and_few_categories_make_no_groups() -> None:
    source = database()
    rows, seen = np.arange(3), np.full(3, START + 95 * DAY)
    assert [c for c, *_ in groups_by_category(source, "customers", rows, seen, START + 95 * DAY)] == ["city"]
    hidden = source.hide([("customers", "city")])
    assert not list(groups_by_category(hidden, "customers", rows, seen, START + 95 * DAY))
    assert not list(groups_by_category(source, "customers", rows, seen, MISSING_TIME))
    assert not list(groups_by_category(source, "companies", rows, seen, START))


def test_who_plays_at_home_has_played_elsewhere_too() -> None:
    generator, num = np.random.default_rng(6), 200
    ends = pd.DataFrame(generator.integers(0, 8, (num, 2)), columns=["home_team_id", "away_team_id"])
    at = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(num), "h")
    matches = ends.assign(id=range(num), at=at, goals=generator.poisson(2, num))
    source = relfm.connect({"teams": pd.DataFrame({"id": range(8)}), "matches": matches})
    task = Task("t", TargetKind.REGRESSION, "matches", None, hidden=frozenset({("matches", "goals")}))
    times, goals = source.times("matches"), matches["goals"].to_numpy(np.float64)
    rows = np.arange(100, num)
    known = Examples.of(np.arange(num), times, goals)
    found = compute(source, task, Examples.of(rows, times[rows]), known, until=int(times[100]))
    for own in ends:
        for other in ends:
            role = "" if other == own else f" as {other}"
            path = f"past targets of its teams ({own}){role}"
            earlier = [goals[:row][ends[other][:row] == ends[own][row]] for row in rows]
            for name, of in ((f"mean of target over all {path}", np.mean), (f"last target of {path}", lambda g: g[-1])):
                expected = [of(g) if len(g) else np.nan for g in earlier]
                told = found.values[:, found.names.index(name)]
                assert np.allclose(told, expected, equal_nan=True, atol=1e-5)


def test_new_customers_are_like_those_of_their_company() -> None:
    generator = np.random.default_rng(0)
    num, days = 400, 360
    company = generator.integers(0, 40, num)
    rate = np.exp(generator.normal(0, 1.5, 40))[company] / 200
    joined = generator.integers(0, days - 30, num)
    visits = [
        (customer, pd.Timestamp("2025-01-01") + pd.Timedelta(days=float(day)))
        for customer in range(num)
        for day in generator.uniform(
            joined[customer], days, generator.poisson(rate[customer] * (days - joined[customer]))
        )
    ]
    customers = pd.DataFrame({"id": range(num), "company_id": company})
    customers["joined"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(joined, "D")
    table = pd.DataFrame(visits, columns=["customer_id", "at"]).sort_values("at")
    tables = {"companies": pd.DataFrame({"id": range(40)}), "customers": customers, "visits": table}
    question = "PREDICT COUNT(visits.*, 0, 30, days) > 0 FOR EACH customers.id"
    predictor = relfm.Predictor(effort="fast", model=None)
    known = predictor.backtest(relfm.connect(tables), question, folds=1).table
    shuffled = customers.assign(company_id=generator.permutation(company))
    unknown = predictor.backtest(relfm.connect(tables | {"customers": shuffled}), question, folds=1).table
    ours, without = (t.query("fold == 'all' and method == 'relfm'")["auroc"].item() for t in (known, unknown))
    assert ours > without + 0.03
