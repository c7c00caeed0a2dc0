"""A library on this device, opened: its parts, and the few transactions that everything else is made of.

Composition in one place; tests open it with another clock and other randomness. All of it is synchronous: async code comes here
through the ``run_blocking`` seam.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Self

from peer.errors import IntegrityError, UnreachableNodeError, UsageError
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import UnsealError
from peer.keys.master import MasterKeys
from peer.keys.packages import open_packages
from peer.keys.seen import make_report, open_digest
from peer.layout import LibraryFolder
from peer.library import applying, authoring
from peer.library.actions import UNNAMED, Action
from peer.library.applied import applied_heads
from peer.library.applying import Applier
from peer.library.authoring import Author, Edit
from peer.library.blob_index import BLOBS_INDEXED, BlobIndex
from peer.library.causality import CausalPasts, Past
from peer.library.claims import claim_needed
from peer.library.epochs import ready_epoch, valid_epoch
from peer.library.frontier import Frontier
from peer.library.held import HeldTable
from peer.library.hlc import DeviceClock
from peer.library.instance import Instance, state_folder
from peer.library.journal import Journal
from peer.library.meta import Meta
from peer.library.nodes import NodeTable
from peer.library.own_policy import OwnPolicy
from peer.library.projection import RecordProjection
from peer.library.promises import PromiseTable
from peer.library.queues import DownloadQueue, UploadQueue
from peer.library.records import RecordTable
from peer.library.reprojecting import PROJECTED, VERSION, bring_up_to_date
from peer.library.standing import require_membership
from peer.library.trash_notes import Moments
from peer.library.waiting import WaitingTable
from peer.seams import Clock, Randomness, SystemClock, system_randomness
from store.bodies import Open
from store.database import Database, SchemaPart
from store.encoding import TooLongError
from store.entries import EntryKind
from store.errors import RefusedError, StoreError
from store.file_blobs import FileBlobStore
from store.heads import Heads, Tip
from store.ids import DeviceId, EntryHash, LibraryId, LogId, RecordId
from store.log import Outcome
from store.roster import Roster
from store.scratch import ScratchFolder
from store.seen import SeenReport
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from store.sqlite_rows import LibraryRows

PEER_SCHEMA = SchemaPart(
    name="peer",
    scripts=[
        files("peer").joinpath(script).read_text("utf-8")
        for script in ("schema.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql", "schema_5.sql")
    ],
)


class Library:
    """Open with ``Library.open``; close it when done. One object may be used from several threads."""

    def __init__(
        self,
        folder: LibraryFolder,
        database: Database,
        keys: DeviceKeys,
        library: LibraryId,
        clock: Clock,
        randomness: Randomness,
        *,
        notes: Path | None = None,
    ) -> None:
        self.folder = folder
        self.database = database
        self.keys = keys
        self.clock = clock
        self.randomness = randomness
        self.meta = Meta(database)
        self.log = SqliteLogStore(database, library)
        self.records = RecordTable(database, self.meta)
        self.nodes = NodeTable(database)
        self.uploads = UploadQueue(database)
        self.downloads = DownloadQueue(database)
        self.held = HeldTable(database, clock)
        self.blob_index = BlobIndex(database)
        self.waiting = WaitingTable(database)
        self.hlc = DeviceClock(self.meta, clock)
        self.journal = Journal(database)
        self.instance = Instance(folder, self.meta, notes or state_folder())
        self._keyring: tuple[Roster, Keyring] | None = None
        self._master: MasterKeys | None = None
        self.went_elsewhere = ""
        """Why this device begins another log before it writes; empty when there is no reason."""
        self._token_then: bytes | None = None
        self._scratch: ScratchFolder | None = None
        self._scratch_lock = threading.Lock()
        self._checkpoint_blobs: FileBlobStore | None = None
        self._carried: FileBlobStore | None = None
        self._pasts = CausalPasts(database, library)
        self._frontier = Frontier(database)
        self.policy = OwnPolicy(database, keys.id)
        self.promises = PromiseTable(database)
        self.projection = RecordProjection(
            database, self.downloads, policy=self.policy, moments=lambda: Moments(clock.now(), self.hlc.physical())
        )
        self.applier = Applier(
            applying.Parts(
                database=database,
                log=self.log,
                meta=self.meta,
                records=self.records,
                pasts=self._pasts,
                frontier=self._frontier,
                projection=self.projection,
                hlc=self.hlc,
                clock=clock,
            ),
            keyring=self.keyring,
        )

    @classmethod
    def open(
        cls, folder: LibraryFolder, *, clock: Clock | None = None, randomness: Randomness = system_randomness, notes: Path | None = None
    ) -> Self:
        """The library in ``folder``; a sentence when there is none, or only half of one. ``notes``: see ``peer.library.instance``."""
        if not folder.database.exists():
            raise UsageError(
                f"There is no library in {folder.root}.",
                hint="Create one with `calotype init`, join one with `calotype join`, or name its folder with --library.",
            )
        database = Database(folder.database, [LOG_SCHEMA, PEER_SCHEMA])
        try:
            library = LibraryId(Meta(database).need("library"))
            opened = cls(folder, database, DeviceKeys.load(folder.device_key), library, clock or SystemClock(), randomness, notes=notes)
            if opened.own_log() is None:
                raise UsageError(
                    f"This device hasn't finished joining the library in {folder.root}.",
                    hint="Run `calotype join` again with a new ticket; nothing was lost.",
                )
            bring_up_to_date(opened)
            opened._look_at_note()
        except BaseException:
            database.close()
            raise
        return opened

    @classmethod
    def create(
        cls,
        folder: LibraryFolder,
        keys: DeviceKeys,
        library: LibraryId,
        *,
        clock: Clock,
        randomness: Randomness,
        notes: Path | None = None,
    ) -> Self:
        """An empty database for ``library``; the caller brings genesis and membership and then begins this device's log."""
        database = Database(folder.database, [LOG_SCHEMA, PEER_SCHEMA])
        folder.database.chmod(0o600)
        Meta(database).put("library", library)
        Meta(database).put_int(BLOBS_INDEXED, 1)
        Meta(database).put_int(PROJECTED, VERSION)
        return cls(folder, database, keys, library, clock, randomness, notes=notes)

    def close(self) -> None:
        if not self.database.is_open:
            return
        with suppress(StoreError):  # a database that is damaged is closed too, and without a note
            self.note_progress()
        if self._scratch is not None:
            self._scratch.close()
        for blobs in (self._checkpoint_blobs, self._carried):
            if blobs is not None:
                blobs.close()
        self.database.close()

    def scratch(self) -> Path:
        """A folder on the library's disk for files that are being written; it goes away with this object, or when it was killed with the next."""
        with self._scratch_lock:
            if self._scratch is None:
                self._scratch = ScratchFolder(self.folder.incoming)
            return self._scratch.path

    @property
    def checkpoint_blobs(self) -> FileBlobStore:
        """The sealed blobs of checkpoints that lie on this device."""
        with self._scratch_lock:
            if self._checkpoint_blobs is None:
                self._checkpoint_blobs = FileBlobStore(self.folder.checkpoints)
            return self._checkpoint_blobs

    @property
    def carried(self) -> FileBlobStore:
        """The sealed blobs that this device keeps for others (``peer.library.carried``)."""
        with self._scratch_lock:
            if self._carried is None:
                self._carried = FileBlobStore(self.folder.carried)
            return self._carried

    @property
    def is_loading(self) -> bool:
        """Whether a checkpoint is being taken in: then nothing is applied, written or reported (``peer.library.checkpoints.loading``)."""
        return self.meta.get("loading") is not None

    @property
    def id(self) -> LibraryId:
        return self.log.library

    @property
    def device(self) -> DeviceId:
        return self.keys.id

    def own_log(self) -> LogId | None:
        """The log that this device writes to; ``None`` until it has begun one."""
        stored = self.meta.get("log")
        return None if stored is None else LogId(stored)

    def _own_tip(self) -> Tip | None:
        """This device's newest entry in the log that it writes to."""
        log = self.own_log()
        return None if log is None else self._pasts.newest(log, self.device)

    def past_of(self, applied: Iterable[EntryHash]) -> Past:
        """What lies in the past of some applied entries, or is one of them."""
        return self._pasts.of(applied)

    def note_progress(self) -> None:
        """Remember outside of the folder how far this device's log goes, so that an old copy of the folder is noticed."""
        self.instance.note(self._own_tip())

    def _look_at_note(self) -> None:
        self.went_elsewhere = self.instance.why_new_log(self._own_tip())
        self._token_then = self.instance.token

    def needs_new_log(self) -> bool:
        """Whether another log is to be begun before this device writes, and nobody did since the library was opened."""
        return bool(self.went_elsewhere) and self.instance.token == self._token_then

    def roster(self) -> Roster:
        return self.log.roster()

    def read_as(self, master: MasterKeys) -> None:
        """As long as this object lives, read what the recovery phrase opens: while a new device has no package of its own."""
        self._master, self._keyring = master, None

    def keyring(self) -> Keyring:
        """The epochs whose secrets reached this device."""
        roster = self.roster()
        if self._keyring is None or self._keyring[0] is not roster:
            lent = open_packages(roster.epochs, library=self.id, recipient=self._master) if self._master else None
            self._keyring = (roster, open_packages(roster.epochs, library=self.id, recipient=self.keys, known=lent))
        return self._keyring[1]

    def write_epoch(self) -> Epoch:
        """The epoch that this device writes under now; one is begun if there is none (``peer.library.epochs``)."""
        return ready_epoch(self)

    def author(self) -> Author:
        """Writes as this device; ``NotMemberHereError`` when it was removed."""
        require_membership(self.roster(), self.device)
        if self.is_loading:
            raise UnreachableNodeError(
                "This device is taking in what others did while it was away. Nothing was changed.",
                hint="Try again in a moment; if the peer doesn't run, `calotype sync` brings it to an end.",
            )
        log = self.own_log()
        if log is None:
            raise IntegrityError("This device hasn't begun a log in this library. Nothing was changed.", hint="Join the library again.")
        if self.needs_new_log():
            self.begin_log()
        return self._author_of(self.own_log() or log)

    def go_on_after_copy(self) -> None:
        """Begin another log if one is needed, so that others learn of it before this device writes anything."""
        if self.needs_new_log() and self.roster().is_member(self.device):
            self.begin_log()

    def _author_of(self, log: LogId) -> Author:
        return Author(self._authoring_parts(), self.keys, log, self.write_epoch)

    def _authoring_parts(self) -> authoring.Parts:
        return authoring.Parts(
            database=self.database,
            log=self.log,
            records=self.records,
            pasts=self._pasts,
            frontier=self._frontier,
            applier=self.applier,
            hlc=self.hlc,
            journal=self.journal,
            clock=self.clock,
            randomness=self.randomness,
        )

    def master_author(self, master: MasterKeys) -> Author:
        """Writes the master log: at creation, and when the phrase is at hand."""
        return Author(self._authoring_parts(), master, self.id.master_log(), self.write_epoch)

    def begin_log(self) -> None:
        """A log of this device's own, the next in number; its first entry names all that was applied."""
        before = self.own_log()
        with self.database.write():
            number = self._next_log_number()
            if before is not None and (tip := self._pasts.newest(before, self.device)) is not None:
                self._frontier.name(before, tip)
            log = LogId(self.randomness(LogId.SIZE))
            self.meta.put("log", log)
            self.meta.put_int("log_number", number)
            self.instance.renew(self.randomness)
            self._author_of(log).control(EntryKind.OPEN, Open(device=self.device, number=number, log_before=before).encode())

    def _next_log_number(self) -> int:
        """Above those of this device that are known here: a copy of it may have begun some, and the newer log's reports count."""
        roster = self.roster()
        return max((self.meta.get_int("log_number", -1), *(roster.log_numbers.get(log, -1) for log in roster.logs_of(self.device)))) + 1

    def change(self, edits: Iterable[Edit], *, purges: Iterable[RecordId] = (), action: Action = UNNAMED) -> list[EntryHash]:
        """Write ``edits`` as this device, as one action of its person or a part of one (``peer.library.actions``)."""
        with self.database.write():
            written = self.author().change(edits, purges=purges, action=action)
            claim_needed(self)
        return written

    def receive(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Verify, store and apply entries from elsewhere, in one transaction. If some are of the log that this device writes to, a copy of it
        went on, or this is one: then it begins another log."""
        with self.database.write():
            log = self.own_log()
            tips = self._tips_of(log)
            outcomes = self.log.append(raws, now=self.clock.now())
            if self.is_loading:
                return outcomes
            self.applier.catch_up()
            if log is not None and self.roster().is_member(self.device):
                if self._tips_of(log) != tips:
                    self.begin_log()
                claim_needed(self)
        return outcomes

    def _tips_of(self, log: LogId | None) -> frozenset[EntryHash]:
        with self.database.read() as connection:
            branches = {} if log is None else LibraryRows(connection, self.id).branches_of(log)
            return frozenset(branch.tip for branch in branches.values())

    def waiting_count(self) -> int:
        """How many stored entries can't be applied yet; without those of removed devices that don't count."""
        return self.waiting.counted()

    def retry_waiting(self) -> None:
        """Look again at entries that could not be applied so far."""
        self.applier.retry_waiting()

    def report_seen(self) -> SeenReport | None:
        """A new seen report of this device, stored here and ready to be passed on.

        ``None`` when a report can't hold the heads, because somebody forked logs thousands of times: without one nothing is ever deleted.
        Nor is there one while there is no epoch to seal it under, or from a device that was removed.
        """
        epoch = valid_epoch(self) if self.roster().is_member(self.device) and not self.is_loading else None
        try:
            return None if epoch is None else self._report_seen(epoch)
        except TooLongError:
            return None

    def _report_seen(self, epoch: Epoch) -> SeenReport:
        with self.database.write():
            if self.own_log() is not None:
                claim_needed(self)
            counter = self.meta.get_int("seen_counter") + 1
            self.meta.put_int("seen_counter", counter)
            report = make_report(
                self.keys,
                epoch,
                library=self.id,
                number=self.meta.get_int("log_number"),
                counter=counter,
                heads=self.applied_heads(),
                checkpoint=None if (acknowledged := self.meta.get("checkpoint")) is None else EntryHash(acknowledged),
                time=self.hlc.physical(),
                digest=bytes(self.records.digest()),
            )
            self.log.put_seen(report.raw, now=self.clock.now())
        return report

    def take_report(self, raw: bytes) -> bool:
        """Keep a seen report from elsewhere if it is newer; what is refused, or covers more than is stored here, is left alone."""
        try:
            return self.log.put_seen(raw, now=self.clock.now())
        except RefusedError:
            return False

    def digest_in(self, report: SeenReport) -> bytes | None:
        """The library digest that a device reported, if it can be read here."""
        try:
            return open_digest(self.keyring(), report)
        except UnsealError:
            return None

    def applied_heads(self) -> Heads:
        """The newest applied entry of each log: the stored heads, less what waits."""
        return applied_heads(self.database, self.id)
