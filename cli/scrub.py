"""Takes passwords out of text: whatever leaves the program for stderr or a report has been through ``scrub``.

A secret is what stands between the user name and the host of a URL, or behind a word like ``password=``; it is
masked in every spelling in which a driver could repeat it.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MASK = "***"

_SECRET_WORDS = r"(?:password|passwd|pwd|token|secret|api_?key|access_?key|sslpassword|motherduck_token)"
_ASSIGNED = re.compile(rf"(?i)\b({_SECRET_WORDS}\s*=\s*)('[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)")
_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)(?P<user>[^\s:/@]*):(?P<password>\S*)@")
_MARKS = r"[@:/?#]"
"""Where a driver may think that an unquoted password ends."""

_WORD_LENGTH = 4
"""Shorter secrets are masked only where they stand alone: masking every 'a' would hide the message itself."""


def secrets_of(texts: Iterable[str]) -> frozenset[str]:
    """Every spelling of every secret in ``texts`` (arguments, the values of environment variables)."""
    found: set[str] = set()
    for text in texts:
        for match in _IN_URL.finditer(text):
            password = match["password"]
            found.add(password)
            found.update(part for part in re.split(_MARKS, password) if len(part) >= _WORD_LENGTH)
            rests = (password[mark.end() :] for mark in re.finditer(_MARKS, password))
            found.update(rest for rest in rests if len(rest) >= _WORD_LENGTH)
        found.update(match[2].strip("'\"") for match in _ASSIGNED.finditer(text))
    found.discard("")
    return frozenset(spelling for secret in found for spelling in _spellings(secret))


def secrets_of_environment(arguments: Iterable[str], environment: Mapping[str, str]) -> frozenset[str]:
    """The secrets of the arguments and of the variables that they or the connectors may read."""
    arguments = list(arguments)
    named = {a.removeprefix("@env:") for a in arguments if a.startswith("@env:")}
    names = {n for n in environment if n in named or re.search(r"DATABASE_URL|PASSWORD|PGPASS", n)}
    plain = {environment[n] for n in names if "://" not in environment[n] and re.search("PASSWORD|PGPASS", n)}
    urls = secrets_of([*arguments, *(environment[n] for n in names)])
    return urls | {spelling for secret in plain if secret for spelling in _spellings(secret)}


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` with the ``secrets``, and anything else that looks like a password, masked."""
    text = _IN_URL.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
    text = _ASSIGNED.sub(rf"\g<1>{MASK}", text)
    for secret in sorted(secrets, key=len, reverse=True):
        pattern = re.escape(secret)
        text = re.sub(pattern if len(secret) >= _WORD_LENGTH else rf"(?<!\w){pattern}(?!\w)", MASK, text)
    return text


def _spellings(secret: str) -> set[str]:
    decoded = {secret, unquote(secret), unquote_plus(secret)}
    return (
        decoded
        | {quote(d, safe=safe) for d in decoded for safe in ("", "/")}
        | {quote_plus(d) for d in decoded}
        | {repr(d)[1:-1] for d in decoded}
    )
