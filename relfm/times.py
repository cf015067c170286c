"""Time: int64 microseconds since 1970-01-01 UTC, converted here and nowhere else.

pandas 3 stores datetimes in seconds, milliseconds, microseconds or nanoseconds; code that assumes one of them
is silently off by a factor of 1,000, which hides the past or shows the future.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from relfm.errors import UsageError

MISSING_TIME = np.iinfo(np.int64).min
"""The time of a row whose time is unknown: such rows are never visible."""

TIMELESS = MISSING_TIME + 1
"""The time of a row of a table without time: visible at every cutoff."""

SECOND = 1_000_000
DAY = 86_400 * SECOND

_UNIT_MICROSECONDS = {
    "microsecond": 1,
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3600 * SECOND,
    "day": DAY,
    "week": 7 * DAY,
}
_UNIT_MONTHS = {"month": 1, "quarter": 3, "year": 12}

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?)"
    r" ?(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?"
)
FIRST, END = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND
"""Years 1 to 9999."""


def to_microseconds(values: Any) -> np.ndarray:
    """Datetimes of any unit (numpy, pandas or Arrow) as int64[n] microseconds; missing ones as ``MISSING_TIME``."""
    array = np.asarray(values)
    if array.dtype.kind != "M":
        raise TypeError(f"expected datetimes, got {array.dtype}")
    return array.astype("datetime64[us]").astype(np.int64)  # NaT is int64's minimum, which is MISSING_TIME


def to_datetime64(times: np.ndarray) -> np.ndarray:
    """int64 microseconds as datetime64[us]; ``MISSING_TIME`` becomes NaT."""
    return np.asarray(times, dtype=np.int64).astype("datetime64[us]")


def parse_time(text: str) -> int:
    """An ISO date or datetime (UTC unless it names an offset) as microseconds; UsageError with the text otherwise.

    Years are 1 to 9999. Anything else that NumPy would read is none: bare numbers (years to it), "now", "today".
    """
    match = _ISO.fullmatch(text.strip())
    try:
        stamp = match and np.datetime64(match[1].replace(" ", "T"), "us")
    except ValueError:  # a thirteenth month
        stamp = None
    if stamp is None:
        raise _no_time(text)
    micros = int(stamp.astype(np.int64))
    if match[2]:
        offset = (int(match[3]) * 60 + int(match[4])) * 60 * SECOND
        micros += offset if match[2] == "-" else -offset
    if not FIRST <= micros < END:
        raise _no_time(text)
    return micros


def _no_time(text: str) -> UsageError:
    return UsageError(f"'{text}' is not a date or time", hint="write it as 2026-01-31 or 2026-01-31T18:00")


def format_time(micros: int) -> str:
    """ISO text: the date alone at midnight, else to the second (or finer if there is more)."""
    micros = int(micros)  # NumPy makes no date of its own integers
    if micros % DAY == 0:
        return str(np.datetime64(micros // DAY, "D"))
    if micros % SECOND == 0:
        return str(np.datetime64(micros // SECOND, "s"))
    return str(np.datetime64(micros, "us"))


def when(word: str, moment: int) -> str:
    """`` by 2026-01-31`` for a sentence; nothing for the moment 0, at which databases without time are asked."""
    return f" {word} {format_time(moment)}" if moment else ""


@dataclass(frozen=True)
class Span:
    """A length of time: calendar months plus microseconds (a month has no fixed number of days)."""

    months: int = 0
    microseconds: int = 0

    @classmethod
    def of(cls, count: int, unit: str) -> "Span":
        """``Span.of(30, "days")``; singular or plural unit from microsecond to year, any case; UsageError otherwise."""
        singular = unit.casefold().removesuffix("s")
        if singular in _UNIT_MICROSECONDS:
            return cls(0, count * _UNIT_MICROSECONDS[singular])
        if singular in _UNIT_MONTHS:
            return cls(count * _UNIT_MONTHS[singular], 0)
        raise UsageError(
            f"unknown unit '{unit}'", hint=f"units are: {', '.join([*_UNIT_MICROSECONDS, *_UNIT_MONTHS])} (or plural)"
        )

    @classmethod
    def parse(cls, text: str) -> "Span":
        """``Span.parse("30 days")``."""
        match = re.fullmatch(r"\s*(-?\d+)\s*([A-Za-z]+)\s*", text)
        if not match:
            raise UsageError(f"'{text}' is not a length of time", hint="write it as '30 days'")
        return cls.of(int(match.group(1)), match.group(2))

    def __neg__(self) -> "Span":
        return Span(-self.months, -self.microseconds)

    def after(self, times: np.ndarray) -> np.ndarray:
        """``times`` moved by this span: int64[n] microseconds to int64[n]; a day past a month's end is its last day."""
        times = np.asarray(times, dtype=np.int64)
        if self.months:
            stamps = times.astype("datetime64[us]")
            month = stamps.astype("datetime64[M]")
            day = (stamps.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
            rest = (stamps - stamps.astype("datetime64[D]").astype("datetime64[us]")).astype(np.int64)
            moved = month + self.months
            last = ((moved + 1).astype("datetime64[D]") - moved.astype("datetime64[D]")).astype(np.int64) - 1
            days = moved.astype("datetime64[D]") + np.minimum(day, last)
            times = days.astype("datetime64[us]").astype(np.int64) + rest
        return times + self.microseconds

    def before(self, times: np.ndarray) -> np.ndarray:
        return (-self).after(times)

    def approximate(self) -> int:
        """Microseconds, a month counted as 30.4375 days."""
        return self.microseconds + int(self.months * 30.4375 * DAY)

    def __str__(self) -> str:
        if self.months and not self.microseconds:
            years, rest = divmod(self.months, 12)
            return _plural(years, "year") if rest == 0 else _plural(self.months, "month")
        for unit in ("day", "hour", "minute", "second", "microsecond"):
            size = _UNIT_MICROSECONDS[unit]
            if self.microseconds % size == 0:
                text = _plural(self.microseconds // size, unit)
                return f"{_plural(self.months, 'month')} and {text}" if self.months else text
        raise AssertionError("a microsecond divides every span")


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if abs(count) == 1 else f"{count} {unit}s"
