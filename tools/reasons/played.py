"""What entries did to one field, from what they did to its record. Pure.

An entry sets the field, or takes values away that it saw there, or both at once, which replaces them. Deletions name values by client and clock, so what
was replaced is known as far as the entries that made it are; of those whose bytes were given up for a checkpoint only what still stands in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import heapify, heappop, heappush

from crdt.client import writer
from crdt.clock import Stamp
from crdt.keys import stem_of
from crdt.state import RecordState
from crdt.update import DeleteRange, Item
from crdt.values import Value
from tools.looking.logged import LoggedEntry
from tools.looking.writes import Write


class Deed(StrEnum):
    """What an entry did. ``CONTEST``: it changed other fields of what somebody trashed who hadn't seen that."""

    SET = "set"
    REMOVE = "remove"
    PURGE = "purge"
    CONTEST = "contest"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWrite:
    """What one entry did to the field.

    ``number`` counts from 1 in a causal order, after ``in_causal_order`` the same on every device; ``replaced``: the numbers of those whose values it took
    away. ``is_live``: what it set stands in the record. ``void``, ``waiting``: as in ``Write``; ``is_beyond``: it waits because a removed device wrote it.
    ``logged`` is ``None`` where no entry is known that wrote what stands there; ``is_stub``: its bytes were given up. ``changed``: the fields with which it
    contests.
    """

    number: int
    deed: Deed
    value: Value
    stamp: Stamp
    client: int
    logged: LoggedEntry | None
    replaced: tuple[int, ...] = ()
    is_live: bool = False
    is_stub: bool = False
    void: str = ""
    waiting: str = ""
    is_beyond: bool = False
    changed: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it changed the record here."""
        return not self.void and not self.waiting

    @property
    def rank(self) -> tuple[bytes, str]:
        """What decides among concurrent values: the highest is read."""
        return self.stamp, writer(self.client)


Finder = Callable[[int], LoggedEntry | None]
"""The entry that wrote under a client id, or what is left of it."""


def play(
    stem: str,
    writes: Iterable[Write],
    state: RecordState | None,
    entry_of: Finder,
    contesting: Mapping[int, tuple[str, ...]] | None = None,
    beyond: Callable[[LoggedEntry], bool] = lambda _: False,
) -> list[FieldWrite]:
    """All that was done to the field with this stem, in a causal order. ``state``: what the record holds, ``None`` where it is gone or can't be read;
    ``contesting``: by client id the fields with which somebody contests a trashing."""
    known = list(writes)
    made = {write.client: write for write in known if write.update is not None and write.counts}
    found = [*_by_stubs(stem, state, made.keys(), entry_of, contesting or {}), *_by_entries(stem, known, contesting or {}, beyond)]
    found.sort(key=_order)
    numbers = {write.client: number for number, write in enumerate(found, 1) if write.counts}
    clocks = {write.client: _clocks(stem, made[write.client]) for write in found if write.counts and write.client in made}
    deletes = {write.client: write.update.deletes for write in made.values() if write.update is not None}
    live = None if state is None else {client for client in state.clients if _live_item(stem, state, client) is not None}
    numbered = []
    for number, write in enumerate(found, 1):
        taken = _taken(deletes.get(write.client, ()) if write.counts else (), clocks, numbers)
        numbered.append(replace(write, number=number, replaced=taken))
    replaced = {number for write in numbered for number in write.replaced}
    return [_with_life(write, live, replaced) for write in numbered]


def in_causal_order(writes: Sequence[FieldWrite], pasts: Mapping[int, frozenset[int]]) -> dict[int, int]:
    """New numbers that don't depend on the order of arrival: by stamps, as far as causality lets them. ``pasts``: by number what each had seen."""
    waiting = {write.number: pasts[write.number] | set(write.replaced) for write in writes}
    followers: dict[int, list[int]] = {}
    for number, needs in waiting.items():
        for need in needs:
            followers.setdefault(need, []).append(number)
    missing = {number: len(needs) for number, needs in waiting.items()}
    by_number = {write.number: write for write in writes}
    ready = [(*by_number[number].rank, number) for number, count in missing.items() if not count]
    heapify(ready)
    numbers: dict[int, int] = {}
    while ready:
        *_, number = heappop(ready)
        numbers[number] = len(numbers) + 1
        for follower in followers.get(number, ()):
            missing[follower] -= 1
            if not missing[follower]:
                heappush(ready, (*by_number[follower].rank, follower))
    return numbers


def renumbered(writes: Iterable[FieldWrite], numbers: Mapping[int, int]) -> tuple[FieldWrite, ...]:
    """The writes in the order of their new numbers."""
    changed = (
        replace(write, number=numbers[write.number], replaced=tuple(sorted(numbers[number] for number in write.replaced)))
        for write in writes
    )
    return tuple(sorted(changed, key=lambda write: write.number))


def _by_entries(
    stem: str, writes: Iterable[Write], contesting: Mapping[int, tuple[str, ...]], beyond: Callable[[LoggedEntry], bool]
) -> Iterator[FieldWrite]:
    writes = list(writes)
    clocks = {write.client: _clocks(stem, write) for write in writes if write.counts}
    for write in writes:
        item = _item(stem, write)
        changed = contesting.get(write.client, ())
        if write.is_purge:
            deed = Deed.PURGE
        elif item is not None:
            deed = Deed.SET
        elif write.update is not None and any(
            piece.clock <= clock < piece.end for piece in write.update.deletes for clock in clocks.get(piece.client, ())
        ):
            deed = Deed.REMOVE
        elif changed:
            deed = Deed.CONTEST
        else:
            continue
        yield FieldWrite(
            number=0,
            deed=deed,
            value=None if item is None else item.value,
            stamp=write.stamp,
            client=write.client,
            logged=write.logged,
            void=write.void,
            waiting=write.waiting,
            is_beyond=bool(write.waiting) and beyond(write.logged),
            changed=changed if deed is Deed.CONTEST else (),
        )


def _by_stubs(
    stem: str, state: RecordState | None, known: Iterable[int], entry_of: Finder, contesting: Mapping[int, tuple[str, ...]]
) -> Iterator[FieldWrite]:
    """What stands in the record although the bytes of its entry aren't here."""
    if state is None:
        return
    for client in state.clients.keys() - set(known):
        item = _live_item(stem, state, client)
        first = next((each for each in state.clients[client] if each is not None), None)
        if item is None and (client not in contesting or first is None):
            continue
        logged = entry_of(client)
        shown = item or first
        assert shown is not None, "one of them is there"
        yield FieldWrite(
            number=0,
            deed=Deed.SET if item is not None else Deed.CONTEST,
            value=None if item is None else item.value,
            stamp=shown.stamp,
            client=client,
            logged=logged,
            is_stub=True,
            changed=contesting.get(client, ()) if item is None else (),
        )


def _taken(deletes: Iterable[DeleteRange], clocks: Mapping[int, tuple[int, ...]], numbers: Mapping[int, int]) -> tuple[int, ...]:
    """The numbers of the writes whose values these deletions took away."""
    return tuple(
        sorted(
            numbers[piece.client]
            for piece in deletes
            if piece.client in numbers and any(piece.clock <= clock < piece.end for clock in clocks.get(piece.client, ()))
        )
    )


def _with_life(write: FieldWrite, live: set[int] | None, replaced: set[int]) -> FieldWrite:
    if write.deed is not Deed.SET or not write.counts:
        return write
    return replace(write, is_live=write.number not in replaced if live is None else write.client in live)


def _item(stem: str, write: Write) -> Item | None:
    items = () if write.update is None else write.update.items
    return next((item for item in items if _is_of(stem, item)), None)


def _clocks(stem: str, write: Write) -> tuple[int, ...]:
    items = () if write.update is None else write.update.items
    return tuple(clock for clock, item in enumerate(items) if _is_of(stem, item))


def _live_item(stem: str, state: RecordState, client: int) -> Item | None:
    return next((item for item in state.clients[client] if item is not None and _is_of(stem, item)), None)


def _is_of(stem: str, item: Item) -> bool:
    return item.key.startswith(stem) and stem_of(item.key) == stem


def _order(write: FieldWrite) -> tuple[int, int, bytes]:
    """By arrival; what can't be placed first, and what waits without a place last."""
    if write.logged is None:
        return 0, 0, write.stamp
    return (2 if write.logged.is_detached else 1), write.logged.arrival, write.stamp
