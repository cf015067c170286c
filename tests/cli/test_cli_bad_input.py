"""What goes wrong because of the user's input or data: one clear error, its exit code, no traceback, no secret."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from backends import MARIADB_SERVER, why_absent
from sqlalchemy.engine import make_url

CANARY = "c4naryS3cret"
DAYS = 200
ASKED_OF = ("plan", "labels", "predict", "backtest")


@pytest.fixture
def database(tmp_path: Path) -> Callable[..., Path]:
    """Makes an SQLite file of people and their visits, one each every ten days, or fewer."""

    def make(*, visits: Sequence[tuple[int, int]] | None = None, people: int = 20, dated: bool = True) -> Path:
        path = tmp_path / "data.db"
        if visits is None:
            visits = [(person, day) for person in range(people) for day in range(person % 10, DAYS, 10)]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER)")
            connection.execute(
                "CREATE TABLE visits (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people(id), "
                + ("made TIMESTAMP)" if dated else "made INTEGER)")
            )
            connection.executemany("INSERT INTO people VALUES (?, ?)", [(p, 20 + p) for p in range(people)])
            rows = [(i, p, _date(day) if dated else day) for i, (p, day) in enumerate(visits)]
            connection.executemany("INSERT INTO visits VALUES (?, ?, ?)", rows)
            connection.commit()
        return path

    return make


def _date(day: int) -> str:
    return f"2025-{1 + day // 28:02}-{1 + day % 28:02} 12:00:00"


def _expect(outcome, code: int, message: str) -> None:
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in outcome.err
    assert CANARY not in outcome.err


WILL_VISIT = "PREDICT COUNT(visits.*, 0, 5, days) > 0 FOR EACH people.id"


def test_the_data_of_these_tests_can_answer(relfm, database):
    outcome = relfm("plan", database(), WILL_VISIT)
    assert outcome.code == 0, outcome.err


def test_an_unreachable_server_is_exit_code_3(relfm):
    outcome = relfm("describe", f"postgresql://ada:{CANARY}@127.0.0.1:1/shop")
    _expect(outcome, 3, "cannot connect to postgresql://ada:***@127.0.0.1:1/shop: the server cannot be reached")


@pytest.mark.skipif(why_absent("mariadb") is not None, reason=str(why_absent("mariadb")))
def test_a_wrong_password_is_exit_code_3(relfm):
    url = make_url(MARIADB_SERVER).set(username="relfm_nobody", password=CANARY)
    outcome = relfm("describe", url.render_as_string(hide_password=False))
    _expect(outcome, 3, "cannot connect to")


def test_a_file_that_is_not_there_is_exit_code_3(relfm):
    _expect(relfm("describe", "missing.db"), 3, "there is no file or folder 'missing.db'")


@pytest.mark.parametrize("command", ASKED_OF)
def test_an_unknown_table_is_exit_code_2_and_pointed_at(relfm, database, command):
    outcome = relfm(command, database(), "PREDICT COUNT(visit.*, 0, 5, days) > 0 FOR EACH people.id")
    _expect(outcome, 2, "unknown table 'visit'")
    assert "\n                ^^^^^\n  hint: did you mean visits?" in outcome.err


@pytest.mark.parametrize("command", ASKED_OF)
@pytest.mark.parametrize(
    ("question", "message", "hint"),
    [
        ("COUNT(visits.*, 0, 5, days) > 0 FOR people.id = '\udcff'", "is not UTF-8", "write the question in UTF-8"),
        (
            f"COUNT(visits.*, 0, 5, days) > {'9' * 5000} FOR EACH people.id",
            "5000 digits is too long",
            "numbers have at most 40",
        ),
        (f"{'NOT ' * 400}COUNT(visits.*, 0, 5, days) > 0 FOR EACH people.id", "nested too deeply", "write at most 100"),
        ("COUNT(visits.* WHERE made > 2025-01-01, 0, 5) > 0 FOR EACH people.id", "'>' cannot", "write visits.made"),
    ],
)
def test_a_question_that_nothing_can_read_is_exit_code_2(relfm, database, command, question, message, hint):
    outcome = relfm(command, database(), f"PREDICT {question}")
    _expect(outcome, 2, message)
    assert f"\n  hint: {hint}" in outcome.err


@pytest.mark.parametrize("command", ASKED_OF)
def test_no_time_column_is_told(relfm, database, command):
    outcome = relfm(command, database(dated=False), WILL_VISIT)
    _expect(outcome, 2, "visits has no time column")
    assert "name one in relfm.toml" in outcome.err


@pytest.mark.parametrize("command", ASKED_OF)
def test_no_labels_is_exit_code_4(relfm, database, command):
    _expect(
        relfm(command, database(), f"{WILL_VISIT} ASSUMING COUNT(visits.*, 0, 5, days) > 99"), 4, "no label is known"
    )


def test_a_question_about_nobody_is_exit_code_4(relfm, database):
    outcome = relfm("predict", database(), f"{WILL_VISIT} WHERE people.age > 1000")
    _expect(outcome, 4, "the question is about nobody")


@pytest.mark.parametrize("command", ASKED_OF)
def test_one_class_is_exit_code_4(relfm, database, command):
    question = "PREDICT COUNT(visits.*, 0, 5, days) >= 0 FOR EACH people.id"
    _expect(relfm(command, database(), question), 4, "labels are True")


@pytest.mark.parametrize("command", ASKED_OF)
def test_an_empty_table_is_exit_code_4(relfm, database, command):
    _expect(relfm(command, database(visits=()), WILL_VISIT), 4, "table 'visits' has no rows")


@pytest.mark.parametrize("command", ASKED_OF)
def test_an_empty_entity_table_is_exit_code_4(relfm, database, command):
    _expect(
        relfm(command, database(people=0, visits=[(1, d) for d in range(60)]), WILL_VISIT),
        4,
        "table 'people' has no rows",
    )


@pytest.mark.parametrize("command", ASKED_OF)
def test_a_cutoff_before_all_data_is_exit_code_4(relfm, database, command):
    outcome = relfm(command, database(), WILL_VISIT, "--at", "1999-12-31")
    _expect(outcome, 4, "1999-12-31 lies before all data, which begin at 2025-01-01")


@pytest.mark.parametrize("command", ASKED_OF)
def test_a_history_shorter_than_two_horizons_is_exit_code_4(relfm, database, command):
    question = "PREDICT COUNT(visits.*, 0, 2, years) > 0 FOR EACH people.id"
    _expect(relfm(command, database(), question), 4, "no label is known by")


@pytest.mark.parametrize("command", ASKED_OF)
def test_a_time_that_is_none_is_exit_code_2(relfm, database, command):
    _expect(relfm(command, database(), WILL_VISIT, "--at", "soon"), 2, "'soon' is not a date or time")


def test_a_schema_file_that_is_not_there_is_exit_code_2(relfm, database):
    outcome = relfm("describe", database(), "--schema-file", "nowhere.toml")
    _expect(outcome, 2, "cannot read schema file 'nowhere.toml'")


def test_a_label_file_that_is_not_there_is_exit_code_2(relfm, database):
    _expect(relfm("plan", database(), "--label-sql", "nowhere.sql"), 2, "cannot read label SQL from 'nowhere.sql'")


@pytest.mark.parametrize("command", ["labels", "predict", "backtest"])
def test_an_output_of_unknown_form_is_refused_before_any_work(relfm, command):
    _expect(relfm(command, "nowhere.db", WILL_VISIT, "-o", "rows.xlsx"), 2, "unknown suffix '.xlsx' of 'rows.xlsx'")
