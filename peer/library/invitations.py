"""Invitations that the running peer answers: the ``invitation`` table."""

from __future__ import annotations

from dataclasses import dataclass

from peer.joining.ticket import Ticket, parse_ticket
from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """``unseen``: the code need not be compared here. ``code`` and ``name``: who waits to be let in. ``answer``: what the person said."""

    ticket: Ticket
    unseen: bool
    code: str | None
    name: str | None
    answer: bool | None


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
        """Those that haven't expired; the others are forgotten."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM invitation WHERE expires <= ?", (now,))
            rows = connection.execute("SELECT ticket, unseen, code, name, answer FROM invitation").fetchall()
        return [
            Invitation(
                ticket=parse_ticket(ticket), unseen=bool(unseen), code=code, name=name, answer=None if answer is None else bool(answer)
            )
            for ticket, unseen, code, name, answer in rows
        ]

    def waits(self, ticket: Ticket, code: str, name: str) -> None:
        """A device waits: its code is to be compared."""
        with self._database.write() as connection:
            connection.execute("UPDATE invitation SET code = ?, name = ? WHERE box = ?", (code, name, ticket.mailbox))

    def answer(self, code: str, *, accepted: bool) -> bool:
        """The person's answer for the device that shows ``code``. False: none does."""
        digits = "".join(code.split())
        with self._database.write() as connection:
            return connection.execute("UPDATE invitation SET answer = ? WHERE replace(code, ' ', '') = ?", (accepted, digits)).rowcount > 0

    def close(self, ticket: Ticket) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM invitation WHERE box = ?", (ticket.mailbox,))
