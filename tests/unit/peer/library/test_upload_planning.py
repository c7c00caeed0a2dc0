"""What a node gets when it is met for the first time, and what that costs others."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import MockClock

from peer.library import upload_planning
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.queues import Download, Priority, Upload
from peer.library.upload_planning import met, pass_on
from store.database import Database
from store.ids import BlobId, DeviceId, FileHash, StoreId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.libraries import add_photo
from tests.fleet.node import FakeClock, make_node
from tests.fleet.peers import found, join, sync

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


def test_a_relays_clock_corrects_this_device_and_a_peers_does_not(library: Library) -> None:
    relay = library.nodes.add("https://relay.example.org", bytes(32))
    peer = library.nodes.add_peer(DeviceId(b"p" * 16), bytes(32))
    met(library, relay.number, STORE, 1, 5_000)
    met(library, peer.number, STORE, 1, -70_000)
    assert library.hlc.physical() == library.clock.now() + 5_000


def test_a_first_meeting_that_is_cut_off_is_begun_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add_photo(library, "sea")
    node = library.nodes.add("https://relay.example.org", bytes(32))

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(upload_planning, "_uploads_of", cut_off)
    with pytest.raises(KeyboardInterrupt):
        met(library, node.number, STORE, 1, 0)
    assert library.nodes.all()[0].store is None


async def test_once_a_week_a_relay_is_asked_about_everything_again(library: Library, tmp_path: Path) -> None:
    """Found by a simulated relay that acknowledged blobs and forgot them: nobody ever sent them again, and other devices waited for ever."""
    card = tmp_path / "card"
    card.mkdir()
    (card / "sea.jpg").write_bytes(jpeg(64, 48))
    await bring(library, card)
    node = library.nodes.add("https://relay.example.org", bytes(32))
    start = library.clock.now()
    met(library, node.number, STORE, start, 0)
    queued = library.uploads.due(node.number, start, 9)
    assert queued
    library.uploads.done(node.number, [upload.blob for upload in queued])
    for days, again in ((6, False), (7, True), (8, True)):
        met(library, node.number, STORE, start + days * 86_400_000, 0)
        assert bool(library.uploads.due(node.number, start, 9)) is again
    library.uploads.done(node.number, [upload.blob for upload in queued])
    met(library, node.number, STORE, start + 9 * 86_400_000, 0)
    assert not library.uploads.due(node.number, start, 9)


def test_nothing_is_queued_for_a_node_that_was_removed(library: Library) -> None:
    upload = Upload(blob=BlobId(bytes(32)), file=FileHash(bytes(32)), segment=0, size=1, priority=Priority.ORIGINAL)
    library.uploads.add([99], [upload])
    assert library.uploads.count() == (0, 0)


async def test_what_came_from_one_relay_is_queued_for_the_others(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "a.jpg").write_bytes(jpeg(seed=1))
    await bring(one, tmp_path / "card")
    await sync(one, node)
    await sync(two, node)
    (known,) = two.nodes.all()
    other = two.nodes.add("https://other.example.org", bytes(32))
    downloads = [
        Download(file=held.file, record=next(Queries(two.database).assets()).record, size=held.size, priority=Priority.ORIGINAL)
        for held in two.held.all()
    ]
    assert pass_on(two, [known.number], downloads, at_once=True)
    assert two.uploads.count(other.number)[0] == 2
    assert two.uploads.count(known.number)[0] == 0
    assert {upload.blob for upload in two.uploads.due(other.number, clock.now(), 10)} == {info.blob for info in node.parts.blobs.blobs()}
