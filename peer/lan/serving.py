"""Serving neighbours: the sync API of this device on the local network.

``LanServer`` holds together what lives as long as it serves: the service over the library, the guard with its doors, the readers of news. It follows
the library when it is told that somebody committed (``library_changed``): readers hear of new entries and reports, the door of the members is made anew
when the roster has other keys, and who lost membership by that is cut off.

What neighbours bring is told the other way: the server is a reader of its own news, and calls ``received``.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import trio
from starlette.types import Receive, Scope, Send

from discovery.tags import DiscoveryKey
from peer.joining.ticket import Ticket
from peer.lan.gates import invitation_gate, members_gate
from peer.lan.guard import CALLER, Caller, Door, GuardLimits, LanGuard
from peer.lan.invitation_key import invitation_key
from peer.lan.listening import listen
from peer.lan.log import AppliedLog, name_of_report
from peer.lan.node import InvitationBoxes, peer_parts
from peer.lan.sessions import calling
from peer.lan.tls import Credentials, server_context
from peer.library.carried import drop_delivered
from peer.library.indexing_blobs import fill_blob_index
from peer.library.library import Library
from peer.place import Place
from peer.seams import RunBlocking
from relay.accounts import TokenHash
from relay.errors import NotFoundError
from relay.exchange import Exchange
from relay.http import NodeApp
from relay.http_limits import MIB, HttpLimits, Rate
from relay.messages import BoxId, Heartbeat
from relay.news import NewsHub, Subscription
from relay.server import ServerLimits, serve
from relay.service import NodeService
from store.ids import BlobId, DeviceId
from store.roster import Roster

_log = logging.getLogger("peer.lan")

LAN_HTTP = HttpLimits(
    requests=512,
    stranger_bytes=4 * MIB,
    upload_bytes=48 * MIB,
    download_bytes=64 * MIB,
    sessions=Rate(burst=1000, per_second=50),
)
"""Less memory than a relay's. Sessions cost little here: whoever opens one has proved to be a member."""

LAN_SERVER = ServerLimits(connections=512)
HOUSEKEEPING_SECONDS = 60 * 60
LAST_WORDS_SECONDS = 5
"""So long an invitation that is over waits for its guest to take the last message."""

LOOK_SECONDS = 0.02
SERVES_AT = re.compile(rb"(?:^|&)port=([0-9]{1,5})(?:&|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What readers were told of, and what the doors were made from. ``reports``: seen reports by name; ``devices``: the members by their signing keys."""

    roster: Roster = field(repr=False)
    arrival: int
    reports: frozenset[bytes] = field(repr=False)
    devices: Mapping[bytes, DeviceId] = field(repr=False)


class LanServer:
    """One for a running peer. ``received`` is awaited when neighbours brought something; ``called`` says where a member that called serves itself."""

    def __init__(
        self,
        library: Library,
        *,
        run_blocking: RunBlocking,
        received: Callable[[], Awaitable[None]],
        called: Callable[[DeviceId, Place], None] | None = None,
        http: HttpLimits = LAN_HTTP,
        limits: GuardLimits | None = None,
    ) -> None:
        self._library = library
        self._run_blocking = run_blocking
        self._received = received
        self._called = called
        self.listening = trio.Event()
        self._http = http
        self._guard = LanGuard(self._freshen, limits or GuardLimits())
        self.boxes = InvitationBoxes()
        self._log = AppliedLog(library)
        self._credentials: Credentials | None = None
        self._members: Door | None = None
        self._guests: dict[BoxId, Door] = {}
        self._invitations: dict[BoxId, Ticket] = {}
        self._seen: _Seen | None = None
        self._following = trio.Lock()
        self._service: NodeService | None = None
        self._app: LanApp | None = None
        self._hub: NewsHub | None = None
        self._own_news: Subscription | None = None
        self.port: int | None = None
        """Where it listens, while it does."""

    @property
    def connected(self) -> frozenset[DeviceId]:
        """The members that are connected to this device now."""
        devices = self._seen.devices if self._seen else {}
        return frozenset(devices[caller.key] for caller in self._guard.callers if caller.box is None and caller.key in devices)

    def _was_called(self, key: bytes, place: Place) -> None:
        device = self._seen.devices.get(key) if self._seen else None
        if self._called is not None and device is not None:
            self._called(device, place)

    @property
    def discovery_keys(self) -> tuple[DiscoveryKey, ...]:
        """By these the devices that were invited find this one. ``received`` is called when they change."""
        return tuple(DiscoveryKey(ticket.discovery_key) for ticket in self._invitations.values())

    async def run(self, *, host: str | None = None, port: int = 0, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; ``started`` gives the port. ``host``: one address instead of all. ``PortTakenError``."""
        listeners = await listen(host, port)
        parts = await self._run_blocking(
            partial(peer_parts, self._library, run_blocking=self._run_blocking, boxes=self.boxes, log=self._log)
        )
        service, self._hub = NodeService(parts), parts.hub
        app = self._app = LanApp(service, self._http, self._was_called)
        await self.library_changed()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._follow_own_news, parts.hub)
                nursery.start_soon(self._keep_house)
                nursery.start_soon(
                    partial(
                        serve,
                        app,
                        listeners,
                        until=trio.sleep_forever,
                        limits=LAN_SERVER,
                        guard=self._guard,
                    )
                )
                self._service, self.port = service, listeners[0].socket.getsockname()[1]
                self.listening.set()
                task_status.started(self.port)
        finally:
            self._service = self._hub = self._app = self.port = None
            service.stop()

    async def library_changed(self) -> None:
        """Somebody committed, in this process or another."""
        async with self._following:
            before, self._seen = self._seen, await self._run_blocking(self._look)
            seen = self._seen
            if before is None or before.devices != seen.devices:
                await self._make_members_door(seen)
            if self._hub is not None and before is not None:
                self._tell_readers(self._hub, before, seen)

    def blobs_arrived(self, blobs: Iterable[BlobId]) -> None:
        """Files came to this device that neighbours may wait for."""
        named = tuple(blobs)
        for reader in self._readers(self._hub) if self._hub else ():
            reader.blobs_arrived(named)

    @asynccontextmanager
    async def invitation(self, ticket: Ticket) -> AsyncGenerator[NodeService]:
        """Inside the block, who has the ticket may come in for its mailbox. Gives the service, for the inviter's own calls to that mailbox.

        ``RuntimeError`` when the server doesn't run.
        """
        if self._service is None:
            raise RuntimeError("the server doesn't run")
        box, key = BoxId(ticket.mailbox), invitation_key(ticket).public_key().public_bytes_raw()
        context = await self._run_blocking(lambda: server_context(self._issued(), [key]))
        with self.boxes.opened(box):
            self._guests[box] = Door(gate=invitation_gate(ticket), context=context, keys=frozenset([key]), box=box)
            self._invitations[box] = ticket
            self._invitations_changed()
            try:
                yield self._service
            finally:
                with trio.move_on_after(LAST_WORDS_SECONDS, shield=True):
                    while self._may_still_read(box):  # noqa: ASYNC110 - several things end it, and it is short
                        await trio.sleep(LOOK_SECONDS)
                del self._guests[box], self._invitations[box]
                self._invitations_changed()

    def _may_still_read(self, box: BoxId) -> bool:
        """A guest is there, and hasn't got all of its mail."""
        is_here = any(caller.box == box for caller in self._guard.callers)
        is_reading = self._app is not None and self._app.under_way[box] > 0
        return is_here and (is_reading or not self.boxes.is_read(box))

    def _invitations_changed(self) -> None:
        self._replace_doors()
        if self._own_news is not None:
            self._own_news.seen_changed()  # nothing was: but so ``received`` is called

    # Following the library

    def _look(self) -> _Seen:
        library = self._library
        with library.database.read():
            roster = library.roster()
            members = sorted(roster.devices.values(), key=lambda member: member.device, reverse=True)
            return _Seen(
                roster=roster,
                arrival=library.log.arrival(),
                reports=frozenset(name_of_report(report.raw) for report in library.log.seen()),
                devices=MappingProxyType({member.signing_key: member.device for member in members}),
            )

    def _tell_readers(self, hub: NewsHub, before: _Seen, now: _Seen) -> None:
        new_reports = self._log.not_brought(now.reports - before.reports)
        for reader in self._readers(hub):
            if now.arrival > before.arrival:
                reader.entries_arrived(now.arrival)
            if new_reports:
                reader.seen_changed()
        hub.end_where(lambda reader: reader is not self._own_news and reader.device not in now.devices.values())

    def _readers(self, hub: NewsHub) -> list[Subscription]:
        """The neighbours'. What this device knows itself isn't told to it."""
        return [reader for reader in hub.readers(self._library.id) if reader is not self._own_news]

    async def _make_members_door(self, seen: _Seen) -> None:
        """Without one (a full disk keeps OpenSSL from reading its key) nobody comes in, and it is tried again for the next who does."""
        keys = frozenset(seen.devices)
        try:
            context = await self._run_blocking(lambda: server_context(self._issued(), sorted(keys)))
            self._members = Door(gate=members_gate(self._library.id), context=context, keys=keys)
        except OSError as error:
            _log.warning("neighbours can't be let in: %s", error.strerror)
            self._members = self._seen = None
        self._replace_doors()

    def _replace_doors(self) -> None:
        self._guard.replace_doors([*([self._members] if self._members else []), *self._guests.values()])

    def _issued(self) -> Credentials:
        if self._credentials is None:
            self._credentials = Credentials.issue(self._library.keys.signing_private, self._library.randomness)
        return self._credentials

    async def _freshen(self) -> None:
        """Whoever changed the roster, and whether or not it was told."""
        roster = await self._run_blocking(self._library.roster)
        if self._seen is None or roster is not self._seen.roster:
            await self.library_changed()

    # Following the neighbours

    async def _follow_own_news(self, hub: NewsHub) -> None:
        token = TokenHash(self._library.randomness(TokenHash.SIZE))
        own = Subscription(library=self._library.id, device=self._library.device, token=token, is_expired=lambda: False)
        self._own_news = own
        with hub.subscribed(own):
            async for hint in own:
                if not isinstance(hint, Heartbeat):
                    await self.library_changed()
                    await self._received()

    async def _keep_house(self) -> None:
        await self._run_blocking(fill_blob_index, self._library)
        while True:
            await self._run_blocking(drop_delivered, self._library)
            await trio.sleep(HOUSEKEEPING_SECONDS)


class LanApp:
    """The sync API for whoever the guard let in: all of it for members; `hello` and one mailbox for a guest. ``under_way``: calls of guests."""

    def __init__(self, service: NodeService, limits: HttpLimits, called: Callable[[bytes, Place], None]) -> None:
        self._app = NodeApp(service, limits)
        self._called = called
        self._limits = limits
        self.under_way: Counter[BoxId] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller = scope["state"][CALLER]
        with calling(caller.key):
            if caller.box is None:
                if (place := _place_of(scope)) is not None:
                    self._called(caller.key, place)
                await self._app(scope, receive, send)
            else:
                await self._call_of_guest(caller.box, scope, receive, send)

    async def _call_of_guest(self, box: BoxId, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ("/v1/hello", f"/v1/mailbox/{box.hex()}"):
            await Exchange(scope, receive, send, self._limits).answer_error(NotFoundError("there is no such call for a guest"))
            return
        self.under_way[box] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.under_way[box] -= 1


def _place_of(scope: Scope) -> Place | None:
    """Where the caller of a `hello` says that it serves: a hint, like all that is heard on the network."""
    if scope["type"] != "http" or scope["path"] != "/v1/hello" or not scope.get("client"):
        return None
    match = SERVES_AT.search(scope["query_string"])
    port = int(match[1]) if match else 0
    return Place(str(scope["client"][0]), port) if 0 < port < 1 << 16 else None
