"""Files in both directions: dropped onto the page, and shown or saved from it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from peer.errors import UsageError
from peer.gallery.drops import MOST_DROPS, MOST_FILES, Drop, Drops, place_for
from peer.gallery.media import byte_range
from peer.layout import LibraryFolder
from peer.library.edited_pictures import EditedPictures, Level
from peer.media.findings import Picture
from peer.rendering.renderers import open_renderers
from tests.unit.peer.gallery.conftest import ORIGIN, Serve, Site

NOBODYS = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture(seed: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    image = Image.frombytes("RGB", (8, 6), Random(seed).randbytes(8 * 6 * 3)).resize(size)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


async def drop(site: Site, files: dict[str, bytes], **how: Any) -> list[dict[str, Any]]:
    """The lines by which an import tells how far it is."""
    name = (await site.done("/api/v1/imports"))["import"]
    headers = {"Origin": ORIGIN, "Content-Type": "application/octet-stream"}
    for path, content in files.items():
        sent = await site.client.put(f"/api/v1/imports/{name}/files", params={"path": path}, content=content, headers=headers)
        assert sent.status_code == 200, sent.text
    response = await site.post(f"/api/v1/imports/{name}/finish", **how)
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


async def dropped(site: Site, name: str = "sea.jpg", content: bytes | None = None) -> str:
    """The id of one photo that was dropped."""
    *_, outcome = await drop(site, {name: content or picture()})
    (asset,) = outcome["assets"]
    return str(asset)


async def test_what_is_dropped_is_imported_and_what_is_not_has_its_reason(site: Site) -> None:
    *progress, outcome = await drop(
        site, {"holiday/sea.jpg": picture(), "holiday/again.jpg": picture(), "notes.txt": b"hello", "page.html": b"<html><script>"}
    )
    assert all({"files", "done"} == each.keys() for each in progress)
    assert (outcome["imported"], outcome["duplicates"]) == (1, 1)
    assert [each["path"] for each in sorted(outcome["skipped"], key=lambda each: str(each["path"]))] == ["notes.txt", "page.html"]
    assert (await site.get("/api/v1/timeline"))["total"] == 1
    assert list(site.library.folder.dropped.iterdir()) == []


async def test_what_was_deleted_stays_so_unless_asked(site: Site) -> None:
    asset = await dropped(site)
    await site.done("/api/v1/assets/trash", ids=[asset], sure=True)
    assert (await drop(site, {"sea.jpg": picture()}))[-1]["deleted_before"] == 1
    assert (await site.get("/api/v1/timeline"))["total"] == 0
    await drop(site, {"sea.jpg": picture()}, bring_back=True)
    assert (await site.get("/api/v1/timeline"))["total"] == 1


@pytest.mark.parametrize(
    "path", ["", "/", "..", "../x.jpg", "a/../../x.jpg", "/etc/passwd/..", "a\x00.jpg", "a\\b.jpg", "x" * 300 + ".jpg", "/".join("a" * 50)]
)
async def test_names_that_lead_elsewhere(site: Site, path: str) -> None:
    name = (await site.done("/api/v1/imports"))["import"]
    headers = {"Origin": ORIGIN, "Content-Type": "application/octet-stream"}
    response = await site.client.put(f"/api/v1/imports/{name}/files", params={"path": path}, content=b"x", headers=headers)
    assert response.status_code == 400
    assert [each for each in site.library.folder.dropped.rglob("*") if each.is_file() and each.suffix != ".lock"] == []


@given(st.text(max_size=30))
def test_no_name_leads_out_of_its_drop(path: str) -> None:
    made = Drop(id="x", scratch=_Scratch(Path("/library/.calotype/dropped/x")))  # type: ignore[arg-type]  # only its path is asked for
    try:
        place = place_for(made, path)
    except UsageError:
        return
    assert made.scratch.path in Path(*place.parts).parents
    assert ".." not in place.parts


class _Scratch:
    def __init__(self, path: Path) -> None:
        self.path = path


def test_there_are_never_too_many(tmp_path: Path) -> None:
    folder = LibraryFolder(tmp_path)
    folder.create()
    drops = Drops(folder, Random(1).randbytes)
    made = [drops.begin() for _ in range(MOST_DROPS + 1)]
    with pytest.raises(UsageError, match="is over"):
        drops.get(made[0].id)
    assert drops.get(made[1].id) is made[1]
    made[1].files = MOST_FILES
    with pytest.raises(UsageError, match="More than 20,000 files"):
        place_for(made[1], "x.jpg")
    drops.close()
    assert list(folder.dropped.iterdir()) == []


async def test_giving_up_leaves_nothing(site: Site) -> None:
    name = (await site.done("/api/v1/imports"))["import"]
    headers = {"Origin": ORIGIN, "Content-Type": "application/octet-stream"}
    await site.client.put(f"/api/v1/imports/{name}/files", params={"path": "x.jpg"}, content=b"x", headers=headers)
    twice = await site.client.put(f"/api/v1/imports/{name}/files", params={"path": "x.jpg"}, content=b"y", headers=headers)
    assert twice.status_code == 400
    await site.done(f"/api/v1/imports/{name}/give-up")
    assert (await site.post(f"/api/v1/imports/{name}/finish")).status_code == 400
    assert list(site.library.folder.dropped.iterdir()) == []


async def test_pictures_and_the_original(site: Site) -> None:
    content = picture()
    asset = await dropped(site, "Möwe \u202e<b>.jpg", content)
    row = (await site.get(f"/api/v1/assets/{asset}"))["row"]
    assert (row["width"], row["height"], row["original"]) == (640, 480, "here")
    assert row["thumbhash"]
    small = await site.client.get(f"/media/{asset}/thumbnail", params={"v": row["picture"]})
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in small.headers["cache-control"]
    assert "immutable" not in (await site.client.get(f"/media/{asset}/thumbnail")).headers["cache-control"]
    preview = await site.client.get(f"/media/{asset}/preview", params={"v": row["picture"]})
    assert preview.content == content  # it isn't larger than a preview would be
    original = await site.client.get(f"/media/{asset}/original")
    assert (original.content, original.headers["content-type"]) == (content, "image/jpeg")
    assert original.headers["content-disposition"].startswith("inline; filename*=UTF-8''M%C3%B6we%20")
    assert "sandbox" in original.headers["content-security-policy"]
    part = await site.client.get(f"/media/{asset}/original", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert (await site.client.get(f"/media/{asset}/motion")).status_code == 404


async def test_an_edited_photo_is_shown_as_before_until_its_picture_is_made(site: Site) -> None:
    asset = await dropped(site)
    imported = (await site.get(f"/api/v1/assets/{asset}"))["row"]["picture"]
    before = (await site.client.get(f"/media/{asset}/thumbnail", params={"v": imported})).content
    (row,) = (await site.done(f"/api/v1/assets/{asset}/edit", parameters={"rotate": "90"}))["assets"]
    assert row["picture"] == imported
    assert (await site.client.get(f"/media/{asset}/thumbnail", params={"v": imported})).content == before
    revision = (await site.get("/api/v1/timeline"))["revision"]
    pictures = EditedPictures(site.library)
    (due,) = pictures.due(9)
    made = Picture(data=b"a smaller one", width=3, height=4, media="image/webp")
    pictures.put(due, Level.ORIGINAL, {"thumbnail": made}, undrawn=0)
    (month,) = (await site.get("/api/v1/timeline", since=revision))["months"]
    assert month["count"] == 1
    row = (await site.get(f"/api/v1/assets/{asset}"))["row"]
    assert row["picture"] not in (None, imported)
    for kind in ("thumbnail", "preview"):  # it isn't larger than a thumbnail, so it has no preview of its own
        assert (await site.client.get(f"/media/{asset}/{kind}", params={"v": row["picture"]})).content == made.data
    await site.done(f"/api/v1/assets/{asset}/revert")
    assert (await site.get(f"/api/v1/assets/{asset}"))["row"]["picture"] == imported


async def test_what_a_browser_could_run_is_only_saved(site: Site) -> None:
    """A file may be anything, whatever it was taken for."""
    asset = await dropped(site)
    (path,) = site.library.folder.originals.rglob("*.jpg")
    path.chmod(0o600)
    path.write_bytes(NOBODYS)
    response = await site.client.get(f"/media/{asset}/original")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in response.headers["content-security-policy"]


async def test_rendering_with_other_edits(serve: Serve, site: Site) -> None:
    asset = await dropped(site)
    async with open_renderers(1) as renderer:
        rendering = await serve(site.library, renderer=renderer)
        response = await rendering.client.get(f"/media/{asset}/render", params={"rotate": "90", "exposure": "20", "edge": 320})
        assert response.status_code == 200
        assert Image.open(io.BytesIO(response.content)).size == (240, 320)
        for wrong in ({"exposure": "loud"}, {"edge": 10**9}, {"crop": "0,0,0,0"}):
            assert (await rendering.client.get(f"/media/{asset}/render", params=wrong)).status_code == 400
    assert (await site.client.get(f"/media/{asset}/render")).status_code == 404  # nobody renders any more


async def test_many_photos_as_one_file(serve: Serve, site: Site) -> None:
    first = await dropped(site, "sea.jpg", picture(1))
    second = await dropped(site, "more/SEA.jpg", picture(2))
    async with open_renderers(1) as renderer:
        zipping = await serve(site.library, renderer=renderer)
        await zipping.done(f"/api/v1/assets/{second}/edit", parameters={"rotate": "90"})
        response = await zipping.client.get("/api/v1/zip", params={"ids": f"{first},{second},{first}", "edited": 1})
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents["sea.jpg"] == picture(1)
    assert contents["SEA (2).jpg"] == picture(2)
    assert Image.open(io.BytesIO(contents["SEA (2)_edited.jpg"])).size == (
        480,
        640,
    )
    assert len(contents) == 3


async def test_more_photos_than_an_address_holds_are_asked_for_first(site: Site) -> None:
    asset = await dropped(site)
    url = (await site.done("/api/v1/zip", ids=[asset]))["url"]
    response = await site.client.get(url)
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["sea.jpg"]
    again = await site.client.get(url)
    assert (again.status_code, again.json()["message"]) == (400, "This download was begun already, or is too old.")
    bodies: list[dict[str, list[str]]] = [{"ids": []}, {"ids": ["0" * 32]}, {"ids": [asset] * 2001}]
    for body in bodies:
        assert (await site.post("/api/v1/zip", **body)).status_code == 400
    assert (await site.client.get("/api/v1/zip")).status_code == 400
    assert (await site.client.get("/api/v1/zip", params={"ids": asset, "waiting": "x"})).status_code == 400


async def test_what_is_not_here_is_named_in_the_file(site: Site) -> None:
    asset = await dropped(site)
    (path,) = site.library.folder.originals.rglob("*.jpg")
    path.unlink()
    response = await site.client.get("/api/v1/zip", params={"ids": asset})
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.read("not on this device.txt").decode() == "sea.jpg\n"
    assert (await site.client.get(f"/media/{asset}/original")).status_code == 404
    for wrong in ("", "x", f"{asset},"):
        assert (await site.client.get("/api/v1/zip", params={"ids": wrong})).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        (None, None),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=50-1000", (50, 99)),
        ("bytes=100-", None),
        ("bytes=9-0", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("bytes=0-9,20-29", None),
        ("pages=0-9", None),
        ("bytes=٣-٩", None),
        ("bytes=0-" + "9" * 5000, None),
    ],
)
def test_ranges(wanted: str | None, part: tuple[int, int] | None) -> None:
    assert byte_range(wanted, 100) == part
    assert byte_range(wanted, 0) is None
