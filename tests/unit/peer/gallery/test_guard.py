"""Who is let in before anything else is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.gallery.guard import MEDIA_HEADERS, PAGE_HEADERS, Asked, own_hosts, refusal

HOSTS = own_hosts("127.0.0.1", 8467)
ORIGIN = "http://127.0.0.1:8467"


def status(asked: Asked, *, scheme: str = "http") -> int | None:
    refused = refusal(asked, HOSTS, scheme=scheme)
    return None if refused is None else refused.status


def change(**other: str | None) -> Asked:
    said: dict[str, str | None] = {
        "host": "127.0.0.1:8467",
        "origin": ORIGIN,
        "fetch_site": "same-origin",
        "media_type": "application/json",
    }
    return Asked(method="POST", **(said | other))


@pytest.mark.parametrize("host", ["127.0.0.1:8467", "localhost:8467", "[::1]:8467", "LOCALHOST:8467"])
def test_its_own_names(host: str) -> None:
    assert status(Asked(method="GET", host=host)) is None


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "evil.example:8467", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8467.evil.example", "localhost:8468"]
)
def test_a_name_that_resolves_to_this_machine_is_no_way_in(host: str | None) -> None:
    assert status(Asked(method="GET", host=host)) == 421
    assert status(change(host=host)) == 421


@given(st.text(max_size=40))
def test_no_other_host(host: str) -> None:
    assert (status(Asked(method="GET", host=host)) is None) == (host.lower() in HOSTS)


def test_an_address_that_others_reach_is_its_only_name() -> None:
    assert own_hosts("192.168.1.20", 443) == {"192.168.1.20:443"}
    assert own_hosts("fd00::1", 443) == {"[fd00::1]:443"}


def test_a_change_from_its_own_page() -> None:
    assert status(change()) is None
    assert status(change(media_type="application/json; charset=utf-8")) is None
    assert status(change(media_type="application/octet-stream")) is None
    assert status(change(fetch_site=None)) is None  # a script on this machine


@pytest.mark.parametrize(
    "origin", [None, "null", "", "http://evil.example", "https://127.0.0.1:8467", "http://127.0.0.1:8468", ORIGIN + ".evil"]
)
def test_a_change_from_elsewhere(origin: str | None) -> None:
    assert status(change(origin=origin)) == 403


def test_the_page_of_another_of_its_names_is_elsewhere() -> None:
    assert status(change(host="localhost:8467")) == 403


@pytest.mark.parametrize("media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_form_can_send_is_no_change(media_type: str | None) -> None:
    assert status(change(media_type=media_type)) == 415


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "nonsense"])
def test_what_the_browser_says_comes_from_another_site(site: str) -> None:
    assert status(Asked(method="GET", host="127.0.0.1:8467", fetch_site=site)) == 403
    assert status(change(fetch_site=site)) == 403


def test_behind_tls_the_origin_is_of_https() -> None:
    assert status(change(), scheme="https") == 403
    assert status(change(origin="https://127.0.0.1:8467"), scheme="https") is None


def test_nothing_inline_and_nothing_from_elsewhere_runs() -> None:
    policy = PAGE_HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for loose in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*"):
        assert loose not in policy
    assert "sandbox" in MEDIA_HEADERS["content-security-policy"]
    assert PAGE_HEADERS["x-content-type-options"] == MEDIA_HEADERS["x-content-type-options"] == "nosniff"
