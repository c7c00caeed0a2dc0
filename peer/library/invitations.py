"""Invitations that the running peer answers: the ``invitation`` table.

One is open until somebody joined, it failed, it was withdrawn, or its ten minutes are over. What became of it stays a minute longer, for the command
that waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from peer.joining.ticket import Ticket, parse_ticket
from store.database import Database
from store.ids import DeviceId

KEPT_MS = 60_000
_COLUMNS = "ticket, unseen, code, name, answer, joined, failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """``unseen``: the code need not be compared here. ``code`` and ``name``: who waits to be let in. ``answer``: what the person said.
    ``joined``: who was let in; ``failure``: why nobody was."""

    ticket: Ticket
    unseen: bool
    code: str | None
    name: str | None
    answer: bool | None
    joined: DeviceId | None
    failure: str

    @property
    def is_open(self) -> bool:
        return self.joined is None and not self.failure


class InvitationTable:
    """The ``invitation`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, ticket: Ticket, *, unseen: bool) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO invitation (box, ticket, expires, unseen) VALUES (?, ?, ?, ?)",
                (ticket.mailbox, ticket.to_text(), ticket.expires, unseen),
            )

    def open(self, now: int) -> list[Invitation]:
        """Those that somebody may still join by; what is long over is forgotten."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM invitation WHERE expires <= ?", (now - KEPT_MS,))
            rows = connection.execute(f"SELECT {_COLUMNS} FROM invitation WHERE expires > ?", (now,)).fetchall()  # noqa: S608 - our names
        return [invitation for row in rows if (invitation := _invitation(row)).is_open]

    def get(self, ticket: Ticket) -> Invitation | None:
        """Open or over; ``None`` once it is forgotten."""
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM invitation WHERE box = ?", (ticket.mailbox,)).fetchone()  # noqa: S608
        return None if row is None else _invitation(row)

    def waits(self, ticket: Ticket, code: str, name: str) -> None:
        """A device waits: its code is to be compared."""
        with self._database.write() as connection:
            connection.execute("UPDATE invitation SET code = ?, name = ? WHERE box = ?", (code, name, ticket.mailbox))

    def answer(self, code: str, *, accepted: bool) -> bool:
        """The person's answer for the device that shows ``code``. False: none does."""
        digits = "".join(code.split())
        with self._database.write() as connection:
            query = "UPDATE invitation SET answer = ? WHERE replace(code, ' ', '') = ? AND joined IS NULL AND failure = ''"
            return connection.execute(query, (accepted, digits)).rowcount > 0

    def succeeded(self, ticket: Ticket, joined: DeviceId) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE invitation SET joined = ? WHERE box = ?", (joined, ticket.mailbox))

    def failed(self, ticket: Ticket, sentence: str) -> None:
        """Also withdrawn, by the person who made it. What is over stays as it ended."""
        with self._database.write() as connection:
            query = "UPDATE invitation SET failure = ? WHERE box = ? AND joined IS NULL AND failure = ''"
            connection.execute(query, (sentence, ticket.mailbox))


def _invitation(row: tuple[str, int, str | None, str | None, int | None, bytes | None, str]) -> Invitation:
    ticket, unseen, code, name, answer, joined, failure = row
    return Invitation(
        ticket=parse_ticket(ticket),
        unseen=bool(unseen),
        code=code,
        name=name,
        answer=None if answer is None else bool(answer),
        joined=None if joined is None else DeviceId(joined),
        failure=failure,
    )
