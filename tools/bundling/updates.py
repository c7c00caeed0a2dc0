"""Updates of records with other keys, values and clients (PROTOCOL.md section 6.2). What the gate refuses stays refused, for the same reason. Pure.

Of what can't even be decoded nothing is kept: other bytes stand for it that can't be decoded either, for the same reason where one of a few
examples has it.
"""

from __future__ import annotations

from typing import Final

from crdt.keys import KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.update import MAX_UPDATE_BYTES, DeleteRange, Item, decode_update, encode_update
from crdt.values import BadValueError
from store.ids import RecordKind
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.fields import Fields

_BEGUN = b"\x01\x01\x05\x00"
_EXAMPLES: Final = (
    b"",
    b"\x00\x00\x00",
    b"\x02\x00",
    b"\x01\x00\x05\x00",
    b"\x01\x01\x05\x01",
    _BEGUN + b"\xa8\x01\x01r",
    _BEGUN + b"\x27\x01\x01r",
    _BEGUN + b"\x28\x00\x01r",
    _BEGUN + b"\x28\x01\x01r\x01\xff",
    _BEGUN + b"\x28\x01\x01r\x01k\x02",
    b"\x00\x01\x05\x00",
    b"\x00\x01\x05\x01\x00\x00",
    b"\x00\x01\x05\x02\x01\x01\x00\x01",
    bytes(MAX_UPDATE_BYTES + 1),
)
"""Each is wrong in another way."""

_BAD_KEYS: Final = ("{0}", "v/{0:a<65}/AAAAAAAAA", "s/keyword/{0:a<1025}/AAAAAAAAA", "s/keyword/{0}%C3%A9/AAAAAAAAA")


def other_update(raw: bytes, *, kind: RecordKind, fields: Fields) -> bytes:
    """``raw`` over other things. The clients of what it deletes, and its own, were placed before."""
    try:
        decoded = decode_update(raw)
    except MalformedUpdateError as error:
        return undecodable(str(error))
    items = [_other_item(item, kind, fields) for item in decoded.items]
    deletes = [DeleteRange(fields.entries.client(piece.client), piece.clock, piece.length) for piece in decoded.deletes]
    try:
        return encode_update(0 if decoded.client is None else fields.entries.client(decoded.client), items, deletes)
    except BadValueError as error:
        raise CannotBeMadeAgainError("a change is too large with other words in it") from error


def undecodable(reason: str) -> bytes:
    """Bytes that can't be decoded, if possible for this reason."""
    return next((example for example in _EXAMPLES if _reason(example) == reason), _EXAMPLES[0])


def _reason(raw: bytes) -> str:
    try:
        decode_update(raw)
    except MalformedUpdateError as error:
        return str(error)
    return ""


def _other_item(item: Item, kind: RecordKind, fields: Fields) -> Item:
    stamp = fields.moments.stamp(item.stamp)
    try:
        key = parse_key(item.key)
    except KeyFormatError as error:
        return Item(_bad_key(str(error), fields.words.label(item.key)), stamp, None)
    return Item(fields.key(kind, item.key), stamp, fields.value(kind, key, item.value))


def _bad_key(reason: str, label: str) -> str:
    """A key that doesn't follow the grammar for this reason."""
    made = (form.format(label) for form in _BAD_KEYS)
    return next((key for key in made if _key_reason(key) == reason), label)


def _key_reason(key: str) -> str:
    try:
        parse_key(key)
    except KeyFormatError as error:
        return str(error)
    return ""
