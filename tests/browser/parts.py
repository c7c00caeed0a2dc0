"""Where things are on the page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

_BRIGHTNESS = """
async (image) => {
  await image.decode();
  const canvas = new OffscreenCanvas(16, 16).getContext('2d');
  canvas.drawImage(image, 0, 0, 16, 16);
  return canvas.getImageData(0, 0, 16, 16).data.reduce((sum, value) => sum + value, 0);
}
"""


def tiles(page: Page) -> Locator:
    """The photos of the view that is shown."""
    return page.locator("#main .tile")


def tile(page: Page, photo: str) -> Locator:
    return page.locator(f"#main .tile[data-id='{photo}']")


def opened(page: Page, photo: str) -> Locator:
    """The viewer, with a photo of the view in it."""
    tile(page, photo).click()
    viewer = page.get_by_role("dialog", name="Photo")
    expect(viewer).to_be_visible()
    return viewer


def active(page: Page, photo: str) -> None:
    """Go to a photo of the timeline by keys, so that keys act on it."""
    expect(tile(page, photo)).to_be_visible()
    page.locator("#main .grid-photos").focus()
    for _ in range(tiles(page).count()):
        if "is-active" in (tile(page, photo).get_attribute("class") or ""):
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"{photo} isn't reached by keys")


def brightness(picture: Locator) -> float:
    """Of a picture that has come: a sum that is larger where it is brighter."""
    return float(picture.evaluate(_BRIGHTNESS))


def toast(page: Page, words: str) -> Locator:
    return page.locator("#toasts .toast").filter(has_text=words)
