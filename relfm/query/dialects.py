"""What people write who come from SQL or from other predictive languages, and how it is asked here.

Hints alone: no word of these is understood.
"""

import re

from relfm.query.nodes import Function

_WORDS = {
    "ALL": "write FOR EACH table.key",
    "FOREACH": "write FOR EACH table.key",
    "FROM": "whom a question is about stands after FOR EACH: FOR EACH table.key",
    "OVER": "a window stands inside the aggregate: COUNT(orders.*, 0, 30, days)",
    "WITHIN": "a window stands inside the aggregate: COUNT(orders.*, 0, 30, days)",
    "HAVING": "the population is chosen after the entity: FOR EACH table.key WHERE COUNT(orders.*, -90, 0, days) > 0",
    "LIMIT": "how many is said beside the question: --limit 10, from Python limit=10",
    "ORDER": "answers are not sorted: sort their table by probability or prediction",
    "GROUP": "there is one answer for each entity: group the table of answers",
    "JOIN": "links are followed by themselves: name the columns, table.column",
    "USING": "experts are chosen beside the question: --effort, --adapt and --model",
    "RETURN": "quantiles stand beside every number: --interval 0.9 chooses them",
    "EVALUATE": "`relfm backtest` scores a question, from Python Predictor().backtest(…)",
    "EXPLAIN": "`relfm explain` says what an answer rests on, from Python Predictor().explain(…)",
    "AT": "the moment is said beside the question: --at 2026-01-31, from Python at=…",
    "WHEN": "a condition is a question of its own, answered with a probability: COUNT(orders.*, 0, 30, days) > 0",
    ":": "there are no parameters: write the value itself, or name entities with --for",
    "?": "there are no parameters: write the value itself, or name entities with --for",
}
_AS_OF = re.compile(r"as\s+of\b", re.IGNORECASE)
_OPENED = re.compile(r"([^\W\d][\w$]*)\s*\($")

_FUNCTIONS = {
    **dict.fromkeys(("MEAN", "AVERAGE"), Function.AVG),
    **dict.fromkeys(("UNIQUE", "NUNIQUE", "COUNT_UNIQUE", "COUNTDISTINCT", "APPROX_COUNT_DISTINCT"), "COUNT_DISTINCT"),
    **dict.fromkeys(("LIST", "ARRAY_AGG", "COLLECT_SET", "GROUP_CONCAT", "LISTDISTINCT"), "LIST_DISTINCT"),
    **dict.fromkeys(("ANY", "HAS", "ANY_VALUE"), "EXISTS"),
    **dict.fromkeys(("TOTAL",), "SUM"),
    **dict.fromkeys(("LATEST", "MOST_RECENT"), "LAST"),
    **dict.fromkeys(("EARLIEST",), "FIRST"),
}
_ANSWERED = {
    **dict.fromkeys(
        ("MEDIAN", "QUANTILE", "PERCENTILE", "PERCENTILE_CONT", "STD", "STDDEV", "VAR", "VARIANCE"),
        "a spread is part of every answer to a number (q10, q50, q90): ask for AVG, MIN, MAX or SUM",
    ),
    **dict.fromkeys(
        ("PROBABILITY", "PROB", "P", "IF", "IIF", "CASE", "BOOL"),
        "a condition is a question of its own, answered with a probability: COUNT(orders.*, 0, 30, days) > 0",
    ),
    **dict.fromkeys(("ABS", "ROUND", "LOG", "SQRT", "POW"), "arithmetic is + - * /"),
    **dict.fromkeys(("COALESCE", "IFNULL", "NVL"), "what is empty counts as 0 if the target ends in EMPTY AS 0"),
}


def word_hint(text: str, start: int, word: str) -> str | None:
    """How that is asked here for which ``word`` stands at ``start`` in other languages; None if it is no such word."""
    if _AS_OF.match(text, start):
        return _WORDS["AT"]
    if word.upper() == "AS":
        return "an answer has no name: its columns are prediction, probability and so on"
    before = text[:start].split()
    if before and before[-1].upper() == "ALL":
        return _WORDS["ALL"]
    return _WORDS.get(word.upper())


def function_hint(name: str) -> str | None:
    """What to say about an unknown function that other languages have; None if it is none of those."""
    word = name.upper()
    return f"write {_FUNCTIONS[word]}" if word in _FUNCTIONS else _ANSWERED.get(word)


def condition_hint(text: str, start: int) -> str | None:
    """How a comparison is asked that stands at ``start`` in the parentheses of an aggregate, or of what is none."""
    if text[start : start + 1] not in ("=", "<", ">", "!"):
        return None
    depth = 0
    for place in range(start - 1, -1, -1):
        depth += (text[place] == "(") - (text[place] == ")")
        opened = _OPENED.search(text[: place + 1]) if depth > 0 else None
        if opened is not None:
            known = opened[1].upper() in Function.__members__
            rows = "a condition on rows stands after WHERE: COUNT(orders.* WHERE orders.total > 20, 0, 30, days)"
            return rows if known else function_hint(opened[1])
    return None
