"""What a column of text really holds: numbers, truth values, moments or text, decided by all of its values.

Every source goes through these rules, so a CSV file and a typed database give the same column. A rule takes a
column only if each value follows it exactly: '007' stays text.
"""

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.date_text import SHAPE, dates
from relfm.times import SECOND

TIMESTAMP = pa.timestamp("us")

_INTEGER = r"^-?(0|[1-9][0-9]{0,18})$"
_NUMBER = r"^-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$"
_LONG_INTEGER = r"^-?[0-9]{17,}$"
_TRUTH = r"^([Tt]rue|TRUE|[Ff]alse|FALSE|t|f)$"
_ZONE = r"(?: ?(?P<zone>Z|UTC|(?P<sign>[-+])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?))?"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
_TIME = rf"^{_MOMENT}{_ZONE})?$"
_TIME_PARTS = rf"^(?P<moment>{_MOMENT})?){_ZONE}$"

_MISSING_WORDS = ["NULL", "null", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "None", r"\N", "-", "--", "?", "TBD", "tbd"]
_ZERO_DATES = ["0000-00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000000"]
_HEAD = 256


def typed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as int64, float64, timestamp[us] or (where no rule takes every value) string; empty text is missing.

    Words such as NA or NULL count as missing only where everything else is a number or a moment.
    """
    values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    words = pa.array(_MISSING_WORDS)
    head = values.drop_null().slice(0, 4 * _HEAD)
    head = head.filter(pc.invert(pc.is_in(head, value_set=pa.array(_MISSING_WORDS + _ZERO_DATES)))).slice(0, _HEAD)
    if not len(head):
        return values
    for pattern, convert in _RULES:
        if _all_match(head, pattern):
            converted = convert(values)
            if converted is None and pc.any(pc.is_in(values, value_set=words)).as_py():
                converted = convert(pc.if_else(pc.is_in(values, value_set=words), pa.scalar(None, pa.string()), values))
            if converted is not None:
                return converted
    return values


def _all_match(values: pa.ChunkedArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(values, pattern), min_count=0).as_py() is not False


def _integers(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Arrow's parser takes leading zeros and hexadecimal too, and refuses what needs more than 64 bits."""
    try:
        numbers = values.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    zeros = values.filter(pc.or_(pc.starts_with(values, "0"), pc.starts_with(values, "-0")))
    return numbers if _all_match(zeros, _INTEGER) else None


def _numbers(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Whole numbers of so many digits are names of something: as floats they would lose their last digits."""
    try:
        numbers = values.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    strange = pc.or_(pc.starts_with(values, "0"), pc.starts_with(values, "-0"))
    strange = pc.or_(strange, pc.or_(pc.starts_with(values, "+"), pc.invert(pc.is_finite(numbers))))
    if not _all_match(values.filter(strange), _NUMBER):
        return None
    long = values.filter(pc.greater_equal(pc.binary_length(values), 17))
    return None if pc.any(pc.match_substring_regex(long, _LONG_INTEGER)).as_py() else numbers


def _truths(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if not _all_match(values, _TRUTH):
        return None
    return pc.starts_with(pc.utf8_lower(values), "t").cast(pa.int64())


def _moments(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        return values.cast(TIMESTAMP)
    except pa.ArrowInvalid:  # zones, finer fractions than microseconds, zero dates, or no moments at all
        values = pc.if_else(pc.is_in(values, value_set=pa.array(_ZERO_DATES)), pa.scalar(None, pa.string()), values)
    if not _all_match(values, _TIME):
        return None
    parts = pc.extract_regex(values, _TIME_PARTS)
    moments = pc.utf8_slice_codeunits(pc.struct_field(parts, "moment"), 0, len("2026-01-31T18:00:00.123456"))
    try:
        moments = moments.cast(TIMESTAMP)
    except pa.ArrowInvalid:  # such as month 13
        return None
    sign = pc.struct_field(parts, "sign")
    if not pc.any(pc.not_equal(sign, "")).as_py():
        return moments
    minutes = pc.add(pc.multiply(_whole(parts, "hours"), 60), _whole(parts, "minutes"))
    offset = pc.multiply(minutes, pc.if_else(pc.equal(sign, "-"), -60 * SECOND, 60 * SECOND))
    return pc.subtract(moments.cast(pa.int64()), offset).cast(TIMESTAMP)


def _whole(parts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    digits = pc.struct_field(parts, name)
    return pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())


_RULES = ((_INTEGER, _integers), (_NUMBER, _numbers), (_TRUTH, _truths), (_TIME, _moments), (SHAPE, dates))
"""(what the first values look like, what makes of all values what they are then, or None)."""
