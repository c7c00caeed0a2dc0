"""A node's side of the sync API, over its stores and without any network: what relays and peers serve alike.

Everything is judged before it is acknowledged, and the roster is asked at every call. A call crosses once from trio to a
worker thread, where it finds its session, asks the roster, and works on the stores; what others are told follows on the
trio thread after that.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, TypeVarTuple

import trio

from relay.accounts import Session, TokenHash
from relay.errors import (
    MalformedRequestError,
    NotFoundError,
    NotMemberError,
    RefusedContentError,
    SessionInvalidError,
    TooLargeError,
    error_named,
)
from relay.library_service import LibraryService
from relay.messages import (
    BoxId,
    Hello,
    Limits,
    Registered,
    Registration,
    SessionGrant,
    SessionRequest,
    SessionStatement,
    hello_proof_message,
)
from relay.messages.limits import MAX_MAIL_BYTES, MAX_MAIL_WAIT_SECONDS, MAX_STATEMENT_SECONDS, NONCE_BYTES, PROTOCOL_VERSION
from relay.noting import note_entries
from relay.parts import NodeParts
from relay.pruning import keep_pruned
from relay.releasing import keep_released
from store.entries import EntryKind, parse_entry
from store.ids import LibraryId
from store.log import LogStore, Outcome, Status
from store.memory import MemoryLogStore
from store.signatures import is_signed

SESSION_MS = 60 * 60_000
TOKEN_BYTES = 32

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class NodeService:
    """``SyncApi`` over ``NodeParts``."""

    def __init__(self, parts: NodeParts) -> None:
        self._parts = parts
        self._key = parts.key.public_key().public_bytes_raw()
        self._mail_came = trio.Event()
        self.is_stopping = False

    def stop(self) -> None:
        """End what would otherwise wait: news streams and questions for mail. Calls under way finish."""
        self.is_stopping = True
        self._parts.hub.end_where(lambda _: True)
        self._mail_came.set()

    async def keep_pruned(self) -> None:
        """Relays run this beside serving, until it is cancelled: see ``relay.pruning``."""
        await keep_pruned(self._parts)

    async def keep_released(self) -> None:
        """Relays run this too: see ``relay.releasing``."""
        await keep_released(self._parts)

    async def in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Work that would hold up the trio thread, such as the encoding of large messages."""
        return await self._parts.run(function, *arguments)

    async def hello(self, nonce: bytes | None = None) -> Hello:
        if nonce is not None and len(nonce) != NONCE_BYTES:
            raise MalformedRequestError(f"a nonce has {NONCE_BYTES} bytes")
        return Hello(
            kind=self._parts.kind,
            key=self._key,
            store=self._parts.store,
            versions=(PROTOCOL_VERSION,),
            limits=Limits(),
            time=self._parts.clock.now(),
            proof=b"" if nonce is None else self._parts.key.sign(hello_proof_message(nonce)),
        )

    async def register(self, registration: Registration) -> Registered:
        return await self._parts.run(self._register, registration)

    def _register(self, registration: Registration) -> Registered:
        genesis = parse_entry(registration.genesis)
        if genesis.kind is not EntryKind.GENESIS:
            raise MalformedRequestError("the entry isn't a genesis")
        raws = [registration.genesis, *registration.entries]
        now = self._parts.clock.now()
        # Tried on an empty log first: a token is not spent on entries that are refused.
        _refuse_unless_stored(MemoryLogStore(genesis.library).append(raws, now=now))
        with self._parts.libraries.atomic():
            quota = self._parts.libraries.register(genesis.library, TokenHash.of(registration.token), now=now)
            self._append(self._parts.logs.of(genesis.library), raws, now)
        return Registered(library=genesis.library, quota=quota)

    def _append(self, log: LogStore, raws: Sequence[bytes], now: int) -> None:
        outcomes = log.append(raws, now=now)
        _refuse_unless_stored(outcomes)
        stored = sum(len(raw) for raw, outcome in zip(raws, outcomes, strict=True) if outcome.status is Status.STORED)
        self._parts.libraries.add_entry_bytes(log.library, stored)
        if self._parts.releases is not None:
            note_entries(log, self._parts.releases, before=log.arrival())

    async def open_session(self, request: SessionRequest) -> SessionGrant:
        return await self._parts.run(self._open_session, request)

    def _open_session(self, request: SessionRequest) -> SessionGrant:
        statement = SessionStatement.decode(request.statement)
        now = self._parts.clock.now()
        if statement.node_key != self._key:
            raise MalformedRequestError("the statement is meant for a node with another key")
        if not now < statement.expiry <= now + MAX_STATEMENT_SECONDS * 1000:
            raise SessionInvalidError("the statement has expired, or is valid for too long by this node's clock")
        if self._parts.libraries.account(statement.library) is None:
            raise NotFoundError("no such library on this node")
        key = self._parts.logs.of(statement.library).roster().signing_key(statement.device)
        if key is None:
            raise NotMemberError("this device is not a member of the library")
        if not is_signed(request.statement, request.signature, key):
            raise RefusedContentError("the statement isn't signed by the device that it names", name="bad-signature")
        token = base64.urlsafe_b64encode(self._parts.randomness(TOKEN_BYTES)).rstrip(b"=").decode()
        session = Session(library=statement.library, device=statement.device, expires=now + SESSION_MS)
        is_open = self._parts.sessions.open(TokenHash.of(token), session, nonce=statement.nonce, nonce_until=statement.expiry, now=now)
        if not is_open:
            raise SessionInvalidError("the statement was used before")
        return SessionGrant(token=token, expires=session.expires)

    async def close_session(self, token: str) -> None:
        closed = TokenHash.of(token)
        await self._parts.run(self._parts.sessions.close, closed)
        self._parts.hub.end_where(lambda subscription: subscription.token == closed)

    def library(self, library: LibraryId, token: str) -> LibraryService:
        return LibraryService(self._parts, library, TokenHash.of(token))

    async def post_message(self, box: BoxId, message: bytes) -> None:
        if len(message) > MAX_MAIL_BYTES:
            raise TooLargeError(f"a message has at most {MAX_MAIL_BYTES} bytes")
        await self._parts.run(partial(self._parts.mailboxes.post, box, message, now=self._parts.clock.now()))
        self._mail_came.set()
        self._mail_came = trio.Event()

    async def messages(self, box: BoxId, *, after: int = 0, wait: float = 0) -> Sequence[bytes]:
        deadline = trio.current_time() + min(wait, MAX_MAIL_WAIT_SECONDS)
        while True:
            mail_came = self._mail_came
            found = await self._parts.run(partial(self._parts.mailboxes.messages, box, after=after, now=self._parts.clock.now()))
            if found or self.is_stopping or trio.current_time() >= deadline:
                return found
            with trio.move_on_at(deadline):
                await mail_came.wait()


def _refuse_unless_stored(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.status is Status.REFUSED:
            raise error_named(outcome.code or "malformed", outcome.detail, status=422)
        if outcome.status is Status.WAITING:
            raise RefusedContentError("an entry of a registration needs another that isn't there", name="bad-chain")
