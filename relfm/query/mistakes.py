"""What to say about a text that is not a question: the token, what could stand there, the keyword probably meant.

The span lies within the text, or just after its end.
"""

import difflib
import re

from lark.exceptions import UnexpectedInput, UnexpectedToken

from relfm.errors import QuestionError
from relfm.query.dialects import condition_hint, word_hint
from relfm.query.nodes import Function, name_text
from relfm.schema import Schema, match_name

_EXAMPLE = "PREDICT COUNT(orders.*, 0, 30, days) > 0 FOR EACH users.user_id"
_WORDS_BY_TERMINAL = {
    "NAME": "a name",
    "QUOTED": None,
    "STRING": "'text'",
    "MOMENT": "a date",
    "INT": "a number",
    "FLOAT": None,
    "STAR": "*",
    "MINUS": "-",
    "PLUS": "+",
    "SLASH": "/",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "DOT": "'.'",
    "EQUAL": "=",
    "__ANON_0": "==",
}
_MANY = 12  # beyond it a list of all that could stand there helps nobody
_NAME = r"""([^\W\d][\w$]*|`[^`]+`|"(?:[^"]|"")+")"""
_BARE = re.compile(rf"{_NAME}\s*$")
_COUNTED = re.compile(rf"\(\s*(?:distinct\s+)?{_NAME}\s*\.", re.IGNORECASE)
_ENTITY = re.compile(rf"\bfor\s+(?:each\s+)?{_NAME}", re.IGNORECASE)
_SIGNS = re.compile(r"LESSTHAN|MORETHAN|__ANON_\d+|EQUAL|BANG")


def explain_unexpected(text: str, error: UnexpectedInput, schema: Schema | None = None) -> QuestionError:
    """The QuestionError for what lark could not read; with a ``schema`` its hint knows which table has a column."""
    start = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(text)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        start = len(text.rstrip())  # what is missing is missed in the last line that can be seen
    word = _word_at(text, start)
    span = (start, start + len(word))
    expected = sorted(error.interactive_parser.accepts())
    if not text.strip():
        return QuestionError("the question is empty", f"for example: {_EXAMPLE}", text=text, span=(0, 0))
    message = f"'{word}' cannot stand here" if word else "the question ends too early"
    if word[:1] in ("'", '"', "`"):
        message = f"the text after {word[0]} is not closed"
    bare = "DOT" in expected and set(expected) <= {"DOT", "LPAR"}
    hint = word_hint(text, start, word) or (_column_hint(text, start, schema) if bare else None)
    hint = hint or condition_hint(text, start) or _hint(word, expected)
    return QuestionError(message, hint, text=text, span=span)


def _column_hint(text: str, start: int, schema: Schema | None) -> str | None:
    """How to write the name before ``start``, which stands without its table; None if it is rather a function."""
    found = _BARE.search(text[:start].rstrip().removesuffix(";"))
    if found is None:  # a comment stands between
        return "a column is written table.column, the rows of a table table.*"
    name = _plain(found)
    near = _plain(_table_near(text, start))
    tables = list(schema.tables.values()) if schema is not None else []
    owners = [(t, column) for t in tables if (column := match_name(name, [c.name for c in t.columns]))]
    owners = [o for o in owners if o[0].name.casefold() == near.casefold()] or owners
    if len(owners) == 1:
        return f"write {name_text(owners[0][0].name)}.{name_text(owners[0][1])}"
    if schema is not None and (table := match_name(name, schema.tables)) is not None:
        return f"the rows of a table are written {name_text(table)}.*, a column {name_text(table)}.column"
    if name.upper() in Function.__members__:
        return None
    if text[: found.start()].rstrip().endswith(("=", "<", ">")):
        return f"text is written in quotes: '{name}'; a column table.column"
    return f"a column is written table.column: table.{name_text(name)}; the rows of a table are table.*"


def _table_near(text: str, start: int) -> re.Match | None:
    """The table that a column at ``start`` is likely to be of: inside an aggregate the counted one, else the entity."""
    before = text[:start]
    if before.count("(") > before.count(")"):
        return next(reversed(list(_COUNTED.finditer(before))), None)
    return next(reversed(list(_ENTITY.finditer(text))), None)


def _plain(found: re.Match | None) -> str:
    """The name that was found, without its quotes."""
    name = found[1] if found else ""
    return name[1:-1].replace(name[0] * 2, name[0]) if name[:1] in ("`", '"') else name


def _hint(word: str, terminals: list[str]) -> str:
    keywords = [t.strip("_") for t in terminals if _is_keyword(t)]
    near = difflib.get_close_matches(word.upper(), keywords, n=1, cutoff=0.6)
    if near and near[0] != word.upper():
        return f"did you mean {near[0]}?"
    if not word and "_FOR" in terminals:
        return "say for whom: FOR EACH table.key"
    if word == "," and "_FOR" in terminals:
        return "a question has one target: ask once for each"
    if word == "," and "_ASSUMING" in terminals:
        return "a question is about the rows of one table: FOR EACH table.key"
    if word != "-" and {"INT", "INF"} <= set(terminals):
        return "a window has a start and an end: COUNT(orders.*, 0, 30, days)"
    if word == "." and set(terminals) <= {"COMMA", "RPAR"}:
        return "the bounds of a window are whole numbers: 0, 45, days"
    if "_PREDICT" in terminals:
        return f"a question starts with PREDICT, for example: {_EXAMPLE}"
    if word == "*":
        return "rows stand inside an aggregate: COUNT(orders.*, 0, 30, days)"
    end = ", or the end" if "$END" in terminals else ""
    if len(terminals) > _MANY:
        return f"expected one of {', '.join(sorted(keywords))}{end}"
    shown = [w for t in terminals if t != "$END" and (w := _shown(t))]
    return f"expected {', '.join(dict.fromkeys(shown))}{end}" if shown else "the question could end here"


def _is_keyword(terminal: str) -> bool:
    return terminal not in _WORDS_BY_TERMINAL and not _SIGNS.fullmatch(terminal)


def _shown(terminal: str) -> str | None:
    if _SIGNS.fullmatch(terminal):
        return "a comparison"
    return _WORDS_BY_TERMINAL.get(terminal, terminal.strip("_"))


def _word_at(text: str, start: int) -> str:
    """The word at ``start``, else the single character there, else nothing (the text has ended)."""
    found = re.compile(r"[\w$]+|\S").match(text, start)
    return found.group() if found else ""
