"""Asking the nodes that can be reached now, as the device whose folder it is: its key opens a session, and nothing is asked but since when they have what.

Who doesn't answer is a reason, never an error: what is known without them is shown all the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import trio

from peer.lan.dialing import reach
from peer.lan.gates import members_gate
from peer.library.nodes import NodeKind
from peer.place import Place
from peer.seams import SystemClock, run_in_thread, system_randomness
from relay.api import LibraryApi
from relay.client import HttpNode
from relay.errors import NotFoundError, SyncError, UnreachableError, WrongNodeKeyError
from relay.http_call import Patience
from relay.messages import BlobTrace, EntryTrace
from relay.messages.limits import MAX_STAT_IDS, MAX_TRACE_IDS
from relay.session import Identity, LibrarySession
from store.ids import BlobId, EntryHash
from tools.tracing.contacts import Caller, Contact
from tools.tracing.model import Sight, Subject
from tools.tracing.reported import newest_reports, reported_sights
from tools.tracing.traces import applied_step, file_step, stored_step

T = TypeVar("T")

ASKED = "it said so when it was asked"
ANSWER_SECONDS = 15.0
_PATIENCE = Patience(connect=3, call=10, between_bytes=5, silence=10)
_TOO_OLD = "it runs a version that can't tell since when it has what: of files it said only whether they are there, of changes nothing"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A way to a node. ``clock_offset``: how many milliseconds its clock is ahead of this machine's."""

    api: LibraryApi
    clock_offset: int


Call = Callable[[Caller, Contact], AbstractAsyncContextManager[Line]]
"""Opens a session. Raises ``SyncError``."""


async def ask_nodes(caller: Caller, contacts: Sequence[Contact], subject: Subject, *, call: Call | None = None) -> list[Sight]:
    """What each answered, or why it didn't, in the order of ``contacts``; before that what relays pass on of other devices."""
    answers: dict[str, tuple[Sight, list[Sight]]] = {}

    async def ask(contact: Contact) -> None:
        answers[contact.key] = await _ask(caller, contact, subject, call or call_node)

    async with trio.open_nursery() as nursery:
        for contact in contacts:
            nursery.start_soon(ask, contact)
    in_order = [answers[contact.key] for contact in contacts]
    return [*(sight for _, passed_on in in_order for sight in passed_on), *(sight for sight, _ in in_order)]


async def _ask(caller: Caller, contact: Contact, subject: Subject, call: Call) -> tuple[Sight, list[Sight]]:
    try:
        with trio.fail_after(ANSWER_SECONDS):
            async with call(caller, contact) as line:
                answer = await _answer(contact, line, subject)
                sight = replace(answer, clock_offset=line.clock_offset, correction=caller.correction - line.clock_offset)
                return sight, await _passed_on(caller, contact, line, subject)
    except SyncError as error:
        return _sight(contact, reached=False, reason=error.message), []
    except trio.TooSlowError:
        return _sight(contact, reached=False, reason=f"it didn't answer within {ANSWER_SECONDS:.0f} seconds"), []


async def _passed_on(caller: Caller, contact: Contact, line: Line, subject: Subject) -> list[Sight]:
    """Relays are asked for the reports of devices that aren't in reach; neighbours have those that this device has."""
    if contact.kind is not NodeKind.RELAY:
        return []
    others = {key: device for key, device in caller.members.items() if device != caller.keys.id}
    return reported_sights(subject, newest_reports((await line.api.heads()).seen, caller.library, others), contact.name)


async def _answer(contact: Contact, line: Line, subject: Subject) -> Sight:
    names = [entry.name for entry in subject.entries]
    blobs = list(dict.fromkeys(blob for file in subject.files for blob in file.blobs))
    try:
        entries, traces = await _traces(line.api, names, blobs)
    except NotFoundError:
        traces = await _states(line.api, blobs)
        files = {file.file: file_step(file, traces, ASKED) for file in subject.files}
        return _sight(contact, reached=True, reason=_TOO_OLD, files=files)
    is_peer = contact.kind is NodeKind.PEER
    return _sight(
        contact,
        reached=True,
        stored={name: stored_step(trace, ASKED) for name, trace in entries.items()},
        applied={name: applied_step(trace, ASKED) for name, trace in entries.items()} if is_peer else {},
        files={file.file: file_step(file, traces, ASKED) for file in subject.files},
    )


async def _traces(
    api: LibraryApi, names: Sequence[EntryHash], blobs: Sequence[BlobId]
) -> tuple[dict[EntryHash, EntryTrace], dict[BlobId, BlobTrace]]:
    """As many calls as it takes; at least one, so that it is known whether the node knows this call."""
    entries: dict[EntryHash, EntryTrace] = {}
    traces: dict[BlobId, BlobTrace] = {}
    portions = list(_portions(blobs, MAX_TRACE_IDS)) or [()]
    for number, portion in enumerate(portions):
        asked = names[:MAX_TRACE_IDS] if number == 0 else ()
        answer = await api.trace(asked, portion)
        entries.update(zip(asked, answer.entries, strict=True))
        traces.update(zip(portion, answer.blobs, strict=True))
    return entries, traces


async def _states(api: LibraryApi, blobs: Sequence[BlobId]) -> dict[BlobId, BlobTrace]:
    traces: dict[BlobId, BlobTrace] = {}
    for portion in _portions(blobs, MAX_STAT_IDS):
        states = await api.stat(portion)
        traces.update((blob, BlobTrace(state=state)) for blob, state in zip(portion, states, strict=True))
    return traces


def _portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _sight(contact: Contact, **said: object) -> Sight:
    address = contact.url if contact.device is None else str(contact.places[0]) if contact.places else ""
    return Sight(key=contact.key, name=contact.name, kind=contact.kind, device=contact.device, address=address, **said)  # type: ignore[arg-type]  # as named


# Over the network


@asynccontextmanager
async def call_node(caller: Caller, contact: Contact) -> AsyncGenerator[Line]:
    """A session over HTTP with a relay, or over TLS with a neighbour where it was met."""
    if contact.kind is NodeKind.RELAY:
        async with HttpNode(contact.url, patience=_PATIENCE, connections=1) as node, _line(caller, node, contact.public_key) as line:
            yield line
        return
    async with _neighbour(caller, contact) as line:
        yield line


@asynccontextmanager
async def _neighbour(caller: Caller, contact: Contact) -> AsyncGenerator[Line]:
    """The first of the places at which it proves its key."""
    problem: SyncError = UnreachableError("nobody knows an address of it on this network")
    for place in contact.places:
        entered = False
        try:
            async with _at(caller, contact, place) as line:
                entered = True
                yield line
                return
        except SyncError as error:
            if entered:
                raise
            problem = error
    raise problem


@asynccontextmanager
async def _at(caller: Caller, contact: Contact, place: Place) -> AsyncGenerator[Line]:
    """Whoever listens there has to prove a member's key to be told who calls, and this very device's to be asked."""
    async with reach(
        place.host,
        place.port,
        gate=members_gate(caller.library),
        signing_private=caller.keys.signing_private,
        trusted=caller.members,
        patience=_PATIENCE,
        randomness=system_randomness,
        run_blocking=run_in_thread,
    ) as reached:
        if (await reached.greet(SystemClock(), system_randomness)).hello.key != contact.public_key:
            raise WrongNodeKeyError("another device of the library answers there")
        async with _line(caller, reached.node, contact.public_key) as line:
            yield line


@asynccontextmanager
async def _line(caller: Caller, node: HttpNode, key: bytes) -> AsyncGenerator[Line]:
    """A session that is worth nothing any more afterwards."""
    identity = Identity(library=caller.library, device=caller.keys.id, sign=caller.keys.sign)
    session = LibrarySession(node, identity, node_key=key, clock=SystemClock(), randomness=system_randomness)
    yield Line(api=session, clock_offset=(await session.open()).clock_offset)
    with suppress(SyncError):  # it has answered, and sessions end by themselves
        await session.close()
