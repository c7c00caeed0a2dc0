"""From the link to the photos, and what is left when the peer goes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.parts import tiles
from tests.browser.peers import Peer, make_peer, running

pytestmark = pytest.mark.process

PHOTOS = 3


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with running(make_peer(tmp_path_factory.mktemp("login"), "one", photos=PHOTOS)) as peer:
        yield peer


def log_in(page: Page, link: str) -> None:
    page.goto(link)
    expect(tiles(page)).to_have_count(PHOTOS)
    expect(page).to_have_url(link.partition("/login")[0] + "/")


def test_the_link_leads_to_the_photos_once(visitor: Visitor, peer: Peer) -> None:
    page = visitor.stranger(peer)
    log_in(page, peer.link)
    picture = tiles(page).first.locator("img")
    expect(picture).to_have_attribute("alt", "3 January 2024 at 12:00")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    visitor.watch(page).expect("403")
    page.goto(peer.link)
    expect(page.get_by_text("calotype open")).to_be_visible()


def test_what_is_shown_stays_when_the_peer_goes(visitor: Visitor, peer: Peer) -> None:
    page = visitor.visit(peer)
    watch = visitor.watch(page)
    expect(tiles(page).locator("img.is-there")).to_have_count(PHOTOS)
    watch.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET")
    peer.stop(signal.SIGKILL)
    notice = page.get_by_text("isn’t running. What you see stays")
    expect(notice).to_be_visible()
    expect(tiles(page).locator("img.is-there")).to_have_count(PHOTOS)
    watch.expect("401")
    peer.start(peer.base.removeprefix("http://"))
    expect(page.get_by_role("dialog", name="This session has ended")).to_be_visible()
    expect(notice).to_be_hidden()
    expect(tiles(page).locator("img.is-there")).to_have_count(PHOTOS)
    log_in(page, peer.link)
    expect(notice).to_be_hidden()
