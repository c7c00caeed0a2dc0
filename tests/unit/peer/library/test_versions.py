"""Versions of a photo in records: named, kept, restored, and in conflict when two devices re-save at once (PROTOCOL.md section 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.asset import AssetView, add_source, view_asset
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Source, Way
from crdt.fields import fields_of
from peer.errors import UsageError
from peer.library.authoring import Edit
from peer.library.conflicts import OfDevice, TheWinner, resolve
from peer.library.library import Library
from peer.library.versions import Description, describe, find_version, is_described, name_version, versions_of
from store.ids import BlobId, FileHash, RecordId
from tests.unit.peer.library.pair import Pair, make_pair


def file(text: str) -> FileHash:
    return FileHash(hashlib.sha256(text.encode()).digest())


ORIGINAL = file("original")
PHOTO = RecordId.asset(ORIGINAL)


def description(width: int) -> Description:
    return Description(kind="photo", media="image/jpeg", exif={"width": width, "height": 3}, thumbhash=None, thumbnail=None)


def show(library: Library, version: FileHash, width: int) -> None:
    """What an import and a re-saved file write."""

    def change(draft: Draft, stamp: Stamp) -> None:
        name_version(draft, version)
        add_source(draft, version, Source(size=width, way=Way.BLOBS, blobs=(BlobId(bytes(version)),)))
        describe(draft, description(width))
        draft.add("name", "a.jpg")

    library.change([Edit(PHOTO, change)])


def view(library: Library) -> AssetView:
    content = library.records.content(PHOTO)
    assert content is not None
    return view_asset(content)


def is_right(library: Library) -> bool:
    content = library.records.content(PHOTO)
    return content is not None and is_described(fields_of(content))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path)
    show(made.anna, ORIGINAL, 1)
    made.meet()
    yield made
    made.close()


def test_a_newer_version_is_shown_and_the_older_one_kept(pair: Pair) -> None:
    show(pair.anna, file("newer"), 2)
    pair.meet()
    asset = view(pair.bert)
    assert asset.primary == file("newer")
    assert asset.files == {file("newer"): "primary", ORIGINAL: "version"}
    assert asset.exif.width == 2
    assert asset.conflicts == ()
    pair.prove()


def test_an_earlier_version_is_shown_again(pair: Pair) -> None:
    show(pair.anna, file("newer"), 2)
    pair.meet()
    show(pair.bert, ORIGINAL, 1)
    pair.meet()
    asset = view(pair.anna)
    assert asset.files == {ORIGINAL: "primary", file("newer"): "version"}
    assert asset.exif.width == 1


@pytest.mark.parametrize("bert_first", [False, True])
def test_versions_that_two_devices_made_at_once_are_both_kept_and_one_is_shown(tmp_path: Path, bert_first: bool) -> None:
    pair = make_pair(tmp_path, bert_first=bert_first)
    show(pair.anna, ORIGINAL, 1)
    pair.meet()
    show(pair.anna, file("anna's"), 2)
    pair.clock.time += 1000
    show(pair.bert, file("bert's"), 3)
    pair.meet()
    for library in pair.both:
        asset = view(library)
        assert asset.files == {file("bert's"): "primary", file("anna's"): "version", ORIGINAL: "version"}
        assert set(asset.sources) == set(asset.files)
        assert asset.exif.width == 3
    (conflict,) = pair.conflicts()
    assert conflict.field == "primary"
    pair.prove()
    pair.close()


def test_settling_it_for_the_other_side_keeps_both_and_is_found_to_need_another_description(pair: Pair) -> None:
    show(pair.anna, file("anna's"), 2)
    pair.clock.time += 1000
    show(pair.bert, file("bert's"), 3)
    pair.meet()
    assert is_right(pair.anna)
    resolve(pair.anna, PHOTO, "primary", OfDevice("anna"))
    pair.meet()
    assert pair.conflicts() == []
    asset = view(pair.bert)
    assert asset.files == {file("anna's"): "primary", file("bert's"): "version", ORIGINAL: "version"}
    assert not is_right(pair.bert)
    pair.anna.change([Edit(PHOTO, lambda draft, stamp: describe(draft, description(2)))])
    pair.meet()
    assert is_right(pair.bert)
    assert view(pair.bert).exif.width == 2


def test_settling_it_for_the_winner(pair: Pair) -> None:
    show(pair.anna, file("anna's"), 2)
    pair.clock.time += 1000
    show(pair.bert, file("bert's"), 3)
    pair.meet()
    resolve(pair.bert, PHOTO, "primary", TheWinner())
    pair.meet()
    assert view(pair.anna).files == {file("bert's"): "primary", file("anna's"): "version", ORIGINAL: "version"}


def test_a_restored_version_and_a_new_one_at_once_are_both_kept(pair: Pair) -> None:
    show(pair.anna, file("newer"), 2)
    pair.meet()
    show(pair.anna, ORIGINAL, 1)
    pair.clock.time += 1000
    show(pair.bert, file("newest"), 3)
    pair.meet()
    for library in pair.both:
        assert view(library).files == {file("newest"): "primary", file("newer"): "version", ORIGINAL: "version"}
    assert [conflict.field for conflict in pair.conflicts()] == ["primary"]
    pair.prove()


def test_what_a_person_said_outlives_versions(pair: Pair) -> None:
    pair.bert.change([Edit(PHOTO, lambda draft, stamp: draft.set("caption", "ours"))])
    show(pair.anna, file("newer"), 2)
    pair.meet()
    assert view(pair.anna).caption == "ours"


def test_the_list_says_what_when_and_who(pair: Pair) -> None:
    pair.clock.time += 5000
    show(pair.bert, file("newer"), 2)
    pair.meet()
    newest, oldest = versions_of(pair.anna, PHOTO)
    assert (newest.role, newest.file, newest.size) == ("primary", file("newer"), 2)
    assert (oldest.role, oldest.file, oldest.size) == ("version", ORIGINAL, 1)
    assert newest.device is not None
    assert newest.device.name == "bert"
    assert oldest.came is not None
    assert newest.came is not None
    assert newest.came > oldest.came
    assert not newest.here


def test_a_version_is_found_by_the_beginning_of_its_name(pair: Pair) -> None:
    show(pair.anna, file("newer"), 2)
    assert find_version(pair.anna, PHOTO, ORIGINAL.hex()[:8].upper()) == ORIGINAL
    for prefix in ("", "zz"):
        with pytest.raises(UsageError):
            find_version(pair.anna, PHOTO, prefix)


def test_what_was_computed_from_another_file_goes_when_there_is_nothing_instead(pair: Pair) -> None:
    def change(draft: Draft, stamp: Stamp) -> None:
        draft.derive("thumbhash", b"hash")

    pair.anna.change([Edit(PHOTO, change)])
    assert view(pair.anna).thumbhash == b"hash"
    show(pair.anna, file("undrawable"), 2)
    assert view(pair.anna).thumbhash is None
