"""What prepared files were made from: corpus.json keeps it, so that other sources and options are not passed over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from relfm.errors import UsageError

SHARD = "shard"
MADE = "made"
"""Of an entry of corpus.json: the recipes by what was made, "shard" or the folder of the episodes."""

Recipe = Mapping[str, Any]


def names_of(sources: Sequence[str | Path]) -> dict[str, str | Path]:
    """The sources by the names that their files get; UsageError for two of one name."""
    named: dict[str, str | Path] = {}
    for source in sources:
        name = Path(str(source)).name.removesuffix(".db").removesuffix(".duckdb")
        if said_of(named.setdefault(name, source)) != said_of(source):
            raise UsageError(
                f"two databases are called '{name}': {said_of(named[name])} and {said_of(source)}",
                hint="rename one, or prepare it into another folder with --out",
            )
    return named


def said_of(source: str | Path) -> str:
    """The source in words that hold no password: a whole path, or a URL without user and query."""
    text = str(source)
    if "://" in text:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return text if text.startswith("@") else str(Path(text).resolve())


def require_same(name: str, entry: Mapping[str, Any], made: str, now: Recipe, file: Path) -> None:
    """UsageError if ``file`` is there and was made otherwise than ``now``; what its recipe does not say (an older relfm
    wrote none) may have been the same."""
    before = entry.get(MADE, {}).get(made, {}) if file.is_file() else {}
    for fact in (f for f in now if f in before and before[f] != now[f]):
        raise UsageError(
            f"'{name}' is there already ({made}), made with {fact} {before[fact]}, not {now[fact]}",
            hint=f"give the same again, name another folder with --out, or delete '{file}' to make it anew",
        )
