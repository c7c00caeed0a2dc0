from __future__ import annotations

from typing import Any

import pytest

from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.values import Value
from peer.library.authoring import Edit
from peer.library.details import asset_details
from peer.library.library import Library
from peer.library.queues import Priority, Upload
from peer.library.whereabouts import explain
from store.ids import BlobId, RecordId
from tests.fleet.libraries import add_original, add_photo, content_of, edit, file_of
from tests.unit.peer.library.pair import Pair

RELAY = "https://relay.example.org"


def only_file(library: Library, asset: RecordId) -> dict[str, Any]:
    (file,) = explain(library, asset)["files"]
    assert isinstance(file, dict)
    return file


def test_a_file_that_is_here(library: Library) -> None:
    asset, path = add_original(library, "sea")
    assert only_file(library, asset) == {
        "role": "primary",
        "file": file_of("sea").hex(),
        "size": len(content_of("sea")),
        "here": True,
        "path": str(path),
        "as_recorded": True,
        "uploads": [],
        "download": None,
        "given_up": False,
        "holders": [],
        "explanation": "Here, as recorded.",
    }


def test_a_file_that_was_changed_or_moved_by_hand(library: Library) -> None:
    asset, path = add_original(library, "sea")
    path.write_bytes(b"other bytes")
    changed = only_file(library, asset)
    assert (changed["here"], changed["as_recorded"]) == (True, False)
    assert "calotype verify" in changed["explanation"]
    path.unlink()
    moved = only_file(library, asset)
    assert (moved["here"], moved["as_recorded"]) == (False, False)
    assert "moved or deleted by hand" in moved["explanation"]


def test_a_file_that_is_elsewhere(library: Library) -> None:
    asset = add_photo(library, "sea")
    assert "no relay is configured" in only_file(library, asset)["explanation"]
    library.nodes.add(RELAY, bytes(32))
    assert "waits for its turn" in only_file(library, asset)["explanation"]
    library.downloads.failed([(file_of("sea"), "no node in reach has it yet", 1_700_000_060_000)])
    file = only_file(library, asset)
    assert file["download"] == {"reason": "no node in reach has it yet", "next_try": "2023-11-14T22:14:20.000Z"}
    assert file["explanation"] == "Not here: no node in reach has it yet. Next try at 2023-11-14T22:14:20.000Z."
    library.downloads.done([file_of("sea")])
    assert "calotype fetch" in only_file(library, asset)["explanation"]


def test_a_file_that_a_relay_still_lacks(library: Library) -> None:
    asset, _ = add_original(library, "sea")
    node = library.nodes.add(RELAY, bytes(32))
    blobs = [BlobId(bytes([number]) * 32) for number in (1, 2)]
    library.uploads.add(
        [node.number],
        [Upload(blob=blob, file=file_of("sea"), segment=n, size=4, priority=Priority.ORIGINAL) for n, blob in enumerate(blobs)],
    )
    assert only_file(library, asset)["explanation"] == f"Here, as recorded. {RELAY} still lacks 2 parts of it."
    library.uploads.failed(node.number, blobs[0], "the relay is full", 0)
    file = only_file(library, asset)
    assert file["uploads"] == [{"node": RELAY, "blobs": 2, "bytes": 8, "reason": "the relay is full", "next_try": None}]
    assert file["explanation"].endswith("still lacks 2 parts of it: the relay is full. Next try at once.")


def test_roles_versions_and_pictures_are_explained_in_order(library: Library) -> None:
    asset = add_photo(library, "sea")
    edit(library, asset, role_raw=bytes(file_of("raw")))
    rendition: Value = {"file": bytes(file_of("thumb")), "size": 5, "width": 9, "height": 9, "type": "image/webp", "blobs": [bytes(32)]}

    def describe(draft: Draft, stamp: Stamp) -> None:
        draft.derive("thumbnail", rendition)
        draft.add("version", file_of("old").base64())

    library.change([Edit(asset, describe)])
    with library.database.write() as connection:
        connection.execute("INSERT INTO preview_wanted VALUES (?, ?)", (asset, file_of("sea")))
    answer = explain(library, asset)
    assert [file["role"] for file in answer["files"]] == ["primary", "raw", "version", "thumbnail"]
    assert [file["size"] for file in answer["files"]] == [len(content_of("sea")), None, None, 5]
    assert "still to be made" in answer["preview"]


def test_details_have_everything_about_a_photo(pair: Pair) -> None:
    asset, path = add_original(pair.anna, "sea")
    pair.meet()
    edit(pair.anna, asset, rating=1, location=[1.5, 2])
    pair.clock.pass_by()
    edit(pair.bert, asset, rating=2, edit_rotate=90)
    pair.meet()
    details = asset_details(pair.anna, asset)
    assert details["rating"] == 2
    assert details["files"] == [
        {"role": "primary", "file": file_of("sea").hex(), "size": path.stat().st_size, "here": True, "path": str(path)}
    ]
    assert (details["edits"], details["versions"], details["location"]) == ({"rotate": 90}, [], [1.5, 2])
    assert details["exif"] == {"taken": "2024-07-21T18:03:11+02:00", "width": 4000, "height": 3000}
    assert [conflict["field"] for conflict in details["conflicts"]] == ["rating"]
    assert asset_details(pair.bert, asset)["files"][0]["here"] is False


@pytest.mark.parametrize(
    ("kind", "is_installed", "words"),
    [
        ("video", False, "calotype[video]"),
        ("raw", False, "calotype[raw]"),
        ("video", True, "none could be made"),
        ("photo", True, "none could be made"),
    ],
)
def test_what_has_no_picture_says_why(library: Library, monkeypatch: pytest.MonkeyPatch, kind: str, is_installed: bool, words: str) -> None:
    asset = add_photo(library, "film")
    library.change([Edit(asset, lambda draft, stamp: draft.derive("kind", kind))])
    monkeypatch.setattr("peer.library.whereabouts.find_spec", lambda name: object() if is_installed else None)
    assert words in explain(library, asset)["picture"]
