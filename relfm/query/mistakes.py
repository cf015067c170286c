"""What to say about a text that is not a question: the token, what could stand there, the keyword probably meant.

The span lies within the text, or just after its end.
"""

import difflib
import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from relfm.errors import QuestionError

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
    "$END": "the end",
}
_MANY = 12  # beyond it a list of all that could stand there helps nobody
_SIGNS = re.compile(r"LESSTHAN|MORETHAN|__ANON_\d+|EQUAL|BANG")


def explain_unexpected(text: str, error: UnexpectedInput) -> QuestionError:
    """The QuestionError for what lark could not read."""
    start = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(text)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        start = len(text.rstrip())  # what is missing is missed in the last line that can be seen
    word = _word_at(text, start)
    span = (start, start + len(word))
    terminals = set(error.allowed or ()) if isinstance(error, UnexpectedCharacters) else set(error.expected or ())
    expected = sorted(terminals)
    if not text.strip():
        return QuestionError("the question is empty", f"for example: {_EXAMPLE}", text=text, span=(0, 0))
    message = f"'{word}' cannot stand here" if word else "the question ends too early"
    if word[:1] in ("'", '"', "`"):
        message = f"the text after {word[0]} is not closed"
    return QuestionError(message, _hint(word, expected), text=text, span=span)


def _hint(word: str, terminals: list[str]) -> str:
    keywords = [t.strip("_") for t in terminals if _is_keyword(t)]
    near = difflib.get_close_matches(word.upper(), keywords, n=1, cutoff=0.6)
    if near and near[0] != word.upper():
        return f"did you mean {near[0]}?"
    if "_PREDICT" in terminals:
        return f"a question starts with PREDICT, for example: {_EXAMPLE}"
    if "DOT" in terminals and word in (",", ")"):
        return "a column is written table.column, the rows of a table table.*"
    if word == "*":
        return "rows stand inside an aggregate: COUNT(orders.*, 0, 30, days)"
    if len(terminals) > _MANY:
        return f"expected one of {', '.join(sorted(keywords))}{', or the end' if '$END' in terminals else ''}"
    shown = [w for t in terminals if (w := _shown(t))]
    return f"expected {', '.join(dict.fromkeys(shown))}"


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
