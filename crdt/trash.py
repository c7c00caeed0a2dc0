"""The trash and when it is contested (PROTOCOL.md section 6). Pure.

Who trashes writes down whose keys were live: ``trashed = {at, seen}``. A key that lives and whose writer isn't in ``seen`` was not seen by
the one who trashed: somebody edited or imported meanwhile. The trash is then *contested*: shown, and never purged, until someone
trashes or restores again.

- Keys of registers and sets count, known to this version or not; what a program computed doesn't.
- What the entry that trashed wrote itself was seen, whatever it was.
- Another trashing at the same time doesn't contest; a restoring does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from crdt.client import client_of
from crdt.clock import Stamp
from crdt.fields import Fields, Register, read_register
from crdt.keys import Family
from crdt.parsing import WrongTypeError, members
from crdt.record import Content
from crdt.values import Value

MAX_SEEN = 5000
"""Writers that one trashing can name, so that it fits into a value; those beyond count as not seen."""

_OBSERVED = (f"{Family.REGISTER.value}/", f"{Family.SET.value}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trash:
    """That a record is in the trash: since when, and which writers' keys were live then."""

    at: Stamp
    seen: frozenset[str]

    def value(self) -> Value:
        return {"at": bytes(self.at), "seen": list(sorted(self.seen)[:MAX_SEEN])}


def parse_trashed(value: Value) -> Trash | None:
    """What the register ``trashed`` says; ``None``: restored."""
    if value is None:
        return None
    parts = members(value)
    at, seen = parts.get("at"), parts.get("seen")
    if not isinstance(at, bytes) or not isinstance(seen, list) or len(seen) > MAX_SEEN:
        raise WrongTypeError("not {at, seen}")
    try:
        return Trash(at=Stamp(at), seen=frozenset(_writer(item) for item in seen))
    except ValueError as error:
        raise WrongTypeError("not {at: stamp, seen: [writer, …]}") from error


def _writer(value: Value) -> str:
    if not isinstance(value, str):
        raise WrongTypeError("not a writer")
    client_of(value)
    return value


def _is_restored(value: Value) -> Hashable:
    return value is None


TRASHED = Register(name="trashed", parse=parse_trashed, meaning=_is_restored)
"""Two trashings at the same time mean the same."""


class TrashState(NamedTuple):
    """Whether a record is in the trash, and who did what the one who trashed it hadn't seen."""

    trash: Trash | None
    unseen: frozenset[str]


def read_trash(fields: Fields, content: Content, *, members: Iterable[str] = ()) -> TrashState:
    """Whether the record is in the trash. ``members``: writers of keys in other records that count too (an album's memberships)."""
    reading = read_register(fields, TRASHED)
    if reading is None or reading.value is None:
        return TrashState(None, frozenset())
    known = reading.value.seen | {reading.cell.writer}
    return TrashState(reading.value, (observed_writers(content) | _restorers(fields)).union(members) - known)


def observed_writers(content: Content) -> frozenset[str]:
    """The writers of all live keys that a trashing has to have seen."""
    trashed = f"{Family.REGISTER.value}/{TRASHED.name}/"
    return frozenset(cell.writer for key, cell in content.live.items() if key.startswith(_OBSERVED) and not key.startswith(trashed))


def _restorers(fields: Fields) -> frozenset[str]:
    return frozenset(cell.writer for cell in fields.registers.get(TRASHED.name, []) if cell.value is None)
