import re
from pathlib import Path

import pytest
from small_shop import SCHEMA, days, shop

from relfm.errors import QuestionError, SchemaError, UsageError
from relfm.labels import manifest_yaml, task_from_sql_file, task_of, to_manifest, with_classes
from relfm.times import Span

_SQL = """
SELECT t.timestamp, o.user_id, {target} AS label
FROM timestamps t JOIN orders o ON o.ordered > t.timestamp AND o.ordered <= t.timestamp + INTERVAL '{timedelta}'
GROUP BY 1, 2
"""


@pytest.fixture
def write(tmp_path: Path):
    def _write(target: str, *comments: str) -> Path:
        path = tmp_path / "busy users.sql"
        path.write_text("\n".join(f"-- {c}" for c in comments) + _SQL.replace("{target}", target), encoding="utf-8")
        return path

    return _write


def test_a_file_with_its_horizon_is_a_task(write) -> None:
    task = task_from_sql_file(write("avg(o.price)", "what a user spends", "horizon: 3 days"), SCHEMA)
    assert (task.name, task.kind, task.entity) == ("busy users", "regression", "users")
    assert task.horizon == Span.of(3, "days")
    database = shop(users=[{"user_id": 1, "signup": 0}], orders=[{"user_id": 1, "price": 2.5, "ordered": 6}])
    assert task.labeller.label(database, days(5)).targets.tolist() == [2.5]


@pytest.mark.parametrize(
    ("target", "kind"),
    [("count(*) > 0", "binary"), ("max(o.status)", "multiclass"), ("sum(o.price)", "regression")],
)
def test_the_kind_follows_from_what_the_target_holds(write, target: str, kind: str) -> None:
    assert task_from_sql_file(write(target, "Horizon: 1 month"), SCHEMA).kind == kind


def test_a_list_of_keys_is_a_ranking(write) -> None:
    sql = write("list(o.item_id)", "horizon: 3 days", "item: items", "top: 5")
    task = task_from_sql_file(sql, SCHEMA)
    assert (task.kind, task.item, task.top) == ("ranking", "items", 5)


def test_comments_and_overrides_say_the_rest(write) -> None:
    path = write("count(*)", "kind: binary", "horizon: 3 days", "hidden: users.age, users.bio", "description: busy")
    task = task_from_sql_file(path, SCHEMA, kind="regression", name="n")
    assert (task.kind, task.name) == ("regression", "n")
    assert task.hidden == {("users", "age"), ("users", "bio")}
    assert task.english == "For every row of users: busy over the next 3 days."


def test_the_key_may_have_another_name_in_the_result(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_text(
        "-- entity: users\n-- key: who\n-- target: n\n-- kind: regression\n-- horizon: 3 days\n-- time: t\n"
        "SELECT timestamp AS t, 1 AS who, 2 AS n FROM timestamps"
    )
    task = task_from_sql_file(path, SCHEMA)
    database = shop(users=[{"user_id": 7, "signup": 0}, {"user_id": 1, "signup": 0}])
    assert task.labeller.label(database, days(5)).rows.tolist() == [1]


@pytest.mark.parametrize(
    ("sql", "error", "message", "hint"),
    [
        ("SELECT 1", UsageError, "does not say how far the label looks ahead", "-- horizon: 30 days"),
        ("-- horizon: soon\nSELECT 1", UsageError, "'soon' is not a length of time", "30 days"),
        ("-- horizon: 3 days\nSELEC 1", QuestionError, "the label SQL failed: Parser Error", None),
        (
            "-- horizon: 3 days\nSELECT 1 AS user_id, 2 AS x",
            UsageError,
            "which of the columns user_id, x is the time",
            "-- time: timestamp",
        ),
        (
            "-- horizon: 3 days\n-- time: when\nSELECT 1 AS user_id, 2 AS x",
            UsageError,
            "returns no column 'when'",
            "user_id, x",
        ),
        (
            "-- horizon: 3 days\nSELECT timestamp, 1 AS who, true AS x FROM timestamps",
            UsageError,
            "does not say whose label this is",
            "^begin it with a line like this:\n    -- entity: orders$",
        ),
        (
            "-- horizon: 3 days\n-- entity: lines\nSELECT timestamp, 1 AS order_id, true AS x FROM timestamps",
            UsageError,
            "'lines' has no single key column",
            "a table that has one",
        ),
        (
            "-- horizon: 3 days\n-- entity: nobody\nSELECT timestamp, 1 AS order_id, true AS x FROM timestamps",
            SchemaError,
            "unknown table 'nobody'",
            None,
        ),
        (
            "-- horizon: 3 days\nSELECT timestamp, 1 AS user_id, 3 AS x FROM timestamps",
            UsageError,
            "whether the target .int32. is a yes or no",
            "-- kind: binary",
        ),
        (
            "-- horizon: 3 days\n-- kind: ordinal\nSELECT timestamp, 1 AS user_id, 3 AS x FROM timestamps",
            UsageError,
            "'ordinal' is no kind of task",
            "binary",
        ),
        (
            "-- horizon: 3 days\nSELECT timestamp, 1 AS user_id, [3] AS x FROM timestamps",
            UsageError,
            "which table's rows are listed",
            "-- item: orders",
        ),
        (
            "-- horizon: 3 days\n-- entity: users\n-- top: ten\n"
            "SELECT timestamp, 1 AS user_id, [3] AS item_id FROM timestamps",
            UsageError,
            "'ten' is not how many to list",
            "-- top: 10",
        ),
    ],
)
def test_what_a_file_does_not_say_is_asked_for(
    tmp_path: Path, sql: str, error: type[Exception], message: str, hint: str | None
) -> None:
    path = tmp_path / "x.sql"
    path.write_text(sql)
    with pytest.raises(error, match=message) as raised:
        task_from_sql_file(path, SCHEMA)
    assert hint is None or re.search(hint, raised.value.hint)


def test_everything_that_is_missing_is_asked_for_at_once_with_names_of_this_database(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_text("SELECT t.timestamp, o.item_id AS item, 3 AS x FROM timestamps t, orders o")
    with pytest.raises(UsageError, match="how far .*; whose label .*; whether the target .int32. is") as raised:
        task_from_sql_file(path, SCHEMA)
    lines = [line.strip() for line in raised.value.hint.splitlines()[1:]]
    assert lines == ["-- horizon: 30 days", "-- entity: orders", "-- kind: binary"]
    path.write_text("\n".join(["-- entity: items", "-- key: item", *lines[:1], lines[2], path.read_text()]))
    assert task_from_sql_file(path, SCHEMA).entity == "items"


def test_the_example_is_the_table_that_a_column_points_at(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_text("SELECT timestamp, 1 AS order_id, 2 AS item_id, 0.5 AS x FROM timestamps")
    with pytest.raises(UsageError) as raised:
        task_from_sql_file(path, SCHEMA)
    assert "-- entity: orders" in raised.value.hint


@pytest.mark.parametrize(
    "question",
    [
        "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH users",
        "PREDICT SUM(orders.price, 0, 30, days) FOR EACH users",
        "PREDICT LIST_DISTINCT(orders.item_id, 0, 3) RANK TOP 5 FOR EACH users",
        "PREDICT users.segment FOR EACH users",
    ],
)
def test_an_exported_task_is_read_back(tmp_path: Path, question: str) -> None:
    asked = task_of(question, SCHEMA)
    (tmp_path / "manifest.yaml").write_text(manifest_yaml(to_manifest(asked, SCHEMA, "busy")))
    task = task_from_sql_file(tmp_path, SCHEMA)
    assert task == task_from_sql_file(tmp_path / "manifest.yaml", SCHEMA)
    assert (task.kind, task.entity, task.horizon, task.item) == (asked.kind, asked.entity, asked.horizon, asked.item)
    database = shop(
        users=[{"user_id": 1, "signup": 0, "segment": "a"}],
        items=[{"item_id": 4}],
        orders=[{"order_id": 1, "user_id": 1, "item_id": 4, "price": 2.5, "ordered": 6}],
    )
    told, wanted = (with_classes(t, database, days(50)[0]).labeller.label(database, days(5)) for t in (task, asked))
    assert told.rows.tolist() == wanted.rows.tolist()
    assert told.items is not None or told.targets.tolist() == wanted.targets.tolist()


@pytest.mark.parametrize("text", ["- a list", "a: [", "SELECT 1"])
def test_yaml_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="task.yaml' is not a task manifest in YAML") as raised:
        task_from_sql_file(path, SCHEMA)
    assert "--export" in raised.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read label SQL from .*gone.sql': No such file"):
        task_from_sql_file(tmp_path / "gone.sql", SCHEMA)


def test_an_unknown_fact_is_refused(write) -> None:
    with pytest.raises(UsageError, match="label SQL has no fact 'horzion'") as raised:
        task_from_sql_file(write("count(*)"), SCHEMA, horzion="3 days")
    assert raised.value.hint == "did you mean horizon?"


def test_a_statement_of_times_alone_is_asked_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "bare.sql"
    path.write_text("-- horizon: 3 days\nSELECT timestamp FROM timestamps")
    with pytest.raises(UsageError, match="whose label this is"):
        task_from_sql_file(path, SCHEMA)
    with pytest.raises(UsageError, match="returns no column 'user_id'"):
        task_from_sql_file(path, SCHEMA, key="user_id")
