"""One mailbox that lies at several nodes: at relays, and on the inviting device itself.

The joining device uses one of them, and the inviter doesn't know which. So what the inviter posts goes to all of them, and what comes to any of them
counts as if there was one box: a second device that uses the same ticket, wherever, is noticed, and ends the joining as it has to.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from peer.engine.meeting import POLL_SECONDS, Mailbox
from peer.engine.scheduler import Broadcast
from relay.errors import SyncError, TimedOutError, UnreachableError

POST_SECONDS = 10.0


class SharedMailbox:
    """``Mailbox`` of the inviter. ``used``: the one in which the other side was met first."""

    def __init__(self, box: bytes) -> None:
        self._box = box
        self._mailboxes: list[Mailbox] = []
        self._messages: list[bytes] = []
        self._posted: set[bytes] = set()
        self._changed = Broadcast()
        self.used: Mailbox | None = None

    @property
    def is_reachable(self) -> bool:
        """Whether there is a node left at which anybody could be met."""
        return bool(self._mailboxes)

    def add(self, mailbox: Mailbox) -> None:
        """From now on, and until ``follow`` ends, it is one of them."""
        self._mailboxes.append(mailbox)

    async def follow(self, mailbox: Mailbox) -> None:
        """Take what comes into one that was added; ``SyncError`` when its node fails."""
        taken = 0
        try:
            while True:
                for message in await mailbox.messages(self._box, taken, POLL_SECONDS):
                    taken += 1
                    self._take(mailbox, message)
        finally:
            self._mailboxes.remove(mailbox)
            self._changed.notify()

    def _take(self, mailbox: Mailbox, message: bytes) -> None:
        if message in self._posted:
            return  # it is among the messages since it was posted, once for all boxes
        self.used = self.used or mailbox
        self._messages.append(message)
        self._changed.notify()

    async def post_message(self, box: bytes, message: bytes) -> None:
        """Into each of them; ``SyncError`` when none takes it."""
        self._posted.add(message)
        self._messages.append(message)
        mailboxes = list(self._mailboxes)
        errors: list[SyncError] = []
        async with trio.open_nursery() as nursery:
            for mailbox in mailboxes:
                nursery.start_soon(self._post, mailbox, message, errors)
        if len(errors) == len(mailboxes):
            raise errors[0] if errors else _nowhere()

    async def _post(self, mailbox: Mailbox, message: bytes, errors: list[SyncError]) -> None:
        try:
            with trio.fail_after(POST_SECONDS):
                await mailbox.post_message(self._box, message)
        except SyncError as error:
            errors.append(error)
        except trio.TooSlowError:
            errors.append(TimedOutError("the node did not answer in time"))

    async def messages(self, box: bytes, after: int, wait: float) -> Sequence[bytes]:
        """``SyncError`` when there is no node left from which one could come."""
        with trio.move_on_after(wait):
            while len(self._messages) <= after and self._mailboxes:
                await self._changed.next()
        if len(self._messages) <= after and not self._mailboxes:
            raise _nowhere()
        return self._messages[after:]


def _nowhere() -> UnreachableError:
    return UnreachableError("there is no node left at which the other device could be met")
