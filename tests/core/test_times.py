"""Time is microseconds, whatever unit it came in; a month is a month of the calendar."""

import datetime
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relfm.errors import UsageError
from relfm.times import DAY, MISSING_TIME, SECOND, Span, format_time, parse_time, to_datetime64, to_microseconds

MOMENT = datetime.datetime(2024, 2, 29, 13, 5, 7)
MICROS = int(MOMENT.replace(tzinfo=datetime.UTC).timestamp()) * SECOND


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_pandas_unit_does_not_change_the_moment(unit: str) -> None:
    series = pd.Series([MOMENT, None]).astype(f"datetime64[{unit}]")
    assert to_microseconds(series).tolist() == [MICROS, MISSING_TIME]
    assert to_microseconds(series.to_numpy()).tolist() == [MICROS, MISSING_TIME]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_arrow_unit_does_not_change_the_moment(unit: str) -> None:
    assert to_microseconds(pa.array([MOMENT, None], pa.timestamp(unit))).tolist() == [MICROS, MISSING_TIME]


def test_day_unit_is_midnight() -> None:
    assert to_microseconds(np.array(["2024-02-29"], "datetime64[D]")).tolist() == [MICROS // DAY * DAY]


def test_number_is_no_time() -> None:
    with pytest.raises(TypeError, match="expected datetimes, got int64"):
        to_microseconds(np.array([1]))


@given(st.integers(min_value=-(2**50), max_value=2**52))
def test_microseconds_come_back_from_datetimes_and_text(micros: int) -> None:
    assert to_microseconds(to_datetime64(np.array([micros]))).tolist() == [micros]
    assert parse_time(format_time(micros)) == micros


def test_missing_time_is_no_datetime() -> None:
    assert np.isnat(to_datetime64(np.array([MISSING_TIME])))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", "2024-02-29"),
        (" 2024-02-29T13:05 ", "2024-02-29T13:05:00"),
        ("2024-02-29 13:05:07", "2024-02-29T13:05:07"),
        ("2024-02-29T13:05:07.25", "2024-02-29T13:05:07.250000"),
        ("2024-02-29T13:05:07Z", "2024-02-29T13:05:07"),
        ("2024-02-29T13:05:07+02:00", "2024-02-29T11:05:07"),
        ("2024-02-29T13:05:07-0530", "2024-02-29T18:35:07"),
        ("2024-02-29 13:05:07.123456789 +02:00", "2024-02-29T11:05:07.123456"),
        ("2024-02-29Z", "2024-02-29"),
        ("1969-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999"),
    ],
)
def test_iso_text_is_read_with_its_offset(text: str, expected: str) -> None:
    assert format_time(parse_time(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "2024-13-01", "2023-02-29", "NaT", "", "2024-01-01T25:00", "2024-01-01T10:00:60"),
        *("now", "today", "1700000000", "20260131", "2026", "2026-01", "300000-01-01", "0000-01-01", "-0001-01-01"),
        *("2026-1-31", "2026-01-31T", "2026-01-31T18", "2026-01-31T18:00+25:00", "2026-01-31T18:00+02:60"),
        *("2026-01-31  18:00", "2026-01-31T18:00 UTC", "٢٠٢٦-٠١-٣١", "0001-01-01T00:00+02:00"),
        "9999-12-31T23:00-02:00",
    ],
)
def test_text_that_is_no_time_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=f"'{re.escape(text)}' is not a date or time") as caught:
        parse_time(text)
    assert "2026-01-31" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-01-31T18:30", 3, "2024-04-30T18:30:00"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-12-15", 1, "2025-01-15"),
        ("1970-01-31", -2, "1969-11-30"),
    ],
)
def test_month_end_stays_in_its_month(start: str, months: int, expected: str) -> None:
    moved = Span.of(months, "months").after(np.array([parse_time(start)]))
    assert format_time(moved[0]) == expected


@given(st.integers(-(2**50), 2**51), st.integers(-60, 60), st.integers(-(10**12), 10**12))
def test_span_agrees_with_pandas(micros: int, months: int, rest: int) -> None:
    moved = int(Span(months, rest).after(np.array([micros]))[0])
    expected = pd.Timestamp(micros, unit="us") + pd.DateOffset(months=months) + pd.Timedelta(rest, unit="us")
    assert moved == to_microseconds(pd.Series([expected]))[0]


def test_before_is_the_other_way() -> None:
    times = np.array([parse_time("2024-05-31")])
    assert format_time(Span.of(3, "months").before(times)[0]) == "2024-02-29"
    assert Span.of(3, "days").before(times)[0] == times[0] - 3 * DAY


@pytest.mark.parametrize(
    ("text", "span", "shown"),
    [
        ("30 days", Span(0, 30 * DAY), "30 days"),
        ("1 Day", Span(0, DAY), "1 day"),
        ("2 weeks", Span(0, 14 * DAY), "14 days"),
        ("-3 hours", Span(0, -10_800 * SECOND), "-3 hours"),
        ("6 months", Span(6), "6 months"),
        ("2 quarters", Span(6), "6 months"),
        ("2 years", Span(24), "2 years"),
        ("1500 microseconds", Span(0, 1500), "1500 microseconds"),
    ],
)
def test_span_is_read_and_shown(text: str, span: Span, shown: str) -> None:
    assert Span.parse(text) == span
    assert str(span) == shown


def test_span_of_months_and_days_shows_both() -> None:
    assert str(Span(1, 2 * DAY)) == "1 month and 2 days"
    assert str(-Span(0, DAY)) == "-1 day"
    assert Span(2, DAY).approximate() == int(2 * 30.4375 * DAY) + DAY


def test_unknown_unit_is_named_with_all_units() -> None:
    with pytest.raises(UsageError, match="unknown unit 'fortnights'") as caught:
        Span.parse("2 fortnights")
    assert "week" in caught.value.hint


@pytest.mark.parametrize("text", ["soon", "3", "1.5 days", "days 3"])
def test_text_that_is_no_span_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=f"'{text}' is not a length of time"):
        Span.parse(text)
