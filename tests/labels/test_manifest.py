import re

import pytest
from small_shop import SCHEMA, days, shop

from relfm.errors import UsageError
from relfm.labels import task_from_manifest
from relfm.times import Span

_FORECAST = {
    "name": "orders",
    "kind": "forecast",
    "task_type": "regression",
    "entity_table": "users",
    "entity_col": "user_id",
    "target_col": "n",
    "time_col": "timestamp",
    "timedelta": "3 days",
    "sql": "SELECT t.timestamp, o.user_id, count(*) AS n FROM timestamps t JOIN orders o ON o.ordered > t.timestamp "
    "AND o.ordered <= t.timestamp + INTERVAL '{timedelta}' GROUP BY 1, 2",
}
_RANKING = {
    "name": "items",
    "kind": "forecast",
    "task_type": "recommendation",
    "src_entity_table": "users",
    "src_entity_col": "user_id",
    "dst_entity_table": "items",
    "dst_entity_col": "item_id",
    "time_col": "timestamp",
    "timedelta": "3 days",
    "eval_k": 7,
    "sql": "SELECT t.timestamp, o.user_id, list(o.item_id) AS item_id FROM timestamps t, orders o GROUP BY 1, 2",
}
_CELL = {"name": "age", "kind": "autocomplete", "task_type": "regression", "entity_table": "users", "target_col": "age"}
_DATABASE = shop(
    users=[{"user_id": 1, "signup": 0, "age": 30.0, "segment": "a"}],
    items=[{"item_id": 4}],
    orders=[{"order_id": 1, "user_id": 1, "item_id": 4, "ordered": 6}],
)


def test_label_sql_becomes_a_task() -> None:
    task = task_from_manifest({**_FORECAST, "remove_columns": [["users", "age"], ["users", "gone"]]}, SCHEMA)
    assert (task.name, task.kind, task.entity, task.horizon) == ("orders", "regression", "users", Span.of(3, "days"))
    assert task.hidden == {("users", "age")}
    assert task.english == "For every row of users: orders over the next 3 days."
    assert task.labeller.label(_DATABASE, days(5)).targets.tolist() == [1]


def test_a_recommendation_ranks_the_rows_of_the_destination() -> None:
    task = task_from_manifest(_RANKING, SCHEMA)
    assert (task.kind, task.entity, task.item, task.top) == ("ranking", "users", "items", 7)
    assert task.labeller.label(_DATABASE, days(5)).items.of(0).tolist() == [0]


def test_an_autocompleted_column_is_hidden_with_what_would_tell_it() -> None:
    task = task_from_manifest({**_CELL, "remove_columns": [["users", "country"]]}, SCHEMA)
    assert (task.kind, task.horizon) == ("regression", None)
    assert task.hidden == {("users", "age"), ("users", "country")}
    assert task.labeller.label(_DATABASE, days(5)).targets.tolist() == [30]


def test_two_words_are_two_classes() -> None:
    task = task_from_manifest({**_CELL, "task_type": "binary_classification", "target_col": "segment"}, SCHEMA)
    assert task.kind == "multiclass"


@pytest.mark.parametrize(("text", "span"), [("365D", Span.of(365, "days")), ("1 days 12:00:00", Span.of(36, "hours"))])
def test_a_timedelta_may_be_written_as_pandas_does(text: str, span: Span) -> None:
    assert task_from_manifest({**_FORECAST, "timedelta": text}, SCHEMA).horizon == span


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            {"task_type": "multilabel_classification"},
            "task_type 'multilabel_classification' is not supported",
            "binary",
        ),
        ({"kind": "external"}, "tasks of kind 'external' carry no way to compute labels", "autocomplete"),
        ({"sql": None}, "the task manifest has no 'sql'", "add 'sql"),
        ({"timedelta": "soon"}, "timedelta 'soon' is not a length of time", "30 days"),
    ],
)
def test_a_manifest_that_cannot_be_honoured_is_refused(change: dict, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        task_from_manifest({**_FORECAST, **change}, SCHEMA)
    assert re.search(hint, raised.value.hint)
