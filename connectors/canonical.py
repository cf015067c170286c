"""Arrow columns of any type as canonical ones: int64, float64, string, timestamp[us] in UTC, list.

The result depends on the values and the column's name alone, never on how a source declares its types, so that the
same data give the same column from every source. Integers never pass through floats.
"""

import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors import text_types
from relfm.connectors.connector import BINARY
from relfm.connectors.epochs import moments_of_integers
from relfm.connectors.text_types import TIMESTAMP
from relfm.schema import CanonicalType

_EXACT = 2**53
_FIRST_MOMENT = -62_135_596_800_000_000  # 0001-01-01
_LAST_MOMENT = 253_402_300_799_999_999  # 9999-12-31


def canonical_column(name: str, values: pa.ChunkedArray, *, is_key: bool = False) -> pa.ChunkedArray | str:
    """The canonical column, or the reason why the column cannot be held. Bytes are held in keys only, as text."""
    if is_key and _is_bytes(values.type):
        return _in_hexadecimal(values)
    settled = settle(values)
    if isinstance(settled, str):
        return settled
    if settled.null_count == len(settled):
        return pa.chunked_array([pa.nulls(len(settled), pa.string())])
    if pa.types.is_int64(settled.type):
        return moments_of_integers(name, settled)
    return settled


def canonical_type(values: pa.ChunkedArray) -> CanonicalType:
    """The name of a canonical column's type."""
    if pa.types.is_int64(values.type):
        return "int64"
    if pa.types.is_float64(values.type):
        return "float64"
    if pa.types.is_timestamp(values.type):
        return "timestamp"
    return "list" if pa.types.is_list(values.type) else "string"


def settle(values: pa.ChunkedArray) -> pa.ChunkedArray | str:
    """``values`` in a canonical type, or why not."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return _settle_extension(values)
    if pa.types.is_dictionary(kind):
        return settle(values.cast(kind.value_type))
    if pa.types.is_null(kind) or _is_text(kind):
        return _settle_text(values.cast(pa.string()))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _settle_integers(values)
    if pa.types.is_floating(kind):
        return whole_if_exact(values.cast(pa.string()).cast(pa.float64()) if kind != pa.float64() else values)
    if pa.types.is_decimal(kind):
        return _settle_text(_plain_decimals(values))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _settle_moments(values)
    if pa.types.is_time(kind):
        return _settle_clock(values)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _settle_lists(values)
    if pa.types.is_duration(kind):
        return values.cast(pa.int64())
    return BINARY if _is_bytes(kind) else "nested data"


def whole_if_exact(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """float64 as int64 where every value is whole and exact; infinities and NaN are missing."""
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    if not pc.all(pc.equal(pc.floor(values), values), min_count=0).as_py():
        return values
    if pc.any(pc.greater(pc.abs(values), float(_EXACT))).as_py():
        return values
    return values.cast(pa.int64())


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _in_hexadecimal(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Two lower-case digits a byte, and always text: as numbers, '10e0' and '1e01' would be the same key."""
    cells = [[None if c is None else c.hex() for c in chunk.to_pylist()] for chunk in values.chunks]
    return pa.chunked_array([pa.array(c, pa.string()) for c in cells], pa.string())


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _settle_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    typed = text_types.typed(values)
    return whole_if_exact(typed) if pa.types.is_float64(typed.type) else typed


def _settle_integers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int64())
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:  # unsigned and beyond 2^63
        return values.cast(pa.string())


def _plain_decimals(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """'1.50' as '1.5' and '2.00' as '2': a decimal's scale is no part of its value."""
    text = values.cast(pa.string())
    return pc.replace_substring_regex(text, r"^(-?[0-9]+)(?:\.0*|(\.[0-9]*[1-9])0*)$", r"\1\2")


def _settle_moments(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date32(values.type):
        values = values.cast(pa.timestamp("s"))
    zoneless = pa.timestamp(values.type.unit) if pa.types.is_timestamp(values.type) else pa.timestamp("ms")
    micros = values.cast(zoneless).cast(TIMESTAMP, safe=False).cast(pa.int64())
    known = pc.and_(pc.greater_equal(micros, _FIRST_MOMENT), pc.less_equal(micros, _LAST_MOMENT))
    return pc.if_else(known, micros, pa.scalar(None, pa.int64())).cast(TIMESTAMP)


def _settle_clock(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(values.cast(pa.string()), r"^(.*?)(?:\.0*|(\.[0-9]*[1-9])0*)$", r"\1\2")


def _settle_lists(values: pa.ChunkedArray) -> pa.ChunkedArray | str:
    values = values.cast(pa.list_(values.type.value_type))
    items = settle(pa.chunked_array([c.flatten() for c in values.chunks], values.type.value_type))
    if isinstance(items, str) or pa.types.is_list(items.type):
        return "nested data"
    if len(items) == 0:
        items = items.cast(pa.string())
    whole = items.combine_chunks()
    chunks, done = [], 0
    for chunk in values.chunks:
        size = len(chunk.flatten())
        offsets = _offsets(chunk)
        chunks.append(pa.ListArray.from_arrays(offsets, whole.slice(done, size)))
        done += size
    return pa.chunked_array(chunks, pa.list_(items.type))


def _offsets(lists: pa.ListArray) -> pa.Array:
    """Offsets from zero for the flattened items; a null offset marks a missing list."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    if lists.null_count == 0:
        return offsets
    missing = pa.concat_arrays([pc.is_null(lists), pa.array([False])])
    return pc.if_else(missing, pa.scalar(None, pa.int32()), offsets)


def _settle_extension(values: pa.ChunkedArray) -> pa.ChunkedArray | str:
    name = values.type.extension_name
    storage = pa.chunked_array([c.storage for c in values.chunks], values.type.storage_type)
    if name == "arrow.uuid":
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())])
    if name == "arrow.bool8":
        return storage.cast(pa.int64())
    return settle(storage)
