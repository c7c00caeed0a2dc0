"""Tickets: what a person pastes is the ticket that was made, or a sentence that says what is wrong."""

from __future__ import annotations

import base64
import hashlib
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peer.joining.errors import DamagedTicketError, NewerTicketError, NotATicketError, TicketError
from peer.joining.ticket import LIFETIME_MS, MAX_NODES, Ticket, lan_node, parse_ticket, qr_text
from peer.place import Place
from store.encoding import encode
from store.ids import LibraryId
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import Seeded, golden

LIBRARY = LibraryId(bytes(range(32)))
KEY = bytes(32)
NODES = (("https://relay.example:8443/path", KEY), ("http://[::1]:7777", KEY))
TICKET = Ticket.issue(library=LIBRARY, nodes=NODES, now=1_700_000_000_000, random=Seeded("ticket"))
TEXT = TICKET.to_text()
ALPHABET = string.ascii_letters + string.digits + "-_"

hosts = st.from_regex(r"https?://[a-z0-9]{1,20}(\.[a-z]{2,5})?(:[1-9][0-9]{0,3})?", fullmatch=True)
tickets = st.builds(
    Ticket,
    library=st.binary(min_size=32, max_size=32).map(LibraryId),
    secret=st.binary(min_size=16, max_size=16),
    expires=st.integers(min_value=0, max_value=2**53),
    nodes=st.lists(st.tuples(hosts, st.binary(min_size=32, max_size=32)), max_size=MAX_NODES).map(tuple),
)


def text_of(value: Any) -> str:
    """A ticket with these contents and a right checksum."""
    content = encode(value)
    return "calotype1:" + base64.urlsafe_b64encode(content + hashlib.sha256(content).digest()[:4]).rstrip(b"=").decode()


def test_a_ticket_is_pinned() -> None:
    pinned = golden("ticket")
    parsed = parse_ticket(pinned["text"])
    assert parsed.to_text() == pinned["text"]
    assert parsed.encode().hex() == pinned["encoded"]
    assert (parsed.library.hex(), parsed.secret.hex(), parsed.expires) == (pinned["library"], pinned["secret"], pinned["expires"])
    assert [[url, key.hex()] for url, key in parsed.nodes] == pinned["nodes"]
    assert (parsed.mailbox.hex(), parsed.message_key.hex()) == (pinned["mailbox"], pinned["message_key"])


@given(tickets)
def test_round_trip(ticket: Ticket) -> None:
    assert parse_ticket(ticket.to_text()) == ticket


@given(tickets)
def test_box_and_key_are_derived_as_the_protocol_says(ticket: Ticket) -> None:
    assert ticket.mailbox == reference.hkdf(ticket.secret, b"calotype mailbox")[:16]
    assert ticket.message_key == reference.hkdf(ticket.secret, b"calotype join")


def test_a_new_ticket_is_good_for_ten_minutes() -> None:
    now = 1_700_000_000_000
    assert TICKET.expires == now + LIFETIME_MS == now + 600_000
    assert not TICKET.expired(now)
    assert not TICKET.expired(now + LIFETIME_MS - 1)
    assert TICKET.expired(now + LIFETIME_MS)


def test_every_ticket_has_a_secret_of_its_own() -> None:
    random = Seeded("tickets")
    first, second = (Ticket.issue(library=LIBRARY, nodes=NODES, now=0, random=random) for _ in range(2))
    assert first.secret != second.secret
    assert first.mailbox != second.mailbox


@given(st.lists(st.integers(min_value=0, max_value=len(TEXT)), max_size=8), st.sampled_from([" ", "\n", "\r\n", "\t"]))
def test_white_space_from_mails_and_terminals_does_not_matter(places: list[int], space: str) -> None:
    broken = TEXT
    for place in sorted(places, reverse=True):
        broken = broken[:place] + space + broken[place:]
    assert parse_ticket(broken) == TICKET


@given(st.integers(min_value=len("calotype1:"), max_value=len(TEXT) - 1), st.sampled_from(ALPHABET))
def test_any_wrong_character_is_noticed(place: int, character: str) -> None:
    assume(TEXT[place] != character)
    with pytest.raises(DamagedTicketError):
        parse_ticket(TEXT[:place] + character + TEXT[place + 1 :])


@given(st.integers(min_value=len("calotype1:"), max_value=len(TEXT) - 1))
def test_any_missing_end_is_noticed(length: int) -> None:
    with pytest.raises(DamagedTicketError):
        parse_ticket(TEXT[:length])


@given(st.text(max_size=300))
def test_any_text_is_a_ticket_or_a_ticket_error(text: str) -> None:
    for candidate in (text, "calotype1:" + text):
        with pytest.raises(TicketError):
            parse_ticket(candidate)


@pytest.mark.parametrize("text", ["", "hello", "calotype:abc", "calotypeX:abc", TEXT[1:], TEXT.upper(), "calotype1:" + "A" * 10_000])
def test_what_is_no_ticket_is_said(text: str) -> None:
    with pytest.raises(NotATicketError):
        parse_ticket(text)


def test_a_ticket_of_a_newer_version_is_said() -> None:
    with pytest.raises(NewerTicketError):
        parse_ticket("calotype2:abcdef")


def test_other_spellings_of_the_same_bytes_are_refused() -> None:
    for text in (TEXT + "=", TEXT.replace("-", "+").replace("_", "/") + "=="):
        with pytest.raises(DamagedTicketError):
            parse_ticket(text)


FIELDS: list[Any] = [bytes(32), bytes(16), 1, []]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        FIELDS[:3],
        [*FIELDS, 1],
        [bytes(31), *FIELDS[1:]],
        [bytes(32), bytes(15), 1, []],
        [bytes(32), bytes(16), -1, []],
        [bytes(32), bytes(16), True, []],
        [bytes(32), bytes(16), 2**63, []],
        [bytes(32), bytes(16), 1, None],
        [bytes(32), bytes(16), 1, [["https://a.example"]]],
        [bytes(32), bytes(16), 1, [["https://a.example", bytes(31)]]],
        [bytes(32), bytes(16), 1, [[b"https://a.example", bytes(32)]]],
        [bytes(32), bytes(16), 1, [["https://a.example", bytes(32)]] * (MAX_NODES + 1)],
    ],
)
def test_other_contents_with_a_right_checksum_are_refused(value: Any) -> None:
    with pytest.raises(DamagedTicketError):
        parse_ticket(text_of(value))


BAD_URLS = [
    "",
    "relay.example",
    "ftp://relay.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///path",
    "https://anna:password@relay.example",
    "https://relay.example/#fragment",
    "https://relay.example/?query",
    "https://relay.example:0",
    "https://relay.example:99999",
    "https://relay.example:port",
    "https://[::1",
    "https://relay.example/ space",
    "https://relay.example/\x1b[2J",
    "https://relay.exämple",
    "https://" + "a" * 300,
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_addresses_that_nobody_should_connect_to_are_refused(url: str) -> None:
    with pytest.raises(DamagedTicketError):
        parse_ticket(text_of([bytes(32), bytes(16), 1, [[url, bytes(32)]]]))
    with pytest.raises(ValueError, match="address"):
        Ticket(library=LIBRARY, secret=bytes(16), expires=1, nodes=((url, KEY),))


def test_a_ticket_too_large_for_a_code_is_not_made() -> None:
    with pytest.raises(ValueError, match="2000"):
        Ticket(library=LIBRARY, secret=bytes(16), expires=1, nodes=tuple(("https://" + "a" * 245, KEY) for _ in range(8)))


def test_the_largest_ticket_fits_into_a_code() -> None:
    largest = Ticket(library=LIBRARY, secret=bytes(16), expires=2**63 - 1, nodes=tuple(("https://" + "a" * 195, KEY) for _ in range(8)))
    assert len(largest.encode()) > 1900
    assert qr_text(largest)


def test_the_code_is_plain_text_in_a_rectangle() -> None:
    lines = qr_text(TICKET).splitlines()
    assert set("".join(lines)) <= set(" █▀▄")
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 80


LAN_KEY = bytes(range(32))


@pytest.mark.parametrize("place", [Place("192.0.2.7", 4711), Place("fd00::7", 1), Place("laptop.local", 65535)])
def test_the_inviting_device_on_the_local_network(place: Place) -> None:
    nodes = (lan_node(place, LAN_KEY), ("https://relay.example", bytes(32)))
    ticket = parse_ticket(replace(TICKET, nodes=nodes).to_text())
    assert ticket.neighbours == ((place, LAN_KEY),)
    assert ticket.relays == (("https://relay.example", bytes(32)),)


@pytest.mark.parametrize(
    "url",
    [
        "lan://",
        "lan://host",
        "lan://host:0",
        "lan://host:65536",
        "lan://host:1/path",
        "lan://fd00::7:1",
        "lan://[fe80::1%2]:1",
        "lan://a@b:1",
        "lan://[192.0.2.7]:1",
        "lan:// host:1",
        "LAN://host:1",
        "lan://host:01",
    ],
)
def test_no_such_place(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        replace(TICKET, nodes=((url, LAN_KEY),))


def test_what_comes_from_the_secret_is_different_for_each_use() -> None:
    assert len({TICKET.discovery_key, TICKET.message_key, TICKET.mailbox, TICKET.secret}) == 4
    assert TICKET.discovery_key.hex() == "866b814857b3862df786c4688eefb03b82038f8ff60151258420cd0c1bd2fc2f"
