"""Browsers for galleries: one Chromium for the tests of a file, a profile of its own for each peer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.peers import Peer
from tests.browser.watching import Watch
from tests.process.chromium import FLAGS, program

WIDE = {"width": 1280, "height": 800}
PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = program("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield launched
        launched.close()


class Visitor:
    """Opens the galleries of peers. Whatever a page complains of, and nobody expected, fails the test that is under way."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._profiles: dict[tuple[str, str], tuple[BrowserContext, Watch]] = {}

    def visit(self, peer: Peer, path: str = "/", **options: Any) -> Page:
        """A page of ``peer``, logged in, at ``path``. ``options``: of Playwright's contexts; whoever asks with the same gets the same profile."""
        key = (peer.base, repr(options))
        if key not in self._profiles:
            self._profiles[key] = self._new_profile(peer, options)
            assert self._profiles[key][0].request.get(peer.new_link()).ok
        page = self._profiles[key][0].new_page()
        page.goto(peer.base + path)
        return page

    def stranger(self, peer: Peer) -> Page:
        """An empty page of a browser that isn't logged in."""
        profile = self._profiles[(peer.base, "stranger")] = self._new_profile(peer, {})
        return profile[0].new_page()

    def watch(self, page: Page) -> Watch:
        return next(watch for context, watch in self._profiles.values() if context == page.context)

    def _new_profile(self, peer: Peer, options: dict[str, Any]) -> tuple[BrowserContext, Watch]:
        context = self._browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        return context, Watch(peer.base).over(context)

    def leave(self) -> None:
        """Close all pages; ``AssertionError`` with what they complained of."""
        for context, _ in self._profiles.values():
            for page in context.pages:
                page.close()
        assert [complaint for _, watch in self._profiles.values() for complaint in watch.take()] == []

    def close(self) -> None:
        for context, _ in self._profiles.values():
            context.close()


@pytest.fixture(scope="module")
def profiles(browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser)
    yield visitor
    visitor.close()


@pytest.fixture
def visitor(profiles: Visitor) -> Iterator[Visitor]:
    yield profiles
    profiles.leave()
