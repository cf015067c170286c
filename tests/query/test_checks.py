import re
import tomllib

import pytest
from small_shop import SCHEMA

from relfm.errors import QuestionError
from relfm.query import PredictiveQuery, parse
from relfm.query.binding import bind
from relfm.query.checks import check
from relfm.query.nodes import Aggregate, Column, Compare, Comparison, Constant, Entity, Function, Window
from relfm.schema import ForeignKey, Schema, Table, link_form

_CONTROLS = [
    # the nine ill-formed controls
    ("PREDICT COUNT(«order».*, 0, 30) FOR EACH users", "unknown table 'order'", "did you mean orders"),
    ("PREDICT SUM(orders.«prise», 0, 30) FOR EACH users", "unknown column 'prise'", "did you mean price"),
    ("PREDICT SUM(«orders.*», 0, 30) FOR EACH users", "SUM needs a column", "orders.price or orders.qty"),
    ("PREDICT SUM(«orders.status», 0, 30) FOR EACH users", "SUM needs numbers, and orders.status is text", "numeric"),
    ("PREDICT «SUM(users.age, 0, 30)» FOR EACH items", "no foreign key leads from users to items", "lines, orders"),
    ("PREDICT «COUNT(orders.*, 30, 0)» FOR EACH users", "30, 0 ends before it starts", "write 0, 30, days"),
    ("PREDICT «COUNT(orders.*, -30, 0)» > 1 FOR EACH users", "the target lies in the past", "0, 30, days"),
    (
        "PREDICT COUNT(orders.*, 0, 30) FOR EACH users WHERE «COUNT(orders.*, 0, 10)» > 1",
        "WHERE looks into the future",
        "-10, 0, days; or write ASSUMING",
    ),
    ("PREDICT «LIST_DISTINCT(orders.item_id)» RANK TOP 3 FOR EACH users", "needs a window of time", "0, 30, days"),
]
_NAMES = [
    ("PREDICT users.«price» FOR EACH users", "unknown column 'price' in table 'users'", "orders has price"),
    ("PREDICT SUM(orders . «prise», 0, 30) FOR EACH users", "unknown column 'prise'", "did you mean price"),
    ("PREDICT SUM(«order» . price, 0, 30) FOR EACH users", "unknown table 'order'", "did you mean orders"),
    ("PREDICT users.age FOR users . «user» = 3", "unknown column 'user'", "did you mean user_id"),
    ("PREDICT COUNT(orders.*, 0, 30) FOR EACH «orders.user_id»", "not the primary key", "FOR EACH users.user_id"),
    ("PREDICT users.age FOR EACH «users.age»", "not the primary key", "the key of users is user_id"),
    ("PREDICT lines.amount FOR EACH «lines.line_no»", "not the primary key", "order_id, line_no"),
    ("PREDICT COUNT(orders.*, 0, 30) FOR «users = 3»", "names no key", "write FOR users.user_id"),
    ("PREDICT «orders.status» FOR EACH users", "a row of users has many rows of orders", "COUNT"),
    ("PREDICT «items.category» FOR EACH users", "no foreign key leads from users to items", "label SQL"),
    ("PREDICT «COUNT(users.*, 0, 30)» FOR EACH users", "from users to users", "the entity itself"),
    (
        "PREDICT «COUNT(orders.* VIA orders.item_id, 0, 30)» FOR EACH users",
        "no foreign key leads from orders to users",
        "no route uses orders.item_id",
    ),
    (
        "PREDICT COUNT(orders.* WHERE «COUNT(lines.*, 0, 1)» > 1, 0, 30) FOR EACH users",
        "an aggregate cannot stand inside another",
        "side by side",
    ),
    ("PREDICT «SUM(1, 0, 30)» FOR EACH users", "the aggregate reads no column", "COUNT"),
    ("PREDICT COUNT(«1» WHERE orders.qty > 1, 0, 30) FOR EACH users", "COUNT reads no column", "orders.column"),
]
_TYPES = [
    ("PREDICT users.age FOR EACH users WHERE users.age = «'x'»", "users.age is a number, but 'x' is text", "a number"),
    ("PREDICT users.age FOR EACH users WHERE users.segment = «3»", "is text, but 3 is a number", "write '3'"),
    (
        "PREDICT users.age FOR EACH users WHERE users.vip = «'t'»",
        "users.vip is a number, but 't' is text",
        "vip = true",
    ),
    ("PREDICT users.age FOR EACH users WHERE users.vip = «'False'»", "but 'False' is text", "write users.vip = false"),
    ("PREDICT users.age FOR EACH users WHERE users.vip IN (1, «'f'»)", "but 'f' is text", "users.vip = false"),
    (
        "PREDICT users.age FOR EACH users WHERE users.vip = «'yes'»",
        "but 'yes' is text",
        "compare users.vip with a number",
    ),
    (
        "PREDICT users.age FOR EACH users WHERE users.vip = «users.segment»",
        "is text",
        "compare users.vip with a number",
    ),
    ("PREDICT SUM(orders.qty, 0, 3) = «'t'» FOR EACH users", "but 't' is text", "with a number"),
    ("PREDICT MAX(orders.qty, 0, 3) = «'t'» FOR EACH users", "but 't' is text", "with a number"),
    ("PREDICT users.age BETWEEN 3 AND «'x'» FOR EACH users", "users.age is a number, but 'x' is text", "a number"),
    ("PREDICT users.signup > «'soon'» FOR EACH users", "'soon' is not a date", "2026-01-31"),
    ("PREDICT «users.age LIKE 'x'» FOR EACH users", "LIKE needs text, and users.age is a number", "compare with"),
    ("PREDICT «users.age CONTAINS 'x'» FOR EACH users", "CONTAINS needs text or a list", "compare with"),
    ("PREDICT «users.segment» + 1 FOR EACH users", "needs numbers, and users.segment is text", "numeric column"),
    ("PREDICT SUM(«orders.item_id», 0, 30) FOR EACH users", "orders.item_id is a key, not a quantity", "COUNT"),
    ("PREDICT MAX(«orders.status», 0, 30) FOR EACH users", "MAX needs a number or a time", "COUNT_DISTINCT"),
    (
        "PREDICT «LIST_DISTINCT(orders.item_id, 0, 1) = 1» FOR EACH users",
        "is a list",
        "write CONTAINS",
    ),
]
_WINDOWS = [
    ("PREDICT «COUNT(orders.*, -3, 30)» FOR EACH users", "the target's window starts in the past", "write 0, 30"),
    ("PREDICT «COUNT(items.*, 0, 30)» FOR EACH users", "no foreign key", "lead to users"),
    ("PREDICT «COUNT(orders.*, 5, 5)» FOR EACH users", "5, 5 ends before it starts", "0, 30, days"),
    (
        "PREDICT COUNT(orders.*, 0, 30) FOR EACH users ASSUMING «users.age > 3»",
        "ASSUMING says nothing about the future",
        "after WHERE",
    ),
    (
        "PREDICT COUNT(orders.*, 0, 30) FOR EACH users ASSUMING «COUNT(orders.*, -3, 0)» > 1",
        "ASSUMING looks into the past",
        "after WHERE",
    ),
    (
        "PREDICT users.age FOR EACH users ASSUMING «COUNT(orders.*, 0, 3) > 1»",
        "a question about a cell has no future",
        "leave ASSUMING out",
    ),
    (
        "PREDICT COUNT(orders.*, 0, 30) FOR EACH users WHERE «LIST_DISTINCT(orders.item_id, -3, 0)» IS NULL",
        "LIST_DISTINCT can only be the target",
        "COUNT_DISTINCT",
    ),
]
_TARGETS = [
    ("PREDICT «COUNT(orders.*, 0, 2000, years)» FOR EACH users", "more than 1,000 years away", "-INF"),
    ("PREDICT «COUNT(orders.*, 0, 1, year)» FORECAST 2000 TIMEFRAMES FOR EACH users", "1,000 years", "-INF"),
    ("PREDICT «users.user_id» FOR EACH users", "is a key, not a value to predict", "another column"),
    ("PREDICT «1» FOR EACH users", "the target reads nothing", "a column or an aggregate"),
    ("PREDICT users.age «RANK TOP 3» FOR EACH users", "only LIST_DISTINCT can be ranked", "leave RANK out"),
    ("PREDICT LIST_DISTINCT(«orders.status», 0, 3) FOR EACH users", "needs a foreign key", "orders.item_id"),
    (
        "PREDICT LIST_DISTINCT(orders.item_id, 0, 3) «CLASSIFY» FOR EACH users",
        "ranked, not classified",
        "RANK TOP 10",
    ),
    (
        "PREDICT FIRST(orders.status, 0, 3) «EMPTY AS 0» FOR EACH users",
        "FIRST of orders.status is text, and 0 is a number",
        "EMPTY AS NULL or EMPTY AS SKIP",
    ),
    (
        "PREDICT MAX(orders.ordered, 0, 3) > '2025-01-01' «EMPTY AS 0» FOR EACH users",
        "MAX of orders.ordered is a time, and 0 is a number",
        "EMPTY AS SKIP",
    ),
    (
        "PREDICT COUNT(orders.*, 0, 3) = 1 OR LAST(orders.status, 0, 3) = 'ok' «EMPTY AS 0» FOR EACH users",
        "is text",
        "NULL",
    ),
    ("PREDICT «users.age» EMPTY AS 0 FOR EACH users", "EMPTY is about windows", "leave it out"),
    ("PREDICT «users.age» FORECAST 3 TIMEFRAMES FOR EACH users", "no timeframes", "leave FORECAST out"),
    (
        "PREDICT «LIST_DISTINCT(orders.item_id, 0, 3)» FORECAST 3 TIMEFRAMES FOR EACH users",
        "a list cannot be forecast",
        "leave FORECAST out",
    ),
    (
        "PREDICT «COUNT(orders.*, 0, 3) + COUNT(orders.*, 0, 5)» FORECAST 3 TIMEFRAMES FOR EACH users",
        "must be equally long",
        "one window",
    ),
    (
        "PREDICT «LIST_DISTINCT(orders.item_id, 0, 3)» IS NULL FOR EACH users",
        "can only be the whole target",
        "COUNT_DISTINCT",
    ),
]


@pytest.mark.parametrize(
    ("question", "table", "parent", "key"),
    [
        ("COUNT(items.*, 0, 30) FOR EACH users", "items", "users", "user_id"),
        ("users.age FOR EACH users WHERE items.category = 'x'", "users", "items", "item_id"),
    ],
)
def test_a_missing_link_is_shown_as_the_schema_file_declares_it(
    question: str, table: str, parent: str, key: str
) -> None:
    with pytest.raises(QuestionError) as raised:
        bind(f"PREDICT {question}", SCHEMA)
    told, _, form = raised.value.hint.partition("declared in relfm.toml:\n")
    assert told
    link = {"columns": ["…"], "table": parent, "other_columns": [key]}
    assert tomllib.loads(form) == {"tables": {table: {"foreign_keys": [link]}}}


def test_a_table_whose_name_is_no_word_is_quoted_in_the_schema_file() -> None:
    form = link_form("Order Details", "c", "P", "k")
    assert list(tomllib.loads(form)["tables"]) == ["Order Details"]


@pytest.mark.parametrize(("marked", "message", "hint"), _CONTROLS + _NAMES + _TYPES + _WINDOWS + _TARGETS)
def test_an_ill_formed_question_is_refused_with_a_fix(marked: str, message: str, hint: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(QuestionError, match=message) as raised:
        check(bind(text, SCHEMA))
    assert raised.value.span == (marked.index("«"), marked.index("»") - 1)
    assert re.search(hint, raised.value.hint)


def test_names_are_resolved_without_regard_to_case() -> None:
    bound = bind("predict sum(ORDERS.Price where Items.CATEGORY = 'x', 0, 30) for each USERS", SCHEMA)
    assert (
        str(bound.query) == "PREDICT SUM(orders.price WHERE items.category = 'x', 0, 30, days) FOR EACH users.user_id"
    )


def test_a_query_built_in_code_is_checked_like_text() -> None:
    target = Comparison(Aggregate(Function.COUNT, Column("order", "*"), Window(0, 3)), Compare.GREATER, Constant(0))
    query = PredictiveQuery(target, Entity("users"))
    with pytest.raises(QuestionError, match="unknown table 'order'") as raised:
        bind(query, SCHEMA)
    assert raised.value.text == str(query)


def test_a_target_may_be_several_hops_away() -> None:
    bound = bind("PREDICT COUNT(returns.*, 0, 30) FOR EACH users", SCHEMA)
    (found,) = bound.aggregates.values()
    assert [str(hop) for hop in found.route] == ["returns.order_id", "orders.user_id"]


def test_the_table_of_an_aggregate_is_the_lowest_that_it_reads() -> None:
    bound = bind("PREDICT SUM(users.age * lines.amount, 0, 30) FOR EACH users", SCHEMA)
    (found,) = bound.aggregates.values()
    assert found.table == "lines"


_KEY, _GAME = SCHEMA.tables["items"].column("item_id"), SCHEMA.tables["orders"].columns
_TWO_WAYS = Schema.of(
    [
        Table("teams", (_KEY,), primary_key=("item_id",)),
        Table(
            "games",
            (*_GAME[:3], _GAME[-1]),
            primary_key=("order_id",),
            foreign_keys=tuple(ForeignKey((c,), "teams", ("item_id",)) for c in ("user_id", "item_id")),
            time_column="ordered",
        ),
    ]
)


def test_two_routes_are_an_error_that_lists_both_and_via_chooses() -> None:
    with pytest.raises(QuestionError, match="2 routes from games to teams") as raised:
        bind("PREDICT COUNT(games.*, 0, 30) FOR EACH teams", _TWO_WAYS)
    assert raised.value.hint == "name the foreign key: VIA games.user_id or VIA games.item_id"
    bound = bind("PREDICT COUNT(games.* VIA games.item_id, 0, 30) FOR EACH teams", _TWO_WAYS)
    (found,) = bound.aggregates.values()
    assert str(found.route[0]) == "games.item_id"


def test_two_routes_to_a_parent_are_an_error() -> None:
    with pytest.raises(QuestionError, match="2 routes from games to teams") as raised:
        bind("PREDICT teams.item_id FOR EACH games", _TWO_WAYS)
    assert "label SQL" in raised.value.hint


def test_parsing_twice_is_parsing_once() -> None:
    text = "PREDICT users.age FOR EACH users"
    assert bind(text, SCHEMA) == bind(parse(text), SCHEMA)
