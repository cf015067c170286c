import numpy as np
import pyarrow as pa
import pytest
from small_shop import SCHEMA, day, days, shop

from relfm.database import Database
from relfm.errors import QuestionError
from relfm.labels import QueryLabeller, SqlLabeller
from relfm.labels.engine import engine_of
from relfm.schema import Schema, Table
from relfm.times import Span

_SQL = """
SELECT t.timestamp AS at, o.user_id, {target} AS label
FROM timestamps t JOIN orders o ON o.ordered > t.timestamp AND o.ordered <= t.timestamp + INTERVAL '{timedelta}'
GROUP BY 1, 2
"""


def _labeller(target: str = "count(*)", sql: str = _SQL, **parts: object) -> SqlLabeller:
    named = {"entity": "users", "entity_column": "user_id", "time_column": "at", "target_column": "label"}
    return SqlLabeller(sql.replace("{target}", target), horizon=Span.of(3, "days"), **(named | parts))


@pytest.fixture
def database() -> Database:
    orders = [(1, 1), (2, 6), (2, 8), (9, 6), (1, 8.5), (3, 7), (4, 7)]
    return shop(
        users=[{"user_id": u, "signup": s} for u, s in ((1, 0), (2, 0), (3, 30), (4, None))],
        items=[{"item_id": 1}, {"item_id": 2}],
        orders=[{"order_id": i, "user_id": u, "ordered": d, "item_id": i % 3} for i, (u, d) in enumerate(orders)],
    )


def test_labels_are_those_of_entities_that_exist_in_the_order_of_time_and_row(database: Database) -> None:
    examples = _labeller().label(database, days(6, 5, 0))
    assert examples.cutoffs.tolist() == days(0, 5, 6, 6).tolist()
    assert examples.rows.tolist() == [0, 1, 0, 1]  # 9 is nobody, 3 does not exist yet, nobody knows since when 4 does
    assert examples.targets.tolist() == [1, 2, 1, 1]


def test_the_population_is_whom_the_latest_closed_window_labels(database: Database) -> None:
    assert _labeller().population(database, day(8)).tolist() == [1]
    assert _labeller().population(database, day(9)).tolist() == [0, 1]


def test_without_closed_labels_the_population_is_everybody_who_exists(database: Database) -> None:
    assert _labeller().population(database, day(0)).tolist() == [0, 1]
    assert _labeller().population(database, day(99)).tolist() == [0, 1, 2]


def test_the_population_reads_nothing_after_the_cutoff(database: Database) -> None:
    looks_ahead = _labeller(sql="SELECT t.timestamp AS at, o.user_id, 1 AS label FROM timestamps t, orders o")
    assert looks_ahead.population(database, day(5)).tolist() == [0]


def test_labels_read_nothing_after_the_last_window(database: Database) -> None:
    looks_ahead = _labeller(sql="SELECT t.timestamp AS at, 1 AS user_id, max(o.ordered) > '2020-01-07' AS label "
                                "FROM timestamps t, orders o GROUP BY 1")  # fmt: skip
    assert looks_ahead.label(database, days(3)).targets.tolist() == [0]
    assert looks_ahead.label(database, days(4)).targets.tolist() == [1]


def test_lists_of_keys_are_lists_of_item_rows(database: Database) -> None:
    labeller = _labeller("list(o.item_id)", item="items", item_column="item_id")
    examples = labeller.label(database, days(5))
    assert examples.targets is None
    assert [examples.items.of(i).tolist() for i in range(len(examples))] == [[0, 1]]


def test_classes_number_the_values_and_leave_others_out(database: Database) -> None:
    labeller = _labeller("CASE count(*) WHEN 1 THEN 'one' ELSE 'more' END")
    assert labeller.values(database, days(0, 5, 6)) == ["more", "one"]
    classed = _labeller("CASE count(*) WHEN 1 THEN 'one' ELSE 'more' END", classes=("one",))
    assert classed.label(database, days(0, 5, 6)).targets.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("SELEC 1", "the label SQL failed: Parser Error: syntax error", None),
        ("SELECT nothing FROM timestamps", "the label SQL failed: Binder Error.*nothing", None),
        (
            "SELECT timestamp AS at, 1 AS user_id FROM timestamps",
            "returns no column 'label'",
            "it returns: at, user_id",
        ),
        ("SELECT 1 AS at, 1 AS user_id, 1 AS label", "'at' of the label SQL holds int32, not the cutoff", "timestamps"),
        (
            "SELECT timestamp AS at, 1 AS user_id, 'x' AS label FROM timestamps",
            "holds string, not numbers",
            "multiclass",
        ),
        ("SELECT 1; SELECT 2", "must be one SELECT", "remove"),
        ("SELECT * FROM read_csv('/etc/hostname')", "the label SQL failed: Permission Error", None),
        ("COPY users TO 'stolen.csv'", "must be one SELECT", "remove"),
        ("SET threads = 2", "must be one SELECT", "remove"),
        ("", "must be one SELECT", "remove"),
    ],
)
def test_wrong_sql_is_told_in_one_line(database: Database, sql: str, message: str, hint: str | None) -> None:
    with pytest.raises(QuestionError, match=message) as raised:
        _labeller(sql=sql).label(database, days(5))
    assert "\n" not in raised.value.message
    assert hint is None or hint in raised.value.hint


def test_a_yes_or_no_is_0_or_1(database: Database) -> None:
    with pytest.raises(QuestionError, match="the target 'label' of a yes or no question is 2") as raised:
        _labeller(is_binary=True).label(database, days(5))
    assert "-- kind: regression" in raised.value.hint
    assert _labeller("count(*) > 1", is_binary=True).label(database, days(5)).targets.tolist() == [1]


def test_items_that_are_no_list_are_refused(database: Database) -> None:
    with pytest.raises(QuestionError, match="'items' must come as a list, not as int64"):
        _labeller(item="items", item_column="item_id").label(database, days(5))


def _twins() -> Database:
    tables = {
        "a": pa.table({"x": [1]}),
        "A": pa.table({"x": [1]}),
        "sales": pa.table({"total": [1, 2], "Total": [30, 40], "n": [5, 6]}),
        "bare": pa.table({}),
    }
    return Database(Schema.of(Table(name, ()) for name in tables), tables)


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("SELECT * FROM a", "tables 'a' and 'A' differ only in case", "skip = true"),
        ('SELECT * FROM "A"', "tables 'a' and 'A' differ only in case", "skip = true"),
        ("SELECT max(sales.Total) FROM sales", "columns 'total' and 'Total' of table 'sales' differ only", "a view"),
        ('SELECT "total" FROM sales', "columns 'total' and 'Total' of table 'sales' differ only", "a view"),
        ("SELECT 1 FROM sales WHERE total = 'x'", "columns 'total' and 'Total' of table 'sales' differ only", "a view"),
    ],
)
def test_names_that_differ_in_case_alone_are_refused(sql: str, message: str, hint: str) -> None:
    with pytest.raises(QuestionError, match=message) as raised:
        engine_of(_twins()).run(sql, days(5), 0)
    assert hint in raised.value.hint


def test_questions_about_other_tables_and_columns_pass_beside_such_names() -> None:
    """A table without columns, which no view can have, stops nothing either."""
    assert engine_of(_twins()).run("SELECT sum(n) AS n FROM sales", days(5), 0).to_pylist() == [{"n": 11}]


def test_no_cutoffs_give_no_labels(database: Database) -> None:
    assert len(_labeller().label(database, np.array([], dtype=np.int64))) == 0


def test_a_table_called_timestamps_cannot_be_asked_about() -> None:
    items = SCHEMA.tables["items"]
    schema = Schema.of([Table("Timestamps", items.columns, ("item_id",))])
    with pytest.raises(QuestionError, match="the table 'Timestamps' cannot be asked about"):
        QueryLabeller.of("PREDICT timestamps.category FOR EACH timestamps", schema).label(
            Database(schema, {"Timestamps": shop().tables["items"]}), days(5)
        )
