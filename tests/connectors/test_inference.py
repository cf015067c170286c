"""Schemas with all constraints stripped: no wrong link, no wrong time, and nearly all of the right ones."""

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from relfm.connectors import connect
from relfm.schema import Schema
from relfm.stype import Stype


def ids(count: int) -> list[int]:
    return list(range(1, count + 1))


def some(count: int, of: int, seed: int = 0) -> list[int]:
    """``count`` whole numbers from 1 to ``of``, all of them if they fit."""
    return (np.random.default_rng(seed).permutation(count) % of + 1).tolist()


def days(count: int, start: str = "2020-01-01", step: int = 1) -> list[datetime.date]:
    first = datetime.date.fromisoformat(start)
    return [first + datetime.timedelta(days=step * n) for n in range(count)]


def words(count: int, distinct: int, stem: str = "w") -> list[str]:
    return [f"{stem}{n}" for n in some(count, distinct, seed=7)]


def inferred(tables: dict[str, dict[str, Any]]) -> Schema:
    return connect({name: pa.table(columns) for name, columns in tables.items()}).schema


def links(schema: Schema) -> set[str]:
    return {f"{t.name}.{'+'.join(k.columns)} -> {k.table}" for t in schema.tables.values() for k in t.foreign_keys}


def times(schema: Schema) -> dict[str, str | None]:
    return {t.name: t.time_column or (t.time_from and f"from {t.time_from.table}") for t in schema.tables.values()}


def chinook() -> dict[str, dict[str, Any]]:
    return {
        "Artist": {"ArtistId": ids(30), "Name": words(30, 30, "artist")},
        "Album": {"AlbumId": ids(60), "Title": words(60, 60, "album"), "ArtistId": some(60, 30)},
        "Genre": {"GenreId": ids(25), "Name": words(25, 25)},
        "MediaType": {"MediaTypeId": ids(5), "Name": words(5, 5)},
        "Track": {
            "TrackId": ids(300), "AlbumId": some(300, 60), "MediaTypeId": some(300, 5), "GenreId": some(300, 25),
            "Milliseconds": some(300, 300, 3), "UnitPrice": [0.99] * 150 + [1.99] * 150,
        },
        "Employee": {
            "EmployeeId": ids(8), "LastName": words(8, 8), "ReportsTo": [None, 1, 2, 2, 2, 1, 6, 6],
            "BirthDate": days(8, "1960-01-01", 400), "HireDate": days(8, "2002-01-01", 100),
        },
        "Customer": {
            "CustomerId": ids(59), "Email": words(59, 59, "mail"), "SupportRepId": [3 + n % 3 for n in range(59)],
        },
        "Invoice": {
            "InvoiceId": ids(200), "CustomerId": some(200, 59), "InvoiceDate": days(200, "2009-01-01"),
            "Total": [n * 0.99 for n in some(200, 9)],
        },
        "InvoiceLine": {
            "InvoiceLineId": ids(500), "InvoiceId": some(500, 200), "TrackId": some(500, 300), "Quantity": [1] * 500,
        },
        "Playlist": {"PlaylistId": ids(12), "Name": words(12, 12)},
        "PlaylistTrack": {"PlaylistId": [n % 12 + 1 for n in range(600)], "TrackId": [n // 2 + 1 for n in range(600)]},
    }  # fmt: skip


def northwind() -> dict[str, dict[str, Any]]:
    return {
        "Categories": {"CategoryID": ids(8), "CategoryName": words(8, 8)},
        "Suppliers": {"SupplierID": ids(29), "CompanyName": words(29, 29)},
        "Shippers": {"ShipperID": ids(3), "CompanyName": words(3, 3)},
        "Products": {
            "ProductID": ids(77), "SupplierID": some(77, 29), "CategoryID": some(77, 8),
            "UnitsInStock": some(77, 60), "UnitsOnOrder": [1 + n % 70 for n in range(77)], "ReorderLevel": some(77, 6),
        },
        "Customers": {"CustomerID": words(91, 91, "C"), "CompanyName": words(91, 91)},
        "Employees": {
            "EmployeeID": ids(9), "ReportsTo": [2, None, 2, 2, 2, 5, 5, 2, 5],
            "BirthDate": days(9, "1950-01-01", 300), "HireDate": days(9, "1992-01-01", 90),
        },
        "Orders": {
            "OrderID": ids(300), "CustomerID": words(300, 91, "C"), "EmployeeID": some(300, 9),
            "OrderDate": days(300), "RequiredDate": days(300, "2020-01-29"), "ShippedDate": days(300, "2020-01-05"),
            "ShipVia": some(300, 3), "Freight": [n * 1.5 for n in some(300, 90)],
        },
        "Order Details": {
            "OrderID": [n // 2 + 1 for n in range(600)], "ProductID": some(600, 77), "Quantity": some(600, 50),
        },
        "CustomerCustomerDemo": {"CustomerID": pa.array([], pa.string()), "CustomerTypeID": pa.array([], pa.string())},
    }  # fmt: skip


def hostile() -> dict[str, dict[str, Any]]:
    return {
        "customers": {
            "id": ids(200), "signup": days(200), "birth_date": days(200, "1970-01-01", 20), "tier": words(200, 3),
            "last_login": days(200, "2024-01-01"), "lifetime_value": [n * 1.5 for n in some(200, 200)],
            "home_address_id": some(200, 90),
        },
        "addresses": {"id": ids(90), "zip": [f"{n:05d}" for n in ids(90)], "order": some(90, 90)},
        "orders": {
            "id": ids(900), "customer_id": some(900, 200), "billing_address_id": some(900, 90),
            "created_at": days(900, "2021-01-01"), "updated_at": days(900, "2021-02-01"), "items": some(900, 12),
            "shipped_at": days(900, "2021-01-03"), "employee": some(900, 40),
        },
        "order_lines": {"order_id": [n // 2 + 1 for n in range(1800)], "line_no": [1, 2] * 900, "units": some(1800, 9)},
        "subscriptions": {"id": ids(120), "customer_id": some(120, 200), "expires_at": days(120, "2030-01-01")},
        "contracts": {
            "id": ids(80), "starts": days(80), "valid_to": days(80, "2020-06-01"), "customer_id": some(80, 200),
        },
        "employees": {"id": ids(40), "age": some(40, 30), "level": some(40, 5), "dob": days(40, "1970-01-01", 99)},
        "settings": {"id": ids(12), "updated_at": days(12)},
        "returns": {"id": ids(50), "order_id": some(50, 900), "returned_at": days(50, "2021-05-01")},
        "auth_user": {"id": ids(20), "name": words(20, 20)},
        "posts": {"id": ids(60), "user_id": some(60, 20), "parent_id": [None] * 30 + ids(30), "posted": days(60)},
        "flyway_schema_history": {"id": ids(3)},
    }  # fmt: skip


def test_chinook_without_constraints() -> None:
    schema = inferred(chinook())
    assert links(schema) == {
        "Album.ArtistId -> Artist", "Track.AlbumId -> Album", "Track.MediaTypeId -> MediaType",
        "Track.GenreId -> Genre", "Employee.ReportsTo -> Employee", "Invoice.CustomerId -> Customer",
        "InvoiceLine.InvoiceId -> Invoice",
        "InvoiceLine.TrackId -> Track", "PlaylistTrack.PlaylistId -> Playlist", "PlaylistTrack.TrackId -> Track",
    }  # fmt: skip
    assert schema.table("PlaylistTrack").primary_key == ("PlaylistId", "TrackId")
    found = {name: time for name, time in times(schema).items() if time}
    assert found == {"Employee": "HireDate", "Invoice": "InvoiceDate", "InvoiceLine": "from Invoice"}


def test_small_keys_without_a_name_are_suspected_and_not_linked() -> None:
    tables = chinook() | {"Customer": {"CustomerId": ids(59), "SupportRepId": some(59, 8)}}
    suspects = [d.value for d in inferred(tables).table("Customer").decisions if d.what == "suspect"]
    assert any(s.startswith("SupportRepId -> ") and "Employee.EmployeeId" in s for s in suspects)


def test_northwind_without_constraints() -> None:
    schema = inferred(northwind())
    assert links(schema) == {
        "Products.SupplierID -> Suppliers", "Products.CategoryID -> Categories", "Orders.CustomerID -> Customers",
        "Orders.EmployeeID -> Employees", "Employees.ReportsTo -> Employees", "Order Details.OrderID -> Orders",
        "Order Details.ProductID -> Products",
    }  # fmt: skip
    found = {name: time for name, time in times(schema).items() if time}
    assert found == {"Employees": "HireDate", "Orders": "OrderDate", "Order Details": "from Orders"}
    assert schema.table("Orders").column("ShippedDate").is_written_later
    assert schema.table("CustomerCustomerDemo").decisions[0].what == "empty"


def test_hostile_schema_has_no_wrong_link() -> None:
    assert links(inferred(hostile())) == {
        "customers.home_address_id -> addresses", "orders.customer_id -> customers", "order_lines.order_id -> orders",
        "orders.billing_address_id -> addresses", "subscriptions.customer_id -> customers",
        "returns.order_id -> orders",
        "contracts.customer_id -> customers", "posts.user_id -> auth_user", "posts.parent_id -> posts",
        "orders.employee -> employees",
    }  # fmt: skip


def test_hostile_schema_has_no_wrong_time() -> None:
    assert times(inferred(hostile())) == {
        "addresses": None, "auth_user": None, "contracts": "starts", "customers": "signup", "employees": None,
        "order_lines": "from orders", "orders": "created_at", "posts": "posted", "returns": "returned_at",
        "settings": None, "subscriptions": None,
    }  # fmt: skip


def test_columns_that_are_written_over_carry_no_features_and_outcomes_are_known_from_themselves_on() -> None:
    schema = inferred(hostile())
    silent = {f"{t.name}.{c.name}" for t in schema.tables.values() for c in t.columns if c.stype is None}
    told = {f"{t.name}.{d.column}" for t in schema.tables.values() for d in t.decisions}
    later = {"customers.last_login", "customers.lifetime_value", "orders.updated_at"}
    assert later <= silent
    assert later <= told
    assert schema.table("customers").column("birth_date").stype is Stype.timestamp
    shipped = schema.table("orders").column("shipped_at")
    assert shipped.stype is Stype.timestamp and shipped.is_written_later


def test_composite_key_is_followed_as_a_whole() -> None:
    lines = {"order_id": [n // 2 + 1 for n in range(40)], "line_no": [1, 2] * 20}
    parcels = {"id": ids(30), "order_id": [n // 2 + 1 for n in range(30)], "line_no": [1, 2] * 15}
    schema = inferred({"orders": {"id": ids(20)}, "order_lines": lines, "parcels": parcels})
    assert schema.table("order_lines").primary_key == ("order_id", "line_no")
    assert links(schema) == {"order_lines.order_id -> orders", "parcels.order_id -> orders"}


@pytest.mark.parametrize(
    ("child", "why"),
    [
        ({"id": ids(50), "customer_id": [n + 100 for n in ids(50)]}, "no value is there"),
        ({"id": ids(50), "customer_no": some(50, 20)}, "a number within something"),
        ({"id": ids(50), "amount": some(50, 20)}, "an amount"),
        ({"id": ids(50), "first": some(50, 20)}, "no reason in the name"),
        ({"id": ids(50), "customer_id": [None] * 50}, "nothing is known"),
    ],
)
def test_link_needs_both_a_name_and_the_values(child: dict[str, Any], why: str) -> None:
    assert links(inferred({"customers": {"id": ids(20)}, "visits": child})) == set(), why


def test_codes_of_products_and_places_are_keys() -> None:
    upcs, states = [f"{n:012d}" for n in ids(40)], words(50, 50, "S")
    tables = {
        "coupons": {"coupon_upc": upcs},
        "redemptions": {"id": ids(90), "coupon_upc": [upcs[n - 1] for n in some(90, 40)]},
        "states": {"state_abbrev": states, "name": words(50, 50, "state ")},
        "service": {"id": ids(200), "state_abbrev": [states[n - 1] for n in some(200, 50)]},
    }
    assert links(inferred(tables)) == {"redemptions.coupon_upc -> coupons", "service.state_abbrev -> states"}


def test_column_that_fails_to_be_the_key_is_told() -> None:
    twice = [*ids(400), 7, 8, 8]
    table = inferred({"users": {"user_id": twice, "age": some(403, 50)}}).table("users")
    assert table.primary_key == ()
    (told,) = [str(d) for d in table.decisions if d.what == "suspect"]
    assert "user_id repeats in 3 of 403 rows (such as 7), so it is no key" in told


def test_column_that_repeats_as_it_should_is_not_told() -> None:
    table = inferred({"users": {"user_id": some(400, 50), "age": some(400, 50)}}).table("users")
    assert [d for d in table.decisions if d.what == "suspect"] == []


def test_two_parents_that_fit_equally_are_not_chosen_from() -> None:
    tables = {
        "a_users": {"id": ids(20)},
        "b_users": {"id": ids(20)},
        "visits": {"id": ids(50), "user_id": some(50, 20)},
    }
    assert links(inferred(tables)) == set()


def test_entity_takes_no_time_from_what_it_refers_to() -> None:
    tables = {
        "orders": {"id": ids(30), "created": days(30), "customer_id": some(30, 20)},
        "customers": {"id": ids(20), "first_order_id": some(20, 20), "shop_id": some(20, 6)},
        "shops": {"id": ids(6), "opened": days(6)},
    }
    assert times(inferred(tables))["customers"] is None


def test_later_rows_do_not_change_the_schema() -> None:
    def later(name: str, cells: list) -> list:
        return [9_000 + n for n in range(5)] if name == "id" else [cells[-1]] * 5

    tables = hostile()
    future = {t: {c: [*cells, *later(c, cells)] for c, cells in columns.items()} for t, columns in tables.items()}
    before, after = inferred(tables), inferred(future)
    for name in ("customers", "orders", "employees", "posts"):
        assert before.table(name).columns == after.table(name).columns
        assert before.table(name).time_column == after.table(name).time_column


@pytest.mark.parametrize(
    ("column", "cells", "stype"),
    [
        ("price", [n * 0.5 for n in range(100)], Stype.numerical),
        ("position", some(100, 20), Stype.numerical),
        ("status_code", some(100, 5), Stype.categorical),
        ("is_new", some(100, 2), Stype.categorical),
        ("vip", [n % 2 == 0 for n in range(100)], Stype.categorical),
        ("city", words(100, 9), Stype.categorical),
        ("name", words(100, 100), Stype.text_embedded),
        ("email", words(100, 100), Stype.text_embedded),
        ("external_id", [n * 7 for n in range(100)], Stype.categorical),
        ("constant", [5] * 100, Stype.numerical),
        ("nothing", [None] * 100, None),
        ("tags", [["a", "b"], ["c"]] * 50, Stype.multicategorical),
        ("vector", [[0.5, 1.5]] * 50 + [[2.5, 3.5]] * 50, Stype.embedding),
        ("due_date", days(100), Stype.timestamp),
        ("cancelled_at", days(100), Stype.timestamp),
        ("updated_at", days(100), None),
    ],
)
def test_stype_of_a_column(column: str, cells: list, stype: Stype | None) -> None:
    schema = inferred({"things": {"id": ids(100), "made": days(100, "2001-01-01"), column: cells}})
    assert schema.table("things").column(column).stype is stype


def test_a_log_of_changes_is_timed_by_them():
    changed = {"id": ids(40), "status": words(40, 3), "changed_at": days(40)}
    schema = inferred({"status_history": changed, "AuditLog": changed | {"created_at": days(40)}, "stores": changed})
    assert times(schema) == {"status_history": "changed_at", "AuditLog": "created_at", "stores": None}
    assert schema.tables["status_history"].column("changed_at").stype is Stype.timestamp
    assert not schema.tables["status_history"].column("changed_at").is_written_later
    assert schema.tables["AuditLog"].column("changed_at").stype is None
