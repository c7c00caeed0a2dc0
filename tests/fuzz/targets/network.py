"""What strangers on the local network say, and addresses that people type or tickets carry."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address

import httpx

from discovery.announcement import (
    MAX_ADDRESSES,
    MAX_TEXT_BYTES,
    encode_text,
    host_name,
    is_usable,
    parse_announcement,
    parse_text,
    service_name,
)
from discovery.tags import MAX_TAGS, DiscoveryKey, InstanceName, recognise
from peer.lan.gates import Gate
from peer.place import parse_place
from relay.errors import AddressError
from relay.http_call import connectable_url
from store.encoding import MalformedError
from tests.fuzz.seeds import fixed, golden_json
from tests.fuzz.target import Target, promise

_INSTANCE = "f68ec6a6d929a4fc"
_STRANGER = DiscoveryKey(bytes(32))
_GATE = Gate(bytes(32))


def announced_text(data: bytes) -> None:
    """A TXT record that is accepted has a bounded number of tags, read as they are written, that mean nothing without a key."""
    try:
        tags = parse_text(data)
    except MalformedError:
        return
    promise(len(data) <= MAX_TEXT_BYTES and 0 < len(tags) <= MAX_TAGS, "more than allowed")
    promise(parse_text(encode_text(tags)) == tags, "tags that aren't read as they are written")
    promise(recognise([_STRANGER], InstanceName(_INSTANCE), tags, 20_000) == (), "a key that made none of the tags is recognised")


def announcement(data: bytes) -> None:
    """An accepted announcement has the names of one instance, a port, and few addresses that a connection can lead to."""
    lines = data.decode("utf-8", "replace").split("\n")
    name, server, port, *addresses = [*lines, "", "", ""]
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 9 else None
    try:
        parsed = parse_announcement(name=name, server=server, port=number, text=_text(), addresses=addresses, loopback=False)
    except MalformedError:
        return
    promise(name == service_name(parsed.instance) and server.lower() == host_name(parsed.instance), "names of another instance")
    promise(str(parsed.port) == port.lstrip("0"), "another port")
    promise(0 < len(parsed.addresses) <= MAX_ADDRESSES, "no address, or too many")
    promise(len(set(parsed.addresses)) == len(parsed.addresses), "an address twice")
    promise(all(is_usable(address, False) and not address.is_loopback for address in parsed.addresses), "an address that leads nowhere")


@cache
def _text() -> bytes:
    """A TXT record as a device writes it."""
    return bytes.fromhex(golden_json("discovery/announcement")["texts"][0]["text"])


def node_address(data: bytes) -> None:
    """An accepted address has one spelling, goes in the clear to this machine only, and is one that a client can connect to."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        url = connectable_url(text)
    except AddressError:
        return
    promise(connectable_url(url) == url, "an address with two spellings")
    known = httpx.URL(url)
    promise(known.scheme in ("http", "https") and bool(known.host), "an address that leads nowhere")
    promise(known.scheme == "https" or known.host == "localhost" or ip_address(known.host).is_loopback, "in the clear to others")
    promise(not known.userinfo and not known.query and not known.fragment, "more than an address")


def place(data: bytes) -> None:
    """An accepted place has one spelling, but for spaces around it and zeros before its port."""
    try:
        parsed = parse_place(data.decode("utf-8", "replace"))
    except ValueError:
        return
    promise(parse_place(str(parsed)) == parsed, "a place that isn't read as it is written")
    promise(0 < parsed.port < 1 << 16 and parsed.host.isprintable(), "a place that leads nowhere")


def gate_name(data: bytes) -> None:
    """A gate opens for names that were made with its key, in their one spelling, and for nothing else."""
    name = data.decode("utf-8", "replace")
    if _GATE.opens_for(name):
        promise(_GATE.name(bytes.fromhex(name)[:12]) == name, "it opens for a name that it never had")


def _announcements() -> Mapping[str, bytes]:
    names = f"{_INSTANCE}._calotype._tcp.local.\n{_INSTANCE}.local.\n40123"
    return {
        "both": f"{names}\n192.0.2.7\nfe80::1%2\n2001:db8::1".encode(),
        "link-local": f"{names}\nfe80::1\n169.254.1.1\n::ffff:1.2.3.4\n224.0.0.1\n127.0.0.1\n10.0.0.1".encode(),
    }


def _texts() -> Mapping[str, bytes]:
    return {str(number): bytes.fromhex(case["text"]) for number, case in enumerate(golden_json("discovery/announcement")["texts"])}


TARGETS = (
    Target(name="announced-text", check=announced_text, seeds=_texts, longest=1100),
    Target(name="announcement", check=announcement, seeds=_announcements, longest=512),
    Target(
        name="node-address",
        check=node_address,
        seeds=fixed(
            https=b"https://relay.example.org:8443/under/a/path/",
            ipv6=b"http://[::1]:7777",
            local=b"http://localhost",
            upper=b"HTTPS://Relay.Example",
            zone=b"https://[fe80::1%25eth0]/",
        ),
        longest=300,
    ),
    Target(
        name="place",
        check=place,
        seeds=fixed(name=b"localhost:8080", ipv4=b" 127.0.0.1:65535\n", ipv6=b"[::1]:1", zone=b"[fe80::1%eth0]:443"),
        longest=300,
    ),
    Target(name="gate-name", check=gate_name, seeds=lambda: {"name": _GATE.name(bytes(12)).encode()}, longest=80),
)
