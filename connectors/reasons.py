"""How strongly a column's name speaks for a link to a table.

Numbers only rank reasons against each other; none of them makes a link without the values.
"""

from collections.abc import Iterable, Mapping

from relfm.connectors.names import folded, key_stem, short_table_forms, suffixes, table_forms, tokens, words_of

_GENERIC = words_of(
    "id key code name number no uuid guid pk index type date title row rowid rec year month day value record"
)
_NUMBERING = words_of("no nr num number")
_NOT_ALONE = words_of(
    "order rank position level group stage state status type class category number step line item event run round "
    "season game set match point grade version episode chapter page"
)
_PEOPLE = words_of("employee employees staff person persons people worker workers user users member members")
_CLIENTS = words_of("customer customers client clients account accounts contact contacts")
_CHIEFS = frozenset({"reportsto", "manager", "supervisor", "boss"})
_ROLES = words_of(
    "approver assignee author boss creator editor followee follower friend invitee inviter manager owner payee payer "
    "receiver recipient referrer reporter requester reviewer sender supervisor"
)
_ROLES_OF_CLIENTS = words_of("followee follower friend invitee inviter payee payer receiver recipient referrer sender")
_DOINGS = words_of(
    "approved assigned closed created edited invited managed modified opened owned posted referred reported requested "
    "reviewed updated uploaded written"
)

SAME_NAME, SAME_ROLE, ALONE, SHORT, SELF, PERSON = 100, 60, 70, 50, 85, 40
_NAMED_AFTER = 90


def name_reason(
    table: str, column: str, parent: str, parent_key: str, primary_keys: Mapping[str, tuple[str, ...]]
) -> int:
    """How strongly the name of ``table.column`` speaks for ``parent`` (0: not at all)."""
    if parent == table:
        return _self_reason(table, column, parent_key)
    stem = key_stem(column)
    own = primary_keys.get(table) == (column,)
    if own and (stem is None or "".join(stem) in table_forms(table)):
        return 0
    forms = table_forms(parent)
    parent_stem = key_stem(parent_key)
    if folded(column) == folded(parent_key) and not is_generic(column):
        return SAME_NAME if parent_stem is not None and "".join(parent_stem) in forms else SAME_ROLE
    if stem is None:
        alone = folded(column)
        if alone in forms and alone not in _NOT_ALONE and not own:
            return ALONE
    elif not _is_numbering(column, parent_key):
        for dropped, ending in enumerate(suffixes(stem)):
            if ending in forms:
                return 0 if own and dropped else _NAMED_AFTER - dropped
        if not own and _is_only_short_form("".join(stem), parent, primary_keys):
            return SHORT
    if own:
        return 0
    return SAME_ROLE - 1 if _plays_a_role(column, parent_key) else _person_reason(column, parent)


def _person_reason(column: str, parent: str) -> int:
    """``author_id``, ``created_by``: whoever did it is one of the people, where no table is named after the role."""
    stem = key_stem(column)
    words = tokens(column) if stem is None else stem
    is_role = stem is not None and stem[-1] in _ROLES
    has_done = len(words) > 1 and words[-1] == "by" and words[-2] in _DOINGS
    if (is_role or has_done) and table_forms(parent) & _PEOPLE:
        return PERSON
    return PERSON if stem is not None and stem[-1] in _ROLES_OF_CLIENTS and table_forms(parent) & _CLIENTS else 0


def _is_only_short_form(stem: str, parent: str, tables: Iterable[str]) -> bool:
    """``user_id`` may mean ``auth_user``, unless another table ends in user too, or auth is a table itself."""
    if stem not in short_table_forms(parent):
        return False
    before = "".join(tokens(parent)[:-1])
    return not any(t != parent and (stem in short_table_forms(t) or before in table_forms(t)) for t in tables)


def _is_numbering(column: str, parent_key: str) -> bool:
    """``subject_no`` counts within something, unless the subjects' own key is a number too."""
    last = tokens(column)[-1]
    return last in _NUMBERING and tokens(parent_key)[-1] != last


def _plays_a_role(column: str, parent_key: str) -> bool:
    """The parent's own key name with a role before or after it: ``winner_team_id``, ``team_id_winner``."""
    words, key = tokens(column), tokens(parent_key)
    if len(words) <= len(key) or key_stem(parent_key) is None or is_generic(parent_key):
        return False
    if len(folded(parent_key)) < 5:
        return False
    return words[-len(key) :] == key or words[: len(key)] == key


def _self_reason(table: str, column: str, key: str) -> int:
    """A table points at itself by ``parent_id``, ``parent_<table>_id``, or (people) ``reports_to`` or a role."""
    if column == key:
        return 0
    stem = key_stem(column)
    words = stem if stem is not None else tokens(column)
    joined = "".join(words)
    if joined == "parent" or (joined in _CHIEFS and table_forms(table) & _PEOPLE):
        return SELF
    named = stem is not None and len(words) > 1 and any(e in table_forms(table) for e in suffixes(words)[1:])
    return SELF if named or _plays_a_role(column, key) else _person_reason(column, table)


def is_generic(column: str) -> bool:
    """Whether many tables have a column of that name that means nothing in common."""
    return _GENERIC.issuperset(tokens(column))
