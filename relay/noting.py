"""Taking note of releases, claims, checkpoints and members in the transaction in which they arrive: what is asked for a moment later knows of them."""

from __future__ import annotations

from relay.release_book import ReleaseBook
from store.bodies import Claim, Release, parse_control
from store.entries import EntryKind
from store.log import Arrived, LogStore

PAGE_BYTES = 4 * 1024 * 1024


def note_entries(log: LogStore, book: ReleaseBook, *, before: int) -> None:
    """The control entries that arrived since the last time.

    ``before``: the arrival number before the transaction. Where nothing was ever noted (the relay is new to this, or was put back from a backup), the
    releases up to there are passed over: nobody knows by now who wanted what they name.
    """
    noted = book.noted(log.library)
    reached = noted or 0
    while page := log.control(reached, limit_bytes=PAGE_BYTES):
        for arrived in page:
            _note(log, book, arrived, is_new=noted is not None or arrived.arrival > before)
        reached = page[-1].arrival
    book.note(log.library, log.arrival())
    book.hear(log.library, log.roster().devices, reported=False)


def _note(log: LogStore, book: ReleaseBook, arrived: Arrived, *, is_new: bool) -> None:
    entry = arrived.entry
    if entry.kind is EntryKind.CHECKPOINT:
        book.add_checkpoint(log.library, entry.name)
    if entry.kind not in (EntryKind.RELEASE, EntryKind.CLAIM):
        return
    body = parse_control(entry)
    if isinstance(body, Claim):
        book.add_claim(log.library, entry.name, body.blobs)
    if isinstance(body, Release) and is_new:
        lineage = log.lineage(entry.name)
        book.add_release(log.library, entry.name, entry.log, None if lineage is None else lineage.author, body.blobs)
