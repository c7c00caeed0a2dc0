"""Photos in a folder: as they were imported, with all their parts, over nothing, and whatever can't be is said."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from trio.testing import MockClock

from crdt.values import Value
from peer.errors import UsageError
from peer.exporting.destination import Destination
from peer.exporting.exporter import Exported, Exporter, Wanted
from peer.library.authoring import Edit
from peer.library.editing import edit_photo
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import RecordId
from tests.fixtures.pictures import Shot, jpeg, png
from tests.fleet.imports import RendersInThisProcess, bring
from tests.fleet.libraries import MovedClock, make_library

SEA = jpeg(64, 48, seed=1, shot=Shot(taken="2024:07:21 18:03:11", offset="+02:00"))
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:z="http://example.org/z/" z:unknown="kept"/></rdf:RDF></x:xmpmeta>'
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "library", clock=MovedClock())
    yield made
    made.close()


@pytest.fixture
def card(tmp_path: Path, autojump_clock: MockClock) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


def records(library: Library) -> list[RecordId]:
    return [row.record for row in Queries(library.database).assets()]


async def export(library: Library, folder: Path, wanted: Wanted = Wanted()) -> Exported:  # noqa: B008
    exported = Exported()
    await Exporter(library, Destination(folder), wanted, RendersInThisProcess(), exported).run(records(library))
    return exported


def found(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_originals_come_out_as_they_went_in_with_the_time_of_the_picture(library: Library, card: Path, tmp_path: Path) -> None:
    (card / "sea.jpg").write_bytes(SEA)
    (card / "sub").mkdir()
    (card / "sub" / "SEA.JPG").write_bytes(jpeg(64, 48, seed=2))
    await bring(library, card)
    exported = await export(library, tmp_path / "out" / "deeper")
    assert (exported.photos, exported.files, exported.failed) == (2, 2, [])
    names = found(tmp_path / "out" / "deeper")
    assert {name.lower() for name in names} == {"sea.jpg", "sea (2).jpg"}
    (mine,) = [path for path in (tmp_path / "out" / "deeper").iterdir() if path.read_bytes() == SEA]
    assert mine.stat().st_mtime == datetime(2024, 7, 21, 16, 3, 11, tzinfo=UTC).timestamp()
    assert os.access(mine, os.W_OK)


async def test_again_changes_nothing_and_nothing_is_overwritten(library: Library, card: Path, tmp_path: Path) -> None:
    (card / "sea.jpg").write_bytes(SEA)
    await bring(library, card)
    out = tmp_path / "out"
    out.mkdir()
    (out / "sea.jpg").write_bytes(b"somebody else's")
    wanted = Wanted(edited=True, sidecars=True)
    library.change([edit_photo(records(library)[0], {"rotate": 90})])
    await export(library, out, wanted)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()}
    assert (out / "sea.jpg").read_bytes() == b"somebody else's"
    assert found(out) == {"sea.jpg", "sea (2).jpg", "sea (2)_edited.jpg", "sea (2).jpg.xmp"}
    assert (await export(library, out, wanted)).photos == 1
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()} == before


async def test_edited_pictures_are_beside_their_originals(library: Library, card: Path, tmp_path: Path) -> None:
    (card / "sea.jpg").write_bytes(SEA)
    (card / "sky.png").write_bytes(png(40, 20))
    await bring(library, card)
    library.change([edit_photo(record, {"rotate": 90}) for record in records(library)])
    exported = await export(library, tmp_path / "out", Wanted(edited=True))
    assert exported.files == 4
    sizes = {path.name: Image.open(io.BytesIO(path.read_bytes())).size for path in (tmp_path / "out").iterdir()}
    assert sizes == {"sea.jpg": (64, 48), "sea_edited.jpg": (48, 64), "sky.png": (40, 20), "sky_edited.png": (20, 40)}


async def test_parts_are_exported_together_and_the_sidecar_says_what_the_library_knows(
    library: Library, card: Path, tmp_path: Path
) -> None:
    (card / "sea.jpg").write_bytes(SEA)
    (card / "sea.jpg.xmp").write_bytes(PACKET)
    await bring(library, card)
    library.change([Edit(records(library)[0], lambda draft, stamp: draft.set("rating", 4))])
    out = tmp_path / "out"
    exported = await export(library, out)
    assert exported.failed == []
    assert found(out) == {"sea.jpg", "sea.jpg.xmp"}
    assert (out / "sea.jpg.xmp").read_bytes() == PACKET
    await export(library, tmp_path / "knowing", Wanted(sidecars=True))
    written = (tmp_path / "knowing" / "sea.jpg.xmp").read_bytes()
    assert b"Rating" in written
    assert b"kept" in written


async def test_the_film_of_a_motion_photo_is_taken_out(library: Library, card: Path, tmp_path: Path) -> None:
    (card / "sea.jpg").write_bytes(SEA + b"\x00\x00\x00\x14ftypmp42film")
    await bring(library, card)
    motion: list[Value] = [len(SEA), 16]
    library.change([Edit(records(library)[0], lambda draft, stamp: draft.derive("exif", {"motion": motion}))])
    exported = await export(library, tmp_path / "out", Wanted(motion=True))
    assert exported.failed == []
    assert (tmp_path / "out" / "sea.mp4").read_bytes() == b"\x00\x00\x00\x14ftypmp42film"
    library.change([Edit(records(library)[0], lambda draft, stamp: draft.derive("exif", {"motion": [len(SEA), 10_000]}))])
    (failure,) = (await export(library, tmp_path / "other", Wanted(motion=True))).failed
    assert "film" in failure.reason


async def test_what_isnt_here_or_was_damaged_is_said_and_the_rest_goes_on(library: Library, card: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("away.jpg", "damaged.jpg", "good.jpg")):
        (card / name).write_bytes(jpeg(64, 48, seed=number))
    await bring(library, card)
    for held in list(library.held.all("original")):
        path = library.folder.root / held.path
        if held.path.name == "away.jpg":
            path.unlink()
        elif held.path.name == "damaged.jpg":
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:-1] + b"x")
    exported = await export(library, tmp_path / "out")
    assert exported.photos == 1
    assert {failure.name: failure.reason.split()[1] for failure in exported.failed} == {"away.jpg": "original", "damaged.jpg": "original"}
    assert found(tmp_path / "out") == {"good.jpg"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError):
        Destination(tmp_path / "file")
