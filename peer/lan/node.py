"""This device as a node: the service of the sync API, the same as a relay's, over the stores of one library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peer.lan.blobs import PeerBlobs
from peer.lan.holdings import CARRIED_BYTES, Holdings
from peer.lan.log import AppliedLog
from peer.lan.sessions import ConnectionSessions, is_call_over_connection
from peer.library.library import Library
from peer.library.tracing import entry_traces
from peer.seams import RunBlocking
from relay.accounts import Sessions
from relay.errors import NotFoundError
from relay.memory_accounts import MemoryMailboxes, MemorySessions
from relay.messages import BoxId
from relay.parts import Logs, NodeParts
from store.ids import StoreId


@dataclass
class _Box:
    """``read``: how many messages who came by a connection has seen; ``to_read``: how many it has to see, to have all that was posted for it."""

    mail: MemoryMailboxes = field(default_factory=MemoryMailboxes)
    posted: int = 0
    to_read: int = 0
    read: int = 0


class InvitationBoxes:
    """``Mailboxes`` that exist only while an invitation is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[BoxId, _Box] = {}

    @contextmanager
    def opened(self, box: BoxId) -> Iterator[None]:
        """Mail for ``box`` is taken inside the block, and thrown away with it."""
        with self._lock:
            self._boxes[box] = _Box()
        try:
            yield
        finally:
            with self._lock:
                del self._boxes[box]

    def is_read(self, box: BoxId) -> bool:
        """Whether the guest has seen all that was posted here."""
        opened = self._open(box)
        return opened.read >= opened.to_read

    def post(self, box: BoxId, message: bytes, *, now: int) -> None:
        opened = self._open(box)
        opened.mail.post(box, message, now=now)
        opened.posted += 1
        if not is_call_over_connection():
            opened.to_read = opened.posted

    def messages(self, box: BoxId, *, after: int, now: int) -> list[bytes]:
        opened = self._open(box)
        found = opened.mail.messages(box, after=after, now=now)
        if is_call_over_connection():
            opened.read = max(opened.read, after + len(found))
        return found

    def _open(self, box: BoxId) -> _Box:
        with self._lock:
            opened = self._boxes.get(box)
        if opened is None:
            raise NotFoundError("no invitation is open under this name")
        return opened


def peer_parts(
    library: Library,
    *,
    run_blocking: RunBlocking,
    boxes: InvitationBoxes,
    log: AppliedLog | None = None,
    sessions: Sessions | None = None,
    carried_bytes: int = CARRIED_BYTES,
) -> NodeParts:
    """What the service of this device consists of. ``sessions``: such as aren't bound to connections, for who calls it in this process."""
    blobs = PeerBlobs(library)
    served = log or AppliedLog(library)
    return NodeParts(
        kind="peer",
        key=Ed25519PrivateKey.from_private_bytes(library.keys.signing_private),
        store=store_id(library),
        libraries=Holdings(library, blobs, quota=carried_bytes),
        sessions=sessions or ConnectionSessions(MemorySessions(), lambda device: library.roster().signing_key(device)),
        mailboxes=boxes,
        logs=Logs(lambda _: served),
        blobs=blobs,
        clock=library.clock,
        randomness=library.randomness,
        run_blocking=run_blocking,
        judged=partial(entry_traces, library.database, library.id),
    )


def store_id(library: Library) -> StoreId:
    """What neighbours remember about this device's stores goes by this. A folder that was copied or put back from a backup has another, also
    before it has begun its next log."""
    with library.database.write():
        return StoreId(library.instance.store(library.randomness, is_elsewhere=library.needs_new_log()))
