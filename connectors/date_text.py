"""Dates as people write them: 31/12/2024, 01/31/2024 10:05 AM, 31.12.2024, 2024/12/31, Jan 31 2024.

A column is read as dates only if one form fits every value and no other form reads them otherwise. Where day and month
cannot be told apart, it stays text and the schema says so: a wrong order would move rows in time.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.epochs import calendar_days
from relfm.times import SECOND

_DAY, _MONTH, _YEAR = "(?P<day>[0-9]{1,2})", "(?P<month>[0-9]{1,2})", "(?P<year>[12][0-9]{3})"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_CLOCK = (
    r"(?:,?[ T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?)?"
    r"(?: ?(?P<half>[AaPp])[Mm])?)?$"
)
_PATTERNS = {
    "D/M/Y": rf"^{_DAY}/{_MONTH}/{_YEAR}{_CLOCK}",
    "M/D/Y": rf"^{_MONTH}/{_DAY}/{_YEAR}{_CLOCK}",
    "Y/M/D": rf"^{_YEAR}/{_MONTH}/{_DAY}{_CLOCK}",
    "D-M-Y": rf"^{_DAY}-{_MONTH}-{_YEAR}{_CLOCK}",
    "M-D-Y": rf"^{_MONTH}-{_DAY}-{_YEAR}{_CLOCK}",
    "D.M.Y": rf"^{_DAY}\.{_MONTH}\.{_YEAR}{_CLOCK}",
    "Mon D Y": rf"^{_NAME} +{_DAY},? +{_YEAR}{_CLOCK}",
    "D Mon Y": rf"^{_DAY}[ -]{_NAME}[ -]{_YEAR}{_CLOCK}",
}
FORMS = tuple(_PATTERNS)
"""The forms by name; the schema file's ``timestamp D/M/Y`` names one."""

_NAMED = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]{0,6}\.?"
_SHAPES = (
    r"[0-9]{1,2}[-./][0-9]{1,2}[-./][12][0-9]{3}",
    r"[12][0-9]{3}[-./][0-9]{1,2}[-./][0-9]{1,2}",
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}",
    rf"{_NAMED} +[0-9]{{1,2}},? +[0-9]{{4}}",
    rf"[0-9]{{1,2}}[ -]{_NAMED}[ -][0-9]{{4}}",
)
SHAPE = rf"^(?:{'|'.join(_SHAPES)})(?:[ T,]+[0-9]{{1,2}}:[0-9]{{2}}.*)?$"
"""What looks like a date, whether it is one or not."""

_MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
_NAMES = pa.array([*_MONTHS, *(m[:3] for m in _MONTHS), "sept"])
_NUMBERS = np.array([*range(1, 13), *range(1, 13), 9])
_MOSTLY = 0.9
_HEAD = 1_000


def dates(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Text as timestamp[us] if every value is a date of one form, and of no other that means another day."""
    found = list(_readings(values).values())
    return found[0] if found and all(other.equals(found[0]) for other in found[1:]) else None


def forms_of(values: pa.ChunkedArray) -> tuple[str, ...]:
    """The forms of which every value of a text column is a date; none of ISO dates or anything else."""
    return tuple(_readings(values))


def dates_of_form(values: pa.ChunkedArray, form: str) -> pa.ChunkedArray | None:
    """Text as timestamp[us]; None if some value is no date of that form."""
    pattern = _PATTERNS[form]
    if pc.all(pc.match_substring_regex(values, pattern), min_count=0).as_py() is False:
        return None
    parts = pc.extract_regex(values, pattern)
    years, day = pc.multiply(_whole(parts, "year"), 10_000), _whole(parts, "day")
    days = calendar_days(pc.add(pc.add(years, _months(parts)), day))
    clock = _clock(parts) if days is not None else None
    return None if clock is None else pc.add(days.cast(pa.int64()), clock).cast(pa.timestamp("us"))


def doubt(values: pa.ChunkedArray) -> str | None:
    """Why text that looks like dates is not read as such, and what to do; None if it looks like something else."""
    head = values.drop_null().slice(0, _HEAD)
    fits = pc.match_substring_regex(head, SHAPE)
    if not len(head) or pc.mean(fits.cast(pa.float64())).as_py() < _MOSTLY:
        return None
    looks = f"looks like dates ('{head.filter(fits)[0]}'), but"
    if forms := list(_readings(values)):
        said = " or ".join(f'"timestamp {form}"' for form in forms)
        return f"{looks} day and month cannot be told apart: say {said} in the schema file"
    odd = values.drop_null().filter(pc.invert(pc.match_substring_regex(values.drop_null(), SHAPE)))
    which = f"no form fits '{odd[0]}'" if len(odd) else "no form fits all of its values"
    return f"{looks} {which}: write all of them as 2024-12-31"


def _readings(values: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """By form the moments that the values are if they are of that form, of those forms that fit all of them."""
    first = values.drop_null().slice(0, 1)
    likely = [f for f in FORMS if len(first) and re.match(_PATTERNS[f], first[0].as_py())]
    read = {form: dates_of_form(values, form) for form in likely}
    return {form: moments for form, moments in read.items() if moments is not None}


def _whole(parts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The part as a whole number, 0 where it is not written."""
    if name not in [field.name for field in parts.type]:
        return pc.if_else(pc.is_valid(parts), 0, pa.scalar(None, pa.int64()))
    digits = pc.struct_field(parts, name)
    return pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())


def _months(parts: pa.ChunkedArray) -> pa.ChunkedArray:
    """A hundred times the month, by number or by name; a name that is none becomes 0, which no calendar has."""
    names = [field.name for field in parts.type]
    if "name" not in names:
        return pc.multiply(_whole(parts, "month"), 100)
    places = pc.index_in(pc.utf8_lower(pc.struct_field(parts, "name")), value_set=_NAMES)
    numbers = pc.take(pa.array(_NUMBERS), pc.fill_null(places, 0))
    numbers = pc.if_else(pc.is_valid(places), numbers, 0)
    return pc.if_else(pc.is_valid(parts), pc.multiply(numbers, 100), pa.scalar(None, pa.int64()))


def _clock(parts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Microseconds since midnight; None if there is no such time of day, or only some rows say AM or PM."""
    hour, minute, second = (_whole(parts, name) for name in ("hour", "minute", "second"))
    half = pc.utf8_lower(pc.struct_field(parts, "half"))
    timed = pc.not_equal(pc.struct_field(parts, "hour"), "")
    halved = pc.not_equal(half, "")
    if pc.any(halved).as_py():
        if not pc.all(pc.equal(timed, halved)).as_py() or _outside(hour.filter(halved), 1, 12):
            return None
        hour = pc.if_else(halved, pc.add(pc.if_else(pc.equal(hour, 12), 0, hour), _noon(half)), hour)
    if _outside(hour, 0, 23) or _outside(minute, 0, 59) or _outside(second, 0, 59):
        return None
    fraction = pc.utf8_rpad(pc.struct_field(parts, "fraction"), 6, "0").cast(pa.int64())
    seconds = pc.add(pc.multiply(pc.add(pc.multiply(hour, 60), minute), 60), second)
    return pc.add(pc.multiply(seconds, SECOND), fraction)


def _noon(half: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(half, "p"), 12, 0)


def _outside(numbers: pa.ChunkedArray, low: int, high: int) -> bool:
    bounds = pc.min_max(numbers)
    return bounds["min"].is_valid and (bounds["min"].as_py() < low or bounds["max"].as_py() > high)
