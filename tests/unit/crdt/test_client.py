"""Client ids and writers."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.client import MAX_CLIENT, client_id, client_of, writer
from crdt.clock import Stamp
from store.ids import NO_ENTRY, LogId

LOG = LogId(bytes(range(16)))
STAMP = Stamp.of(1_700_000_000_000, 3)


def test_the_first_53_bits_of_the_hash() -> None:
    random = bytes(range(100, 116))
    digest = hashlib.sha256(LOG + NO_ENTRY + STAMP + random).digest()
    assert client_id(LOG, NO_ENTRY, STAMP, random) == int(bin(int.from_bytes(digest, "big") | 1 << 256)[3 : 3 + 53], 2)


def test_two_entries_after_one_predecessor_differ_by_their_random_bytes() -> None:
    assert client_id(LOG, NO_ENTRY, STAMP, bytes(16)) != client_id(LOG, NO_ENTRY, STAMP, bytes(15) + b"\1")


def test_random_bytes_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        client_id(LOG, NO_ENTRY, STAMP, bytes(15))


@given(st.integers(0, MAX_CLIENT))
def test_a_writer_names_its_client(client: int) -> None:
    assert len(writer(client)) == 9
    assert client_of(writer(client)) == client


@pytest.mark.parametrize("client", [-1, MAX_CLIENT + 1])
def test_larger_ids_have_no_writer(client: int) -> None:
    with pytest.raises(ValueError, match="53 bits"):
        writer(client)


@pytest.mark.parametrize("text", ["", "AAAAAAAA", "AAAAAAAAAA", "AAAA/AAAA", "AAAAAAAA=", "gAAAAAAAA", "_________", "AAAAAAAAé"])
def test_what_is_no_writer(text: str) -> None:
    with pytest.raises(ValueError, match=r"writer|client"):
        client_of(text)
