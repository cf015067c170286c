import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.query import parse
from relfm.query.nodes import (
    Aggregate,
    Arithmetic,
    Column,
    Compare,
    Comparison,
    Constant,
    Constants,
    Empty,
    Entity,
    Function,
    Logic,
    Moment,
    Not,
    PredictiveQuery,
    Rank,
    Window,
)

_NAMES = st.sampled_from(["users", "orders", "count", "for", "order lines", 'say "hi"', "Größe", "2nd", "inf", "a`b"])
_NUMBERS = st.one_of(st.integers(-999, 999), st.floats(allow_nan=False, allow_infinity=False))
_MOMENTS = st.integers(0, 10**16).map(Moment)
_SCALARS = st.one_of(_NUMBERS, _MOMENTS, st.booleans(), st.text(max_size=5)).map(Constant)
_COLUMNS = st.builds(Column, _NAMES, _NAMES)
_STARS = st.builds(Column, _NAMES, st.just("*"))
_WINDOWS = st.builds(
    Window,
    st.one_of(st.none(), st.integers(-99, 99)),
    st.integers(-99, 99),
    st.sampled_from(["seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"]),
)
_SIGNS = [Compare.EQUAL, Compare.NOT_EQUAL, Compare.LESS, Compare.LESS_EQUAL, Compare.GREATER, Compare.GREATER_EQUAL]
_PATTERNS = [c for c in Compare if c.split()[-1] in ("LIKE", "CONTAINS", "WITH")]


def _comparisons(left: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.builds(Comparison, left, st.sampled_from(_SIGNS), _SCALARS | left),
        st.builds(Comparison, left, st.sampled_from([Compare.IS, Compare.IS_NOT]), st.just(Constant(None))),
        st.builds(
            Comparison,
            left,
            st.sampled_from([Compare.IN, Compare.NOT_IN]),
            st.builds(Constants, st.lists(_SCALARS, min_size=1, max_size=3).map(tuple)),
        ),
        st.builds(Comparison, left, st.sampled_from(_PATTERNS), st.text(max_size=5).map(Constant)),
    )


def _conditions(leaves: st.SearchStrategy) -> st.SearchStrategy:
    def deeper(inner: st.SearchStrategy) -> st.SearchStrategy:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, inner) | st.builds(Logic, st.sampled_from(["AND", "OR"]), several)

    return st.recursive(leaves, deeper, max_leaves=4)


def _arithmetic(leaves: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(
        leaves, lambda inner: st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner), max_leaves=4
    )


_AGGREGATES = st.builds(
    Aggregate,
    st.sampled_from([f for f in Function if f is not Function.EXISTS]),
    _STARS | _arithmetic(_COLUMNS | _NUMBERS.map(Constant)),
    st.none() | _WINDOWS,
    st.none() | _conditions(_comparisons(_COLUMNS)),
    st.lists(_COLUMNS, max_size=2).map(tuple),
)
_EXISTS = st.builds(Aggregate, st.just(Function.EXISTS), _STARS, _WINDOWS)
_VALUES = _arithmetic(_AGGREGATES | _COLUMNS)
_QUERIES = st.builds(
    PredictiveQuery,
    _VALUES | _conditions(_comparisons(_VALUES) | _EXISTS),
    st.builds(Entity, _NAMES, st.none())
    | st.builds(Entity, _NAMES, _NAMES, st.none() | st.lists(_SCALARS, min_size=1, max_size=3).map(tuple)),
    st.none() | _conditions(_comparisons(_VALUES)),
    st.none() | _conditions(_EXISTS),
    st.none() | st.integers(1, 99),
    st.none() | st.builds(Rank, st.sampled_from(["RANK", "CLASSIFY"]), st.none() | st.integers(1, 99)),
    st.none() | st.sampled_from(Empty),
)


@given(_QUERIES)
@settings(max_examples=80, deadline=None)
def test_a_query_prints_as_text_that_parses_back_to_it(query: PredictiveQuery) -> None:
    assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "predict Count(orders.*,0,30) = 0 for each users",
            "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH users",
        ),
        (
            "PREDICT SUM(o.x, 0, 1, Year) FOR EACH `my users`.id",
            'PREDICT SUM(o.x, 0, 1, years) FOR EACH "my users".id',
        ),
        ("PREDICT u.a # the age\n FOR u.id IN (1);", "PREDICT u.a FOR u.id = 1"),
        ("PREDICT u.a <> 'it''s' FOR EACH u.id", "PREDICT u.a != 'it''s' FOR EACH u.id"),
        ("PREDICT u.a IS 'x' FOR u.id IS IN (-1, 2.5)", "PREDICT u.a = 'x' FOR u.id IN (-1, 2.5)"),
        ("PREDICT u.a IS NOT 3 FOR EACH u", "PREDICT u.a != 3 FOR EACH u"),
        (
            "PREDICT COUNT(DISTINCT o.x, 0, 1, week) FOR EACH u",
            "PREDICT COUNT_DISTINCT(o.x, 0, 1, weeks) FOR EACH u",
        ),
        ("PREDICT u.a > 2026-01-31 12:30:00 FOR EACH u", "PREDICT u.a > 2026-01-31T12:30:00 FOR EACH u"),
        ("PREDICT (((u.a - 1) - (u.b - 2)) * 3) > 0 FOR EACH u", "PREDICT (u.a - 1 - (u.b - 2)) * 3 > 0 FOR EACH u"),
        (
            "PREDICT COUNT(o.*, 0, 1) FORECAST 4 TIMEFRAMES EMPTY AS null FOR EACH u",
            "PREDICT COUNT(o.*, 0, 1, days) EMPTY AS NULL FORECAST 4 TIMEFRAMES FOR EACH u",
        ),
        ("PREDICT -u.a FOR EACH u", "PREDICT 0 - u.a FOR EACH u"),
        (
            "PREDICT COUNT(o.*, 0, 1) between 1 and 3 FOR EACH u",
            "PREDICT COUNT(o.*, 0, 1, days) >= 1 AND COUNT(o.*, 0, 1, days) <= 3 FOR EACH u",
        ),
        (
            "PREDICT u.a NOT BETWEEN -1.5 AND 2 * 3 FOR EACH u",
            "PREDICT u.a < -1.5 OR u.a > 2 * 3 FOR EACH u",
        ),
        (
            "PREDICT NOT u.a BETWEEN 1 AND 3 AND u.b = 1 FOR EACH u WHERE u.t BETWEEN 2026-01-31 AND '2026-02-28'",
            "PREDICT NOT (u.a >= 1 AND u.a <= 3) AND u.b = 1 FOR EACH u "
            "WHERE u.t >= 2026-01-31 AND u.t <= '2026-02-28'",
        ),
        (
            "PREDICT COUNT(o.* WHERE o.p BETWEEN 'a' AND 'b' OR o.q > 1, 0, 1) FOR EACH u",
            "PREDICT COUNT(o.* WHERE (o.p >= 'a' AND o.p <= 'b') OR o.q > 1, 0, 1, days) FOR EACH u",
        ),
        (
            "PREDICT COUNT(g.* VIA g.home, -INF, 0) > 1 OR NOT EXISTS(g.*, 0, 1) FOR EACH t",
            "PREDICT COUNT(g.* VIA g.home, -INF, 0, days) > 1 OR NOT EXISTS(g.*, 0, 1, days) FOR EACH t",
        ),
    ],
)
def test_text_is_read_whatever_its_spelling(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


def test_keywords_may_be_names_where_no_keyword_can_stand() -> None:
    query = parse("PREDICT results.rank FOR EACH results.top WHERE results.for > 1")
    assert query.target == Column("results", "rank")
    assert query.entity.key == "top"


def test_a_table_may_be_called_like_a_function() -> None:
    assert parse("PREDICT count.sum FOR EACH count").target == Column("count", "sum")
