"""How fast originals are given up when a disk gets small."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import trio

from crdt.asset import add_source
from crdt.draft import Draft
from crdt.facts import Policy, Source, Way
from peer.engine.engine import Engine, EngineParts
from peer.engine.evicting import Evictor
from peer.keys.blobs import SealedBlob, seal_segment
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.policies import set_policy
from peer.originals.copying import ORIGINAL_MODE
from peer.originals.held import HeldStamp
from peer.seams import SystemClock
from store.ids import FileHash, RecordId
from tests.bench.figures import Figure
from tests.bench.stage import Scale
from tests.fleet.node import LocalNode, call_directly, make_node
from tests.fleet.peers import found, running

METHOD = (
    "50 GB are 12,500 originals of 4 MB. They are simulated twice, because the relay would have to store 50 GB: once as 12,500 files of 2,000 bytes with "
    "records, blobs and folders of their own (what each file costs: choice, question, proof, transaction, unlinking, folder), and once as fewer files of "
    "4 MiB of random bytes (what each byte costs: reading, sealing and hashing here, reading and hashing at the relay). The policy becomes `thumbnails`, and "
    "a real engine with a relay in the same process, whose blobs lie in memory, works until nothing is left. The last figure is the sum for 50 GB."
)
PHOTOS = 12_500
PHOTO_BYTES = 4_000_000
SMALL, LARGE = 2_000, 4 * 1024 * 1024
FOLDER_FILES = 100
BATCH = 100


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    count, large = scale.of(PHOTOS, 500), scale.of(48, 8)
    each = await _give_up(folder / "small", count, SMALL)
    bytes_a_second = large * LARGE / await _give_up(folder / "large", large, LARGE)
    return [
        Figure(name=f"originals given up, {count} files of 2 kB", value=count / each, unit="/s"),
        Figure(name=f"originals given up, {large} files of 4 MiB", value=bytes_a_second / 1e6, unit="MB/s"),
        Figure(name="50 GB of originals (from both)", value=PHOTOS * (each / count + PHOTO_BYTES / bytes_a_second), unit="s"),
    ]


async def _give_up(folder: Path, count: int, size: int) -> float:
    """Seconds until nothing is left of ``count`` originals."""
    folder.mkdir(parents=True)  # noqa: ASYNC240 - nothing else runs here
    clock = SystemClock()
    node = make_node(clock)
    library = await found(folder / "library", node, clock)  # type: ignore[arg-type]  # any clock will do
    for start in range(0, count, BATCH):
        _add(library, node, range(start, min(start + BATCH, count)), size)
    await _settle(library, node)
    set_policy(library, Policy(keep="thumbnails"))
    start_time = time.perf_counter()
    await _settle(library, node)
    seconds = time.perf_counter() - start_time
    assert library.held.totals()["original"] == (0, 0)
    assert not list(library.folder.originals.iterdir())
    library.close()
    return seconds


async def _settle(library: Library, node: LocalNode) -> None:
    parts = EngineParts(
        library=library, connect=node.connect(library), run_blocking=call_directly, chores=(Evictor(call_directly),), report_at_once=True
    )
    engine = Engine(parts)
    async with running(engine):
        with trio.fail_after(3600):
            await engine.until_settled()


def _add(library: Library, node: LocalNode, numbers: range, size: int) -> None:
    """Originals with their records, and their blobs at the relay."""
    epoch, edits = library.write_epoch(), []
    with library.database.write():
        for number in numbers:
            data = os.urandom(size)
            sealed = seal_segment(epoch, data)
            node.parts.blobs.put(sealed.id, sealed.sealed, now=0)
            node.parts.libraries.add_blob(library.id, sealed.id, len(sealed.sealed), now=0)
            held = _write(library, number, data)
            library.held.put(held)
            edits.append(_described(held, sealed))
        library.change(edits)


def _write(library: Library, number: int, data: bytes) -> HeldFile:
    folder = library.folder.originals / f"{number // FOLDER_FILES:04}"
    folder.mkdir(exist_ok=True)
    path = folder / f"IMG_{number:05}.JPG"
    path.write_bytes(data)
    path.chmod(ORIGINAL_MODE)
    stamp = HeldStamp.of(path.stat())
    return HeldFile(
        file=FileHash(hashlib.sha256(data).digest()),
        kind="original",
        path=path.relative_to(library.folder.root),
        incoming=None,
        size=stamp.size,
        mtime_ns=stamp.mtime_ns,
        inode=stamp.inode,
    )


def _described(held: HeldFile, sealed: SealedBlob) -> Edit:
    def change(draft: Draft, stamp: object) -> None:
        draft.set("primary", bytes(held.file))
        draft.add("name", held.path.name)
        draft.derive("kind", "photo")
        add_source(draft, held.file, Source(size=held.size, way=Way.BLOBS, blobs=(sealed.id,)))

    return Edit(RecordId.asset(held.file), change)
