"""Bytes that belong to several photos: what becomes of them when one of these is deleted for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.values import Plain
from peer.library.authoring import Edit
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.queues import Download, Priority
from peer.library.segments import Sealing
from peer.library.trashing import trash_assets
from store.bodies import Claim, Release, parse_control
from store.entries import EntryKind
from store.ids import BlobId, RecordId
from tests.fleet.libraries import add_original, add_photo, file_of
from tests.unit.peer.library.pair import Pair, make_pair
from tests.unit.peer.library.test_purging import name_blobs

SEGMENTS = [BlobId(bytes([number]) * 32) for number in range(17)]
INDEX = BlobId(b"i" * 32)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path)
    yield made
    made.prove()
    made.close()


def hold_film(library: Library, label: str) -> RecordId:
    """A film of seventeen segments that lies here, with its index."""
    film, _ = add_original(library, label)
    name_blobs(library, film, label, INDEX, way_name="index")
    with library.database.write():
        keep_index(library, file_of(label), Sealing(blobs=tuple(SEGMENTS), index=b"".join(SEGMENTS), index_blobs=(INDEX,)))
    return film


def released(library: Library) -> set[BlobId]:
    return {blob for body in _bodies(library, EntryKind.RELEASE) if isinstance(body, Release) for blob in body.blobs}


def claimed(library: Library) -> set[BlobId]:
    return {blob for body in _bodies(library, EntryKind.CLAIM) if isinstance(body, Claim) for blob in body.blobs}


def _bodies(library: Library, kind: EntryKind) -> list[object]:
    return [parse_control(arrived.entry) for arrived in library.log.control(0, limit_bytes=2**30) if arrived.entry.kind is kind]


def purge(library: Library, photo: RecordId) -> None:
    trash_assets(library, [photo])
    assert purge_now(library, [photo]).purged == (photo,)


def test_what_an_index_leads_to_is_not_released_while_another_photo_has_the_file(pair: Pair) -> None:
    library = pair.anna
    first, second = add_photo(library, "first"), add_photo(library, "second")
    raw, _ = add_original(library, "raw")
    library.change([], purges=[raw])  # so that it is no photo by itself
    for photo in (first, second):
        _give_role(library, photo)
        name_blobs(library, photo, "raw", INDEX, way_name="index")
    with library.database.write():
        keep_index(library, file_of("raw"), Sealing(blobs=tuple(SEGMENTS), index=b"".join(SEGMENTS), index_blobs=(INDEX,)))
    purge(library, first)
    assert released(library).isdisjoint({INDEX, *SEGMENTS})
    purge(library, second)
    assert released(library) >= {INDEX, *SEGMENTS}


def _give_role(library: Library, photo: RecordId) -> None:
    library.change([Edit(photo, lambda draft, stamp: draft.set("role:raw", bytes(file_of("raw"))))])


def test_segments_that_a_film_shares_with_a_piece_of_it_are_not_released(pair: Pair) -> None:
    """A copy that broke off begins with the same segments as the whole film."""
    library = pair.anna
    hold_film(library, "whole")
    piece = add_photo(library, "piece")
    name_blobs(library, piece, "piece", *SEGMENTS[:3])
    purge(library, piece)
    assert released(library)
    assert released(library).isdisjoint(SEGMENTS)


def test_who_knows_that_a_film_has_segments_that_were_released_claims_them(pair: Pair) -> None:
    hold_film(pair.bert, "whole")
    piece = add_photo(pair.anna, "piece")
    name_blobs(pair.anna, piece, "piece", *SEGMENTS[:3])
    pair.meet()
    purge(pair.anna, piece)  # anna never had the film, and can't know what its index leads to
    assert released(pair.anna) >= {*SEGMENTS[:3]}
    pair.meet()
    assert claimed(pair.anna) == {*SEGMENTS[:3]}


def test_a_file_that_is_wanted_stays_so_when_the_photo_that_it_was_queued_for_is_deleted(pair: Pair) -> None:
    library = pair.anna
    first, second = add_photo(library, "first"), add_photo(library, "second")
    for photo in (first, second):
        _give_role(library, photo)
        name_blobs(library, photo, "raw", b"r" * 32)
    with library.database.write() as connection:
        connection.execute("UPDATE download SET asked = 1 WHERE file = ?", (file_of("raw"),))
    queued = {each.file: each.record for each in library.downloads.due(2**60, 100)}
    going, staying = (first, second) if queued[file_of("raw")] == first else (second, first)
    purge(library, going)
    left = {each.file: each for each in library.downloads.due(2**60, 100)}
    assert left[file_of("raw")] == Download(file=file_of("raw"), record=staying, size=10, priority=Priority.ORIGINAL)
    purge(library, staying)
    assert file_of("raw") not in library.downloads.files()


def test_equal_pictures_of_two_photos_are_wanted_when_one_of_these_is_deleted(pair: Pair) -> None:
    library = pair.anna
    first, second = add_photo(library, "first"), add_photo(library, "second")
    thumbnail: dict[str, Plain] = {"file": b"f" * 32, "size": 3, "width": 1, "height": 1, "type": "image/webp", "blobs": [b"t" * 32]}
    library.change([Edit(photo, lambda draft, stamp: draft.derive("thumbnail", thumbnail)) for photo in (first, second)])
    queued = {each.record for each in library.downloads.due(2**60, 100) if each.file == b"f" * 32}
    assert len(queued) == 1
    (going,) = queued
    staying = second if going == first else first
    purge(library, going)
    assert {each.record for each in library.downloads.due(2**60, 100) if each.file == b"f" * 32} == {staying}
