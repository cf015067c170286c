"""Keys that are named after what somebody does or is to somebody: author_id, created_by, friend_id."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from relfm.connectors import connect
from relfm.schema import Schema

NUM = 60


def ids(count: int) -> list[int]:
    return list(range(1, count + 1))


def some(of: int, seed: int = 0) -> list[int]:
    """90 whole numbers, all from 1 to ``of``."""
    return (np.random.default_rng(seed).permutation(90) % of + 1).tolist()


def schema_of(**tables: dict[str, list[Any]]) -> Schema:
    return connect({name: pa.table(columns) for name, columns in tables.items()}).schema


def links(schema: Schema) -> set[str]:
    return {f"{t.name}.{'+'.join(k.columns)} -> {k.table}" for t in schema.tables.values() for k in t.foreign_keys}


@pytest.mark.parametrize("column", ["author_id", "AuthorId", "lead_author_id", "created_by", "reviewed_by_id"])
def test_roles_of_people_point_at_the_people(column) -> None:
    found = schema_of(users={"id": ids(NUM)}, posts={"id": ids(90), column: some(NUM)})
    assert links(found) == {f"posts.{column} -> users"}


@pytest.mark.parametrize("column", ["author", "author_name", "stand_by", "grouped_by", "order_id", "tax_id"])
def test_other_names_point_at_nobody(column) -> None:
    assert not links(schema_of(users={"id": ids(NUM)}, posts={"id": ids(90), column: some(NUM)}))


def test_people_point_at_people() -> None:
    users = {"id": ids(90), "friend_id": some(90, 3), "referrer_id": [None] * 30 + some(90, 4)[30:]}
    assert links(schema_of(users=users)) == {"users.friend_id -> users", "users.referrer_id -> users"}


def test_accounts_pay_but_do_not_write() -> None:
    payments = {"id": ids(90)} | {f"{role}_id": some(NUM) for role in ("sender", "receiver", "author")}
    assert links(schema_of(accounts={"id": ids(NUM)}, payments=payments)) == {
        "payments.sender_id -> accounts",
        "payments.receiver_id -> accounts",
    }


def test_a_role_with_a_table_of_its_own_is_no_other_persons() -> None:
    tables = {name: {"id": ids(NUM)} for name in ("users", "authors")}
    assert links(schema_of(**tables, posts={"id": ids(90), "author_id": some(NUM)})) == {"posts.author_id -> authors"}


def test_of_two_kinds_of_people_neither_is_chosen() -> None:
    tables = {name: {"id": ids(NUM)} for name in ("users", "employees")}
    assert not links(schema_of(**tables, posts={"id": ids(90), "author_id": some(NUM)}))


def test_values_that_nobody_has_are_no_key() -> None:
    assert not links(schema_of(users={"id": ids(NUM)}, posts={"id": ids(90), "author_id": some(90)}))


def test_few_agents_are_not_the_first_of_all_people() -> None:
    """Whole numbers from 1 to 9 are in the key of 60 users, and of nobody in particular."""
    found = schema_of(users={"id": ids(NUM)}, tickets={"id": ids(90), "assignee_id": some(9)})
    assert not links(found)
    told = [d for t in found.tables.values() for d in t.decisions if d.what == "suspect"]
    assert any("assignee_id -> users.id" in d.value for d in told)


def test_text_that_names_people_needs_no_range() -> None:
    people = [f"u-{n:03d}" for n in ids(NUM)]
    posts = {"id": ids(90), "editor_id": [people[n % 5] for n in range(90)]}
    assert links(schema_of(users={"id": people}, posts=posts)) == {"posts.editor_id -> users"}
