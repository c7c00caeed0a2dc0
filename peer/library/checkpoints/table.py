"""The checkpoints that this device knows of, what it found out about each, and which one it acknowledges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from peer.library.library import Library
from store.bodies import Checkpoint, parse_control
from store.entries import Dep, EntryKind
from store.heads import Heads
from store.ids import DeviceId, EntryHash

PAGE_BYTES = 1024 * 1024


class Verdict(StrEnum):
    """``OPEN``: not compared yet. ``SAME``: every record was compared, or it was written here, or loaded. ``DIFFERS``: a finding."""

    OPEN = "open"
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheckpoint:
    """``author`` wrote it; ``since``: when this device learned of it, by its own clock, in milliseconds since 1970."""

    name: EntryHash
    author: DeviceId
    body: Checkpoint
    verdict: Verdict
    reason: str
    since: int

    @property
    def rank(self) -> tuple[int, bytes]:
        """Of several, all devices prefer the first: it covers most, or has the smallest name."""
        return -sum(max(tip.seq for tip in tips) + 1 for tips in self.body.heads.values()), self.name


def note_new(library: Library) -> None:
    """Look through the control entries that came since the last time."""
    with library.database.write() as connection:
        while page := library.log.control(library.meta.get_int("checkpoints_looked_at"), limit_bytes=PAGE_BYTES):
            for arrived in page:
                if arrived.entry.kind is EntryKind.CHECKPOINT:
                    query = "INSERT OR IGNORE INTO checkpoint (name, verdict, reason, since) VALUES (?, ?, '', ?)"
                    connection.execute(query, (arrived.entry.name, Verdict.OPEN.value, library.clock.now()))
            library.meta.put_int("checkpoints_looked_at", page[-1].arrival)


def known(library: Library) -> list[KnownCheckpoint]:
    """Those whose entries are here, by rank."""
    found = []
    with library.database.read() as connection:
        for name, verdict, reason, since in connection.execute("SELECT name, verdict, reason, since FROM checkpoint").fetchall():
            checkpoint = _read(library, EntryHash(name), Verdict(verdict), reason, since)
            if checkpoint is not None:
                found.append(checkpoint)
    return sorted(found, key=lambda checkpoint: checkpoint.rank)


def unsettled(library: Library) -> list[KnownCheckpoint]:
    """Those by members that aren't settled yet, and cover something that the settled ones don't and all that the newest of these does, by rank.

    Nodes may have given up what the newest settled one covers. What was written beside it, by a device that was away for long, can't be compared any more, and
    would have newcomers begin without it.
    """
    roster = library.roster()
    settled = library.log.settled()
    names = {each.checkpoint for each in settled}
    return [
        each
        for each in known(library)
        if each.name not in names
        and roster.is_member(each.author)
        and not any(lies_below(library, each.body.heads, other.covered) for other in settled)
        and not any(_is_beside(library, each.body.heads, newest.covered) for newest in settled[:1])
    ]


def judge(library: Library, name: EntryHash, verdict: Verdict, reason: str = "") -> None:
    """Remember what was found out; whatever was known of it before."""
    with library.database.write() as connection:
        query = "INSERT OR REPLACE INTO checkpoint (name, verdict, reason, since) VALUES (?, ?, ?, ?)"
        connection.execute(query, (name, verdict.value, reason, library.clock.now()))


def verdict_on(library: Library, name: EntryHash) -> Verdict:
    with library.database.read() as connection:
        row = connection.execute("SELECT verdict FROM checkpoint WHERE name = ?", (name,)).fetchone()
    return Verdict.OPEN if row is None else Verdict(row[0])


def acknowledged(library: Library) -> EntryHash | None:
    """What this device's seen reports say."""
    name = library.meta.get("checkpoint")
    return None if name is None else EntryHash(name)


def acknowledge(library: Library, name: EntryHash) -> None:
    """From now on reports say that this device has compared ``name``, or has loaded it."""
    library.meta.put("checkpoint", name)


def differing(library: Library) -> list[tuple[EntryHash, str]]:
    """Checkpoints in which other things stand than are here, each with what was found first."""
    return [(each.name, each.reason) for each in known(library) if each.verdict is Verdict.DIFFERS]


def note_problem(library: Library, work: str, reason: str) -> None:
    """What keeps a part of the work with checkpoints from being done; the empty text when nothing does."""
    key = f"checkpoint_problem:{work}"
    if reason:
        library.meta.put(key, reason.encode())
    elif library.meta.get(key) is not None:
        library.meta.delete(key)


def problems(library: Library) -> list[str]:
    """What keeps something from being done now."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT value FROM meta WHERE key GLOB 'checkpoint_problem:*' ORDER BY key").fetchall()
    return [bytes(reason).decode() for (reason,) in rows]


def lies_below(library: Library, heads: Heads, other: Heads) -> bool:
    """Whether everything at or below ``heads`` is at or below ``other``, as far as both are stored here."""
    return all(
        any(library.log.is_ancestor(tip.name, Dep(log, end.seq, end.name)) for end in other.get(log, ())) for log, tip in heads.tips()
    )


def _is_beside(library: Library, heads: Heads, settled: Heads) -> bool:
    """Whether ``heads`` are all stored here, and something of ``settled`` isn't at or below them."""
    return not heads.unknown(library.log.has) and not lies_below(library, settled, heads)


def _read(library: Library, name: EntryHash, verdict: Verdict, reason: str, since: int) -> KnownCheckpoint | None:
    arrived = library.log.get(name)
    if arrived is None:
        return None  # it was pruned: a later one is settled
    body = parse_control(arrived.entry)
    author = next(iter(library.roster().authors.get(arrived.entry.log, ())), None)
    if not isinstance(body, Checkpoint) or author is None:
        return None
    return KnownCheckpoint(name=name, author=author, body=body, verdict=verdict, reason=reason, since=since)
