"""The handshake of a joining, as two state machines without input or output (PROTOCOL.md section 7.1).

Messages of the box go in, messages for the box come out; a person's answer goes in by method. The box is a relay's: whoever runs
it can drop, repeat, reorder and invent messages, and whoever saw the ticket can make good ones. So:

- Each side commits to its keys before the other shows any. The code on both screens covers both sides' keys and the ticket: who sits in
  the middle would have to guess it, once, among 2^30.
- What anyone could have put into the box (unreadable bytes, the copy of a message) is passed over twice; the third time ends it.
- What only a holder of the ticket can make, and no honest device would, ends it at once: a ticket that two use was seen by somebody.
- A joining that has ended stays ended. Nothing is repaired; a new ticket costs a person ten seconds.

::

    joiner    WAITING -start-> COMMITTED -1-> REVEALED -3-> COMPARING -codes_match-> CONFIRMED -5-> JOINED
    inviter   WAITING -0-> COMMITTED -2-> COMPARING -codes_match-> CONFIRMED -4-> AGREED -admitted-> JOINED
                                          COMPARING -4-> ANSWERED -codes_match-> AGREED

Numbers are the steps of messages received. ``decline``, or the other side's, leads to DECLINED from anywhere, and misbehaviour to FAILED.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import ClassVar

from peer.joining.errors import (
    CommitmentMismatchError,
    CopiedKeysError,
    DeclinedError,
    HandshakeError,
    HandshakeOverError,
    MalformedMessageError,
    ReplayedMessageError,
    TicketInUseError,
    TooManyMessagesError,
    UnexpectedMessageError,
    UnreadableMessageError,
)
from peer.joining.messages import (
    NONCE_BYTES,
    Introduction,
    Role,
    Step,
    check_name,
    encode_answer,
    open_message,
    parse_answer,
    parse_introduction,
    seal_message,
    short_code,
)
from peer.joining.ticket import Ticket
from peer.keys.errors import UnsealError
from peer.seams import Randomness
from store.encoding import MalformedError

MAX_MESSAGES = 8
"""As many as a box holds, our own among them."""

MAX_TRIES = 3
COMMITMENT_BYTES = 32


class State(StrEnum):
    """Where a side is."""

    WAITING = "waiting"
    """Nothing was exchanged. The inviter waits for a joiner; the joiner has not started."""

    COMMITTED = "committed"
    """Our commitment is out. The inviter waits for the joiner's keys, the joiner for the inviter's commitment."""

    REVEALED = "revealed"
    """(Joiner.) Our keys are out; the inviter's are awaited."""

    COMPARING = "comparing"
    """Both sides' keys are known and the code is on the screen; nobody has answered."""

    CONFIRMED = "confirmed"
    """The person here said that the codes are equal. The inviter waits for the joiner's answer, the joiner to be admitted."""

    ANSWERED = "answered"
    """(Inviter.) The joiner's person said that the codes are equal; the person here hasn't answered."""

    AGREED = "agreed"
    """(Inviter.) Both have. Certificate and packages are to be written and stored now."""

    JOINED = "joined"
    """The new device is a member and both sides know it."""

    DECLINED = "declined"
    """One side said no, or gave up."""

    FAILED = "failed"
    """Somebody misbehaved; the error was raised when it happened."""


ENDS = frozenset({State.JOINED, State.DECLINED, State.FAILED})


class Handshake:
    """What both sides share. Not used by itself."""

    role: ClassVar[Role]
    commits: ClassVar[Step]
    answers: ClassVar[Step]
    other_commits: ClassVar[Step]
    other_answers: ClassVar[Step]

    def __init__(self, *, ticket: Ticket, signing_key: bytes, wrapping_key: bytes, name: str, random: Randomness) -> None:
        """Public keys and name of this device. Raises ``UnusableNameError``."""
        self._ticket = ticket
        self._own = Introduction(signing_key=signing_key, wrapping_key=wrapping_key, nonce=random(NONCE_BYTES), name=check_name(name))
        self._state = State.WAITING
        self._commitment = b""
        self._other: Introduction | None = None
        self._sent: set[bytes] = set()
        self._accepted: dict[Step, bytes] = {}
        self._messages = 0
        self._tries = 0

    @property
    def state(self) -> State:
        return self._state

    @property
    def over(self) -> bool:
        """Whether nothing more can happen."""
        return self._state in ENDS

    @property
    def other(self) -> Introduction | None:
        """Who is on the other side, from COMPARING on. Believed only when a person has compared the codes."""
        return self._other

    @property
    def short_code(self) -> str | None:
        """What the screen shows, from COMPARING on."""
        if self._other is None:
            return None
        inviter, joiner = (self._own, self._other) if self.role is Role.INVITER else (self._other, self._own)
        return short_code(self._ticket, joiner=joiner, inviter=inviter)

    def receive(self, message: bytes) -> tuple[bytes, ...]:
        """Take one message of the box, each once and in the box's order; our own are passed over. Gives the messages to put into it.

        Raises a ``HandshakeError`` when that ends the joining.
        """
        if self.over:
            raise HandshakeOverError
        try:
            return self._take(message)
        except DeclinedError:
            self._state = State.DECLINED
            raise
        except HandshakeError:
            self._state = State.FAILED
            raise

    def codes_match(self) -> tuple[bytes, ...]:
        """The person here compared the codes and found them equal."""
        raise NotImplementedError

    def decline(self) -> tuple[bytes, ...]:
        """The person says that the codes differ, or gives up: ends the joining. After a failure it tells the other side not to wait."""
        self._leave()
        return self._send(self.answers, encode_answer(False))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._state})"

    def _take(self, message: bytes) -> tuple[bytes, ...]:
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise TooManyMessagesError
        if message in self._sent:
            return ()
        if message in self._accepted.values():
            return self._wrong_try(ReplayedMessageError)
        try:
            role, number, plaintext = open_message(self._ticket, message)
        except (MalformedError, UnsealError):
            return self._wrong_try(UnreadableMessageError)
        step = self._judge(role, number, plaintext)
        self._accepted[step] = message
        return self._expected()[self._state, step](plaintext)

    def _wrong_try(self, error: type[HandshakeError]) -> tuple[bytes, ...]:
        self._tries += 1
        if self._tries >= MAX_TRIES:
            raise error
        return ()

    def _judge(self, role: int, number: int, plaintext: bytes) -> Step:
        """The step of a message that a holder of the ticket made, when it may come now."""
        try:
            step = Step(number)
        except ValueError:
            raise UnexpectedMessageError from None
        if role != step.sender:
            raise UnexpectedMessageError
        if role == self.role or (step is self.other_commits and step in self._accepted):
            raise TicketInUseError
        if step is self.other_answers and not parse_answer(plaintext):
            raise DeclinedError
        if (self._state, step) not in self._expected():
            raise UnexpectedMessageError
        return step

    def _expected(self) -> Mapping[tuple[State, Step], Callable[[bytes], tuple[bytes, ...]]]:
        """What may come when, and who deals with it."""
        raise NotImplementedError

    def _take_commitment(self, plaintext: bytes) -> None:
        if len(plaintext) != COMMITMENT_BYTES:
            raise MalformedMessageError
        if plaintext == self._own.commitment:
            raise CopiedKeysError
        self._commitment = plaintext

    def _take_introduction(self, plaintext: bytes) -> None:
        other = parse_introduction(plaintext)
        if not hmac.compare_digest(other.commitment, self._commitment):
            raise CommitmentMismatchError
        if other.signing_key == self._own.signing_key or other.wrapping_key == self._own.wrapping_key:
            raise CopiedKeysError
        self._other = other
        self._state = State.COMPARING

    def _send(self, step: Step, plaintext: bytes) -> tuple[bytes, ...]:
        message = seal_message(self._ticket, step, plaintext)
        self._sent.add(message)
        return (message,)

    def _leave(self) -> tuple[bytes, ...]:
        if self._state is State.JOINED:
            raise HandshakeOverError
        if not self.over:
            self._state = State.DECLINED
        return ()

    def _require(self, *states: State) -> None:
        if self._state not in states:
            raise RuntimeError(f"not possible while the joining is {self._state}")


class JoinerHandshake(Handshake):
    """The side of the new device."""

    role = Role.JOINER
    commits = Step.JOINER_COMMITS
    answers = Step.JOINER_ANSWERS
    other_commits = Step.INVITER_COMMITS
    other_answers = Step.INVITER_ANSWERS

    def start(self) -> tuple[bytes, ...]:
        """The first message. Take what is in the box before that: a ticket that was used ends here."""
        self._require(State.WAITING)
        self._state = State.COMMITTED
        return self._send(self.commits, self._own.commitment)

    def decline(self) -> tuple[bytes, ...]:
        """As on the other side. Who never started says nothing: the box belongs to a joining that may be going well."""
        return super().decline() if self._sent else self._leave()

    def codes_match(self) -> tuple[bytes, ...]:
        self._require(State.COMPARING)
        self._state = State.CONFIRMED
        return self._send(self.answers, encode_answer(True))

    def _expected(self) -> Mapping[tuple[State, Step], Callable[[bytes], tuple[bytes, ...]]]:
        return {
            (State.COMMITTED, Step.INVITER_COMMITS): self._on_commitment,
            (State.REVEALED, Step.INVITER_REVEALS): self._on_introduction,
            (State.CONFIRMED, Step.INVITER_ANSWERS): self._on_admission,
        }

    def _on_commitment(self, plaintext: bytes) -> tuple[bytes, ...]:
        self._take_commitment(plaintext)
        self._state = State.REVEALED
        return self._send(Step.JOINER_REVEALS, self._own.encode())

    def _on_introduction(self, plaintext: bytes) -> tuple[bytes, ...]:
        self._take_introduction(plaintext)
        return ()

    def _on_admission(self, _: bytes) -> tuple[bytes, ...]:
        self._state = State.JOINED
        return ()


class InviterHandshake(Handshake):
    """The side of the member. Certificate and packages for ``other`` are written in AGREED, never before."""

    role = Role.INVITER
    commits = Step.INVITER_COMMITS
    answers = Step.INVITER_ANSWERS
    other_commits = Step.JOINER_COMMITS
    other_answers = Step.JOINER_ANSWERS

    def codes_match(self) -> tuple[bytes, ...]:
        self._require(State.COMPARING, State.ANSWERED)
        self._state = State.AGREED if self._state is State.ANSWERED else State.CONFIRMED
        return ()

    def admitted(self) -> tuple[bytes, ...]:
        """Certificate and packages are stored where the joiner will find them."""
        self._require(State.AGREED)
        self._state = State.JOINED
        return self._send(self.answers, encode_answer(True))

    def _expected(self) -> Mapping[tuple[State, Step], Callable[[bytes], tuple[bytes, ...]]]:
        return {
            (State.WAITING, Step.JOINER_COMMITS): self._on_commitment,
            (State.COMMITTED, Step.JOINER_REVEALS): self._on_introduction,
            (State.COMPARING, Step.JOINER_ANSWERS): self._on_answer,
            (State.CONFIRMED, Step.JOINER_ANSWERS): self._on_answer,
        }

    def _on_commitment(self, plaintext: bytes) -> tuple[bytes, ...]:
        self._take_commitment(plaintext)
        self._state = State.COMMITTED
        return self._send(self.commits, self._own.commitment)

    def _on_introduction(self, plaintext: bytes) -> tuple[bytes, ...]:
        self._take_introduction(plaintext)
        return self._send(Step.INVITER_REVEALS, self._own.encode())

    def _on_answer(self, _: bytes) -> tuple[bytes, ...]:
        self._state = State.AGREED if self._state is State.CONFIRMED else State.ANSWERED
        return ()
