"""What a node gets when it is met for the first time, and what that costs others."""

from __future__ import annotations

import pytest

from peer.library import upload_planning
from peer.library.library import Library
from peer.library.queues import Priority, Upload
from peer.library.upload_planning import met
from store.database import Database
from store.ids import BlobId, FileHash, StoreId
from tests.fleet.libraries import add_photo

STORE = StoreId(b"s" * 16)


def test_other_processes_write_while_a_new_node_is_looked_at(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are sealed to learn their blobs, which takes minutes in a large library: not inside a write transaction."""
    add_photo(library, "sea")
    node = library.nodes.add("https://relay.example.org", bytes(32))
    looked = []

    def look(*_: object) -> list[object]:
        other = Database(library.database.path, [])
        try:
            other._connection.execute("PRAGMA busy_timeout=0")
            with other.write():
                looked.append(True)
        finally:
            other.close()
        return []

    monkeypatch.setattr(upload_planning, "_uploads_of", look)
    met(library, node.number, STORE, 1, 0)
    assert looked
    assert library.nodes.all()[0].store == STORE


def test_a_first_meeting_that_is_cut_off_is_begun_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add_photo(library, "sea")
    node = library.nodes.add("https://relay.example.org", bytes(32))

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(upload_planning, "_uploads_of", cut_off)
    with pytest.raises(KeyboardInterrupt):
        met(library, node.number, STORE, 1, 0)
    assert library.nodes.all()[0].store is None


def test_nothing_is_queued_for_a_node_that_was_removed(library: Library) -> None:
    upload = Upload(blob=BlobId(bytes(32)), file=FileHash(bytes(32)), segment=0, size=1, priority=Priority.ORIGINAL)
    library.uploads.add([99], [upload])
    assert library.uploads.count() == (0, 0)
