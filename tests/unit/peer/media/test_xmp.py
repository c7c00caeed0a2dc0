"""XMP packets: both spellings of a property, and packets that mean harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.xmp import MAX_PACKET_BYTES, MAX_VALUE_CHARACTERS, NotXmpError, number_of, parse_packet, read_packet, text_of
from tests.fixtures import blocks

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


def test_what_is_too_long_or_no_rdf_is_left_out() -> None:
    long = "x" * (MAX_VALUE_CHARACTERS + 1)
    nested = f"{HEAD}><xmp:CreateDate><xmp:deep/></xmp:CreateDate><aux:Lens>{long}</aux:Lens></rdf:Description>{TAIL}"
    assert read_packet(nested.encode()) == {}


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"not xml", "it isn't XML"),
        (b"<a/>", "it is XML, but not XMP"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "it declares a document type or entities"),
        (b" " * 20_000_000, "it is larger than 4 MiB"),
        (b"<a>" + b"<b/>" * 60_000 + b"</a>", "it has too many elements"),
        (b"<a>" * 50, "its elements stand in each other too deep"),
    ],
)
def test_a_refusal_has_its_reason(packet: bytes, reason: str) -> None:
    with pytest.raises(NotXmpError, match=f"^{reason}$"):
        parse_packet(packet)


def test_a_billion_laughs_cost_nothing() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    assert read_packet(f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]><a>&l9;</a>'.encode()) == {}


class TestShapes:
    """The forms of RDF that XMP allows."""

    def test_arrays(self) -> None:
        found = read_packet(blocks.packet(blocks.array("dc:subject", "b", "a") + blocks.array("exif:ISOSpeedRatings", "160", kind="Seq")))
        assert found == {"dc:subject": ["b", "a"], "exif:ISOSpeedRatings": ["160"]}
        assert (text_of(found["exif:ISOSpeedRatings"]), number_of(found["exif:ISOSpeedRatings"])) == ("160", 160)

    def test_of_alternatives_the_default_comes_first(self) -> None:
        languages = '<rdf:li xml:lang="de">Baum</rdf:li><rdf:li xml:lang="x-default">tree</rdf:li>'
        assert read_packet(blocks.packet(f"<dc:description><rdf:Alt>{languages}</rdf:Alt></dc:description>")) == {
            "dc:description": ["tree", "Baum"]
        }

    @pytest.mark.parametrize(
        "structure",
        [
            '<mwg-rs:Area rdf:parseType="Resource"><stArea:x>0.5</stArea:x></mwg-rs:Area>',
            "<mwg-rs:Area><rdf:Description><stArea:x>0.5</stArea:x></rdf:Description></mwg-rs:Area>",
            '<mwg-rs:Area><rdf:Description stArea:x="0.5"/></mwg-rs:Area>',
            '<mwg-rs:Area stArea:x="0.5"/>',
        ],
    )
    def test_structures(self, structure: str) -> None:
        assert read_packet(blocks.packet(structure)) == {"mwg-rs:Area": {"stArea:x": "0.5"}}

    def test_qualifiers_are_left_out(self) -> None:
        qualified = '<xmp:Rating rdf:parseType="Resource"><rdf:value>4</rdf:value><xmp:by>me</xmp:by></xmp:Rating>'
        assert read_packet(blocks.packet(qualified)) == {"xmp:Rating": "4"}

    def test_a_structure_inside_another_is_no_property_of_the_picture(self) -> None:
        inner = '<MP:RegionInfo><rdf:Description xmp:Rating="5"/></MP:RegionInfo>'
        assert "xmp:Rating" not in read_packet(blocks.packet(inner))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("28/10", 2.8),
        ("2.8", 2.8),
        (" 3 ", 3),
        ("-1", -1),
        (".5", 0.5),
        ("1e-05", 0.00001),
        ("1/0", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert number_of(text) == number


@given(st.binary(max_size=200))
def test_any_bytes_are_properties_or_nothing(packet: bytes) -> None:
    assert isinstance(read_packet(packet), dict)
