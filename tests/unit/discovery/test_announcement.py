"""What devices write is read again; anything else is refused or cut off, whatever it is."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.announcement import (
    MAX_ADDRESSES,
    MAX_TEXT_BYTES,
    Announcement,
    encode_text,
    host_name,
    parse_announcement,
    parse_service_name,
    parse_text,
    service_name,
    usable_addresses,
)
from discovery.tags import MAX_TAGS, Tag
from store.encoding import MalformedError
from tests.unit.discovery.seeded import instance

PINNED = json.loads((Path(__file__).parents[2] / "golden" / "discovery" / "announcement.json").read_text("utf-8"))
TAGS = st.lists(st.binary(min_size=8, max_size=8).map(Tag), min_size=1, max_size=MAX_TAGS).map(tuple)
ANNA = instance("anna")
TEXT = encode_text([Tag(b"12345678")])


def strings(*parts: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in parts)


def parsed(**changes: Any) -> Announcement:
    said = {"name": service_name(ANNA), "server": host_name(ANNA), "port": 4000, "text": TEXT, "addresses": ["10.0.0.1"], "loopback": False}
    return parse_announcement(**{**said, **changes})


def test_the_text_is_pinned() -> None:
    for case in PINNED["texts"]:
        tags = tuple(Tag.parse(each) for each in case["tags"])
        assert encode_text(tags).hex() == case["text"]
        assert parse_text(bytes.fromhex(case["text"])) == tags


def test_names_are_pinned() -> None:
    for case in PINNED["names"]:
        name = parse_service_name(case["service"])
        assert name == case["instance"]
        assert name is not None
        assert (service_name(name), host_name(name)) == (case["service"], case["host"])


@given(TAGS)
def test_every_text_is_read_again(tags: tuple[Tag, ...]) -> None:
    text = encode_text(tags)
    assert parse_text(text) == tags
    assert parse_text(strings(b"later=1", b"alone") + text + strings(b"V=2", b"t=AAAA")) == tags


@given(st.one_of(st.binary(max_size=200), TAGS.map(encode_text)), st.integers(0, 300), st.integers(0, 255))
def test_no_bytes_break_the_parser(text: bytes, position: int, byte: int) -> None:
    """Nothing but ``MalformedError``; and what passes is within bounds."""
    for attempt in (text, text[:position], text[:position] + bytes([byte]) + text[position + 1 :]):
        try:
            tags = parse_text(attempt)
        except MalformedError:
            continue
        assert 0 < len(tags) <= MAX_TAGS


@pytest.mark.parametrize(
    "text",
    [
        b"",
        strings(b"v=1"),
        strings(b"v=1", b"t="),
        strings(b"t=MTIzNDU2Nzg"),
        strings(b"v=2", b"t=MTIzNDU2Nzg"),
        strings(b"v=1", b"t=MTIzNDU2Nzg="),
        strings(b"v=1", b"t=MTIzNDU2Nzh"),
        strings(b"v=1", b"t=MTIzNDU2"),
        strings(b"v=1", b"t=MTIz NDU2Nzg"),
        strings(b"v=1", b"t=" + b"+/+/+/+/+/8"),
        strings(b"v=1", b"t=" + b"A" * 182),
        TEXT[:-1],
        TEXT + b"\x05abc",
        TEXT + strings(b"x" * 255) * 4,
    ],
)
def test_other_texts_are_refused(text: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_text(text)


def test_a_text_that_is_just_short_enough_is_read() -> None:
    filling = MAX_TEXT_BYTES - len(TEXT)
    full = TEXT + b"".join(strings(b"x" * (min(255, filling - at - 1))) for at in range(0, filling, 256))
    assert len(full) == MAX_TEXT_BYTES
    assert parse_text(full) == (Tag(b"12345678"),)
    with pytest.raises(MalformedError, match="too long"):
        parse_text(full + b"\x00")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "anna._calotype._tcp.local."},
        {"name": f"{ANNA}._other._tcp.local."},
        {"name": f"{ANNA}"},
        {"name": f"{ANNA}.x._calotype._tcp.local."},
        {"server": None},
        {"server": host_name(instance("bela"))},
        {"server": "localhost."},
        {"port": None},
        {"port": 0},
        {"port": -1},
        {"port": 65536},
        {"addresses": []},
        {"addresses": ["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.251", "ff02::fb", "fe80::1", "example.org", ""]},
        {"text": b"\x00"},
    ],
)
def test_what_no_device_announces_is_refused(change: dict[str, Any]) -> None:
    assert parsed().port == 4000
    with pytest.raises(MalformedError):
        parsed(**change)


def test_addresses_that_lead_nowhere_are_dropped() -> None:
    texts = ["10.0.0.1", "10.0.0.1", "127.0.0.1", "0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "239.1.2.3", "999.0.0.1"]
    texts += ["::1", "::", "ff02::1%2", "fe80::1", "fe80::2%3", "fd00::1", "fd00::2%3", "::ffff:10.0.0.9", "nonsense"]
    there = (IPv4Address("10.0.0.1"), IPv6Address("fd00::1"), IPv6Address("fd00::2"), IPv6Address("fe80::2%3"))
    assert usable_addresses(texts, loopback=False) == there
    with_loopback = usable_addresses(texts, loopback=True)
    assert set(with_loopback) == {*there, IPv4Address("127.0.0.1"), IPv6Address("::1")}


@given(st.lists(st.one_of(st.ip_addresses().map(str), st.text(max_size=20)), max_size=300), st.booleans())
def test_few_addresses_are_kept_in_one_order(texts: list[str], loopback: bool) -> None:
    kept = usable_addresses(texts, loopback=loopback)
    assert len(kept) <= MAX_ADDRESSES
    assert len(set(kept)) == len(kept)
    assert usable_addresses(map(str, reversed(kept)), loopback=loopback) == kept
    assert loopback or not any(address.is_loopback for address in kept)


@given(st.text(max_size=80))
def test_no_name_breaks_the_parser(name: str) -> None:
    assert parse_service_name(name) is None


def test_an_announcement_has_bounds() -> None:
    good = parsed()
    for change in ({"tags": ()}, {"addresses": ()}, {"addresses": tuple(ip_address(each) for each in range(1, 18))}, {"port": 0}):
        values: dict[str, Any] = {"instance": ANNA, "port": 1, "addresses": good.addresses, "tags": good.tags, **change}
        with pytest.raises(ValueError, match=r"port|address|tags"):
            Announcement(**values)
