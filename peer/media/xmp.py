"""What an XMP packet says about a picture: the few properties that metadata falls back on (ISO 16684-1).

A property stands either as an attribute of ``rdf:Description`` or as an element inside it. Packets are parsed without entities and
without document types, and only up to a size.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_PACKET_BYTES = 1024 * 1024
MAX_VALUE_CHARACTERS = 256

_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_NAMESPACES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
}


def read_packet(packet: bytes) -> Mapping[str, str]:
    """The simple properties of the known namespaces, as ``{"xmp:CreateDate": …}``; empty for anything that isn't XMP."""
    if not packet or len(packet) > MAX_PACKET_BYTES:
        return {}
    try:
        root = fromstring(_without_padding(packet), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    properties: dict[str, str] = {}
    for description in root.iter(_DESCRIPTION):
        for tag, value in _simple_properties(description):
            name = _short_name(tag)
            if name and value and len(value) <= MAX_VALUE_CHARACTERS:
                properties.setdefault(name, value)
    return properties


def _without_padding(packet: bytes) -> bytes:
    """What writers put around a packet of single bytes, NULs too, isn't XML; in UTF-16 every other byte is NUL."""
    return packet if packet.startswith((b"\xff\xfe", b"\xfe\xff")) else packet.strip(b"\x00 \r\n\t")


def _simple_properties(description: Element) -> list[tuple[str, str]]:
    attributes = list(description.attrib.items())
    return attributes + [(child.tag, (child.text or "").strip()) for child in description if isinstance(child.tag, str) and not len(child)]


def _short_name(tag: str) -> str | None:
    namespace, _, name = tag.removeprefix("{").partition("}")
    prefix = _NAMESPACES.get(namespace)
    return f"{prefix}:{name}" if prefix else None
