"""Two devices meet in a mailbox at a node: ``invite`` on one, ``join`` on the other.

The handshake itself (``peer.joining.handshake``) does no input or output; here its messages travel, and the person is asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import trio

from peer.joining.errors import DeclinedError, ExpiredTicketError, HandshakeError
from peer.joining.handshake import Handshake, InviterHandshake, JoinerHandshake, State
from peer.joining.messages import Introduction
from peer.joining.ticket import Ticket
from relay.errors import SyncError

POLL_SECONDS = 20
MEETING_SECONDS = 10 * 60
AskPerson = Callable[[str, str], Awaitable[bool]]
"""Shown the short code and the other device's name; whether the person says that the codes are equal."""


class Mailbox(Protocol):
    """The part of a node that a meeting needs."""

    async def post_message(self, box: bytes, message: bytes) -> None: ...

    async def messages(self, box: bytes, after: int, wait: float) -> Sequence[bytes]: ...


async def meet_as_inviter(
    handshake: InviterHandshake, ticket: Ticket, mailbox: Mailbox, ask: AskPerson, admit: Callable[[Introduction], Awaitable[None]]
) -> Introduction:
    """Wait for the joiner, compare codes, and let it in by ``admit``. Gives who joined; ``HandshakeError`` when nobody may."""
    meeting = _Meeting(handshake, ticket, mailbox)
    async with meeting.telling_the_other():
        await meeting.until(State.COMPARING, State.ANSWERED)
        other = await meeting.compare(ask)
        await meeting.until(State.AGREED)
        await admit(other)
        await meeting.send(handshake.admitted())
    return other


async def meet_as_joiner(handshake: JoinerHandshake, ticket: Ticket, mailbox: Mailbox, ask: AskPerson) -> Introduction:
    """Show that we have the ticket, compare codes, and wait to be let in. Gives the inviter."""
    meeting = _Meeting(handshake, ticket, mailbox)
    async with meeting.telling_the_other():
        await meeting.take(await mailbox.messages(ticket.mailbox, 0, 0))
        await meeting.send(handshake.start())
        await meeting.until(State.COMPARING)
        other = await meeting.compare(ask)
        await meeting.until(State.JOINED)
    return other


class _Meeting:
    """Carries messages between one handshake and its mailbox."""

    def __init__(self, handshake: Handshake, ticket: Ticket, mailbox: Mailbox) -> None:
        self._handshake = handshake
        self._box = ticket.mailbox
        self._mailbox = mailbox
        self._taken = 0

    async def until(self, *states: State) -> None:
        """Exchange messages until the handshake is in one of ``states``. ``HandshakeError`` when it can't get there."""
        while self._handshake.state not in states:
            await self.take(await self._mailbox.messages(self._box, self._taken, POLL_SECONDS))

    async def take(self, messages: Sequence[bytes]) -> None:
        for message in messages:
            self._taken += 1
            await self.send(self._handshake.receive(message))

    async def send(self, messages: Sequence[bytes]) -> None:
        for message in messages:
            await self._mailbox.post_message(self._box, message)

    async def compare(self, ask: AskPerson) -> Introduction:
        """Show the code and hand on the person's answer."""
        other, code = self._handshake.other, self._handshake.short_code
        assert other is not None
        assert code is not None
        if not await ask(code, other.name):
            raise DeclinedError
        await self.send(self._handshake.codes_match())
        return other

    @asynccontextmanager
    async def telling_the_other(self) -> AsyncIterator[None]:
        """Ends after ten minutes; whatever ends it early, the other side is told, so that nobody waits for nothing."""
        try:
            with trio.fail_after(MEETING_SECONDS):
                yield
        except trio.TooSlowError as error:
            await self._tell()
            raise ExpiredTicketError from error
        except BaseException:
            await self._tell()
            raise

    async def _tell(self) -> None:
        if self._handshake.state is State.JOINED:
            return
        with trio.move_on_after(5, shield=True):
            try:
                await self.send(self._handshake.decline())
            except (SyncError, HandshakeError):
                return  # the other side finds out by its own clock
