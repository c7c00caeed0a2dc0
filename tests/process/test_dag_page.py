"""The pictures of the causal graph in the programs that show them: the page in a real browser, the DOT file in Graphviz."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.process.chromium import program
from tests.unit.tools.folders import PHOTO, Pair, change, make_pair

pytestmark = pytest.mark.process

HOSTILE = "</script><img src=x onerror=document.title='hacked'><b>&amp;\u2028\u202e\x1b[31m"
CAPTIONS = ("first", HOSTILE, "sea", "last")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two captions that were written at the same time, one before and one after them."""
    root = tmp_path_factory.mktemp("library")
    pair = make_pair(root)
    first, *both, last = CAPTIONS
    _caption(pair, first, by="laptop")
    pair.exchange()
    for text, device in zip(both, ("laptop", "phone"), strict=True):
        _caption(pair, text, by=device)
    pair.exchange()
    _caption(pair, last, by="laptop")
    pair.close()
    return root / "laptop"


def _caption(pair: Pair, text: str, *, by: str) -> None:
    change(pair.laptop if by == "laptop" else pair.phone, lambda draft: draft.set("caption", text))


def dag(library: Path, *words: str) -> str:
    command = [sys.executable, "-c", "from tools.commands.main import run; run()", "dag", *words, "--library", str(library)]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A page that was opened from its file; ``complaints``: what the browser found wrong, and what the page asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()


def open_page(browser: Browser, file: Path, *, width: int = 1280) -> Opened:
    opened = Opened(page=browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce"))
    note = opened.complaints.append
    opened.page.on("console", lambda message: note(message.text))
    opened.page.on("pageerror", lambda error: note(str(error)))
    opened.page.on("request", lambda request: None if request.url == file.as_uri() else note(request.url))
    opened.page.goto(file.as_uri())
    return opened


@pytest.fixture(scope="module")
def file(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "photo.html"
    dag(library, PHOTO.body.hex(), "--html", str(path))
    return path


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    opened = open_page(browser, file)
    yield opened
    opened.page.close()
    assert opened.complaints == []


def test_the_slider_goes_through_time(opened: Opened) -> None:
    assert opened.count("#nodes .node") == 4
    assert '"last"' in opened.text("#values")
    slider = opened.page.locator("#slider")
    slider.focus()
    opened.page.keyboard.press("ArrowLeft")
    assert "3 of 4 entries · 2 heads are concurrent" in opened.text("#as-of")
    assert opened.count("#nodes .node.head") == 2
    assert "conflict" in opened.text("#values")
    opened.page.keyboard.press("Home")
    assert opened.text("#as-of") == "Before the first entry."
    assert opened.count("#nodes .node.later") == 4
    assert opened.text("#values") == ""


def test_it_plays_to_the_end(opened: Opened) -> None:
    opened.page.locator("#play").click()
    expect(opened.page.locator("#play")).to_have_attribute("aria-pressed", "true")
    expect(opened.page.locator("#play")).to_have_attribute("aria-pressed", "false")
    assert "4 of 4 entries" in opened.text("#as-of")


def test_hostile_text_is_text(opened: Opened) -> None:
    opened.page.locator("#slider").fill("2")
    values = opened.text("#values")
    assert "</script><img src=x onerror=" in values
    assert not set(values) & set("\u2028\u202e\x1b")
    assert opened.count("img") == opened.count("#values b") == 0
    assert opened.page.title().startswith("Causal graph of asset")


def test_an_entry_shows_what_is_before_and_after_it(opened: Opened) -> None:
    opened.page.locator("#nodes .node").nth(1).click()
    expect(opened.page.locator("#facts")).to_contain_text("with 1 entry")
    assert opened.count("#nodes .node.past") == opened.count("#nodes .node.future") == 1
    opened.page.keyboard.press("Escape")
    expect(opened.page.locator("#view.lit")).to_have_count(0)


def test_keys_move_from_entry_to_entry(opened: Opened) -> None:
    opened.page.locator("#nodes .node[tabindex='0']").focus()
    where = "document.activeElement.dataset.number"
    assert opened.page.evaluate(where) == "3"
    opened.page.keyboard.press("ArrowLeft")
    assert opened.page.evaluate(where) == "1"
    opened.page.keyboard.press("ArrowDown")
    assert opened.page.evaluate(where) == "2"
    expect(opened.page.locator("#entry-title")).to_contain_text("phone ")


def test_the_search_finds_a_device(opened: Opened) -> None:
    opened.page.locator("#search").fill("PHONE")
    assert opened.text("#found") == "1 found"
    assert opened.count("#nodes .node.found") == 1


def test_the_order_of_arrival(opened: Opened) -> None:
    def places() -> set[str]:
        return set(opened.page.locator("#nodes .node").evaluate_all("all => all.map(each => each.getAttribute('transform').split(' ')[0])"))

    assert len(places()) == 3, "what is concurrent stands in one column"
    opened.page.locator("#order").click()
    assert len(places()) == 4


@pytest.mark.parametrize("width", [320, 390, 1920])
def test_nothing_is_wider_than_the_screen(browser: Browser, file: Path, width: int) -> None:
    opened = open_page(browser, file, width=width)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    opened.page.close()


def test_graphviz_reads_it(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "graph.dot"
    path.write_text(dag(library, "--dot", "-"), encoding="utf-8")
    drawn = subprocess.run([program("dot"), "-Tplain", str(path)], check=True, capture_output=True, text=True, encoding="utf-8")
    assert drawn.stderr == ""
    assert sum(line.startswith("edge ") for line in drawn.stdout.splitlines()) >= 4
