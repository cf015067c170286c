"""What no question may hold: text that is not UTF-8, numbers that nothing can hold, parts nested too deeply.

Each is refused while the text is read and pointed at there, so that nothing later fails on it without a place to show.
"""

import math
import re

from lark import Token, Tree

from relfm.errors import QuestionError

TOO_DEEP = "the question is nested too deeply"
TOO_DEEP_HINT = "write at most 100 terms, signs or conditions in one another; label SQL takes any number"

_LEVELS = 110  # a hundred, and what stands inside the innermost: an aggregate, its window, a column, its name
_DIGITS = 40
_SURROGATES = re.compile("[\ud800-\udfff]+")


def check_text(text: str) -> None:
    """QuestionError for bytes that were no UTF-8, which Python keeps as lone surrogates and nothing else can read."""
    found = _SURROGATES.search(text)
    if found:
        hint = "write the question in UTF-8, or leave these characters out"
        raise QuestionError("the question holds text that is not UTF-8", hint, text=text, span=found.span())


def check_depth(tree: Tree, text: str) -> None:
    """QuestionError if a part of ``tree`` is nested more deeply than everything that walks through it can follow."""
    for part in tree.children:
        level = [part]
        for _ in range(_LEVELS):
            level = [child for node in level if isinstance(node, Tree) for child in node.children]
        if level:
            span = (part.meta.start_pos, part.meta.end_pos)
            raise QuestionError(TOO_DEEP, TOO_DEEP_HINT, text=text, span=span)


def number_of(token: Token, text: str) -> int | float:
    """The number that an INT or a FLOAT says."""
    whole = token.type == "INT"
    if whole and len(token) > _DIGITS:
        message, hint = f"a number of {len(token)} digits is too long", f"numbers have at most {_DIGITS} digits"
        raise QuestionError(message, hint, text=text, span=(token.start_pos, token.end_pos))
    value = int(token) if whole else float(token)
    if not math.isfinite(value):
        message, hint = f"{token} is too large for a number", "the largest is 1.7e308"
        raise QuestionError(message, hint, text=text, span=(token.start_pos, token.end_pos))
    return value
