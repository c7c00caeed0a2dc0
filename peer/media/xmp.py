"""What an XMP packet says, as plain values by name (ISO 16684-1, chapter 7: the part of RDF that XMP uses).

A property stands as an attribute of ``rdf:Description`` or as an element inside it. Its value is a text, an array (``rdf:Bag``, ``rdf:Seq``,
``rdf:Alt``: a list; of alternatives the default language comes first) or a structure (a dict by name). Names have their usual prefix, whatever
prefix the packet gives them; what stands in other namespaces isn't read.

Packets are hostile: parsed without entities and document types, with limits on bytes, elements, attributes, depth and the length of a text. What is
no XMP reads as empty, what isn't RDF inside it as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

XmpValue: TypeAlias = "str | list[XmpValue] | dict[str, XmpValue]"
Packet: TypeAlias = Mapping[str, XmpValue]

MAX_PACKET_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 10_000
MAX_DEPTH = 32
MAX_VALUE_CHARACTERS = 32 * 1024

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES: Mapping[str, str] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "calotype": "urn:calotype:xmp:1.0#",
}
_NUMBER = re.compile(r"([+-]?(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?)(?:/(\d{1,15}))?", re.ASCII)

_PREFIXES = {namespace: prefix for prefix, namespace in NAMESPACES.items()}

_ROOT, _DESCRIPTION, _ITEM, _VALUE = f"{{{RDF}}}RDF", f"{{{RDF}}}Description", f"{{{RDF}}}li", f"{{{RDF}}}value"
_ARRAYS = frozenset({f"{{{RDF}}}Bag", f"{{{RDF}}}Seq", f"{{{RDF}}}Alt"})
_PARSE_TYPE, _RESOURCE = f"{{{RDF}}}parseType", f"{{{RDF}}}resource"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_DEFAULT_LANGUAGE = "x-default"


class NotXmpError(ValueError):
    """Bytes that are no XMP packet, or one beyond the limits."""


def read_packet(packet: bytes) -> dict[str, XmpValue]:
    """The properties of the known namespaces, as ``{"xmp:CreateDate": …}``; empty for anything that isn't XMP."""
    try:
        return parse_packet(packet)
    except NotXmpError:
        return {}


def parse_packet(packet: bytes) -> dict[str, XmpValue]:
    """The same, but ``NotXmpError`` for what isn't XMP, with a reason that people can read."""
    if len(packet) > MAX_PACKET_BYTES:
        raise NotXmpError(f"it is larger than {MAX_PACKET_BYTES // 1024**2} MiB")
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True)
    try:
        parser.feed(without_padding(packet))
        root = parser.close()
    except _BeyondLimitsError as error:
        raise NotXmpError(str(error)) from error
    except DefusedXmlException as error:
        raise NotXmpError("it declares a document type or entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotXmpError("it isn't XML") from error
    rdf = next(root.iter(_ROOT), None)
    if rdf is None:
        raise NotXmpError("it is XML, but not XMP")
    properties: dict[str, XmpValue] = {}
    for description in rdf:
        if description.tag == _DESCRIPTION:
            for name, value in _structure(description).items():
                properties.setdefault(name, value)
    return properties


def text_of(value: XmpValue | None) -> str:
    """A text; of an array its first item; empty for everything else."""
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


def number_of(value: XmpValue | None) -> float | None:
    """A whole number, a decimal or a rational, of an array its first item; ``None`` for everything else."""
    match = _NUMBER.fullmatch(text_of(value).strip())
    if match is None:
        return None
    below = int(match[2] or 1)
    return float(match[1]) / below if below else None


def texts_of(value: XmpValue | None) -> list[str]:
    """The texts of an array; a text alone counts as an array of one."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def structures_of(value: XmpValue | None) -> list[dict[str, XmpValue]]:
    """The structures of an array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def structure_of(value: XmpValue | None) -> dict[str, XmpValue]:
    """A structure; an empty one for everything else."""
    return value if isinstance(value, dict) else {}


def without_padding(packet: bytes) -> bytes:
    """What writers put around a packet of single bytes, NULs too, isn't XML; in UTF-16 every other byte is NUL."""
    return packet if packet.startswith((b"\xff\xfe", b"\xfe\xff")) else packet.strip(b"\x00 \r\n\t")


class _BeyondLimitsError(ValueError):
    """XML that could be XMP, but is too much of it."""


class _BoundedBuilder(TreeBuilder):
    """Builds no tree that is larger or deeper than packets are."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._attributes = self._depth = 0

    def start(self, tag: str, attributes: dict[str, str], /) -> Element:
        self._elements += 1
        self._attributes += len(attributes)
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._attributes > MAX_ATTRIBUTES:
            raise _BeyondLimitsError("it has too many elements")
        if self._depth > MAX_DEPTH:
            raise _BeyondLimitsError("its elements stand in each other too deep")
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _structure(element: Element) -> dict[str, XmpValue]:
    """The properties of a description, its attributes first."""
    found: dict[str, XmpValue] = {}
    for tag, value in _properties(element):
        name = _short_name(tag)
        if name is not None and value not in ("", [], {}, None):
            found.setdefault(name, value)
    return found


def _properties(element: Element) -> Iterator[tuple[str, XmpValue]]:
    for tag, text in element.attrib.items():
        yield tag, _bounded(text)
    for child in element:
        if isinstance(child.tag, str):
            yield child.tag, _value(child)


def _value(element: Element) -> XmpValue:
    """What a property element, or an item of an array, holds."""
    if element.get(_PARSE_TYPE) == "Resource":
        return _unqualified(element)
    if _RESOURCE in element.attrib:
        return _bounded(element.attrib[_RESOURCE])
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
        return _bounded(element.text or "") or _structure(element)
    if children[0].tag in _ARRAYS:
        return _array(children[0])
    return _unqualified(children[0]) if children[0].tag == _DESCRIPTION else ""


def _unqualified(element: Element) -> XmpValue:
    """A structure, or the value that stands beside its qualifiers."""
    value = element.find(_VALUE)
    return _structure(element) if value is None else _value(value)


def _array(element: Element) -> list[XmpValue]:
    items = [item for item in element if item.tag == _ITEM]
    items.sort(key=lambda item: item.get(_LANGUAGE) != _DEFAULT_LANGUAGE)
    return [value for item in items if (value := _value(item))]


def _bounded(text: str) -> str:
    text = text.strip()
    return text if len(text) <= MAX_VALUE_CHARACTERS else ""


def _short_name(tag: str) -> str | None:
    namespace, _, name = tag.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{name}" if prefix else None
