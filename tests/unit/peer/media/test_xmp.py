"""XMP packets: both spellings of a property, and packets that mean harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.xmp import MAX_PACKET_BYTES, read_packet

HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"'
)
TAIL = "</rdf:RDF></x:xmpmeta>"
ATTRIBUTE = f'{HEAD} xmp:CreateDate="2010-09-27T14:35:33+02:00"/>{TAIL}'
ELEMENT = f"{HEAD}><xmp:CreateDate> 2010-09-27T14:35:33+02:00 </xmp:CreateDate><aux:Lens>EF 50mm</aux:Lens></rdf:Description>{TAIL}"


@pytest.mark.parametrize("packet", [ATTRIBUTE.encode(), ELEMENT.encode(), ELEMENT.encode() + bytes(20), ATTRIBUTE.encode("utf-16")])
def test_attributes_and_elements_mean_the_same(packet: bytes) -> None:
    assert read_packet(packet)["xmp:CreateDate"] == "2010-09-27T14:35:33+02:00"


def test_other_properties_by_their_usual_names() -> None:
    assert read_packet(ELEMENT.encode()) == {"xmp:CreateDate": "2010-09-27T14:35:33+02:00", "aux:Lens": "EF 50mm"}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"not xml",
        b"<open>",
        b"\xff\xfe<\x00",
        b'<?xml version="1.0" encoding="no-such-encoding"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + ELEMENT.encode(),
        ELEMENT.encode() + b" " * MAX_PACKET_BYTES,
        b"<a>" * 50_000,
    ],
)
def test_everything_else_is_empty(packet: bytes) -> None:
    assert read_packet(packet) == {}


def test_long_and_nested_values_are_left_out() -> None:
    nested = f"{HEAD}><xmp:CreateDate><xmp:deep/></xmp:CreateDate><aux:Lens>{'x' * 300}</aux:Lens></rdf:Description>{TAIL}"
    assert read_packet(nested.encode()) == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_properties_or_nothing(packet: bytes) -> None:
    assert isinstance(read_packet(packet), dict)
