"""The gallery as people use it: two devices, a relay between them, and a browser at each. Whatever a browser complains of fails a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.fixtures.pictures import jpeg
from tests.fleet.programs import program

pytestmark = pytest.mark.process

PATIENCE_SECONDS = 60.0
LIVE_MS = 20_000
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"> \u202egpj.exe & </script><script>document.title='hacked'</script>"


@dataclass(kw_only=True)
class Peer:
    """A device whose peer serves a gallery."""

    name: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def library(self) -> Path:
        return self.folder / self.name

    def run(self, *words: str) -> Any:
        """The JSON documents of a command that succeeds."""
        command = [program("calotype"), *words, "--library", str(self.library), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
        documents = [json.loads(line) for line in done.stdout.splitlines()]
        return documents[0] if len(documents) == 1 else documents

    def start(self) -> str:
        """Its gallery's login link."""
        ready = self.folder / f"{self.name}.ready"
        ready.unlink(missing_ok=True)
        command = [
            program("calotype"),
            "run",
            "--no-lan",
            "--gallery",
            "127.0.0.1:0",
            "--ready-file",
            str(ready),
            "--library",
            str(self.library),
        ]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until(ready.exists)
        return str(json.loads(ready.read_text("utf-8"))["gallery"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.05)


@dataclass(kw_only=True)
class Tab:
    """A page that is logged in. ``complaints``: what the browser found wrong, and requests to others."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def tiles(self) -> Any:
        return self.page.locator("#main [data-id]")

    def ask(self, path: str) -> Any:
        """What the local API answers this browser."""
        return self.page.evaluate("async (path) => (await fetch(path)).json()", path)


@contextmanager
def tab(browser: Browser, link: str, **how: Any) -> Iterator[Tab]:
    context: BrowserContext = browser.new_context(**({"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | how))
    opened = Tab(page=context.new_page(), base=link.partition("/login")[0])
    note = opened.complaints.append
    opened.page.on("console", lambda message: note(message.text))
    opened.page.on("pageerror", lambda error: note(str(error)))
    opened.page.on("request", lambda request: None if request.url.startswith((opened.base, "blob:", "data:")) else note(request.url))
    opened.page.on("response", lambda response: note(f"{response.status} {response.url}") if response.status >= 400 else None)
    try:
        opened.page.goto(link)
        yield opened
    finally:
        context.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, Peer]]:
    """Two devices of one library, with a relay that runs; neither serves yet."""
    folder = tmp_path_factory.mktemp("pair")
    before = os.environ.get("CALOTYPE_STATE")
    os.environ["CALOTYPE_STATE"] = str(folder / "state")
    ready = folder / "relay.ready"
    command = [program("calotype-relay"), "serve", "--data", str(folder / "relay"), "--listen", "127.0.0.1:0", "--ready-file", str(ready)]
    with (folder / "relay.log").open("ab") as log:
        relay = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    one, two = (Peer(name=name, folder=folder) for name in ("one", "two"))
    try:
        until(ready.exists)
        address = json.loads(ready.read_text("utf-8"))
        made = [program("calotype-relay"), "token", "create", "--data", str(folder / "relay"), "--json"]
        token = json.loads(subprocess.run(made, capture_output=True, text=True, check=True).stdout)["token"]
        one.run("init", "--name", "one")
        one.run("relay", "add", f"http://{address['address']}", "--token", token)
        inviting = [program("calotype"), "invite", "--yes", "--library", str(one.library), "--json"]
        with subprocess.Popen(inviting, stdout=subprocess.PIPE, text=True) as invitation:
            assert invitation.stdout is not None
            two.run("join", json.loads(invitation.stdout.readline())["ticket"], "--name", "two", "--yes")
        yield one, two
    finally:
        for peer in (one, two):
            peer.stop()
        relay.terminate()
        relay.wait(PATIENCE_SECONDS)
        if before is None:
            del os.environ["CALOTYPE_STATE"]
        else:
            os.environ["CALOTYPE_STATE"] = before


@pytest.fixture
def tabs(pair: tuple[Peer, Peer], browser: Browser) -> Iterator[tuple[Tab, Tab]]:
    """A browser at each device."""
    links = [peer.start() for peer in pair]
    try:
        with tab(browser, links[0]) as first, tab(browser, links[1]) as second:
            yield first, second
            assert (first.complaints, second.complaints) == ([], [])
    finally:
        for peer in pair:
            peer.stop()


def bring_in(opened: Tab, *files: Path) -> None:
    opened.go("/import")
    opened.page.set_input_files("input[type=file] >> nth=0", list(files))
    expect(opened.page.get_by_text("imported").first).to_be_visible(timeout=LIVE_MS)


def test_a_photo_dropped_here_is_seen_there(tabs: tuple[Tab, Tab], tmp_path: Path) -> None:
    here, there = tabs
    there.go("/")
    photo = tmp_path / "sea.jpg"
    photo.write_bytes(jpeg(640, 480, seed=1))
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    bring_in(here, photo, notes)
    expect(here.page.get_by_text("notes.txt")).to_be_visible()
    expect(there.tiles()).to_have_count(1, timeout=LIVE_MS)
    here.go("/")
    expect(here.tiles()).to_have_count(1)


def test_keys_alone_mark_a_favourite_and_undo_it(tabs: tuple[Tab, Tab]) -> None:
    here, there = tabs
    here.go("/")
    expect(here.tiles()).to_have_count(1)
    here.page.locator("#main").focus()
    here.page.keyboard.press("Tab")
    for _ in range(12):
        if here.page.evaluate("document.activeElement.closest('#main') !== null"):
            break
        here.page.keyboard.press("Tab")
    here.page.keyboard.press("Home")
    here.page.keyboard.press("f")
    until(lambda: here.ask("/api/v1/timeline?favorite=1")["total"] == 1)
    there.go("/favorites")
    expect(there.tiles()).to_have_count(1, timeout=LIVE_MS)
    here.page.get_by_role("button", name="Undo").click()
    expect(there.tiles()).to_have_count(0, timeout=LIVE_MS)


def test_a_conflict_is_settled_by_one_click(pair: tuple[Peer, Peer], browser: Browser) -> None:
    one, two = pair
    (photo,) = [one.run("ls")]
    one.run("sync")
    two.run("sync")
    one.run("set", photo["id"], f"caption={HOSTILE}")
    two.run("set", photo["id"], "caption=cliffs")
    one.run("sync")
    two.run("sync")
    link = one.start()
    try:
        one.run("sync")
        with tab(browser, link) as opened:
            opened.go("/conflicts")
            expect(opened.page.get_by_text("cliffs").first).to_be_visible(timeout=LIVE_MS)
            expect(opened.page.get_by_text(HOSTILE[:20]).first).to_be_visible()
            opened.page.get_by_role("button", name="Take this").first.click()
            expect(opened.page.get_by_text("agree about everything")).to_be_visible(timeout=LIVE_MS)
            assert opened.page.title() != "hacked"
            assert opened.complaints == []
        assert one.run("conflicts") == []
    finally:
        one.stop()


def test_hostile_words_are_words(tabs: tuple[Tab, Tab], tmp_path: Path) -> None:
    here, _ = tabs
    (month,) = here.ask("/api/v1/timeline")["months"]
    (photo,) = here.ask(f"/api/v1/timeline/{month['month'] or 'none'}")["assets"]
    body = json.dumps({"ids": [photo["id"]], "assignments": [f"caption={HOSTILE}{'x' * 3000}", f"keyword+={HOSTILE[:60]}"]})
    here.page.evaluate(
        "async (body) => fetch('/api/v1/assets/set', {method: 'POST', headers: {'Content-Type': 'application/json'}, body})", body
    )
    for path in ("/", f"/?photo={photo['id']}", "/search?query=img", "/activity", "/storage", "/devices", "/albums", "/trash"):
        here.go(path)
        expect(here.page.locator("#main")).to_be_visible()
    here.go(f"/?photo={photo['id']}")
    here.page.keyboard.press("i")
    expect(here.page.get_by_text("onerror").first).to_be_visible(timeout=LIVE_MS)
    assert here.page.title() != "hacked"
    assert here.page.locator("img[src='x']").count() == 0


def test_on_a_phone_nothing_is_wider_than_it(pair: tuple[Peer, Peer], browser: Browser) -> None:
    one, _ = pair
    link = one.start()
    try:
        phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
        with tab(browser, link, **phone) as opened:
            for path in ("/", "/albums", "/conflicts", "/activity", "/devices", "/storage", "/import", "/trash", "/search?query=a"):
                opened.go(path)
                expect(opened.page.locator("#bar")).to_be_visible()
                assert opened.page.evaluate("document.documentElement.scrollWidth <= 390"), path
            assert opened.complaints == []
    finally:
        one.stop()


def test_what_is_shown_stays_when_the_peer_goes(pair: tuple[Peer, Peer], browser: Browser) -> None:
    one, _ = pair
    link = one.start()
    try:
        with tab(browser, link) as opened:
            expect(opened.tiles()).to_have_count(1, timeout=LIVE_MS)
            one.stop(signal.SIGKILL)
            expect(opened.page.get_by_text("isn’t running")).to_be_visible(timeout=LIVE_MS)
            expect(opened.tiles()).to_have_count(1)
    finally:
        one.stop()
