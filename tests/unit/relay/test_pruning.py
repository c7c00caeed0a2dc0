"""When a relay prunes, and when it doesn't: over memory stores, and over SQLite and files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import trio
import trio.testing

from relay import pruning
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.messages import BlobsWanted
from relay.news import Subscription
from relay.parts import Logs, NodeParts
from relay.pruning import LOOK_SECONDS, PAUSE_SECONDS, prune_library
from relay.sqlite_accounts import SqliteLibraries, SqliteMailboxes, SqliteSessions
from store.bodies import Checkpoint
from store.entries import Entry, EntryKind
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from store.log import LogStore, Status
from store.memory import MemoryBlobStore
from store.seen import SeenReport
from store.settlement import ACTIVE_MS
from store.sqlite_log import SqliteLogStore
from tests.conformance.log_store_stubs import write_words
from tests.fleet.authors import NOW, Author, FleetLibrary, make_library
from tests.unit.relay.nodes import TOKEN, FakeClock, Node, make_parts, node_of, registration, session_of

SEALED = b"a sealed checkpoint"
BLOB = BlobId.of(SEALED)
CHANGES = 40


@pytest.fixture(params=["memory", "SQLite and files"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NodeParts]:
    in_memory = make_parts(FakeClock())
    if request.param == "memory":
        yield in_memory
        return
    folder = DataFolder(tmp_path / "relay")
    with folder.opened() as database, closing(FileBlobStore(folder.root)) as blobs:
        libraries = SqliteLibraries(database)
        libraries.add_token(TokenHash.of(TOKEN), quota=2**30, uses=1, now=NOW)
        yield replace(
            in_memory,
            libraries=libraries,
            sessions=SqliteSessions(database),
            mailboxes=SqliteMailboxes(database),
            logs=Logs(lambda library: SqliteLogStore(database, library, trusts_settled=True)),
            blobs=blobs,
        )


@pytest.fixture
def clock(parts: NodeParts) -> FakeClock:
    assert isinstance(parts.clock, FakeClock)
    return parts.clock


@pytest.fixture
def node(parts: NodeParts, clock: FakeClock) -> Node:
    return node_of(parts, clock)


@pytest.fixture
def library() -> FleetLibrary:
    return make_library("pruning")


@pytest.fixture
def anna(library: FleetLibrary) -> Author:
    return library.join("anna")


@pytest.fixture
def bert(library: FleetLibrary, anna: Author) -> Author:
    return library.join("bert")


class Story:
    """Two devices wrote a while, and a checkpoint covers it."""

    def __init__(self, node: Node, library: FleetLibrary, anna: Author, bert: Author) -> None:
        self.node, self.library, self.anna, self.bert = node, library, anna, bert
        self.session = session_of(node.service, library, anna, key=node.key, clock=node.clock)
        self.changes = [author.change() for _ in range(CHANGES // 2) for author in (anna, bert)]
        self.covered = library.heads()
        body = Checkpoint(heads=self.covered, records=1, blobs=(BLOB,))
        self.checkpoint = anna.control(EntryKind.CHECKPOINT, body)

    async def begin(self) -> None:
        await self.node.service.register(registration(self.library))
        await self.push()

    async def push(self) -> None:
        for start in range(0, len(self.library.entries), 500):
            await self.session.push(self.library.raws()[start : start + 500])

    def settle(self, *acknowledging: Author) -> Entry:
        return write_words(self.anna, self.checkpoint, [self.report(each) for each in acknowledging])

    def report(self, author: Author, *, time: int = NOW) -> SeenReport:
        return author.report(self.covered, checkpoint=self.checkpoint.name, time=time)

    @property
    def log(self) -> LogStore:
        return self.node.parts.logs.of(self.library.id)

    async def prune(self) -> int:
        return (await prune_library(self.node.parts, self.library.id)).entries


@pytest.fixture
async def story(node: Node, library: FleetLibrary, anna: Author, bert: Author) -> Story:
    story = Story(node, library, anna, bert)
    await story.begin()
    return story


async def test_what_all_acknowledged_is_pruned_and_makes_room(story: Story, node: Node, library: FleetLibrary) -> None:
    story.settle(story.anna, story.bert)
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    before = node.parts.libraries.account(library.id)
    heads = story.log.heads()
    assert await story.prune() == CHANGES
    after = node.parts.libraries.account(library.id)
    assert before is not None
    assert after is not None
    assert before.entry_bytes - after.entry_bytes == sum(len(entry.raw) for entry in story.changes)
    assert after.entry_bytes == sum(len(entry.raw) for entry in library.entries if entry not in story.changes)
    assert story.log.heads() == heads == library.heads()
    assert await story.prune() == 0
    story.anna.change()
    await story.push()
    assert story.log.heads() == library.heads()
    assert await story.prune() == 0


async def test_not_before_it_is_settled(story: Story) -> None:
    await story.session.put_blob(BLOB, SEALED)
    assert await story.prune() == 0
    await story.session.seen([story.report(story.bert).raw])
    assert await story.prune() == 0


async def test_not_without_the_blobs_of_the_checkpoint(story: Story) -> None:
    story.settle(story.anna, story.bert)
    await story.push()
    assert await story.prune() == 0
    await story.session.put_blob(BLOB, SEALED)
    assert await story.prune() == CHANGES


async def test_a_damaged_blob_is_asked_for(story: Story, node: Node, library: FleetLibrary, tmp_path: Path) -> None:
    story.settle(story.anna, story.bert)
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    if isinstance(node.parts.blobs, MemoryBlobStore):
        node.parts.blobs._blobs[BLOB] = b"other bytes", NOW
    else:
        overwrite(tmp_path, BLOB)
    subscription = Subscription(library=library.id, device=story.bert.device, token=TokenHash(bytes(32)), is_expired=lambda: False)
    with node.parts.hub.subscribed(subscription):
        assert await story.prune() == 0
        assert await anext(subscription) == BlobsWanted(blobs=(BLOB,))
    await story.session.put_blob(BLOB, SEALED)
    assert await story.prune() == CHANGES


async def test_one_device_s_word_is_not_enough(story: Story, clock: FakeClock) -> None:
    """Settled by what the relay knew then; but a member that reports doesn't acknowledge it."""
    story.settle(story.anna)
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    assert len(story.log.settled()) == 1
    await story.session.seen([story.bert.report(story.library.heads()).raw])
    assert await story.prune() == 0
    clock.time += ACTIVE_MS + 1
    assert await story.prune() == CHANGES


async def test_nor_where_nothing_was_ever_heard_of_the_others(story: Story, clock: FakeClock) -> None:
    story.settle(story.anna)
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    clock.time += ACTIVE_MS + 1
    assert len(story.log.settled()) == 1
    assert await story.prune() == 0
    await story.session.seen([story.report(story.bert).raw])
    assert await story.prune() == CHANGES


async def test_nor_with_a_date_in_the_future(story: Story) -> None:
    await story.session.seen([story.bert.report(story.library.heads()).raw])
    write_words(story.anna, story.checkpoint, [story.report(story.anna, time=NOW + 5 * ACTIVE_MS)])
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    assert story.log.settled() == ()
    assert await story.prune() == 0


async def test_a_device_that_comes_back_brings_what_was_pruned_and_more(story: Story) -> None:
    clone = story.bert.fork()
    story.settle(story.anna, story.bert)
    await story.push()
    await story.session.put_blob(BLOB, SEALED)
    await story.prune()
    mine = [clone.change(), clone.change()]
    result = await story.session.push([entry.raw for entry in [*story.changes, *mine]])
    assert [outcome.status for outcome in result.outcomes] == [*[Status.KNOWN] * CHANGES, Status.STORED, Status.STORED]
    assert await story.prune() == 0
    assert story.log.get(mine[0].name) is not None


async def test_the_relay_looks_by_itself(
    story: Story, node: Node, clock: FakeClock, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "PORTION_ENTRIES", 7)
    await story.session.put_blob(BLOB, SEALED)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.service.keep_pruned)
        await trio.sleep(3 * PAUSE_SECONDS)
        story.settle(story.anna, story.bert)
        await story.push()
        await trio.sleep(3 * PAUSE_SECONDS)
        assert story.log.figures().stubs == CHANGES
        # Settled as far as was known, then held back by a device that falls silent for good.
        first, sealed = story.checkpoint, b"another sealed checkpoint"
        story.covered = story.library.heads()
        body = Checkpoint(heads=story.covered, records=1, blobs=(BlobId.of(sealed),))
        story.checkpoint = story.anna.control(EntryKind.CHECKPOINT, body)
        story.settle(story.anna)
        await story.push()
        await story.session.seen([story.bert.report(story.covered).raw])
        await story.session.put_blob(BlobId.of(sealed), sealed)
        await trio.sleep(2 * LOOK_SECONDS)
        assert story.log.get(first.name) is not None
        clock.time += ACTIVE_MS + 1
        await trio.sleep(2 * LOOK_SECONDS)
        assert story.log.get(first.name) is None
        nursery.cancel_scope.cancel()


def overwrite(folder: Path, blob: BlobId) -> None:
    """Its file holds other bytes now."""
    (file,) = (path for path in folder.rglob(blob.hex()) if path.is_file())
    file.chmod(0o600)
    file.write_bytes(b"other bytes")
