"""Drivers' failures as one clear message: what happened, to which database, what to do. Never with a password."""

import re

from sqlalchemy.engine import URL

from relfm.connectors.dialects import FAILURES, READ_FAILURES
from relfm.errors import ConnectionFailed


def connection_failure(label: str, url: URL, error: BaseException) -> ConnectionFailed:
    """The error for a database that cannot be connected to."""
    said = _without_secrets(str(getattr(error, "orig", None) or error), url)
    for pattern, happened, advice in FAILURES:
        if re.search(pattern, said, re.IGNORECASE):
            return ConnectionFailed(f"cannot connect to {label}: {happened}", hint=advice)
    return ConnectionFailed(f"cannot connect to {label}: {said}")


def read_failure(label: str, url: URL, error: BaseException, table: str | None = None) -> ConnectionFailed:
    """The error for a query that failed on an open connection (no permission, connection lost)."""
    said = _without_secrets(str(getattr(error, "orig", None) or error), url)
    what = f"table '{table}' of {label}" if table else label
    for pattern, advice in READ_FAILURES:
        if re.search(pattern, said, re.IGNORECASE):
            return ConnectionFailed(f"cannot read {what}: {said}", hint=advice)
    return ConnectionFailed(f"cannot read {what}: {said}")


def _without_secrets(text: str, url: URL) -> str:
    """The first line, without the password in any spelling and without anything that looks like a URL's password."""
    line = re.sub(r"\s+", " ", text.strip().splitlines()[0] if text.strip() else "no reason given")
    if url.password:
        from urllib.parse import quote, quote_plus

        for spelling in {str(url.password), quote(str(url.password)), quote_plus(str(url.password))}:
            line = line.replace(spelling, "***")
    return re.sub(r"://[^@\s]*@", "://***@", line)
