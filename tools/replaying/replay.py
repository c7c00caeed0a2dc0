"""A record, made again write by write with the model in plain Python (``crdt.state``). Pure.

Rules, those of applying (PROTOCOL.md section 6):

- Writes come in a causal order; the order of arrival is one. A write that is void, or waits, changes nothing.
- Once purged, a record stays purged, whatever else is written into it.
- From nothing, or from a checkpoint, on, all that a write deletes is there. Where the log begins later than the record, a write may replace what nobody
  knows any more: that is counted (``Step.forgotten``), and the replay goes on. It ends in the record's state all the same, because what a write
  deletes is gone afterwards, whatever it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from crdt.record import Content
from crdt.state import RecordState
from crdt.update import DecodedUpdate, DeleteRange


class Effect(Protocol):
    """What a replay has to know of a write. ``update`` is ``None`` for a purge, and for what can't be decoded."""

    @property
    def update(self) -> DecodedUpdate | None: ...

    @property
    def is_purge(self) -> bool: ...

    @property
    def counts(self) -> bool: ...


E = TypeVar("E", bound=Effect)


_NOTHING = RecordState({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record at one point of its history. ``faded``: clients of whose values some are forgotten, though the record knows that they were there."""

    state: RecordState = _NOTHING
    is_purged: bool = False
    faded: frozenset[int] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether anybody has written it, and it isn't purged."""
        return bool(self.state.clients) and not self.is_purged

    @property
    def content(self) -> Content:
        """What it says; ``MalformedUpdateError`` for what no history leads to."""
        return self.state.content()

    def without(self, is_left_out: Callable[[int], bool]) -> Standing:
        """As if some clients had never written here."""
        return replace(
            self, state=RecordState({client: clocks for client, clocks in self.state.clients.items() if not is_left_out(client)})
        )


NOTHING = Standing()
"""A record that nobody has written yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[E]):
    """What one write did. ``forgotten``: how many of the values that it replaced nobody knows any more."""

    write: E
    before: Standing
    after: Standing
    forgotten: int = 0


def replay(base: Standing, writes: Iterable[E]) -> Iterator[Step[E]]:
    """A step for each write, also for those without effect."""
    standing = base
    for write in writes:
        step = _step(standing, write)
        standing = step.after
        yield step


def end_of(base: Standing, writes: Iterable[Effect]) -> Standing:
    """Where a replay ends."""
    standing = base
    for step in replay(base, writes):
        standing = step.after
    return standing


def remains_of(state: RecordState, written: Collection[int]) -> Standing:
    """What is known of a record before the clients in ``written`` wrote into it, by what it says today: what still stands. Of what was deleted since, by
    whomever, it is known that it was there."""
    clients = {client: clocks for client, clocks in state.clients.items() if client not in written}
    return Standing(state=RecordState(clients), faded=frozenset(client for client, clocks in clients.items() if None in clocks))


def _step(before: Standing, write: E) -> Step[E]:
    if not write.counts or before.is_purged:
        return Step(write=write, before=before, after=before)
    if write.is_purge:
        return Step(write=write, before=before, after=Standing(is_purged=True))
    if write.update is None:
        return Step(write=write, before=before, after=before)
    forgotten = sum(_forgotten(before, piece) for piece in write.update.deletes)
    return Step(write=write, before=before, after=replace(before, state=_after(before.state, write.update)), forgotten=forgotten)


def _after(state: RecordState, update: DecodedUpdate) -> RecordState:
    there = (_clipped(piece, len(state.clients.get(piece.client, ()))) for piece in update.deletes)
    is_known = update.client is not None and update.client in state.clients
    return state.after(
        DecodedUpdate(
            client=None if is_known else update.client,
            items=() if is_known else update.items,
            deletes=tuple(piece for piece in there if piece.length > 0),
        )
    )


def _clipped(piece: DeleteRange, clocks: int) -> DeleteRange:
    return piece._replace(length=min(piece.end, clocks) - piece.clock)


def _forgotten(before: Standing, piece: DeleteRange) -> int:
    clocks = before.state.clients.get(piece.client, ())
    there = clocks[piece.clock : piece.end]
    return piece.length - len(there) + (there.count(None) if piece.client in before.faded else 0)
