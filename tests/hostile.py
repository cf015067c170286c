"""A small database with everything that trips readers: odd names, huge keys, missing and many-typed cells."""

import datetime
from decimal import Decimal

import pyarrow as pa

from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype

HUGE = 9_007_199_254_740_993
"""2^53 + 1, the first whole number that a float loses."""

_UTC = datetime.UTC


def hostile_frames() -> dict[str, pa.Table]:
    """Rows in no particular order."""
    return {
        "order": _orders(),
        "order lines": _lines(),
        "shipments": _shipments(),
        "Größe": pa.table({"id": ["XL", "S", "M"], "naïve name": ["extra large", "small", "medium, or so"]}),
        "people": _people(),
        "nothing": pa.table({"id": pa.array([], pa.int64()), "note": pa.array([], pa.string())}),
    }


def hostile_schema() -> Schema:
    """Its keys and times, with a semantic type for each column that carries one."""
    time, number, text, code = Stype.timestamp, Stype.numerical, Stype.text_embedded, Stype.categorical
    people = {"id": None, "boss": None, "select": code, "big": number, "born": time, "seen": None}
    order = {"id": None, "buyer": None, "payer": None, "size": None, "made": time, "sum": number, "note": text}
    line = {"order": None, "line": None, "weight": number, "gift": code}
    shipment = {"id": None, "order": None, "line": None, "left": time}
    to_size = ForeignKey(("size",), "Größe", ("id",))
    to_order = ForeignKey(("order",), "order", ("id",))
    to_line = ForeignKey(("order", "line"), "order lines", ("order", "line"))
    return Schema.of(
        [
            _table("people", people, ("id",), [ForeignKey(("boss",), "people", ("id",))]),
            _table("order", order, ("id",), [_to_people("buyer"), _to_people("payer"), to_size], "made"),
            _table("order lines", line, ("order", "line"), [to_order], time_from=0),
            _table("shipments", shipment, ("id",), [to_line], "left"),
            _table("Größe", {"id": None, "naïve name": text}, ("id",), []),
            _table("nothing", {"id": None, "note": None}, ("id",), []),
        ]
    )


def _to_people(column: str) -> ForeignKey:
    return ForeignKey((column,), "people", ("id",))


def _table(
    name: str,
    stypes: dict[str, Stype | None],
    primary_key: tuple[str, ...],
    links: list[ForeignKey],
    time: str | None = None,
    time_from: int | None = None,
) -> Table:
    columns = tuple(Column(c, "string", s) for c, s in stypes.items())
    origin = None if time_from is None else links[time_from]
    return Table(name, columns, primary_key, tuple(sorted(links)), time, origin)


def _people() -> pa.Table:
    born = [datetime.date(1969, 12, 31), None, datetime.date(2000, 2, 29), datetime.date(1900, 1, 1)]
    return pa.table(
        {
            "id": pa.array([HUGE, 2, HUGE + 2, 1], pa.int64()),
            "boss": pa.array([None, HUGE, HUGE, 2], pa.int64()),
            "select": pa.array([True, False, None, True]),
            "big": pa.array([-1, None, 2**62, 0], pa.int64()),
            "born": pa.array(born),
            "seen": pa.array([None, None, None, None], pa.timestamp("us")),
        }
    )


def _orders() -> pa.Table:
    moments = [
        datetime.datetime(2021, 3, 28, 1, 30, tzinfo=_UTC),
        None,
        datetime.datetime(2021, 3, 28, 0, 59, 59, 123456, tzinfo=_UTC),
        datetime.datetime(2021, 3, 28, 1, 30, tzinfo=_UTC),
    ]
    return pa.table(
        {
            "id": pa.array([7, 3, 5, 4], pa.int64()),
            "buyer": pa.array([HUGE + 2, 1, None, HUGE], pa.int64()),
            "payer": pa.array([None, 1, 2, HUGE + 2], pa.int64()),
            "size": ["XL", "S", None, "M"],
            "made": pa.array(moments, pa.timestamp("us", "UTC")),
            "sum": pa.array([Decimal("1.10"), Decimal("0.00"), None, Decimal("12345678.90")], pa.decimal128(12, 2)),
            "note": ['said "no", twice', "two\nlines, one comma", "", "don't; 50 % \\ off: [x]"],
        }
    )


def _lines() -> pa.Table:
    return pa.table(
        {
            "order": pa.array([7, 3, 7, 5, 4], pa.int64()),
            "line": pa.array([2, 1, 1, 1, 1], pa.int64()),
            "weight": pa.array([0.1, 1e-9, None, 1e21, 3.0], pa.float64()),
            "gift": pa.array([False, False, None, True, False]),
        }
    )


def _shipments() -> pa.Table:
    left = [datetime.datetime(2021, 4, 1, 12), None, datetime.datetime(2021, 3, 29)]
    return pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "order": pa.array([7, 5, None], pa.int64()),
            "line": pa.array([1, 1, None], pa.int64()),
            "left": pa.array(left, pa.timestamp("us")),
        }
    )
