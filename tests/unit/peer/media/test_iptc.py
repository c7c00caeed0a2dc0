"""IPTC as agencies write it, and data sets that lie."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.iptc import Iptc, from_resources, iptc_statement
from tests.fixtures.blocks import data_set, resource

UTF_8 = data_set(1, 90, b"\x1b%G")


def said_by(*sets: bytes) -> tuple[str | None, list[str] | None]:
    statement = iptc_statement(Iptc(block=b"".join(sets)))
    return statement.caption, statement.keywords


def test_keywords_caption_and_dates() -> None:
    block = b"".join(
        [
            UTF_8,
            data_set(2, 25, "Gänseblümchen".encode()),
            data_set(2, 25, b"meadow"),
            data_set(2, 25, b"meadow"),
            data_set(2, 120, "Ein Frühlingstag.\rSehr schön.".encode()),
            data_set(2, 55, b"20240721"),
            data_set(2, 60, b"180311+0200"),
            data_set(2, 62, b"20240722"),
        ]
    )
    said = iptc_statement(Iptc(block=block))
    assert said.keywords == ["Gänseblümchen", "meadow"]
    assert said.caption == "Ein Frühlingstag.\nSehr schön."
    assert (said.created, said.digitised) == ("2024-07-21T18:03:11+02:00", "2024-07-22T00:00:00")


def test_text_is_western_when_nothing_says_otherwise() -> None:
    assert said_by(data_set(2, 25, b"caf\xe9"), data_set(2, 120, b"\x93quoted\x94")) == ("“quoted”", ["café"])
    assert said_by(UTF_8, data_set(2, 25, b"caf\xe9")) == (None, ["café"])
    assert said_by(data_set(1, 90, b"\x1b-A"), data_set(2, 25, "é".encode())) == (None, ["Ã©"])


@pytest.mark.parametrize(
    "lie",
    [
        b"\x1c\x02\x19\x7f\xffshort",
        b"\x1c\x02\x19\x80\x04\xff\xff\xff\xffshort",
        b"\x1c\x02\x19\xff\xff",
        b"\x1c\x02\x19",
        b"\x1d\x02\x19\x00\x01x",
    ],
)
def test_a_length_that_lies_ends_the_reading(lie: bytes) -> None:
    assert said_by(data_set(2, 25, b"before"), lie, data_set(2, 25, b"after")) == (None, ["before"])


def test_extended_lengths() -> None:
    assert said_by(b"\x1c\x02\x78\x80\x04" + struct.pack(">I", 40_000) + b"x" * 40_000)[0] == "x" * 8192


@pytest.mark.parametrize(
    ("date", "time", "moment"), [("20240721", "180311", "2024-07-21T18:03:11"), ("20240721", "99", "2024-07-21T00:00:00")]
)
def test_a_time_may_be_missing_in_part(date: str, time: str, moment: str) -> None:
    block = data_set(2, 55, date.encode()) + data_set(2, 60, time.encode())
    assert iptc_statement(Iptc(block=block)).created == moment


@pytest.mark.parametrize("date", ["00000000", "2024", "20241340", "２０２４0721"])
def test_absurd_dates_are_absent(date: str) -> None:
    assert iptc_statement(Iptc(block=UTF_8 + data_set(2, 55, date.encode()))).created is None


def test_the_digest_tells_who_wrote_last() -> None:
    block = data_set(2, 25, b"word")
    digest = hashlib.md5(block, usedforsecurity=False).digest()
    assert from_resources(resource(0x0404, block)) == Iptc(block=block)
    assert not from_resources(resource(0x0404, block) + resource(0x0425, digest)).changed_alone
    assert not from_resources(resource(0x0404, block) + resource(0x0425, bytes(16))).changed_alone
    assert from_resources(resource(0x0425, digest[::-1]) + resource(0x0404, block)).changed_alone
    assert not from_resources(resource(0x0425, digest)).changed_alone


@pytest.mark.parametrize("cut", range(1, 30))
def test_resources_that_are_cut_off_are_absent(cut: int) -> None:
    whole = resource(0x03ED, b"odd", name=b"name") + resource(0x0404, data_set(2, 25, b"words"))
    assert from_resources(whole).block
    assert from_resources(whole[: len(whole) - cut]).block == b""


@given(st.binary(max_size=200))
def test_any_bytes_are_a_statement(data: bytes) -> None:
    iptc_statement(from_resources(data))
    iptc_statement(Iptc(block=b"\x1c\x02\x19" + data))
