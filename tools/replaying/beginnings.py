"""What the replay of a record begins with.

- **The first entry**: all that wrote the record is here, and replaying it from nothing ends in what is stored.
- **A checkpoint**: entries were given up for it; what it says of the record stands for them, as far as its blobs lie here and can be read.
- **What remains**: they were given up, or are damaged, and no checkpoint that could be read stands for them. Then only what of their work still stands
  in the record today is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crdt.lib0 import MalformedUpdateError
from crdt.state import read_state
from peer.keys.errors import BodyError, UnsealError
from peer.library.checkpoints.format import Header, PurgedRecord, RecordSnapshot
from peer.library.findings import Progress
from peer.library.instants import iso_utc
from store.encoding import MalformedError
from store.entries import Dep
from store.errors import DamagedError
from store.heads import Heads
from store.ids import LibraryId, RecordId
from store.log import SettledCheckpoint
from tools.looking.checkpoints import checkpoint_items
from tools.looking.contents import Contents
from tools.looking.documents import Document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_named
from tools.looking.spelling import spell_time
from tools.replaying.replay import NOTHING, Standing


class BeginsWith(StrEnum):
    """See above."""

    FIRST = "first entry"
    CHECKPOINT = "checkpoint"
    REMAINS = "remains"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """``standing``: the record then. ``reaches_to``: milliseconds since 1970; before that time the past isn't known as a whole; ``None``: it is.
    ``given_up``: how many entries that wrote the record have no bytes here. ``sentence``: what isn't known, for people; empty for the first entry."""

    begins_with: BeginsWith
    standing: Standing = NOTHING
    reaches_to: int | None = None
    given_up: int = 0
    checkpoint: LoggedEntry | None = None
    sentence: str = ""

    def document(self) -> Document:
        """``begins_with``: "first entry", "checkpoint" or "remains"; ``reaches_to``: ISO time before which the past isn't known as a whole, null where
        it is; ``given_up``: entries without bytes; ``checkpoint``: its entry, or null; ``sentence``."""
        item = None if self.checkpoint is None else self.checkpoint.item
        return {
            "begins_with": self.begins_with.value,
            "reaches_to": None if self.reaches_to is None else iso_utc(self.reaches_to),
            "given_up": self.given_up,
            "checkpoint": None if item is None else entry_document(item.log, item.seq, item.name),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointStates:
    """What a checkpoint says of some records. ``entry``: where it is announced; ``standings``: of those that it has."""

    entry: LoggedEntry
    covered: Heads
    standings: Mapping[RecordId, Standing] = field(default_factory=dict)

    def beginning(self, record: RecordId, given_up: int) -> Beginning:
        standing = self.standings.get(record, NOTHING)
        says = "as a result" if standing.exists else "where it is purged" if standing.is_purged else "where it isn't yet"
        return Beginning(
            begins_with=BeginsWith.CHECKPOINT,
            standing=standing,
            reaches_to=self.entry.received,
            given_up=given_up,
            checkpoint=self.entry,
            sentence=f"What happened before {spell_time(iso_utc(self.entry.received))} is only in checkpoint {self.entry.name.short()}, {says}.",
        )


def covers(inspected: Inspected, library: LibraryId, heads: Heads, logged: LoggedEntry) -> bool:
    """Whether an entry lies at or below ``heads``."""
    log = inspected.log(library)
    return any(log.is_ancestor(logged.name, Dep(logged.item.log, tip.seq, tip.name)) for tip in heads.get(logged.item.log, ()))


def read_checkpoint(
    inspected: Inspected, library: LibraryId, contents: Contents, records: Collection[RecordId], progress: Progress
) -> CheckpointStates | str:
    """What the newest settled checkpoint that is here says of ``records``; a clause where none is, or none can be read."""
    reason = "no checkpoint that they are in is known here"
    for checkpoint in inspected.log(library).settled():
        entry = logged_named(inspected, library, checkpoint.checkpoint)
        if entry is None:
            continue
        try:
            standings = _standings(inspected, library, contents, checkpoint, records, progress)
            return CheckpointStates(entry=entry, covered=checkpoint.covered, standings=standings)
        except FileNotFoundError:
            reason = f"checkpoint {checkpoint.checkpoint.short()} isn't here"
        except (DamagedError, UnsealError, BodyError, MalformedError, MalformedUpdateError, OSError) as error:
            reason = f"checkpoint {checkpoint.checkpoint.short()} can't be read"
            inspected.problems.note(f"{reason}: {error}")
    return reason


def _standings(
    inspected: Inspected,
    library: LibraryId,
    contents: Contents,
    checkpoint: SettledCheckpoint,
    records: Collection[RecordId],
    progress: Progress,
) -> dict[RecordId, Standing]:
    assert inspected.library_folder is not None, "only devices have checkpoints that can be read"
    found: dict[RecordId, Standing] = {}
    for item in checkpoint_items(inspected.library_folder, contents.keyring, checkpoint.blobs):
        progress("checkpoint", 1)
        match item:
            case Header() if item.library != library or item.heads != checkpoint.covered:
                raise MalformedError("it covers something else than its entry says")
            case PurgedRecord() if item.record in records:
                found[item.record] = Standing(is_purged=True)
            case RecordSnapshot() if item.record in records:
                found[item.record] = Standing(state=read_state(item.state))
            case _:
                pass
    return found
