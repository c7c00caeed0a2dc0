"""What neighbours get from a peer: entries and hints of them, originals that are sealed when they are asked for, and what is carried for others."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from pathlib import Path

import pytest
import trio

from crdt.facts import MAX_DIRECT_BLOBS
from peer.keys.blobs import open_blob, seal_segment
from peer.lan.dialing import dial_lan
from peer.lan.serving import LanServer
from peer.library import segments
from peer.library.blob_index import BLOBS_INDEXED
from peer.library.carried import drop_delivered
from peer.library.index_files import keep_index
from peer.library.indexing_blobs import fill_blob_index
from peer.library.library import Library
from peer.library.placing import keep_original
from peer.library.queues import Priority
from peer.library.removing import remove_devices
from peer.library.upload_planning import queue_everything
from peer.place import Place
from peer.seams import run_in_thread
from relay.errors import NotFoundError
from relay.messages import BlobsArrived, BlobState, EntriesArrived, SeenChanged
from store.ids import BlobId, DeviceId, FileHash, StoreId
from tests.conformance.sync_api_support import next_hint
from tests.fleet.libraries import add_original, admit, content_of, edit, file_of, give, make_library
from tests.unit.peer.lan.stations import LOOPBACK, Station, serving


@pytest.fixture
def anna(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path / "anna", seed=1)
    yield library
    library.close()


@pytest.fixture
def bert(anna: Library, tmp_path: Path) -> Iterator[Library]:
    library = admit(anna, tmp_path / "bert", name="bert", seed=2)
    yield library
    library.close()


@pytest.fixture
async def station(anna: Library) -> AsyncGenerator[Station]:
    async with serving(anna) as station:
        yield station


def blob_of(library: Library, label: str) -> BlobId:
    """The one blob of a photo."""
    return seal_segment(library.write_epoch(), content_of(label)).id


# Entries and hints


async def test_changes_here_are_news_for_neighbours(station: Station, bert: Library) -> None:
    anna = station.library
    photo, _ = add_original(anna, "sea")
    async with station.dial(bert) as connection, connection.api.news() as news:
        assert await next_hint(news) == EntriesArrived(arrival=anna.log.arrival())
        edit(anna, photo, rating=5)
        await station.server.library_changed()
        await station.server.library_changed()
        assert await next_hint(news) == EntriesArrived(arrival=anna.log.arrival())
        report = anna.report_seen()
        assert report is not None
        await station.server.library_changed()
        assert await next_hint(news) == SeenChanged()
        station.server.blobs_arrived([blob_of(anna, "sea")])
        assert await next_hint(news) == BlobsArrived(blobs=(blob_of(anna, "sea"),))


async def test_what_a_neighbour_brings_is_applied_and_the_engine_is_told(station: Station, bert: Library) -> None:
    photo, _ = add_original(bert, "sea")
    async with station.dial(bert) as connection:
        missing = bert.log.missing((await connection.api.heads()).heads, limit_bytes=10**6)
        result = await connection.api.push([arrived.entry.raw for arrived in missing])
        assert {outcome.error for outcome in result.outcomes} == {""}
        assert station.library.records.content(photo) is not None
        with trio.fail_after(5):
            await station.heard.wait()


async def test_the_stores_are_known_by_the_same_id_until_another_log_begins(anna: Library, bert: Library) -> None:
    stores: list[StoreId] = []
    for _ in range(2):
        async with serving(anna) as station, station.dial(bert) as connection:
            stores.append(connection.store)
    anna.begin_log()
    async with serving(anna) as station, station.dial(bert) as connection:
        assert stores == [stores[0]] * 2
        assert connection.store != stores[0]


async def test_the_server_stops_when_it_is_cancelled_and_can_run_again(anna: Library, bert: Library) -> None:
    async def received() -> None:
        raise AssertionError

    server = LanServer(anna, run_blocking=run_in_thread, received=received)
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            assert server.port is not None
            nursery.cancel_scope.cancel()
        assert server.port is None


async def test_a_member_that_calls_says_where_it_serves_and_nobody_else_is_believed_to(anna: Library, bert: Library) -> None:
    async def received() -> None:
        return

    calls: list[tuple[DeviceId, Place]] = []
    server = LanServer(anna, run_blocking=run_in_thread, received=received, called=lambda *call: calls.append(call))
    async with trio.open_nursery() as nursery:
        port = await nursery.start(partial(server.run, host=LOOPBACK))
        for said in (None, 40123, 70000):
            async with dial_lan(bert, LOOPBACK, port, run_blocking=run_in_thread, serving_port=said):
                pass
        nursery.cancel_scope.cancel()
    assert {*calls} == {(bert.device, Place(LOOPBACK, 40123))}


# Blobs of files


async def test_an_original_is_sealed_when_it_is_asked_for(station: Station, bert: Library) -> None:
    add_original(station.library, "sea")
    blob, absent = blob_of(bert, "sea"), BlobId(bytes(32))
    async with station.dial(bert) as connection:
        assert list(await connection.api.stat([blob, absent])) == [BlobState.HELD, BlobState.ABSENT]
        sealed = await connection.api.get_blob(blob)
        assert open_blob(bert.keyring(), sealed) == content_of("sea")
        nonce = bytes(range(32))
        held = await connection.api.hold([absent, blob], nonce)
        assert list(held.proofs) == [b"", hashlib.sha256(nonce + sealed).digest()]
        async with connection.api.many([absent, blob]) as blobs:
            assert [each.sealed async for each in blobs] == [sealed]
        assert await connection.api.put_blob(blob, sealed) is False
    assert station.library.carried.total_bytes() == 0


async def test_a_file_that_was_changed_or_removed_by_hand_isn_t_offered(station: Station, bert: Library) -> None:
    _, path = add_original(station.library, "sea")
    blob = blob_of(bert, "sea")
    async with station.dial(bert) as connection:
        path.chmod(0o600)
        path.write_bytes(b"something else")
        assert list(await connection.api.stat([blob])) == [BlobState.ABSENT]
        with pytest.raises(NotFoundError):
            await connection.api.get_blob(blob)
        path.unlink()
        assert not await connection.api.has_blob(blob)


async def test_originals_of_an_earlier_epoch_are_given_too(station: Station, bert: Library, tmp_path: Path) -> None:
    anna = station.library
    add_original(anna, "sea")
    blob = blob_of(anna, "sea")
    carl = admit(anna, tmp_path / "carl", name="carl", seed=3)
    remove_devices(anna, [carl.device])
    assert blob_of(anna, "sea") != blob
    async with station.dial(bert) as connection:
        assert BlobId.of(await connection.api.get_blob(blob)) == blob
    carl.close()


async def test_a_file_with_many_blobs_is_found_by_each_of_them_and_so_is_its_index(station: Station, bert: Library) -> None:
    anna, file = station.library, FileHash(bytes(range(32)))
    blobs = tuple(BlobId(bytes([n]) * 32) for n in range(MAX_DIRECT_BLOBS + 1))
    index = b"".join(blobs)
    index_blob = seal_segment(anna.write_epoch(), index).id
    with anna.database.write():
        keep_index(anna, file, segments.Sealing(blobs=blobs, index=index, index_blobs=(index_blob,)))
    assert anna.blob_index.find(blobs[7]) == [(file, 7)]
    async with station.dial(bert) as connection:
        assert open_blob(bert.keyring(), await connection.api.get_blob(index_blob)) == index


# What is carried for others


async def test_a_blob_is_carried_until_the_relays_have_it(station: Station, bert: Library) -> None:
    anna, sealed = station.library, b"sealed by somebody else"
    relay = anna.nodes.add("https://relay.example", bytes(32))
    async with station.dial(bert) as connection:
        blob = BlobId.of(sealed)
        assert await connection.api.put_blob(blob, sealed) is True
        assert await connection.api.put_blob(blob, sealed) is False
        assert await connection.api.get_blob(blob) == sealed
    (upload,) = anna.uploads.due(relay.number, anna.clock.now(), 10)
    assert (upload.blob, upload.size) == (blob, len(sealed))
    assert segments.seal_held_segment(anna, upload).sealed == sealed
    assert drop_delivered(anna) == 0
    anna.uploads.done(relay.number, [blob])
    assert drop_delivered(anna) == 0  # a relay that was never met may still want everything
    anna.nodes.met(relay.number, StoreId(bytes(16)), anna.clock.now())
    assert drop_delivered(anna) == 1
    assert anna.carried.get(blob) is None


async def test_what_was_promised_is_kept(station: Station, bert: Library) -> None:
    anna, sealed = station.library, b"sealed by somebody else"
    blob = BlobId.of(sealed)
    async with station.dial(bert) as connection:
        await connection.api.put_blob(blob, sealed)
        until = (await connection.api.hold([blob], bytes(32))).until
    relay = anna.nodes.add("https://relay.example", bytes(32))
    anna.nodes.met(relay.number, StoreId(bytes(16)), anna.clock.now())
    assert drop_delivered(anna) == 0
    anna.clock.time = until  # type: ignore[attr-defined]
    assert drop_delivered(anna) == 1


async def test_a_relay_that_comes_later_gets_what_is_carried(station: Station, bert: Library) -> None:
    sealed = b"sealed by somebody else"
    async with station.dial(bert) as connection:
        await connection.api.put_blob(BlobId.of(sealed), sealed)
    relay = station.library.nodes.add("https://relay.example", bytes(32))
    queue_everything(station.library, relay.number)
    uploads = station.library.uploads.due(relay.number, station.library.clock.now(), 10)
    assert [(upload.blob, upload.priority) for upload in uploads] == [(BlobId.of(sealed), Priority.PREVIEW)]


# Libraries that are older than the index


def test_the_blob_index_is_filled_once(anna: Library) -> None:
    add_original(anna, "sea")
    blob = blob_of(anna, "sea")
    with anna.database.write() as connection:
        connection.execute("DELETE FROM blob_segment")
    fill_blob_index(anna)
    assert anna.blob_index.find(blob) == []
    anna.meta.put_int(BLOBS_INDEXED, 0)
    fill_blob_index(anna)
    assert anna.blob_index.find(blob) == [(file_of("sea"), 0)]


def test_only_files_that_are_here_are_in_the_index(anna: Library, bert: Library, tmp_path: Path) -> None:
    add_original(anna, "sea")
    give(anna, bert)
    blob = blob_of(anna, "sea")
    assert bert.blob_index.find(blob) == []
    came = bert.folder.incoming / "came"
    came.write_bytes(content_of("sea"))
    (download,) = bert.downloads.due(bert.clock.now(), 10)
    keep_original(bert, download, came)
    assert bert.blob_index.find(blob) == [(file_of("sea"), 0)]


async def test_claims_that_are_wrong_don_t_hide_the_right_one(station: Station, bert: Library) -> None:
    anna = station.library
    add_original(anna, "sea")
    add_original(anna, "forest")
    blob = blob_of(anna, "sea")
    with anna.database.write() as connection:
        connection.execute("INSERT INTO blob_segment VALUES (?, ?, 0)", (blob, file_of("forest")))
        connection.execute("INSERT INTO blob_segment VALUES (?, ?, 7)", (blob, file_of("sea")))
    async with station.dial(bert) as connection_to:
        assert BlobId.of(await connection_to.api.get_blob(blob)) == blob
