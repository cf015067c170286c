"""What names say: their words, singular and plural, and whether a column is named after a table.

A name alone never makes a link; it only gives a reason to look at the values.
"""

import re
from functools import lru_cache

from relfm.reading import tokens

KEY_WORDS = frozenset(
    {
        *("id", "ids", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "pk", "fk", "ref", "sk"),
        *("upc", "ean", "isbn", "sku", "iata", "icao", "abbrev", "abbr"),
    }
)
"""Last words of a name that say 'this identifies something'."""


def words_of(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


QUANTITY_WORDS = words_of(
    "units unit qty quantity count counts cnt total sum amount amt price cost value balance stock age year years month "
    "months week weeks day days hour hours minute minutes second seconds score rating rank points weight height length "
    "width depth size rate percent percentage pct ratio share lat lon lng latitude longitude duration lap laps "
    "distance speed budget salary wage revenue profit tax discount fee credits hits views likes wins losses"
)
_PREFIX_WORDS = frozenset({"tbl", "tb", "t", "dim", "fact", "fct", "stg", "raw", "v", "vw", "view", "main", "public"})
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "mice": "mouse", "data": "datum"}


def singulars(word: str) -> frozenset[str]:
    """The word and every form that could be its singular (``addresses``: address, addresse, addresses)."""
    forms = {word, _IRREGULAR.get(word, word)}
    if word.endswith("ies") and len(word) > 4:
        forms |= {word[:-3] + "y", word[:-1]}
    elif word.endswith(("ses", "xes", "zes", "ches", "shes")) and len(word) > 4:
        forms |= {word[:-2], word[:-1]}
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 2:
        forms.add(word[:-1])
    return frozenset(forms)


@lru_cache(maxsize=65_536)
def table_forms(table: str) -> frozenset[str]:
    """The ways a column may spell a table's name, without separators: ``OrderLines`` is orderline or orderlines."""
    words = list(tokens(table))
    while len(words) > 1 and words[0] in _PREFIX_WORDS:
        words = words[1:]
    return _joined(words)


@lru_cache(maxsize=65_536)
def short_table_forms(table: str) -> frozenset[str]:
    """The spellings of a table's last word, where it has several (``auth_user`` is also user)."""
    words = tokens(table)
    return singulars(words[-1]) if len(words) > 1 else frozenset()


@lru_cache(maxsize=65_536)
def table_parts(table: str) -> frozenset[str]:
    """The spellings of every run of words in a table's name: ``status_log`` holds status and log."""
    words = list(tokens(table))
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    return frozenset().union(*(_joined(run) for run in runs))


def _joined(words: list[str]) -> frozenset[str]:
    if not words:
        return frozenset()
    head = "".join(words[:-1])
    single_head = "".join(min(singulars(w), key=lambda form: (len(form), form)) for w in words[:-1])
    return frozenset(start + last for start in {head, single_head} for last in singulars(words[-1]))


@lru_cache(maxsize=65_536)
def key_stem(column: str) -> tuple[str, ...] | None:
    """The words before the key word: ``billing_address_id`` gives billing, address; None if there is no key word.

    Numbers do not count: ``team_1_id`` is a team.
    """
    words = tuple(w for w in tokens(column) if not w.isdigit())
    if len(words) > 1 and words[-1] in KEY_WORDS:
        return words[:-1]
    if words and words[-1].endswith("id") and len(words[-1]) > 3 and words[-1] not in KEY_WORDS:
        return (*words[:-1], words[-1][:-2])
    return None


def suffixes(words: tuple[str, ...]) -> list[str]:
    """Every ending of the words, longest first, without separators."""
    return ["".join(words[start:]) for start in range(len(words))]


def folded(name: str) -> str:
    """The name without case and separators."""
    return "".join(tokens(name))


def is_quantity(column: str) -> bool:
    """Whether the name speaks of an amount, so that small integers in it are no keys."""
    words = tokens(column)
    return bool(QUANTITY_WORDS.intersection(words)) and not (words[-1] in KEY_WORDS and len(words) > 1)


def is_system_table(table: str) -> bool:
    """Tables of frameworks, migration tools and the database itself."""
    return re.match(_SYSTEM, table.casefold()) is not None


_SYSTEM = (
    r"django_(migrations|session|content_type|admin_log)|alembic_version|flyway_|schema_migrations|ar_internal_metadata"
    r"|sqlite_|pg_|_dlt_|databasechangelog|__efmigrationshistory|_prisma_migrations|knex_migrations|spatial_ref_sys"
    r"|goose_db_version|sysdiagrams"
)
