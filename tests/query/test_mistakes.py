import re

import pytest
from small_shop import SCHEMA

from relfm.errors import QuestionError
from relfm.query import parse
from relfm.query.binding import bind

_MISTAKES = [
    # text with the offending token between two marks, message, hint
    ("«PREDCIT» COUNT(o.*, 0, 30) FOR EACH u", "'PREDCIT' cannot stand here", "did you mean PREDICT"),
    ("«SELECT» 1", "'SELECT' cannot stand here", "starts with PREDICT"),
    ("«»", "the question is empty", "for example: PREDICT"),
    ("PREDICT COUNT(o.*, 0, 30) = 0 «FRO» EACH u", "'FRO' cannot stand here", "did you mean FOR"),
    ("PREDICT SUM(o.x «WHER» o.y = 1, 0, 30) FOR EACH u", "'WHER' cannot stand here", "did you mean WHERE"),
    ("PREDICT u.a FOR EACH u WHERE u.b > 3 «ADN» u.c = 2", "'ADN' cannot stand here", "did you mean AND"),
    ("PREDICT «CUONT»(o.*, 0, 30) FOR EACH u", "unknown function 'CUONT'", "did you mean COUNT"),
    ("PREDICT «SUM»(DISTINCT o.x, 0, 30) FOR EACH u", "DISTINCT does not go with SUM", "COUNT"),
    ("PREDICT COUNT(o.*, 0, 30, «dyas») FOR EACH u", "unknown unit 'dyas'", "did you mean days"),
    ("PREDICT COUNT(o.*, 0, 30«»", "the question ends too early", "','"),
    ("PREDICT COUNT(o.*, 0, 30) > 0«»\n", "the question ends too early", "FOR"),
    ("PREDICT COUNT(o.*, 0, 30«» \n \n", "the question ends too early", "','"),
    ("PREDICT COUNT(«*», 0, 30) FOR EACH u", r"'\*' cannot stand here", "inside an aggregate"),
    ("PREDICT u.«*» > 1 FOR EACH u", r"'\*' cannot stand here", "inside an aggregate"),
    ("PREDICT COUNT(o«,» 0, 30) FOR EACH u", "',' cannot stand here", "table.column"),
    ("PREDICT u.a = «'»x FOR EACH u", "the text after ' is not closed", "expected"),
    ("PREDICT u.a FOR EACH u.b«%»", "'%' cannot stand here", "expected a comparison, .*, WHERE, or the end$"),
    ("PREDICT u.a FOR EACH u WHERE u.b = 1 «%»", "'%' cannot stand here", "AND, ASSUMING, OR, or the end$"),
    ("PREDICT COUNT(o.*, 0, 30)«»", "the question ends too early", "say for whom: FOR EACH table.key"),
    ("PREDICT COUNT(o.*, 0, 30) «PER» u", "'PER' cannot stand here", "expected one of .*FOR, .*STARTS$"),
    ("PREDICT COUNT(o.* WHERE x «=» 'app', 0, 30) FOR EACH u", "'=' cannot stand here", "table.column: table.x;"),
    ("PREDICT COUNT(o.* WHERE o.x = app«,» 0, 30) FOR EACH u", "',' cannot stand here", "in quotes: 'app'"),
    ("PREDICT u.a FOR EACH u WHERE x # what?\n «=» 1", "'=' cannot stand here", "table.column"),
    ("PREDICT u.a FOR EACH u WHERE x;«»", "the question ends too early", "table.column: table.x;"),
    ("PREDICT u.a FOR EACH u WHERE x«»\n", "the question ends too early", "table.column: table.x;"),
    ("PREDICT COUNT «o»", "'o' cannot stand here", "expected '.', '\\('"),
    ("PREDICT «u.a = NULL» FOR EACH u", "nothing equals NULL", "IS NULL"),
    ("PREDICT «u.a != NULL» FOR EACH u", "nothing equals NULL", "IS NOT NULL"),
    ("PREDICT «u.a BETWEEN 1 AND NULL» FOR EACH u", "nothing lies between 1 and NULL", "both ends; u.a IS NULL"),
    ("PREDICT «u.a NOT BETWEEN NULL AND 'x'» FOR EACH u", "nothing lies between NULL and 'x'", "name both ends"),
    ("PREDICT «u.a BETWEEN 3 AND 1» FOR EACH u", "nothing lies between 3 and 1", "write BETWEEN 1 AND 3"),
    (
        "PREDICT «u.a NOT BETWEEN 2026-02-01 AND 2026-01-01» FOR EACH u",
        "nothing lies between 2026-02-01 and 2026-01-01",
        "write BETWEEN 2026-01-01 AND 2026-02-01",
    ),
    ("PREDICT u.a BETWEEN 3 «OR» 5 FOR EACH u", "'OR' cannot stand here", "AND"),
    ("PREDICT u.a «BETWEN» 3 AND 5 FOR EACH u", "'BETWEN' cannot stand here", "did you mean BETWEEN"),
    ("PREDICT u.a > «2024-13-45» FOR EACH u", "'2024-13-45' is not a date", "2026-01-31"),
    ("PREDICT COUNT(o.*, 0, 30) EMPTY AS «1» FOR EACH u", "EMPTY AS 1 is not known", "0, NULL or SKIP"),
    ("PREDICT COUNT(o.*, 0, «INF») FOR EACH u", "a window cannot reach to INF", "0, 30, days"),
    ("PREDICT COUNT(o.*«, 0, -INF») FOR EACH u", "a window cannot end at -INF", "-INF, 0, days"),
    ("PREDICT COUNT(o.*, 0, 1) FORECAST «0» TIMEFRAMES FOR EACH u", "at least 1 timeframe", "FORECAST 4"),
    ("PREDICT LIST_DISTINCT(o.x, 0, 1) RANK TOP «0» FOR EACH u", "TOP needs at least 1", "TOP 10"),
    ("PREDICT u.a RANK «RANK» FOR EACH u", "RANK is said twice", "once"),
    ("PREDICT COUNT(o.*, 0, 30) = 0 FOR «u.id»", "FOR u.id names nobody", "FOR EACH u.id"),
    ("PREDICT COUNT(o.*, 30, «days») FOR EACH u", "'days' cannot stand here", "start and an end"),
]
_OF_OTHER_DIALECTS = [
    ("PREDICT COUNT(o.*) «OVER» (30 DAYS FOLLOWING) > 0 FOR EACH u", "inside the aggregate"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 FOR EACH u «LIMIT» 10", "--limit 10"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 FOR EACH u «order» BY probability", "sort their table"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 FOR EACH u «GROUP» BY u.city", "one answer for each entity"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 «AS» churn FOR EACH u", "an answer has no name"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 FOR EACH u «as» of '2026-01-01'", "--at 2026-01-31"),
    ("PREDICT COUNT(o.*, 0, 30) > «:»n FOR EACH u", "no parameters"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 FOR ALL «u».id", "FOR EACH table.key"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 «FOREACH» u.id", "write FOR EACH"),
    ("PREDICT COUNT(o.*, 0, 30) > 0 «FROM» u", "after FOR EACH"),
    ("«EVALUATE» PREDICT COUNT(o.*, 0, 30) FOR EACH u", "relfm backtest"),
    ("«EXPLAIN» PREDICT COUNT(o.*, 0, 30) FOR EACH u", "relfm explain"),
    ("PREDICT CASE «WHEN» u.a > 1 THEN 1 END FOR EACH u", "question of its own"),
    ("PREDICT PROBABILITY(COUNT(o.*, 0, 30) «>» 0) FOR EACH u", "question of its own"),
    ("PREDICT COUNT(o.price «>» 20, 0, 30) FOR EACH u", "WHERE orders.total > 20"),
    ("PREDICT COUNT(o.*, 0, 30) > 0«,» SUM(o.x, 0, 30) FOR EACH u", "ask once for each"),
    ("PREDICT COUNT(o.*, 0, 30) FOR EACH u.id«,» p.id", "rows of one table"),
    ("PREDICT COUNT(o.*, 0, 1«.»5, months) FOR EACH u", "whole numbers"),
    ("PREDICT «MEAN»(o.x, 0, 30) FOR EACH u", "write AVG"),
    ("PREDICT «nunique»(o.x, 0, 30) FOR EACH u", "write COUNT_DISTINCT"),
    ("PREDICT «MEDIAN»(o.x, 0, 30) FOR EACH u", "q10, q50, q90"),
    ("PREDICT «COALESCE»(o.x, 0, 30) FOR EACH u", "EMPTY AS 0"),
]


@pytest.mark.parametrize(("marked", "message", "hint"), _MISTAKES)
def test_a_mistake_is_pointed_at_and_explained(marked: str, message: str, hint: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(QuestionError, match=message) as raised:
        parse(text)
    assert raised.value.text == text
    assert raised.value.span == (marked.index("«"), marked.index("»") - 1)
    assert re.search(hint, raised.value.hint)


@pytest.mark.parametrize(("marked", "hint"), _OF_OTHER_DIALECTS)
def test_what_other_dialects_say_is_told_how_it_is_asked_here(marked: str, hint: str) -> None:
    with pytest.raises(QuestionError) as raised:
        parse(marked.replace("«", "").replace("»", ""))
    assert raised.value.span == (marked.index("«"), marked.index("»") - 1)
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        ("COUNT(orders.* WHERE status = 'ok', 0, 30) FOR EACH users", "write orders.status"),
        ("COUNT(orders.* WHERE NOT Status IN ('ok'), 0, 30) FOR EACH users", "write orders.status"),
        ('COUNT(orders.* WHERE "status" = 1, 0, 30) FOR EACH users', "write orders.status"),
        ("COUNT(orders.* WHERE order_id = 1, 0, 30) FOR EACH users", "write orders.order_id"),
        ("COUNT(lines.* WHERE order_id = 1, 0, 30) FOR EACH users", "write lines.order_id"),
        ("COUNT(lines.* WHERE item_id = 1, 0, 30) FOR EACH users", "table.column: table.item_id"),
        ("COUNT(orders.*, 0, 30) FOR EACH users WHERE user_id = 1", "write users.user_id"),
        ("COUNT(orders.*, 0, 30) FOR EACH users WHERE segment IS NULL", "write users.segment"),
        ("segment FOR EACH users", "write users.segment"),
        ("SUM(price, 0, 30) FOR EACH users", "write orders.price"),
        ("SUM(order_id, 0, 30) FOR EACH users", "table.column: table.order_id"),
        ("COUNT(orders.* WHERE nowhere = 1, 0, 30) FOR EACH users", "table.column: table.nowhere"),
        ("COUNT(orders, 0, 30) FOR EACH users", r"rows of a table are written orders.\*"),
        ("COUNT(orders.* VIA user_id, 0, 30) FOR EACH users", "write orders.user_id"),
    ],
)
def test_a_column_without_its_table_is_told_which_one_has_it(question: str, hint: str) -> None:
    with pytest.raises(QuestionError, match="cannot stand here") as raised:
        bind(f"PREDICT {question}", SCHEMA)
    assert re.search(hint, raised.value.hint)


def test_the_exit_code_of_a_mistake_is_that_of_usage() -> None:
    with pytest.raises(QuestionError) as raised:
        parse("PREDICT")
    assert raised.value.exit_code == 2
