"""What a moment in a column means: when the row happened, when it was changed, when it ends, or when someone was born.

Only a START, or a plain date without another role, may be the time of the row.
"""

from enum import StrEnum

from relfm.connectors.names import table_forms, table_parts, tokens, words_of


class Role(StrEnum):
    """The role of a moment, by the words of its column's name."""

    START = "start"
    PLAIN = "plain"
    UNKNOWN = "unknown"
    MUTATION = "mutation"
    OUTCOME = "outcome"
    END = "end"
    LIFE = "life"

    @property
    def may_be_row_time(self) -> bool:
        return self in (Role.START, Role.PLAIN, Role.UNKNOWN)

    @property
    def is_written_later(self) -> bool:
        """Whether the cell is filled or overwritten after the row was made, so that it tells its future."""
        return self in (Role.MUTATION, Role.OUTCOME)


_LIFE = words_of("birth birthday birthdate born dob death deathdate died dod")
_MUTATION = words_of(
    "updated update modified modify changed change last latest final synced sync refreshed edited edit seen mtime "
    "touched"
)
_OUTCOME = words_of(
    "deleted delete cancelled canceled cancellation closed close resolved completed complete finished finish ended "
    "terminated termination shipped shipping delivered delivery returned refunded churned left exit exited archived "
    "fulfilled dispatched solved answered approved rejected discharged disch unsubscribed deactivated departed "
    "arrived confirmed processed checkout"
)
_END = words_of(
    "expires expire expiry expired expiration due end until deadline stop required expected planned scheduled promised "
    "estimated eta valid renewal renews maturity target retire retirement"
)
_START = words_of(
    "created create creation inserted added ordered placed started start begin begins began hire hired signup signed "
    "registered registration joined join opened open occurred happened event posted published issued purchased "
    "transaction paid payment sent received recorded logged submitted requested booked visited viewed clicked reported "
    "from effective release released enrolled entered admitted admit debut launched founded filed invoice order "
    "purchase occurrence observation measured sampled landed loaded"
)
_LOG = words_of(
    "log logs history histories audit audits trail change changes transition transitions revision revisions"
)
_PLAIN = words_of("date time timestamp ts day datetime dt at on utc when stamp local")


def role_of(table: str, column: str) -> Role:
    """The role that the name of ``table.column`` gives to the moments in it.

    ``valid_from`` starts and ``valid_to`` ends; what ends elsewhere starts in its own table (``returns.returned_at``).
    """
    words = frozenset(tokens(column)) | _split_compounds(column)
    if words & _LIFE:
        return Role.LIFE
    if "first" in words:
        return Role.START
    if words & _MUTATION:
        return Role.MUTATION
    if words & {"from", "since"}:
        return Role.START
    if "to" in words or "till" in words:
        return Role.END
    ending = words & (_OUTCOME | _END)
    if ending:
        if any(_same_stem(word, form) for word in ending for form in table_forms(table)):
            return Role.START
        return Role.OUTCOME if words & _OUTCOME else Role.END
    if words & _START:
        return Role.START
    rest = words - _PLAIN
    if not rest or "".join(t for t in tokens(column) if t in rest) in table_parts(table):
        return Role.PLAIN
    return Role.UNKNOWN


def is_log(table: str) -> bool:
    """Whether each row of such a table is a change of something, kept and not overwritten."""
    return bool(_LOG.intersection(tokens(table)))


def _split_compounds(column: str) -> frozenset[str]:
    """``birthdate`` and ``shipdate`` hold two words."""
    found = set()
    for word in tokens(column):
        for tail in ("date", "time", "day"):
            if word.endswith(tail) and len(word) > len(tail) + 2:
                found |= {word.removesuffix(tail)}
    return frozenset(found)


def _same_stem(word: str, form: str) -> bool:
    """``returned`` and ``return``, ``delivered`` and ``delivery``: the first letters agree, all but the ending."""
    shared = min(len(word), len(form), 6)
    return shared >= 4 and word[:shared] == form[:shared] and abs(len(word) - len(form)) <= 4
