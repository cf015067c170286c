"""Cells in canonical types: the same value from every spelling, and nothing lost on the way."""

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from relfm.connectors.canonical import canonical_column

MOMENT = pa.timestamp("us")


def held(cells: Any, kind: pa.DataType | None = None, name: str = "x") -> tuple[str, list]:
    column = canonical_column(name, pa.chunked_array([pa.array(cells, kind)]))
    assert not isinstance(column, str), column
    return str(column.type), column.to_pylist()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-5", "0"], ("int64", [1, -5, 0])),
        (["9007199254740993", ""], ("int64", [9007199254740993, None])),
        (["007", "1"], ("string", ["007", "1"])),
        (["1.50", "2"], ("double", [1.5, 2.0])),
        (["1.0", "2.00"], ("int64", [1, 2])),
        (["1e3", "2.5"], ("double", [1000.0, 2.5])),
        (["123456789012345678901", "1"], ("string", ["123456789012345678901", "1"])),
        (["9999999999999999999", "1"], ("string", ["9999999999999999999", "1"])),
        (["+49123", "5"], ("string", ["+49123", "5"])),
        (["true", "False"], ("int64", [1, 0])),
        (["t", "f", None], ("int64", [1, 0, None])),
        (["NA", "3"], ("int64", [None, 3])),
        (["NA", "Namibia"], ("string", ["NA", "Namibia"])),
        (["", ""], ("string", [None, None])),
        ([" a", "b "], ("string", [" a", "b "])),
        ([" 1", "2"], ("string", [" 1", "2"])),
        (["2024-02-30", "2024-01-01"], ("string", ["2024-02-30", "2024-01-01"])),
        (["2024-01-01", "soon"], ("string", ["2024-01-01", "soon"])),
        (["7", "?", "TBD"], ("int64", [7, None, None])),
    ],
)
def test_text_is_typed_only_if_every_cell_follows_the_rule(cells: list, expected: tuple) -> None:
    assert held(cells) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-10T18:30:00.5", "2024-03-10 18:30:00.500000", "2024-03-10T18:30:00.500000999",
        "2024-03-10T18:30:00.5Z", "2024-03-10 20:30:00.5+02:00", "2024-03-10 20:30:00.5+02",
        "2024-03-10 12:30:00.5-0600",
    ],
)  # fmt: skip
def test_every_spelling_of_a_moment_is_the_same_moment(text: str) -> None:
    moment = datetime.datetime(2024, 3, 10, 18, 30, 0, 500_000)
    assert held([text, None]) == ("timestamp[us]", [moment, None])


def test_zero_dates_of_mysql_are_missing() -> None:
    assert held(["0000-00-00", "2024-01-02"]) == ("timestamp[us]", [None, datetime.datetime(2024, 1, 2)])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([datetime.date(1969, 12, 31)], pa.date32()),
        ([datetime.datetime(1969, 12, 31)], pa.timestamp("s")),
        ([datetime.datetime(1969, 12, 31)], pa.timestamp("ns")),
        ([datetime.datetime(1969, 12, 31)], pa.timestamp("ms", "UTC")),
        (["1969-12-31"], pa.string()),
        (["1969-12-31"], pa.dictionary(pa.int32(), pa.string())),
    ],
)
def test_dates_of_every_type_are_midnight(cells: list, kind: pa.DataType) -> None:
    assert held(cells, kind) == ("timestamp[us]", [datetime.datetime(1969, 12, 31)])


def test_zoned_moment_becomes_utc() -> None:
    local = pa.array([1_700_000_000_000_000], pa.timestamp("us", "America/New_York"))
    assert held(local)[1] == [datetime.datetime(2023, 11, 14, 22, 13, 20)]


def test_infinite_moments_are_missing() -> None:
    assert held(pa.array([2**63 - 1, -(2**63) + 1, 0], MOMENT))[1] == [None, None, datetime.datetime(1970, 1, 1)]


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([True, None], pa.bool_(), ("int64", [1, None])),
        ([2**63 - 1], pa.uint64(), ("int64", [2**63 - 1])),
        ([2**64 - 1], pa.uint64(), ("string", [str(2**64 - 1)])),
        ([0.1], pa.float32(), ("double", [0.1])),
        ([1.0, None, float("nan")], pa.float64(), ("int64", [1, None, None])),
        ([0.5, float("inf")], pa.float64(), ("double", [0.5, None])),
        ([2.0**60, 1.0], pa.float64(), ("double", [2.0**60, 1.0])),
        ([Decimal("1.10")], pa.decimal128(9, 2), ("double", [1.1])),
        ([Decimal("2.00")], pa.decimal128(9, 2), ("int64", [2])),
        ([Decimal(2**53 + 1)], pa.decimal128(38, 0), ("int64", [2**53 + 1])),
        ([datetime.time(14)], pa.time64("us"), ("string", ["14:00:00"])),
        ([None, None], pa.int64(), ("string", [None, None])),
        ([[1, 2], None, []], pa.list_(pa.int32()), ("list<item: int64>", [[1, 2], None, []])),
        ([["a"], ["b", "c"]], pa.large_list(pa.string()), ("list<item: string>", [["a"], ["b", "c"]])),
        ([[0.5, 1.0]], pa.list_(pa.float32(), 2), ("list<item: double>", [[0.5, 1.0]])),
    ],
)
def test_every_type_has_a_canonical_one(cells: list, kind: pa.DataType, expected: tuple) -> None:
    assert held(cells, kind) == expected


def test_sliced_lists_keep_their_own_items() -> None:
    whole = pa.array([["a"], ["b", "c"], None, ["d"]])
    assert held(whole.slice(1))[1] == [["b", "c"], None, ["d"]]


@pytest.mark.parametrize(
    ("cells", "kind", "reason"),
    [([b"\0"], pa.binary(), "binary data"), ([{"a": 1}], pa.struct([("a", pa.int64())]), "nested data"),
     ([[[1]]], pa.list_(pa.list_(pa.int64())), "nested data")],
)  # fmt: skip
def test_what_cannot_be_held_has_a_reason(cells: list, kind: pa.DataType, reason: str) -> None:
    assert canonical_column("x", pa.chunked_array([pa.array(cells, kind)])) == reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("created_at", 1_700_000_000), ("ts", 1_700_000_000_000), ("eventTime", 1_700_000_000_000_000),
     ("logged_on", 1_700_000_000_000_000_000), ("ts_ms", 1_700_000_000_000), ("created_at_ms", 1_700_000_000_000),
     ("epoch_seconds", 1_700_000_000)],
)  # fmt: skip
def test_integers_are_moments_if_the_name_says_so(name: str, value: int) -> None:
    assert held([value, None], name=name)[1] == [datetime.datetime(2023, 11, 14, 22, 13, 20), None]
    assert held([value, None], name="amount")[1] == [value, None]


def test_calendar_days_as_integers() -> None:
    assert held([20240229, None], name="sale_date")[1] == [datetime.datetime(2024, 2, 29), None]
    assert held([20240230], name="sale_date") == ("int64", [20240230])
    assert held([20240229], name="sku") == ("int64", [20240229])
    assert held([95_012], name="lap_time") == ("int64", [95_012])


def test_how_long_something_took_is_no_moment() -> None:
    for name in ("time_ms", "day_seconds", "lap_time", "duration_at_ms"):
        assert held([1_700_000_000], name=name) == ("int64", [1_700_000_000])
