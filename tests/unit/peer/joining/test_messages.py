"""The messages of a joining: sealing, commitments, names, and the short code."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.joining.errors import MalformedMessageError, UnusableNameError
from peer.joining.messages import Introduction, Role, Step, check_name, open_message, parse_introduction, seal_message, short_code
from peer.keys.errors import UnsealError
from store.encoding import MalformedError, encode
from tests.unit.peer.joining.parties import OTHER_TICKET, TICKET, keys_of
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import flipped

ANNA, BERT = keys_of("anna"), keys_of("bert")


def introduction(name: str = "Anna", nonce: bytes = bytes(32)) -> Introduction:
    return Introduction(signing_key=ANNA.signing_key, wrapping_key=ANNA.wrapping_key, nonce=nonce, name=name)


@given(st.sampled_from(Step), st.binary(max_size=200))
def test_messages_are_those_of_the_protocol(step: Step, plaintext: bytes) -> None:
    role = 0 if step in (1, 3, 5) else 1
    sealed = reference.seal(TICKET.message_key, "join", encode([role, int(step)]), plaintext)
    message = seal_message(TICKET, step, plaintext)
    assert message == encode([role, int(step), sealed])
    assert open_message(TICKET, message) == (role, step, plaintext)


def test_steps_alternate_between_the_roles() -> None:
    assert [step.sender for step in Step] == [Role.JOINER, Role.INVITER] * 3


@given(st.sampled_from(Step), st.binary(max_size=100), st.integers(min_value=0))
def test_a_message_with_a_flipped_bit_does_not_open(step: Step, plaintext: bytes, bit: int) -> None:
    with pytest.raises((UnsealError, MalformedError)):
        open_message(TICKET, flipped(seal_message(TICKET, step, plaintext), bit))


def test_a_message_of_another_ticket_does_not_open() -> None:
    with pytest.raises(UnsealError):
        open_message(OTHER_TICKET, seal_message(TICKET, Step.JOINER_COMMITS, b""))


def test_commitment_and_code_are_computed_as_the_protocol_says() -> None:
    anna, bert = introduction(), Introduction(signing_key=BERT.signing_key, wrapping_key=BERT.wrapping_key, nonce=b"\x01" * 32, name="Bert")
    keys = {each: encode([each.signing_key, each.wrapping_key, each.nonce]) for each in (anna, bert)}
    assert anna.commitment == hashlib.sha256(b"calotype commit" + keys[anna]).digest()
    digest = hashlib.sha256(b"calotype code" + TICKET.encode() + keys[bert] + keys[anna]).digest()
    bits = bin(int.from_bytes(digest, "big"))[2:].zfill(256)[:30]
    assert short_code(TICKET, joiner=bert, inviter=anna) == f"{int(bits[:15], 2):05d} {int(bits[15:], 2):05d}"


def test_the_code_depends_on_everything_that_was_revealed_but_the_names() -> None:
    bert = Introduction(signing_key=BERT.signing_key, wrapping_key=BERT.wrapping_key, nonce=bytes(32), name="Bert")
    codes = {
        short_code(TICKET, joiner=bert, inviter=introduction()),
        short_code(OTHER_TICKET, joiner=bert, inviter=introduction()),
        short_code(TICKET, joiner=introduction(), inviter=bert),
        short_code(TICKET, joiner=bert, inviter=introduction(nonce=b"\x01" * 32)),
    }
    assert len(codes) == 4
    assert short_code(TICKET, joiner=bert, inviter=introduction(name="Other")) in codes


@given(st.binary(min_size=32, max_size=32))
def test_introductions_round_trip(nonce: bytes) -> None:
    assert parse_introduction(introduction(nonce=nonce).encode()) == introduction(nonce=nonce)


S, W, N = ANNA.signing_key, ANNA.wrapping_key, bytes(32)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [S, W, N],
        [S, W, N, "Anna", 1],
        [S[1:], W, N, "Anna"],
        [S, W[1:], N, "Anna"],
        [S, b"\xff" * 1216, N, "Anna"],
        [S, W, N[1:], "Anna"],
        [S, W, N, b"Anna"],
        [S, W, N, ""],
        [S, W, N, "Anna\x1b[2J"],
    ],
)
def test_introductions_of_another_shape_are_refused(value: object) -> None:
    with pytest.raises(MalformedMessageError):
        parse_introduction(encode(value))


@pytest.mark.parametrize("name", ["Anna", "Annas Zweit-Rechner (alt)", "écran", "日本語", "👨‍👩‍👧", "x" * 64])
def test_names_that_people_use(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3000",
        "x" * 65,
        "two\nlines",
        "bell\a",
        "\x1b[31mred",
        "right\u202eleft",
        "zero\u200bwidth",
        "nul\0",
        "\ud800",
        None,
        b"Anna",
    ],
)
def test_names_that_a_screen_would_act_upon(name: object) -> None:
    with pytest.raises(UnusableNameError):
        check_name(name)
