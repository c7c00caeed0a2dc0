"""What is done in one browser is seen in another one, at another device, while it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.parts import active, brightness, opened, tile, tiles, toast
from tests.browser.peers import Household, household
from tests.fixtures.pictures import Shot, jpeg

pytestmark = pytest.mark.process

LIVE_MS = 10_000
PHOTOS = 6
FAVOURITE = re.compile("favourite")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    with household(tmp_path_factory.mktemp("live"), photos=PHOTOS) as made:
        yield made


@pytest.fixture
def pages(visitor: Visitor, home: Household) -> tuple[Page, Page]:
    """Here and there; both show everything."""
    here, there = visitor.visit(home.one), visitor.visit(home.two)
    for name in range(PHOTOS):
        expect(tile(there, home.photo(name)).locator("img.is-there")).to_be_visible(timeout=LIVE_MS)
    return here, there


def test_a_photo_brought_in_here_appears_there(pages: tuple[Page, Page], home: Household, tmp_path: Path) -> None:
    here, there = pages
    photo = tmp_path / "sea.jpg"
    photo.write_bytes(jpeg(640, 480, seed=77, shot=Shot(taken="2024:07:21 18:03:11")))
    notes = tmp_path / "notes.txt"
    notes.write_text("Not a photograph.", "utf-8")
    here.goto(f"{home.one.base}/import")
    here.get_by_label("Choose files").set_input_files([photo, notes])
    expect(there.get_by_role("option", name="21 July 2024")).to_be_visible(timeout=LIVE_MS)
    expect(here.get_by_text("1 photo imported.")).to_be_visible()
    expect(here.get_by_role("listitem").filter(has_text="notes.txt")).to_be_visible()


def test_a_favourite_by_a_key_and_its_undo(pages: tuple[Page, Page], home: Household) -> None:
    here, there = pages
    photo = home.photo(0)
    active(here, photo)
    here.keyboard.press("f")
    expect(tile(there, photo)).to_have_accessible_name(FAVOURITE, timeout=LIVE_MS)
    here.keyboard.press("z")
    expect(tile(there, photo)).not_to_have_accessible_name(FAVOURITE, timeout=LIVE_MS)
    expect(tile(here, photo)).not_to_have_accessible_name(FAVOURITE)


def test_an_edit_is_rendered_there(pages: tuple[Page, Page], home: Household) -> None:
    here, there = pages
    photo = home.photo(1)
    thumbnail = tile(there, photo).locator("img")
    before, address = brightness(thumbnail), thumbnail.get_attribute("src")
    assert address is not None
    opened(here, photo)
    here.keyboard.press("e")
    here.get_by_role("slider", name="Exposure").fill("60")
    here.get_by_role("button", name="Save").click()
    expect(toast(here, "Edit saved")).to_be_visible()
    expect(tile(there, photo).locator(f"img.is-there:not([src='{address}'])")).to_be_visible(timeout=LIVE_MS)
    assert brightness(thumbnail) > before


def test_what_both_wrote_while_apart_is_settled_by_a_click(pages: tuple[Page, Page], home: Household) -> None:
    here, there = pages
    photo = home.photo(2)
    with home.relay.apart():
        for page, words in ((here, "the sea"), (there, "some cliffs")):
            opened(page, photo)
            page.keyboard.press("i")
            caption = page.get_by_role("textbox", name="Caption")
            caption.fill(words)
            caption.press("Enter")
            expect(toast(page, "Caption saved")).to_be_visible()
    for page, peer in ((here, home.one), (there, home.two)):
        page.goto(f"{peer.base}/conflicts")
        for words in ("the sea", "some cliffs"):
            expect(page.locator(".conflict-value").filter(has_text=words)).to_be_visible(timeout=LIVE_MS)
    loser = here.locator(".conflict li:not(.shown) .conflict-value").inner_text()
    here.get_by_role("button", name=re.compile("Take this")).click()
    for page in (here, there):
        expect(page.get_by_text("Your devices agree about everything")).to_be_visible(timeout=LIVE_MS)
    there.goto(home.two.base)
    expect(tile(there, photo)).to_have_accessible_name(re.compile(loser))


def test_both_sides_of_an_edit_are_shown_as_pictures(pages: tuple[Page, Page], home: Household) -> None:
    here, _ = pages
    photo = home.photo(3)
    with home.relay.apart():
        home.one.ask("edit", photo, "--exposure", "50")
        home.two.ask("edit", photo, "--exposure", "-50")
    here.goto(f"{home.one.base}/conflicts")
    sides = here.locator(".conflict li img")
    expect(sides).to_have_count(2, timeout=LIVE_MS)
    (dark, bright) = sorted(brightness(sides.nth(number)) for number in range(2))
    assert bright > dark * 1.2
    here.get_by_role("button", name=re.compile("Keep this")).click()
    expect(here.get_by_text("Your devices agree about everything")).to_be_visible(timeout=LIVE_MS)


def test_to_the_trash_and_back(pages: tuple[Page, Page], home: Household) -> None:
    here, there = pages
    photo = home.photo(4)
    active(here, photo)
    here.keyboard.press("Delete")
    expect(tile(there, photo)).to_have_count(0, timeout=LIVE_MS)
    there.goto(f"{home.two.base}/trash")
    expect(tiles(there)).to_have_count(1)
    active(there, photo)
    there.keyboard.press("Space")
    there.get_by_role("button", name="Restore").click()
    expect(there.get_by_text("The trash is empty")).to_be_visible()
    expect(tile(here, photo)).to_be_visible(timeout=LIVE_MS)
