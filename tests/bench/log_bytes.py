"""What an asset costs in the log, and so on every leg and in every device's database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.commit import Bundle, Committer
from peer.importing.outcome import Outcome
from peer.importing.prepare import Identified, Prepared, Workshop, identify_file, prepare
from peer.importing.previews import PreviewMaker
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from peer.media.worker import open_decoders
from peer.originals.scan import Found, Skipped, scan
from peer.seams import run_in_thread
from store.entries import EntryKind
from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale
from tests.fixtures.pictures import encoded, scene, varied_shot

METHOD = (
    "100 JPEGs of 2,200 × 1,650 pixels whose EXIF is as cameras write it (camera, lens, exposure, time with offset, place, orientation) are examined as at "
    "import and committed as one batch: EXIF, name, media type, source, thumbnail and ThumbHash of each. Counted are whole entries: header, signature, "
    "deps, sealed body. The second line is what the previews add, which follow in the background, 16 at a time; with --quick there are none."
)
ASSETS = 100


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    photos = _write_photos(folder / "photos", scale.of(2200, 1100))
    library, _ = create_library(LibraryFolder(folder / "library"), "bench")
    with closing(library):
        async with open_decoders() as decoders:
            workshop = Workshop(decoders, library.folder.incoming)
            prepared = [await _prepared(library, found, workshop) for found in scan([photos], library=library.folder.root)]
        Committer(library, Outcome(), bring_back=False, move=False).commit([Bundle(items=[each]) for each in prepared])
        described = _change_bytes(library)
        if not scale.quick:
            await _make_previews(library)
        previews = _change_bytes(library) - described
    asset = Figure(name=f"metadata of one asset, in a batch of {ASSETS}", value=described / ASSETS, unit="B", budget=Budget(bound=400))
    return [asset, *([Figure(name="its preview, in a batch of 16", value=previews / ASSETS, unit="B")] if previews else [])]


def _write_photos(folder: Path, width: int) -> Path:
    folder.mkdir()
    for number in range(ASSETS):
        picture = scene(width, width * 3 // 4, seed=number, grain=0)
        (folder / f"IMG_{number + 1:04}.JPG").write_bytes(encoded(picture, "JPEG", shot=varied_shot(number)))
    return folder


async def _prepared(library: Library, found: Found | Skipped, workshop: Workshop) -> Prepared:
    assert isinstance(found, Found)
    identified = identify_file(found)
    assert isinstance(identified, Identified)
    prepared = await prepare(library, identified, workshop, run_in_thread)
    assert isinstance(prepared, Prepared)
    return prepared


async def _make_previews(library: Library) -> None:
    progress = Progress()
    work = Work(changed=progress.changed.notify)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(PreviewMaker(run_in_thread), library, work, progress)
        while not work.settled:
            await progress.changed.next()
        nursery.cancel_scope.cancel()


def _change_bytes(library: Library) -> int:
    """Bytes of all changes in the log, less the one that describes the device."""
    entries = [arrived.entry for arrived in library.log.after(0, limit_bytes=2**30)]
    return sum(len(entry.raw) for entry in [entry for entry in entries if entry.kind is EntryKind.CHANGE][1:])
