"""Joining: tickets that a person pastes, messages of the box, introductions, and both sides of the handshake."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import httpx

from peer.joining.errors import HandshakeError, MalformedMessageError, TicketError
from peer.joining.handshake import ENDS, MAX_MESSAGES, Handshake, InviterHandshake, JoinerHandshake, State
from peer.joining.messages import (
    MAX_NAME_CHARACTERS,
    Introduction,
    Step,
    encode_answer,
    open_message,
    parse_introduction,
    seal_message,
)
from peer.joining.ticket import MAX_NODES, Ticket, parse_ticket
from peer.keys.errors import UnsealError
from peer.keys.sealing import seal
from peer.keys.wrapping import WrappingKeys
from peer.place import parse_place
from relay.errors import AddressError
from relay.http_call import connectable_url
from store.encoding import MalformedError, decode, encode
from store.ids import LibraryId
from tests.fuzz.chance import Chance
from tests.fuzz.seeds import golden_json
from tests.fuzz.structure import Door, behind, mutated_cbor, selected
from tests.fuzz.target import Mutator, Target, promise

_PREFIX = "calotype1:"
_PERSON_SAYS_YES = -1
_SIDES = (InviterHandshake, JoinerHandshake)


def ticket(data: bytes) -> None:
    """An accepted ticket has one text, keeps its limits, and names places to connect to, or some that a client refuses by name."""
    text = data.decode("utf-8", "replace")
    try:
        parsed = parse_ticket(text)
    except TicketError as error:
        promise(text[20:] not in str(error) or len(text) < 30, "an error that quotes the ticket")
        return
    promise(parsed.to_text() == "".join(text.split()), "another text of the same ticket")
    promise(parse_ticket(parsed.to_text()) == parsed, "a ticket that isn't read as it is written")
    promise(len(parsed.nodes) <= MAX_NODES, "more nodes than allowed")
    promise(len(parsed.relays) + len(parsed.neighbours) == len(parsed.nodes), "a node that is neither relay nor neighbour")
    for url, _ in parsed.relays:
        with suppress(AddressError):
            promise(bool(httpx.URL(connectable_url(url)).host), "a relay without a host")
    for place, _ in parsed.neighbours:
        promise(parse_place(str(place)) == place, "a place with two spellings")
    promise(parsed.secret.hex() not in repr(parsed), "a secret in a text")


def join_message(data: bytes) -> None:
    """A message that opens with the ticket is what sealing its content gives, byte for byte."""
    try:
        role, number, plaintext = open_message(_ticket(), data)
    except (MalformedError, UnsealError):
        return
    if number in set(Step) and role == Step(number).sender:
        promise(seal_message(_ticket(), Step(number), plaintext) == data, "two seals of the same message")


def introduction(data: bytes) -> None:
    """An accepted introduction has one encoding, and a name that a screen can show on one line."""
    try:
        parsed = parse_introduction(data)
    except MalformedMessageError:
        return
    promise(parsed.encode() == data, "another encoding of the same introduction")
    promise(0 < len(parsed.name) <= MAX_NAME_CHARACTERS, "a name that is too long, or none")
    promise(parsed.name.splitlines() == [parsed.name] and parsed.name.strip() != "", "a name of several lines, or of none")
    parsed.name.encode()


def handshake(data: bytes) -> None:
    """Whatever comes, a joining ends by a documented error or goes on; nobody joins without a person's yes and kept commitments."""
    if not data:
        return
    try:
        moves = decode(data[1:], limit=1 << 16, depth=2)
    except MalformedError:
        return
    if type(moves) is not list:
        return
    side = _side(data[0] % len(_SIDES))
    said_yes = False
    for count, move in enumerate(moves[: 2 * MAX_MESSAGES]):
        if move == _PERSON_SAYS_YES:
            if side.state in (State.COMPARING, State.ANSWERED):
                side.codes_match()
                said_yes = True
            continue
        try:
            side.receive(_message(move))
        except HandshakeError:
            promise(side.over, "an error that doesn't end the joining")
        promise(count < 2 * MAX_MESSAGES, "more messages than allowed")
        promise(side.state not in (State.AGREED, State.JOINED, State.CONFIRMED) or said_yes, "agreed without a person's yes")
        promise((side.other is None) == (side.short_code is None), "a code without another side")
        if side.state in ENDS:
            promise(side.state is not State.JOINED or side.other is not None, "joined with nobody")


def _message(move: Any) -> bytes:
    """What is put into the box: a message as it is, or a step with its content, sealed with the ticket."""
    match move:
        case [int(number), bytes(plaintext)] if number in set(Step):
            return seal_message(_ticket(), Step(number), plaintext)
        case bytes():
            return move
        case _:
            return b""


def _side(number: int) -> Handshake:
    inviter, joiner = _introductions()
    own = (inviter, joiner)[number]
    side = _SIDES[number](
        ticket=_ticket(), signing_key=own.signing_key, wrapping_key=own.wrapping_key, name=own.name, random=lambda _: own.nonce
    )
    if isinstance(side, JoinerHandshake):
        side.start()
    return side


@cache
def _ticket() -> Ticket:
    return parse_ticket(golden_json("keys/ticket")["text"])


@cache
def _introductions() -> tuple[Introduction, Introduction]:
    def made(name: str) -> Introduction:
        random = Random(name)
        wrapping = WrappingKeys.generate(random.randbytes).public
        return Introduction(signing_key=random.randbytes(32), wrapping_key=wrapping, nonce=random.randbytes(32), name=name)

    return made("Inviter"), made("Joiner’s 📷")


def _conversations() -> Mapping[str, bytes]:
    inviter, joiner = _introductions()
    yes, no = encode_answer(True), encode_answer(False)
    to_inviter: list[Any] = [
        [Step.JOINER_COMMITS, joiner.commitment],
        [Step.JOINER_REVEALS, joiner.encode()],
        _PERSON_SAYS_YES,
        [Step.JOINER_ANSWERS, yes],
    ]
    to_joiner: list[Any] = [
        [Step.INVITER_COMMITS, inviter.commitment],
        [Step.INVITER_REVEALS, inviter.encode()],
        _PERSON_SAYS_YES,
        [Step.INVITER_ANSWERS, yes],
    ]
    made: dict[str, tuple[int, list[Any]]] = {
        "invited": (0, to_inviter),
        "joined": (1, to_joiner),
        "declined": (0, [*to_inviter[:2], [Step.JOINER_ANSWERS, no]]),
        "copied": (1, [[Step.INVITER_COMMITS, joiner.commitment]]),
        "strange": (0, [b"nothing", b"nothing", b"nothing"]),
    }
    return {
        name: bytes([side]) + encode([[int(move[0]), move[1]] if isinstance(move, list) else move for move in moves])
        for name, (side, moves) in made.items()
    }


def _tickets() -> Mapping[str, bytes]:
    nodes = (("lan://[2001:db8::7]:40123", bytes(32)), ("lan://192.0.2.7:1", bytes(32)), ("https://relay.example/under/a/path", bytes(32)))
    on_lan = Ticket(library=LibraryId(bytes(32)), secret=bytes(range(16)), expires=1, nodes=nodes)
    return {"golden": _ticket().to_text().encode(), "lan": on_lan.to_text().encode(), "newer": b"calotype2:AAAA", "none": b"not a ticket"}


def _ticket_content(data: bytes) -> bytes | None:
    try:
        encoded = data.decode("ascii").strip().removeprefix(_PREFIX)
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))[:-4]
    except ValueError:
        return None


def _ticket_text(content: bytes) -> bytes:
    checksum = hashlib.sha256(content).digest()[:4]
    return _PREFIX.encode() + base64.urlsafe_b64encode(content + checksum).rstrip(b"=")


def _resealed(inside: Mutator) -> Mutator:
    """Messages with another role, step or content, sealed to what they say."""

    def mutate(data: bytes, chance: Chance) -> bytes:
        try:
            role, number, plaintext = open_message(_ticket(), data)
        except (MalformedError, UnsealError):
            return inside(data, chance)
        frame = [role, number] if chance.once_in(2) else [chance.random.randrange(3), chance.random.randrange(8)]
        return encode([*frame, seal(_ticket().message_key, "join", encode(frame), chance.leaf(plaintext, chance.limit))])

    return mutate


def _messages() -> Mapping[str, bytes]:
    return {str(number): bytes.fromhex(digits) for number, digits in enumerate(golden_json("keys/handshake")["messages"])}


TARGETS = (
    Target(name="ticket", check=ticket, seeds=_tickets, mutate=behind(Door(_ticket_content, _ticket_text), mutated_cbor)),
    Target(name="join-message", check=join_message, seeds=_messages, mutate=_resealed(mutated_cbor)),
    Target(
        name="introduction",
        check=introduction,
        seeds=lambda: {each.name[0].lower(): each.encode() for each in _introductions()},
        mutate=mutated_cbor,
    ),
    Target(name="handshake", check=handshake, seeds=_conversations, mutate=selected(mutated_cbor), longest=8192),
)
