from datetime import datetime, timedelta

import pandas as pd
import pytest

from relfm.asked import CONTEXT_ROWS, past_cutoffs
from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.experts.panel import BUDGETS, Effort
from relfm.moments import moment_of
from relfm.planning import plan, resolve
from relfm.times import Span, format_time, parse_time

START = datetime(2025, 1, 1)
QUESTION = "PREDICT COUNT(visits.*, 0, 10, days) > 1 FOR EACH people.id"


@pytest.fixture(scope="module")
def clinic() -> Database:
    """Twelve people who visit at different rhythms for 200 days, and meetings planned a year ahead."""
    days = [(person, day) for person in range(12) for day in range(person, 200, 3 + person)]
    visits = {
        "id": range(len(days)),
        "person_id": [person for person, _ in days],
        "made": [START + timedelta(days=day) for _, day in days],
    }
    meetings = {"id": [0, 1], "starts": [START + timedelta(days=d) for d in (10, 560)]}
    frames = {"people": {"id": range(12), "age": range(30, 42)}, "visits": visits, "meetings": meetings}
    return connect({name: pd.DataFrame(columns) for name, columns in frames.items()})


def test_the_end_of_the_data_is_that_of_the_tables_asked_about(clinic):
    assert format_time(moment_of(clinic, resolve(clinic, QUESTION))) == "2025-07-18"
    assert format_time(clinic.span[1]) == "2026-07-15"


def test_a_moment_before_all_data_is_refused(clinic):
    with pytest.raises(DataCannotAnswer, match="2024-12-31 lies before all data, which begin at 2025-01-01"):
        plan(clinic, QUESTION, at="2024-12-31")


def test_cutoffs_are_a_horizon_apart_and_their_windows_have_closed(clinic):
    task = resolve(clinic, QUESTION)
    at = parse_time("2025-06-01")
    cutoffs = past_cutoffs(clinic, task, at)
    assert (task.closes(cutoffs) <= at).all()
    assert {format_time(c) for c in cutoffs} >= {"2025-05-22", "2025-05-12"}
    assert len(past_cutoffs(clinic, task, at, every=Span.of(1, "day"))) > 5 * len(cutoffs)


def test_rows_after_the_moment_change_nothing(clinic):
    at = parse_time("2025-05-01")
    seen, whole = plan(clinic.until(at), QUESTION, at=at).to_dict(), plan(clinic, QUESTION, at=at).to_dict()
    assert seen == whole


def test_few_labels_and_stale_data_are_warned_of(clinic):
    (few,) = plan(clinic, QUESTION, at="2025-02-01").warnings
    assert "labels are known by 2025-02-01: the answers rest on little" in few
    (stale,) = plan(clinic, QUESTION, at="2025-12-01").warnings
    assert stale == "the data end at 2025-07-18, 136 days before 2025-12-01: the answers are stale"
    assert plan(clinic, QUESTION).warnings == ()


def test_a_missing_cell_of_a_database_without_time_needs_no_moment():
    people = pd.DataFrame({"id": range(40), "age": [20.0 + i for i in range(39)] + [None]})
    made = plan(connect({"people": people}), "PREDICT people.age FOR EACH people.id")
    assert (made.context_rows, made.query_rows) == (39, 1)
    assert (made.to_dict()["at"], made.to_dict()["cutoffs"]) == (None, [])
    assert made.warnings == ("only 39 labels are known: the answers rest on little",)
    assert made.base_rate == 39.0


def test_a_plan_assumes_the_context_of_default_effort():
    assert BUDGETS[Effort.DEFAULT].rows == CONTEXT_ROWS
