"""What a photo lacks is said by its record."""

from __future__ import annotations

from dataclasses import replace

from crdt.asset import AssetView, view_asset
from crdt.facts import Exif, Motion, Source, Way
from crdt.record import EMPTY
from peer.library.parts import missing_parts
from store.ids import BlobId, FileHash

PHOTO, OTHER = FileHash(bytes(32)), FileHash(bytes([1]) * 32)
WAY = (Source(size=1, way=Way.BLOBS, blobs=(BlobId(bytes(32)),)),)
WHOLE = replace(view_asset(EMPTY), primary=PHOTO, kind="photo", sources={PHOTO: WAY})
LIVE = Exif(content="0A1B")


def lacking(**said: object) -> tuple[str, ...]:
    view: AssetView = replace(WHOLE, **said)  # type: ignore[arg-type]
    return missing_parts(view)


def test_a_photo_of_one_file_lacks_nothing() -> None:
    assert lacking() == ()


def test_a_live_photo_without_its_film_and_a_film_without_its_still() -> None:
    assert lacking(exif=LIVE) == ("motion",)
    assert lacking(exif=LIVE, kind="video") == ("still",)
    assert lacking(exif=LIVE, roles={"motion": OTHER}, sources={PHOTO: WAY, OTHER: WAY}) == ()
    assert lacking(exif=replace(LIVE, motion=Motion(offset=1, size=2))) == (), "the film is in the photo's own file"


def test_a_part_without_a_way_to_its_bytes() -> None:
    assert lacking(roles={"raw": OTHER}) == ("raw",)
    assert lacking(exif=LIVE, roles={"motion": OTHER}) == ("motion",)
    assert lacking(sources={}) == ("primary",)
    assert missing_parts(view_asset(EMPTY)) == ()
