"""CBOR as the API's description writes it down, both ways: what is generated from a schema becomes bytes, and bytes that came become what a schema judges.

Text and byte strings are both text in JSON, so the way back goes along the schema: a byte string where text is described, or the other way round,
is a ``MismatchError`` already here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, groupby
from typing import Any

import cbor2

from relay.description import describe
from relay.media_types import CBOR, CBOR_SEQUENCE
from relay.messages import ItemDecoder, frame
from store.encoding import decode

DOCUMENT = describe()
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_MOST_BYTES = 64 * 1024 * 1024
_DEPTH = 16

Schema = dict[str, Any]


class MismatchError(ValueError):
    """What came isn't of the types that the description says."""


def request_schema(method: str, path: str, media_type: str) -> Schema:
    """The schema of what a call takes."""
    schema: Schema = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"][media_type]["schema"]
    return schema


def answer_schema(method: str, path: str, status: int, media_type: str) -> Schema | None:
    """The schema of what a call answers; ``None`` when this answer isn't described."""
    response = DOCUMENT["paths"][path][method.lower()]["responses"].get(str(status), {})
    found: Schema | None = response.get("content", {}).get(media_type, {}).get("schema")
    return found


def to_wire(media_type: str, value: Any, schema: Schema) -> bytes:
    """A generated value as it travels, whether or not it is valid."""
    if media_type == CBOR:
        return encode(to_cbor(value, schema))
    if media_type == CBOR_SEQUENCE and isinstance(value, list):
        return b"".join(_framed(item, schema) for item in value)
    return encode(to_cbor(value, schema)) if media_type == CBOR_SEQUENCE else bytes(value)


def _framed(item: Any, schema: Schema) -> bytes:
    """An item of a stream; what isn't one travels as the CBOR that it is."""
    if isinstance(item, dict) and item.keys() == {"tag", "content"} and type(item["tag"]) is int and 0 <= item["tag"] < 256:
        content = _octets(item["content"])
        if content is not None:
            return frame(item["tag"], content)
    return encode(to_cbor(item, schema))


def encode(value: Any) -> bytes:
    """Deterministic CBOR of anything that JSON can be."""
    return cbor2.dumps(value, canonical=True, string_referencing=False)


def to_cbor(value: Any, schema: Schema) -> Any:
    """``value`` with byte strings where the schema describes them and it spells some."""
    if isinstance(value, str):
        octets = _octets(value) if _describes_octets(schema) else None
        return value if octets is None else octets
    if isinstance(value, list):
        elements = [to_cbor(each, _merged(_element(schema, place))) for place, each in enumerate(value)]
        return in_order(elements) if any(branch.get("x-sorted") for branch in _branches(schema)) else elements
    if isinstance(value, dict):
        return {name: to_cbor(each, _merged(_member(schema, name))) for name, each in value.items()}
    return value


def in_order(elements: list[Any]) -> list[Any]:
    """Sorted, as schemas can't demand it: by what comes first in each element, of which one of a kind is left. What a schema refuses stays as it is:
    what can't be compared, or comes twice."""
    if any(first == second for first, second in combinations(elements, 2)):
        return elements
    try:
        return [next(same) for _, same in groupby(sorted(elements), key=lambda each: each[0])]
    except (TypeError, IndexError):
        return elements


def from_wire(media_type: str, data: bytes, schema: Schema) -> Any:
    """What came, in the projection. ``MalformedError`` when it isn't deterministic CBOR, ``MismatchError`` when its types are others."""
    if media_type == CBOR:
        return from_cbor(decode(data, limit=_MOST_BYTES, depth=_DEPTH), schema)
    decoder = ItemDecoder(longest=_MOST_BYTES)
    items = [_item(tag, content, schema) for tag, content in decoder.feed(data)]
    decoder.finish()
    return items


def _item(tag: int, content: bytes, schema: Schema) -> dict[str, Any]:
    described = [each for each in _branches(_merged(_element(schema, 0))) if each.get("properties", {}).get("tag", {}).get("const") == tag]
    if not described:
        raise MismatchError(f"an item with tag {tag}")
    inner = described[0]["properties"]["content"]
    return {"tag": tag, "content": content.hex() if _describes_octets(inner) else from_wire(CBOR, content, inner)}


def from_cbor(value: Any, schema: Schema) -> Any:
    """``value`` with small hexadecimal digits for byte strings."""
    if isinstance(value, bytes):
        if not _describes_octets(schema):
            raise MismatchError("a byte string where none is described")
        return value.hex()
    if isinstance(value, str) and _describes_octets(schema):
        raise MismatchError("text where a byte string is described")
    if isinstance(value, list):
        return [from_cbor(each, _merged(_element(schema, place))) for place, each in enumerate(value)]
    if isinstance(value, dict):
        return {name: from_cbor(each, _merged(_member(schema, name))) for name, each in value.items()}
    return value


def _octets(value: Any) -> bytes | None:
    return bytes.fromhex(value) if isinstance(value, str) and _HEX.fullmatch(value) else None


def _describes_octets(schema: Schema) -> bool:
    return any(branch.get("contentEncoding") == "base16" for branch in _branches(schema))


def _branches(schema: Schema) -> Iterator[Schema]:
    """The schema with its references followed, and each of what it may or must also be."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield schema
    for keyword in ("anyOf", "allOf", "oneOf"):
        for branch in schema.get(keyword, []):
            yield from _branches(branch)


def _merged(schemas: list[Schema]) -> Schema:
    return {"anyOf": schemas}


def _element(schema: Schema, place: int) -> list[Schema]:
    found = []
    for branch in _branches(schema):
        prefix = branch.get("prefixItems", [])
        found += [prefix[place]] if place < len(prefix) else [branch["items"]] if isinstance(branch.get("items"), dict) else []
    return found


def _member(schema: Schema, name: str) -> list[Schema]:
    return [branch["properties"][name] for branch in _branches(schema) if name in branch.get("properties", {})]
