"""The part of the lib0 encoding that updates use (varints, text, "Any" values), in one form only. Pure.

Source: lib0's ``encoding.js`` and the Yjs v1 update format. lib0 can write one value in several ways; here each value has
exactly one spelling, and readers refuse the others, so that two devices can't disagree about bytes:

- varints without superfluous bytes, below 2^53; no negative zero;
- a whole number as ``integer`` (125), else ``float32`` (124) when that is exact, else ``float64`` (123); never ``bigint``, NaN or infinity;
- maps sorted by the UTF-8 bytes of their keys, without duplicates;
- text in valid UTF-8; no ``undefined``.

Readers take the whole buffer and a position and give the value and the position behind it. They raise ``MalformedUpdateError``, or
``IndexError`` when the buffer ends too early; nesting is bounded before anything recurses.
"""

from __future__ import annotations

from math import isfinite
from struct import Struct

from crdt.values import MAX_WHOLE_NUMBER, BadValueError, Value

_NULL = 126
_INTEGER = 125
_FLOAT32 = 124
_FLOAT64 = 123
_FALSE = 121
_TRUE = 120
_TEXT = 119
_MAP = 118
_LIST = 117
_BYTES = 116
_F32 = Struct(">f")
_F64 = Struct(">d")


class MalformedUpdateError(ValueError):
    """Bytes that are not an update as agreed; the message says what is wrong with them."""


def read_varuint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned number below 2^53."""
    byte = data[position]
    position += 1
    if byte < 0x80:
        return byte, position
    value = byte & 0x7F
    shift = 7
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > 49:
            raise MalformedUpdateError("a number has too many bytes")
    if not byte:
        raise MalformedUpdateError("a number is not in its shortest form")
    if value > MAX_WHOLE_NUMBER:
        raise MalformedUpdateError("a number is too large")
    return value, position


def write_varuint(out: bytearray, value: int) -> None:
    """Appends an unsigned number."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def read_bytes(data: bytes, position: int) -> tuple[bytes, int]:
    """Bytes with their length before them."""
    length, position = read_varuint(data, position)
    end = position + length
    if end > len(data):
        raise IndexError
    return data[position:end], end


def write_bytes(out: bytearray, value: bytes) -> None:
    """Appends the length of ``value``, then ``value``."""
    write_varuint(out, len(value))
    out += value


def read_text(data: bytes, position: int) -> tuple[str, int]:
    """Text as UTF-8 with its length in bytes before it."""
    raw, position = read_bytes(data, position)
    try:
        return raw.decode(), position
    except UnicodeDecodeError:
        raise MalformedUpdateError("text is not UTF-8") from None


def read_any(data: bytes, position: int, depth: int, *, by_engine: bool = False) -> tuple[Value, int]:
    """A value in which lists and maps stand at most ``depth`` deep in each other.

    ``by_engine``: the engine may have written it, which doesn't sort maps, and writes whole numbers of more than 31 bits, and what
    fits into 32 bits, as 64-bit floating point.
    """
    tag = data[position]
    position += 1
    if tag == _INTEGER:
        return _read_integer(data, position)
    if tag == _TEXT:
        return read_text(data, position)
    if tag == _BYTES:
        return read_bytes(data, position)
    if tag == _NULL:
        return None, position
    if tag == _LIST:
        return _read_list(data, position, depth, by_engine)
    if tag == _MAP:
        return _read_map(data, position, depth, by_engine)
    if tag in (_TRUE, _FALSE):
        return tag == _TRUE, position
    if tag in (_FLOAT32, _FLOAT64):
        return _read_float(data, position, tag, by_engine)
    raise MalformedUpdateError("a value is of a kind that no field has")


def _read_integer(data: bytes, position: int) -> tuple[int, int]:
    byte = data[position]
    position += 1
    negative = byte & 0x40
    value = byte & 0x3F
    if byte & 0x80:
        rest, position = read_varuint(data, position)
        if not rest:
            raise MalformedUpdateError("a number is not in its shortest form")
        value |= rest << 6
        if value > MAX_WHOLE_NUMBER:
            raise MalformedUpdateError("a number is too large")
    if not negative:
        return value, position
    if not value:
        raise MalformedUpdateError("a number is a negative zero")
    return -value, position


def _read_float(data: bytes, position: int, tag: int, by_engine: bool) -> tuple[int | float, int]:
    form = _F32 if tag == _FLOAT32 else _F64
    end = position + form.size
    if end > len(data):
        raise IndexError
    value: float = form.unpack_from(data, position)[0]
    if by_engine and value.is_integer() and abs(value) <= MAX_WHOLE_NUMBER:
        return int(value), end
    if not isfinite(value) or value.is_integer():
        raise MalformedUpdateError("a number is infinite, not a number, or whole and not written as such")
    if tag == _FLOAT64 and not by_engine and _fits_float32(value):
        raise MalformedUpdateError("a number is not in its shortest form")
    return value, end


def _fits_float32(value: float) -> bool:
    return bool(_F32.unpack(_F32.pack(value))[0] == value)


def _read_list(data: bytes, position: int, depth: int, by_engine: bool) -> tuple[Value, int]:
    if depth < 1:
        raise MalformedUpdateError("a value is nested too deep")
    count, position = read_varuint(data, position)
    items: list[Value] = []
    for _ in range(count):
        item, position = read_any(data, position, depth - 1, by_engine=by_engine)
        items.append(item)
    return items, position


def _read_map(data: bytes, position: int, depth: int, by_engine: bool) -> tuple[Value, int]:
    if depth < 1:
        raise MalformedUpdateError("a value is nested too deep")
    count, position = read_varuint(data, position)
    items: dict[str, Value] = {}
    last: bytes | None = None
    for _ in range(count):
        raw, position = read_bytes(data, position)
        if last is not None and raw <= last and not by_engine:
            raise MalformedUpdateError("the keys of a map are not sorted, or occur twice")
        last = raw
        try:
            key = raw.decode()
        except UnicodeDecodeError:
            raise MalformedUpdateError("text is not UTF-8") from None
        items[key], position = read_any(data, position, depth - 1, by_engine=by_engine)
    if len(items) != count:
        raise MalformedUpdateError("the keys of a map are not sorted, or occur twice")
    return items, position


def write_any(out: bytearray, value: Value) -> None:
    """Appends a canonical value (``crdt.values.canonical``)."""
    match value:
        case None:
            out.append(_NULL)
        case bool():
            out.append(_TRUE if value else _FALSE)
        case int():
            out.append(_INTEGER)
            _write_integer(out, value)
        case float():
            _write_float(out, value)
        case str():
            out.append(_TEXT)
            write_bytes(out, value.encode())
        case bytes():
            out.append(_BYTES)
            write_bytes(out, value)
        case list():
            out.append(_LIST)
            write_varuint(out, len(value))
            for item in value:
                write_any(out, item)
        case dict():
            _write_map(out, value)
        case _:
            raise BadValueError(f"a {type(value).__name__} is no canonical value")


def _write_integer(out: bytearray, value: int) -> None:
    sign = 0x40 if value < 0 else 0
    size = abs(value)
    if size < 0x40:
        out.append(sign | size)
    else:
        out.append(0x80 | sign | size & 0x3F)
        write_varuint(out, size >> 6)


def _write_float(out: bytearray, value: float) -> None:
    if _fits_float32(value):
        out.append(_FLOAT32)
        out += _F32.pack(value)
    else:
        out.append(_FLOAT64)
        out += _F64.pack(value)


def _write_map(out: bytearray, value: dict[str, Value]) -> None:
    out.append(_MAP)
    write_varuint(out, len(value))
    for raw, item in sorted((key.encode(), item) for key, item in value.items()):
        write_bytes(out, raw)
        write_any(out, item)
