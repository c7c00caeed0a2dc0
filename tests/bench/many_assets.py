"""Libraries with many assets whose files are nowhere: what an import would have written, without the pictures."""

from __future__ import annotations

from random import Random
from typing import Any

from crdt.asset import add_source
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Rendition, Source, Way
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.media.exif import parse_block
from peer.media.metadata import read_metadata
from store.ids import BlobId, FileHash, RecordId
from tests.fixtures.pictures import varied_shot

BATCH = 100
DISTINCT_METADATA = 60


def fill(library: Library, count: int, *, seed: int = 1) -> None:
    """``count`` assets, in batches as an import makes them."""
    chance = Random(seed)
    metadata = [_metadata(number) for number in range(DISTINCT_METADATA)]
    for start in range(0, count, BATCH):
        edits = [_asset(number, metadata[number % DISTINCT_METADATA], chance) for number in range(start, min(start + BATCH, count))]
        library.change(edits)


def named_assets(library: Library, count: int) -> list[RecordId]:
    """As many as nothing is known of but their names."""
    chance = Random(count)
    files = [FileHash(chance.randbytes(FileHash.SIZE)) for _ in range(count)]

    def describe(file: FileHash) -> Edit:
        return Edit(RecordId.asset(file), lambda draft, _: _name(draft, file))

    library.change(map(describe, files))
    return [RecordId.asset(file) for file in files]


def _name(draft: Draft, file: FileHash) -> None:
    draft.set("primary", bytes(file))
    draft.add("name", f"{file.hex()[:8]}.JPG")


def _metadata(number: int) -> dict[str, Any]:
    return {**read_metadata(parse_block(varied_shot(number).exif()), {}), "width": 4000, "height": 3000}


def _asset(number: int, exif: dict[str, Any], chance: Random) -> Edit:
    file = FileHash(chance.randbytes(FileHash.SIZE))
    source = Source(size=chance.randrange(2_000_000, 4_000_000), way=Way.BLOBS, blobs=(BlobId(chance.randbytes(BlobId.SIZE)),))
    thumbnail, preview = _rendition(360, "image/webp", chance), _rendition(2048, "image/jpeg", chance)
    thumbhash = chance.randbytes(24)

    def describe(draft: Draft, stamp: Stamp) -> None:
        draft.set("primary", bytes(file))
        draft.add("name", f"IMG_{number:06}.JPG")
        add_source(draft, file, source)
        for name, value in (("kind", "photo"), ("media", "image/jpeg"), ("exif", exif), ("thumbhash", thumbhash)):
            draft.derive(name, value)
        draft.derive("thumbnail", thumbnail.value())
        draft.derive("preview", preview.value())

    return Edit(RecordId.asset(file), describe)


def _rendition(edge: int, media: str, chance: Random) -> Rendition:
    return Rendition(
        file=FileHash(chance.randbytes(FileHash.SIZE)),
        size=edge * 40,
        width=edge,
        height=edge * 3 // 4,
        media=media,
        blobs=(BlobId(chance.randbytes(BlobId.SIZE)),),
    )
