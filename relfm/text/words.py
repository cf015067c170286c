"""Strings to words: identifiers taken apart, lower case, accents off, each punctuation mark a word of its own.

Many strings are joined and searched at once; an END closes each, so that words and strings come from one search.
"""

import re
from collections.abc import Sequence

from tokenizers import Regex
from tokenizers.normalizers import BertNormalizer, Normalizer, Replace
from tokenizers.normalizers import Sequence as Normalizers

END = "\0"
"""Stands between strings; the normaliser removes it from within."""

MAX_CHARACTERS = 1_000
"""What stands behind this many characters of a string is not read."""

BOUNDARY = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_"
"""unitPrice, HTTPServer, order_id; the dot of table.column is a word that weighs nearly nothing."""

WORD = re.compile(rf"{END}|[^\W_]+|[^\w\s]")


def normaliser() -> Normalizer:
    """Splits identifiers, lower-cases, strips accents and control characters, sets Chinese characters apart."""
    return Normalizers([Replace(Regex(BOUNDARY), " "), BertNormalizer(lowercase=True)])


def readable(string: str) -> str:
    """The part of a string that is read; lone surrogates, which UTF-8 cannot hold, become question marks."""
    string = string[:MAX_CHARACTERS]
    return string if string.isascii() else string.encode("utf-8", "replace").decode()


def words(strings: Sequence[str], normaliser: Normalizer) -> list[str]:
    """The words of all strings one after the other, with END behind those of each string."""
    cut = map(readable, strings)
    plain = (s if s.isascii() and END not in s else normaliser.normalize_str(s) for s in cut)
    return WORD.findall(re.sub(BOUNDARY, " ", END.join([*plain, ""])).lower())
