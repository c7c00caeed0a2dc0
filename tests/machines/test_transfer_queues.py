"""The queues of transfers: whatever nodes do, nothing is lost, nothing is fetched by more than two, and everything says why it waits and until when.

The first machine drives what all connected nodes share (``peer.engine.fetching``: two boards over the queue of a real library) in the place of the tasks
that talk to nodes, and opens the library anew in between. The second holds the queue of uploads against a dictionary.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TypeVar

import trio
import trio.abc
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crdt.asset import add_source
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Rendition, Source, Way
from peer.engine.board import PATIENCE, Board, Piece
from peer.engine.fetching import Fetching
from peer.engine.progress import Progress
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.library import PEER_SCHEMA, Library
from peer.library.nodes import NodeTable
from peer.library.placing import partial_path
from peer.library.queues import Priority, Upload, UploadQueue
from peer.library.wanting import want_originals
from store.database import Database
from store.ids import BlobId, FileHash, RecordId
from store.sqlite_log import LOG_SCHEMA
from tests.fleet.authors import filler_blob
from tests.fleet.libraries import IN_MEMORY, MovedClock, file_of, make_library
from tests.fleet.node import call_directly
from tests.machines.bounds import bounded

which = st.integers(0, 1000)
nodes = st.integers(1, 4)
T = TypeVar("T")
SLACK = 0.05
"""Seconds: a look at the queue is never planned nearer than that."""


class StandingClock(trio.abc.Clock):
    """Trio's time, which stands still until a machine moves it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return self.time

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return 0 if deadline <= self.time else inf


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file that records name: of an asset, in so many pieces."""

    record: RecordId
    size: int
    pieces: int
    priority: Priority


@dataclass(frozen=True, eq=False)
class Fetch:
    """A piece that a node was asked for, by trio's time."""

    node: int
    board: Board
    piece: Piece
    since: float


class Downloads(RuleBasedStateMachine):
    """``held`` are the files that are here; all others of ``wanted`` must be somewhere in the queue."""

    @initialize(near=st.lists(st.booleans(), min_size=2, max_size=3))
    def begin(self, near: list[bool]) -> None:
        """Some nodes are connected, each near or far, and something is wanted."""
        self.folder = tempfile.TemporaryDirectory(prefix="calotype-machine-", dir=IN_MEMORY)
        self.clock, self.trio_clock = MovedClock(), StandingClock()
        self.library = make_library(Path(self.folder.name) / "anna", clock=self.clock)
        self.wanted: dict[FileHash, Wanted] = {}
        self.held: set[FileHash] = set()
        self.start()
        self.want(1, 2, True)
        for node, is_near in enumerate(near, 1):
            self.connect(node, is_near)
        for small in (True, False):
            self.ask_all_nodes(small, 0.0)

    def start(self) -> None:
        """As an engine does: nothing of what was on the boards is remembered."""
        self.fetching = Fetching(self.library, Progress(), call_directly)
        self.connections: dict[int, ExitStack] = {}
        self.fetches: list[Fetch] = []
        self.brought: set[Piece] = set()

    def teardown(self) -> None:
        """A node that has everything and never fails brings all of it, however long everything waited before."""
        if not hasattr(self, "folder"):
            return
        try:
            for node in list(self.connections):
                self.disconnect(node)
            self.connect(9, False)
            for _ in range(200):
                if self.wanted.keys() == self.held:
                    break
                self.look()
                taken = [self.take(9, small) for small in (True, False)]
                if not any(taken):
                    self.pass_by(max(min(self.run(self.look_at), self.trio_clock.time + 3600) - self.trio_clock.time, SLACK))
                while self.fetches:
                    self.bring(0)
            assert self.wanted.keys() == self.held
            assert self.library.downloads.count() == (0, 0)
        finally:
            self.library.close()
            self.folder.cleanup()

    def run(self, function: Callable[[], Awaitable[T]]) -> T:
        return trio.run(function, clock=self.trio_clock)

    # What is wanted

    @rule(number=which, pieces=st.integers(1, 3), is_small=st.booleans())
    def want(self, number: int, pieces: int, is_small: bool) -> None:
        """A photo that somebody else imported, with its thumbnail or without."""
        label = f"photo {number}"
        file, record = file_of(label), RecordId.asset(file_of(label))
        if file in self.wanted:
            return
        blobs = tuple(filler_blob(f"{label} {piece}") for piece in range(pieces))
        thumbnail = Rendition(
            file=file_of(f"{label} small"), size=10, width=8, height=8, media="image/webp", blobs=(filler_blob(f"{label} s"),)
        )

        def describe(draft: Draft, _: Stamp) -> None:
            draft.set("primary", bytes(file))
            add_source(draft, file, Source(size=100 * pieces + number, way=Way.BLOBS, blobs=blobs))
            if is_small:
                draft.derive("thumbnail", thumbnail.value())

        self.library.change([Edit(record, describe)])
        self.wanted[file] = Wanted(record=record, size=100 * pieces + number, pieces=pieces, priority=Priority.ORIGINAL)
        if is_small:
            self.wanted[thumbnail.file] = Wanted(record=record, size=10, pieces=1, priority=Priority.THUMBNAIL)
        self.fetching.look()

    @rule(choice=which)
    def somebody_deletes_a_file_by_hand(self, choice: int) -> None:
        """It is fetched back. No file lies here really, so this finds all originals of the asset gone."""
        originals = sorted(file for file in self.held if self.wanted[file].priority is Priority.ORIGINAL)
        if originals:
            file = originals[choice % len(originals)]
            want_originals(self.library, self.wanted[file].record)
            self.held.discard(file)
            self.fetching.look()

    # Nodes

    @rule(node=nodes, near=st.booleans())
    def connect(self, node: int, near: bool) -> None:
        if node not in self.connections:
            self.connections[node] = ExitStack()

            async def join() -> None:
                self.connections[node].enter_context(self.fetching.holding(node, near=near))

            self.run(join)

    @rule(index=which)
    def lose_a_connection(self, index: int) -> None:
        if self.connections:
            self.disconnect(list(self.connections)[index % len(self.connections)])
            self.look()

    def disconnect(self, node: int) -> None:
        """What it was asked for is lost with the connection."""
        if node in self.connections:
            self.fetches = [fetch for fetch in self.fetches if fetch.node != node]
            self.connections.pop(node).close()
            self.forget_what_left_the_boards()

    @rule(node=which, small=st.booleans(), count=st.integers(1, 3))
    def ask_a_node(self, node: int, small: bool, count: int) -> None:
        """One of those that are connected, for some pieces."""
        for _ in range(count if self.connections else 0):
            self.take(list(self.connections)[node % len(self.connections)], small)

    @rule(small=st.booleans(), seconds=st.sampled_from([0.0, PATIENCE]))
    def ask_all_nodes(self, small: bool, seconds: float) -> None:
        """At once, or after those that fetch something had their time."""
        self.pass_by(seconds)
        for node in self.connections:
            self.take(node, small)

    def take(self, node: int, small: bool) -> bool:
        """What the task of a connected node does next. A piece is asked of a second node only when the first was given its time, and of no third."""
        if node not in self.connections:
            return False
        board = self.fetching.small if small else self.fetching.originals

        async def take() -> Piece | None:
            await self.fetching.refill()
            return self.fetching.take(node, board)

        piece = self.run(take)
        self.forget_what_left_the_boards()
        if piece is None:
            return False
        others = [fetch for fetch in self.fetches if fetch.piece == piece and fetch.board is board]
        assert len(others) <= 1
        assert all(fetch.node != node and self.trio_clock.time - fetch.since >= PATIENCE for fetch in others)
        assert piece.file in self.wanted.keys() - self.held
        assert piece not in self.brought
        here = self.library.downloads.parts(piece.file)
        assert piece.number not in here or len(here) == self.wanted[piece.file].pieces
        self.fetches.append(Fetch(node, board, piece, self.trio_clock.time))
        return True

    def take_fetch(self, choice: int) -> Fetch:
        return self.fetches.pop(choice % len(self.fetches))

    def end(self, fetch: Fetch) -> None:
        """As each task of a node ends its work on a piece."""
        fetch.board.put_back(fetch.node, fetch.piece)

        async def abandon() -> None:
            await self.fetching.abandon([fetch.piece.file])

        self.run(abandon)
        self.forget_what_left_the_boards()

    def forget_what_left_the_boards(self) -> None:
        """Whatever is fetched of it still, is worth nothing any more."""
        there = {*self.fetching.small.files, *self.fetching.originals.files}
        self.brought = {piece for piece in self.brought if piece.file in there}
        self.fetches = [fetch for fetch in self.fetches if fetch.piece.file in there]

    @precondition(lambda self: bool(getattr(self, "fetches", ())))
    @rule(choice=which)
    def bring(self, choice: int) -> None:
        fetch = self.take_fetch(choice)
        piece, wanted = fetch.piece, self.wanted[fetch.piece.file]

        async def brought() -> bool:
            return self.fetching.brought(fetch.node, fetch.board, piece)

        is_first = self.run(brought)
        assert is_first == (piece not in self.brought)
        if is_first:
            self.brought.add(piece)
            path = partial_path(self.library, piece.file)
            path.touch()
            if wanted.pieces > 1:
                self.library.downloads.part_done(piece.file, piece.number)
            if fetch.board.written(piece):
                self.keep(piece.file, path)
        self.end(fetch)

    def keep(self, file: FileHash, path: Path) -> None:
        """All of it is here. What was brought before a restart counts."""
        wanted = self.wanted[file]
        here = self.library.downloads.parts(file) if wanted.pieces > 1 else {piece.number for piece in self.brought if piece.file == file}
        assert set(here) == set(range(wanted.pieces))
        with self.library.database.write():
            self.library.downloads.done([file])
            place = Path("originals") / file.hex()
            self.library.held.put(HeldFile(file=file, kind="original", path=place, incoming=None, size=wanted.size, mtime_ns=0, inode=0))
        path.unlink()
        self.held.add(file)
        self.fetching.done(file)

    @precondition(lambda self: bool(getattr(self, "fetches", ())))
    @rule(choice=which)
    def lack(self, choice: int) -> None:
        fetch = self.take_fetch(choice)
        fetch.board.lacking(fetch.node, fetch.piece.file)
        self.end(fetch)

    @rule(node=which)
    def survey(self, node: int) -> None:
        """A node is asked about many files at once, and has none of them."""
        if not self.connections:
            return
        files = list(self.fetching.originals.files)
        for file in files:
            self.fetching.originals.lacking(list(self.connections)[node % len(self.connections)], file)

        async def abandon() -> None:
            await self.fetching.abandon(files)

        self.run(abandon)
        self.look()

    @precondition(lambda self: bool(getattr(self, "fetches", ())))
    @rule(choice=which, seconds=st.sampled_from([0.5, 30.0]))
    def fail(self, choice: int, seconds: float) -> None:
        """The node answers with an error."""
        fetch = self.take_fetch(choice)
        fetch.board.rest(fetch.node, fetch.piece.file, self.trio_clock.time + seconds)
        self.fetching.job(fetch.piece.file).reason = "a fault in the node"
        self.end(fetch)

    @precondition(lambda self: bool(getattr(self, "fetches", ())))
    @rule(choice=which)
    def turn_out_to_be_damaged(self, choice: int) -> None:
        """What came is of no use, whoever has it."""
        fetch = self.take_fetch(choice)

        async def fail() -> None:
            await self.fetching.fail(fetch.piece.file, "it doesn't open")

        self.run(fail)
        assert fetch.piece.file not in fetch.board
        self.end(fetch)

    @rule(node=nodes, choice=which)
    def say_that_something_came(self, node: int, choice: int) -> None:
        if node in self.connections:
            self.fetching.came(node, [filler_blob(f"photo {choice} 0")])

    # Time, and an end of the process

    @rule(seconds=st.sampled_from([0.1, 3.0, PATIENCE, 400.0]))
    def pass_by(self, seconds: float) -> None:
        self.trio_clock.time += seconds
        self.clock.time += round(seconds * 1000)

    @rule()
    def restart(self) -> None:
        self.library.close()
        self.library = Library.open(self.library.folder, clock=self.clock, randomness=self.library.randomness)
        self.start()

    # What holds

    @rule()
    def look(self) -> None:
        """When the queue was looked at, what is due lies on a board and has hope; for all else the next look comes in time."""
        if not self.connections:
            return
        self.run(self.fetching.refill)
        self.forget_what_left_the_boards()
        for file in self.wanted.keys() - self.held:
            _, next_try = self.library.downloads.waiting(file) or ("", -1)
            board = next((each for each in (self.fetching.small, self.fetching.originals) if file in each), None)
            if board is None:
                assert next_try > self.clock.time
                assert self.run(self.look_at) <= self.trio_clock.time + max((next_try - self.clock.time) / 1000, SLACK) + 0.001
            else:
                assert not board.is_hopeless(file, self.trio_clock.time)

    async def look_at(self) -> float:
        return self.fetching.look_at

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "fetching"):
            return
        missing = self.wanted.keys() - self.held
        queue = self.library.downloads
        assert set(queue.files()) == missing
        assert queue.count() == (len(missing), sum(self.wanted[file].size for file in missing))
        on_boards = [*self.fetching.small.files, *self.fetching.originals.files]
        assert len({*on_boards}) == len(on_boards)
        assert {*on_boards} <= missing
        due = {download.file for download in queue.due(self.clock.time, 1000)}
        stuck = {each.item for each in queue.stuck(1000)}
        for file in missing.difference(on_boards) - due:
            reason, next_try = queue.waiting(file) or ("", 0)
            assert reason
            assert next_try > self.clock.time
            assert f"download {self.wanted[file].priority.name.lower()} {file.short()}" in stuck

    @invariant()
    def who_fetches_is_known(self) -> None:
        for board in (self.fetching.small, self.fetching.originals) if hasattr(self, "fetching") else ():
            for piece in {fetch.piece for fetch in self.fetches if fetch.board is board}:
                assert sorted(board.fetchers(piece)) == sorted(
                    each.node for each in self.fetches if each.piece == piece and each.board is board
                )


@dataclass(frozen=True, kw_only=True)
class Row:
    upload: Upload
    reason: str = ""
    next_try: int = 0


class Uploads(RuleBasedStateMachine):
    """Rows by node and blob; time is a number."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="calotype-machine-", dir=IN_MEMORY)
        self.now = 1000
        self.rows: dict[tuple[int, BlobId], Row] = {}
        self.open()
        self.numbers = [self.table.add(f"https://{name}", bytes(32)).number for name in ("one", "two", "three")]

    def open(self) -> None:
        self.database = Database(Path(self.folder.name) / "library.sqlite", [LOG_SCHEMA, PEER_SCHEMA])
        self.table, self.queue = NodeTable(self.database), UploadQueue(self.database)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.database.close()
            self.folder.cleanup()

    def node(self, index: int) -> int:
        return self.numbers[index % len(self.numbers)]

    @rule(to=st.sets(which, min_size=1, max_size=3), number=st.integers(0, 5), segments=st.integers(1, 3), later=st.sampled_from([0, 50]))
    def add(self, to: set[int], number: int, segments: int, later: int) -> None:
        """For nodes that may be gone. What is queued stays as it is."""
        uploads = [
            Upload(
                blob=filler_blob(f"{number} {segment}"),
                file=file_of(str(number)),
                segment=segment,
                size=number + segment,
                priority=list(Priority)[number % 3],
            )
            for segment in range(segments)
        ]
        not_before = self.now + later if later else 0
        chosen = {self.node(index) for index in to}
        self.queue.add(chosen, uploads, not_before=not_before)
        known = {node.number for node in self.table.all()}
        for node in chosen & known:
            for upload in uploads:
                self.rows.setdefault((node, upload.blob), Row(upload=upload, next_try=not_before))

    def blob(self, index: int) -> BlobId:
        blobs = sorted({blob for _, blob in self.rows}) or [filler_blob("0 0")]
        return blobs[index % len(blobs)]

    @rule(node=which, blob=which)
    def done(self, node: int, blob: int) -> None:
        self.queue.done(self.node(node), [self.blob(blob)])
        self.rows.pop((self.node(node), self.blob(blob)), None)

    @rule(node=which, blob=which, delay=st.integers(1, 100))
    def failed(self, node: int, blob: int, delay: int) -> None:
        key = self.node(node), self.blob(blob)
        self.queue.failed(*key, "a reason", self.now + delay)
        if key in self.rows:
            row = self.rows[key]
            self.rows[key] = Row(upload=replace(row.upload, tries=row.upload.tries + 1), reason="a reason", next_try=self.now + delay)

    @rule(node=which)
    def hurry(self, node: int) -> None:
        self.queue.hurry(self.node(node))
        self.due_now(key for key in self.rows if key[0] == self.node(node))

    @rule(node=which, blobs=st.sets(which, max_size=3))
    def look_again(self, node: int, blobs: set[int]) -> None:
        keys = {(self.node(node), self.blob(index)) for index in blobs}
        waiting = {key for key in keys if key in self.rows and self.rows[key].next_try}
        assert self.queue.look_again(self.node(node), [blob for _, blob in sorted(keys)]) == bool(waiting)
        self.due_now(waiting)

    def due_now(self, keys: Iterable[tuple[int, BlobId]]) -> None:
        for key in list(keys):
            self.rows[key] = replace(self.rows[key], next_try=0)

    @rule(index=which)
    def forget_a_relay(self, index: int) -> None:
        number = self.node(index)
        for node in self.table.all():
            if node.number == number:
                assert self.table.remove(node.url)
                self.numbers.append(self.table.add(f"{node.url}/again", bytes(32)).number)
        self.rows = {key: row for key, row in self.rows.items() if key[0] != number}

    @rule(seconds=st.integers(1, 60))
    def pass_by(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def reopen(self) -> None:
        self.database.close()
        self.open()

    @invariant()
    def the_queue_is_the_dictionary(self) -> None:
        if not hasattr(self, "rows"):
            return
        for node in self.numbers:
            rows = [row for (number, _), row in self.rows.items() if number == node]
            due = sorted(
                (row.upload for row in rows if row.next_try <= self.now), key=lambda each: (each.priority, each.file, each.segment)
            )
            assert self.queue.due(node, self.now, 100) == due
            assert self.queue.due(node, self.now, 2) == due[:2]
            assert self.queue.next_try(node) == min((row.next_try for row in rows), default=None)
            assert self.queue.count(node) == (len(rows), sum(row.upload.size for row in rows))
        assert self.queue.count() == (len(self.rows), sum(row.upload.size for row in self.rows.values()))
        failed = [row for row in self.rows.values() if row.upload.tries]
        assert sorted((each.reason, each.next_try) for each in self.queue.stuck()) == sorted((row.reason, row.next_try) for row in failed)


TestDownloads = Downloads.TestCase
TestDownloads.settings = bounded(examples=30, steps=40)
TestUploads = Uploads.TestCase
TestUploads.settings = bounded(examples=30, steps=40)
