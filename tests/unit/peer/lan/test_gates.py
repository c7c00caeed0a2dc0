"""By which names a peer may be asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peer.joining.ticket import Ticket
from peer.lan.gates import NONCE_BYTES, Gate, invitation_gate, members_gate
from store.ids import LibraryId

KEYS = st.binary(min_size=32, max_size=32)
NONCES = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
LIBRARY = LibraryId(bytes(range(32)))
TICKET = Ticket(library=LIBRARY, secret=bytes(range(16)), expires=1, nodes=())
MEMBERS = "0000000000000000000000000e640d010525a2356d5ae3b8655507b6"
INVITATION = "0000000000000000000000005d13f97c0134cce8a7b77de7ff981c88"


@given(KEYS, NONCES)
def test_a_gate_opens_for_names_made_with_its_key(key: bytes, nonce: bytes) -> None:
    name = Gate(key).name(nonce)
    assert Gate(key).opens_for(name)
    assert len(name) < 64  # one label of a host name


@given(KEYS, KEYS, NONCES)
def test_and_for_no_others(key: bytes, other: bytes, nonce: bytes) -> None:
    assert key == other or not Gate(key).opens_for(Gate(other).name(nonce))


@given(st.one_of(st.none(), st.text(max_size=80), st.text("0123456789abcdef", min_size=56, max_size=56)))
def test_whatever_a_stranger_asks_for(name: str | None) -> None:
    assert not Gate(bytes(32)).opens_for(name)


def test_a_name_has_one_spelling() -> None:
    name = Gate(bytes(32)).name(b"abcdefghijkl")
    assert not Gate(bytes(32)).opens_for(name.upper())
    assert not Gate(bytes(32)).opens_for(name + "\n")


def test_golden_names() -> None:
    assert members_gate(LIBRARY).name(bytes(NONCE_BYTES)) == MEMBERS
    assert invitation_gate(TICKET).name(bytes(NONCE_BYTES)) == INVITATION


def test_a_gate_s_key_is_in_no_text() -> None:
    assert LIBRARY.hex() not in repr(members_gate(LIBRARY))
    assert members_gate(LIBRARY).key.hex() not in repr(members_gate(LIBRARY))
