"""Addresses: https anywhere, http only on this machine."""

from __future__ import annotations

import pytest

from relay.addresses import parse_node_url
from relay.errors import AddressError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://relay.example.org", "https://relay.example.org"),
        ("https://relay.example.org/", "https://relay.example.org"),
        ("HTTPS://Relay.Example.ORG:8443/calotype/", "https://relay.example.org:8443/calotype"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_addresses_of_nodes(text: str, url: str) -> None:
    assert parse_node_url(text) == url
    assert parse_node_url(url) == url


@pytest.mark.parametrize(
    "text", ["http://relay.example.org", "http://192.168.1.2:8080", "http://[2001:db8::1]", "http://localhost.example.org"]
)
def test_plain_http_over_a_network(text: str) -> None:
    with pytest.raises(AddressError, match="https"):
        parse_node_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relay.example.org",
        "ftp://x",
        "https://",
        "https://user:hush@x",
        "https://x?y",
        "https://x#y",
        "https://x:99999",
        "https://[::1",
        "file:///x",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_node_url(text)
    assert "hush" not in str(caught.value)
