"""Originals that are given up because others keep them: after promises and never before, in the right order, and back on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crdt.draft import Draft
from crdt.facts import Policy
from crdt.values import Plain
from peer.engine.engine import Engine, EngineParts
from peer.engine.evicting import Evictor
from peer.library import pinning
from peer.library.authoring import Edit
from peer.library.free_space import DiskSpace
from peer.library.giving_up import candidates, give_up
from peer.library.library import Library
from peer.library.policies import set_policy
from peer.library.proving import ways_to_prove
from peer.library.queries import Queries
from peer.library.storage import storage_of
from peer.library.verifying import verify
from peer.library.wanting import files_of_photo, missing_originals, want_originals
from relay.api import LibraryApi
from relay.messages import BlobState, HeadsAnswer, HoldAnswer
from relay.session import Identity, LibrarySession
from store.heads import Heads
from store.ids import BlobId, FileHash, RecordId, RecordKind, StoreId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.lan import LocalNetwork
from tests.fleet.libraries import edit
from tests.fleet.node import URL, FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join, running
from tests.fleet.peers import sync as sync_everything

DAY_MS = 24 * 3_600_000
THUMBNAILS = Policy(keep="thumbnails")
EVERYTHING = Policy(keep="everything")


def optimize(budget: int) -> Policy:
    return Policy(keep="optimize", budget=budget)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


async def sync(library: Library, node: LocalNode) -> Engine:
    """What ``calotype sync`` does, chores and all."""
    engine = Engine(
        EngineParts(
            library=library,
            connect=node.connect(library),
            run_blocking=call_directly,
            chores=(Evictor(call_directly),),
            report_at_once=True,
        )
    )
    async with running(engine):
        await engine.until_settled()
    return engine


async def with_photos(folder: Path, library: Library, count: int = 4) -> list[RecordId]:
    _write_photos(folder, count)
    outcome = await bring(library, folder)
    with library.database.write() as connection:
        connection.execute("DELETE FROM preview_wanted")  # made by another chore
    return outcome.assets


def _write_photos(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    for seed in range(count):
        (folder / f"{seed}.jpg").write_bytes(jpeg(400, 300, seed=seed))


def held(library: Library) -> int:
    return library.held.totals()["original"][0]


def in_tree(library: Library) -> list[Path]:
    return sorted(path for path in library.folder.originals.rglob("*") if path.is_file())


async def test_under_thumbnails_originals_go_once_the_relay_has_promised(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library)
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert held(library) == 0
    assert in_tree(library) == []
    assert list(library.folder.originals.iterdir()) == []
    assert {row.original for row in Queries(library.database).assets()} == {"elsewhere"}
    assert verify(library, deep=True).problems == []
    library.close()


async def test_the_way_of_each_photo_that_has_the_file_has_to_be_promised(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """What one photo names alone may be released with it."""
    library = await found(tmp_path / "one", node, clock)
    photos = await with_photos(tmp_path / "card", library, 2)
    (shared,) = files_of(library, photos[0])
    elsewhere: Plain = {"size": 10, "blobs": [b"e" * 32]}  # as if it had been imported under another epoch, and never sent

    def name(draft: Draft, _: object) -> None:
        draft.add("version", shared.base64())
        draft.add("source", shared.base64(), elsewhere)

    library.change([Edit(photos[1], name)])
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert library.held.get(shared) is not None
    assert held(library) == 1
    library.close()


async def test_a_budget_is_kept_and_the_least_recently_used_go_first(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    photos = await with_photos(tmp_path / "card", library)
    library.change([])
    sizes = {file: library.held.get(file) for record in photos for file in files_of(library, record)}
    budget = sum(each.size for each in sizes.values() if each is not None) - 1
    for record in (photos[2], photos[0], photos[3], photos[1]):
        clock.time += 60_000
        for file in files_of(library, record):
            library.held.use(file, clock.now())
    set_policy(library, optimize(budget))
    await sync(library, node)
    assert [record for record in photos if missing_originals(library, files_of(library, record))] == [photos[2]]
    assert library.held.totals()["original"][1] <= budget
    library.close()


async def test_favourites_and_covers_go_last_and_pinned_ones_never(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    ordinary, favourite, pinned, cover = await with_photos(tmp_path / "card", library)
    edit(library, favourite, favorite=True)
    album = RecordId.make(RecordKind.ALBUM, bytes(16))
    edit(library, album, title="best", cover=bytes(cover))
    pinning.pin(library, [pinned])
    await sync_everything(library, node)
    order = [each.file for each in candidates(library, disk_is_short=True)]
    assert order[0] in files_of(library, ordinary)
    assert set(order[1:]) == {*files_of(library, favourite), *files_of(library, cover)}
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert held(library) == 1
    assert missing_originals(library, files_of(library, pinned)) == set()
    pinning.unpin(library, [pinned])
    clock.time += 2 * DAY_MS
    await sync(library, node)
    assert held(library) == 0
    library.close()


async def test_what_was_fetched_stays_for_a_day_and_goes_again(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    photo, *_ = await with_photos(tmp_path / "card", library)
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert library.downloads.count() == (0, 0)
    want_originals(library, photo)
    await sync(library, node)
    assert missing_originals(library, files_of(library, photo)) == set()
    assert held(library) == 1
    await sync(library, node)
    assert held(library) == 1
    clock.time += DAY_MS + 1000
    await sync(library, node)
    assert held(library) == 0
    library.close()


async def test_nothing_goes_without_a_relay_that_can_be_asked(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library)
    set_policy(library, THUMBNAILS)
    node.reachable = False
    await sync(library, node)
    assert held(library) == 4
    library.close()


class Denying:
    """A relay that answers the question for a promise in its own way."""

    def __init__(self, api: LibraryApi, proofs: Callable[[bytes], bytes]) -> None:
        self._api = api
        self._proofs = proofs
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer:
        answer = await self._api.hold(blobs, nonce)
        self.asked += len(blobs)
        return HoldAnswer(proofs=tuple(self._proofs(proof) for proof in answer.proofs), until=answer.until)


@pytest.mark.parametrize("proofs", [lambda _: b"", lambda proof: bytes(32), lambda proof: bytes(reversed(proof))])
async def test_nothing_goes_on_a_proof_that_isnt_one(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, proofs: Callable[[bytes], bytes]
) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library)
    between: list[Denying] = []

    def deny(api: LibraryApi) -> LibraryApi:
        between.append(Denying(api, proofs))
        return between[-1]  # type: ignore[return-value]  # it passes on what it doesn't have

    node.between = deny
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert held(library) == 4
    assert between[-1].asked == 4  # and not again and again
    assert [library.promises.of(each.file) for each in library.held.all("original")] == [[]] * 4
    library.close()


async def test_nothing_goes_before_the_relay_has_the_entries_that_need_it(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library)
    await sync(library, node)
    set_policy(library, THUMBNAILS)

    class Forgetful(Denying):
        async def heads(self) -> HeadsAnswer:
            answer = await self._api.heads()
            return replace(answer, heads=Heads({log: tips for log, tips in answer.heads.items() if log != library.own_log()}))

    node.between = lambda api: Forgetful(api, lambda proof: proof)  # type: ignore[assignment, return-value]
    with trio.move_on_after(300):
        await sync(library, node)
    assert held(library) == 4
    library.close()


async def test_what_is_still_to_be_sent_stays(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    library = await found(tmp_path / "one", node, clock)
    library.nodes.add("http://127.0.0.1:2", bytes(32))  # another relay, never reached
    await with_photos(tmp_path / "card", library, 2)
    assert list(candidates(library, disk_is_short=True)) == []
    library.close()


async def test_a_file_that_was_changed_by_hand_stays(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library, 2)
    changed, _ = in_tree(library)
    changed.chmod(0o644)
    changed.write_bytes(b"drawn over")
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    assert in_tree(library) == [changed]
    assert changed.read_bytes() == b"drawn over"
    library.close()


async def test_a_file_that_rotted_is_fetched_back_and_never_given_up_on_its_own_bytes(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    photo, *_ = await with_photos(tmp_path / "card", library, 1)
    await sync(library, node)
    (path,) = in_tree(library)
    whole = path.read_bytes()
    rot(path)
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    (aside,) = (library.folder.recovered / "damaged").iterdir()
    assert aside.read_bytes() != whole
    (back,) = in_tree(library)
    assert back.read_bytes() == whole
    assert missing_originals(library, files_of(library, photo)) == set()
    assert storage_of(library).damaged == 1
    library.close()


async def test_verify_fetches_back_what_rotted(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library, 2)
    await sync(library, node)
    path, _ = in_tree(library)
    whole = path.read_bytes()
    rot(path)
    assert verify(library).problems == []
    (problem,) = verify(library, deep=True, repair=True).problems
    assert "fetched back" in problem
    assert len(verify(library).problems) == 1  # it isn't back yet
    await sync(library, node)
    assert verify(library, deep=True).problems == []
    assert whole in [each.read_bytes() for each in in_tree(library)]
    library.close()


async def test_a_restored_relay_is_asked_anew(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    library = await found(tmp_path / "one", node, clock)
    photo, *_ = await with_photos(tmp_path / "card", library, 2)
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    (file,) = files_of(library, photo)
    assert len(library.promises.of(file)) == 1
    (relay,) = library.nodes.relays()
    library.nodes.met(relay.number, StoreId(bytes(16)), clock.now())
    assert library.promises.of(file) == []
    library.close()


async def test_whoever_promised_keeps_it_for_seven_days(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await with_photos(tmp_path / "card", one, 2)
    await sync_everything(one, node)
    await sync_everything(two, node)
    host = LocalNetwork().join(two)
    api = LibrarySession(
        host.service,
        Identity(library=one.id, device=one.device, sign=one.keys.sign),
        node_key=two.keys.signing_key,
        clock=clock,
        randomness=one.randomness,
    )
    await api.open()
    blobs = [way[0].blob for each in one.held.all("original") for record in ways_to_prove(one, each.file) for way in record]
    assert all((await api.hold(blobs, bytes(32))).proofs)
    set_policy(two, THUMBNAILS)
    assert set((await api.hold(blobs, bytes(32))).proofs) == {b""}  # a device that doesn't keep everything promises nothing
    await sync(two, node)
    assert held(two) == 2
    clock.time += 6 * DAY_MS
    await sync(two, node)
    assert held(two) == 2
    clock.time += 2 * DAY_MS
    await sync(two, node)
    assert held(two) == 0
    one.close()
    two.close()


async def test_without_a_relay_two_devices_that_keep_everything_are_enough_and_one_is_not(
    tmp_path: Path, clock: FakeClock, autojump_clock: MockClock
) -> None:
    relay = make_node(clock)  # they joined with it, and then it was taken away
    one = await found(tmp_path / "one", relay, clock)
    two = await join(tmp_path / "two", one, relay, clock)
    three = await join(tmp_path / "three", one, relay, clock, name="three", seed=9)
    for library in (one, two, three):
        await sync_everything(library, relay)
        library.nodes.remove(URL)
    await with_photos(tmp_path / "card", one, 2)
    set_policy(one, THUMBNAILS)
    network = LocalNetwork()
    hosts = [network.join(library) for library in (one, two, three)]
    engines = []
    for host in hosts:
        host.is_up = True
        engines.append(host.engine(chores=(Evictor(call_directly),)))
    async with running(*engines[:2]):
        network.tell()
        await trio.sleep(600)
        assert held(two) == 2
        assert held(one) == 2
        async with running(engines[2]):
            network.tell()
            await trio.sleep(4000)
            assert held(three) == 2
            assert held(one) == 0
    for library in (one, two, three):
        library.close()


async def test_two_devices_never_give_up_on_each_others_word(
    tmp_path: Path, clock: FakeClock, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.engine.evicting.ASK_AGAIN_SECONDS", 60.0)
    relay = make_node(clock)
    libraries = [await found(tmp_path / "one", relay, clock)]
    for number, name in enumerate(("two", "three"), start=2):
        libraries.append(await join(tmp_path / name, libraries[0], relay, clock, name=name, seed=number + 6))
    for library in libraries:
        await sync_everything(library, relay)
        library.nodes.remove(URL)
    await with_photos(tmp_path / "card", libraries[0], 2)
    network = LocalNetwork()
    hosts = [network.join(library) for library in libraries]
    for host in hosts:
        host.is_up = True
    async with running(*(host.engine(chores=(Evictor(call_directly),)) for host in hosts)):
        network.tell()
        await trio.sleep(600)
        assert [held(library) for library in libraries] == [2, 2, 2]
        for library, host in zip(libraries, hosts, strict=True):
            set_policy(library, THUMBNAILS)  # each at once, before it hears of the others
            assert host.running is not None
            await host.running.library_changed()
        for _ in range(10):
            clock.time += DAY_MS
            await trio.sleep(130)
            kept = {each.file for library in libraries for each in library.held.all("original")}
            assert len(kept) == 2
    for library in libraries:
        library.close()


async def test_a_new_policy_drops_what_was_queued_and_brings_everything_back(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await with_photos(tmp_path / "card", one)
    await sync_everything(one, node)
    set_policy(two, THUMBNAILS)
    await sync(two, node)
    assert held(two) == 0
    assert two.held.totals()["thumbnail"][0] == 4
    set_policy(two, optimize(two.downloads.count()[1] + 10**9))
    await sync(two, node)
    assert held(two) == 4
    set_policy(two, THUMBNAILS)
    await sync(two, node)
    assert held(two) == 0
    set_policy(two, EVERYTHING)
    assert two.downloads.count()[0] == 4
    await sync(two, node)
    assert held(two) == 4
    one.close()
    two.close()


async def test_there_is_no_more_fetched_than_the_budget_has_room_for_and_the_newest_first(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photos = await with_photos(tmp_path / "card", one, 6)
    for year, record in enumerate(photos, start=2001):
        edit(one, record, taken={"t": f"{year}-01-01T00:00:00"})
    await sync_everything(one, node)
    set_policy(two, THUMBNAILS)
    await sync(two, node)
    sizes = {record: one.held.get(files_of(one, record)[0]) for record in photos}
    budget = sum(each.size for record in photos[-2:] if (each := sizes[record]) is not None)
    set_policy(two, optimize(budget))
    await sync(two, node)
    assert {record for record in photos if not missing_originals(two, files_of(two, record))} == set(photos[-2:])
    await with_photos(tmp_path / "more", one, 8)
    await sync_everything(one, node)
    await sync(two, node)
    assert two.held.totals()["original"][1] <= budget
    one.close()
    two.close()


async def test_a_disk_that_runs_full_stops_originals_and_relieves_itself(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await with_photos(tmp_path / "card", one)
    await sync_everything(one, node)
    for module in ("peer.engine.fetching", "peer.engine.evicting", "peer.library.storage"):
        monkeypatch.setattr(f"{module}.disk_space", lambda _: DiskSpace(total=10**12, free=10**6))
    await sync(two, node)
    assert held(two) == 0
    assert two.held.totals()["thumbnail"][0] == 4
    assert two.downloads.count()[0] == 4
    assert storage_of(two).to_json()["disk_short"]
    await sync(one, node)
    assert held(one) == 4  # it keeps everything, and says that the disk is full
    set_policy(one, optimize(10**12))
    await sync(one, node)
    assert held(one) == 0
    one.close()
    two.close()


@pytest.mark.parametrize("jump", [-400 * 24 * 3_600_000, 400 * 24 * 3_600_000])
async def test_a_clock_that_jumps_gives_nothing_up_on_an_old_promise(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, jump: int
) -> None:
    library = await found(tmp_path / "one", node, clock)
    photo, *_ = await with_photos(tmp_path / "card", library, 2)
    set_policy(library, THUMBNAILS)
    await sync(library, node)
    want_originals(library, photo)
    await sync(library, node)
    (file,) = files_of(library, photo)
    (promise,) = library.promises.of(file)
    clock.time += jump
    assert give_up(library, {file: [promise]}, disk_is_short=True) == 0
    assert held(library) == 1
    library.close()


def files_of(library: Library, record: RecordId) -> list[FileHash]:
    return files_of_photo(library, record)


def rot(path: Path) -> None:
    """Other bytes, and size, time and inode as they were."""
    status = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(status.st_size // 2)
        stream.write(bytes(8))
    path.chmod(0o444)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


class Releasing:
    """A relay at which blobs were released. ``takes_claims``: they are still in its trash."""

    def __init__(self, api: LibraryApi, *, takes_claims: bool) -> None:
        self._api = api
        self._takes_claims = takes_claims
        self.claimed: list[BlobId] = []
        self.put: list[BlobId] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]:
        if claim:
            self.claimed += blobs
        return [BlobState.HELD if claim and self._takes_claims else BlobState.RELEASED for _ in blobs]

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        self.put.append(blob)
        return await self._api.put_blob(blob, sealed)


@pytest.mark.parametrize("takes_claims", [True, False])
async def test_what_was_released_at_the_relay_and_is_needed_is_claimed_or_sent(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, takes_claims: bool
) -> None:
    library = await found(tmp_path / "one", node, clock)
    await with_photos(tmp_path / "card", library, 1)
    queued = {upload.blob for upload in library.uploads.due(1, clock.now(), 10)}
    between: list[Releasing] = []

    def release(api: LibraryApi) -> LibraryApi:
        between.append(Releasing(api, takes_claims=takes_claims))
        return between[-1]  # type: ignore[return-value]  # it passes on what it doesn't have

    node.between = release
    await sync(library, node)
    assert queued <= set(between[0].claimed)
    assert set(between[0].put) == (set() if takes_claims else queued)
    assert library.uploads.count() == (0, 0)
    library.close()
