"""``calotype invite`` and ``calotype join``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial

import click
import trio

from discovery.service import Discovery
from peer.commands.inviting import handed_over, hosted_here
from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.engine.invitations import issue_ticket
from peer.engine.joiner import join_library
from peer.engine.joining_ways import Surroundings
from peer.engine.meeting import AskPerson
from peer.engine_address import poke
from peer.errors import NotAllowedError, UnreachableNodeError, UsageError
from peer.joining.ticket import Ticket, parse_ticket, qr_text
from peer.layout import LibraryFolder
from peer.library.invitations import InvitationTable
from peer.seams import SystemClock, run_in_thread, system_randomness
from relay.errors import SyncError

MAX_TICKET_BYTES = 16 * 1024


@click.command()
@click.option("--no-wait", is_flag=True, help="Only print the ticket; a running peer then answers.")
@click.option("--yes", is_flag=True, help="Accept the code without comparing it (for scripts: whoever has the ticket gets in).")
@click.option("--lan/--no-lan", default=True, help="Let the device in over the local network too, not through relays alone.")
@click.option("--accept", metavar="CODE", default=None, help="Let in the device that shows CODE to a running peer.")
@click.option("--decline", metavar="CODE", default=None, help="Turn away the device that shows CODE to a running peer.")
@common_options
def invite(invocation: Invocation, no_wait: bool, yes: bool, lan: bool, accept: str | None, decline: str | None) -> None:
    """Invite a device into this library.

    Prints a ticket that lives ten minutes and lets one device in, over the local network or through a relay. Both screens then show a
    short code: compare them, and say whether they are the same.

    \b
    Example: calotype invite          (on this device)
             calotype join -          (on the new one; paste the ticket)
    """
    if accept or decline:
        _answer(invocation, (accept or decline or ""), accepted=bool(accept))
        return
    joined = trio.run(_invite, invocation, no_wait, yes, lan)
    if joined is not None:
        invocation.document({"joined": joined}, lambda: invocation.say(f"Joined: device {joined[:10]}."))


async def _invite(invocation: Invocation, no_wait: bool, yes: bool, lan: bool) -> str | None:
    """The device that joined; ``None`` when nobody is waited for."""
    show, ask = partial(_show_ticket, invocation), asking(invocation, yes)
    with changing(invocation) as library:
        try:
            peer = await handed_over(library, unseen=yes) if lan else None
            if peer is not None:
                show(peer.ticket)
                return None if no_wait else (await peer.until_over(ask)).hex()
            if no_wait:
                ticket = issue_ticket(library)
                InvitationTable(library.database).add(ticket, unseen=yes)
                poke(library.folder.engine_address)
                show(ticket)
                return None
            return (await hosted_here(library, show, ask, lan=lan)).hex()
        except SyncError as error:
            raise UnreachableNodeError(f"The relay could not be reached: {error.message}.", hint="Invite again when it is back.") from error


def _answer(invocation: Invocation, code: str, *, accepted: bool) -> None:
    with opened(invocation) as library:
        if not InvitationTable(library.database).answer(code, accepted=accepted):
            raise UsageError("No device that waits shows this code.", hint="Compare the code on its screen; a ticket lives ten minutes.")
        poke(library.folder.engine_address)
    invocation.document({"accepted": accepted}, lambda: invocation.say("It is let in." if accepted else "It is turned away."))


def _show_ticket(invocation: Invocation, ticket: Ticket) -> None:
    text = ticket.to_text()
    expires = datetime.fromtimestamp(ticket.expires / 1000, UTC).isoformat(timespec="seconds")
    if invocation.json:
        invocation.line({"ticket": text, "expires": expires})
        return
    if invocation.interactive:
        click.echo(qr_text(ticket))
    click.echo(text)
    sys.stdout.flush()
    invocation.say(f"\nGood for one device until {expires}. On the new device: calotype join - --name NAME")


@click.command()
@click.argument("ticket")
@click.option("--name", required=True, help="What this device is called on the others.")
@click.option("--yes", is_flag=True, help="Accept the code without comparing it (for scripts).")
@common_options
def join(invocation: Invocation, ticket: str, name: str, yes: bool) -> None:
    """Join a library with a ticket from `calotype invite`.

    TICKET is the ticket's text, or - to read it from standard input, where other users of this machine can't see it.

    \b
    Example: calotype join - --name phone
    """
    text = sys.stdin.read(MAX_TICKET_BYTES) if ticket == "-" else ticket
    parsed = parse_ticket(text.strip())
    identity = trio.run(_join, invocation, parsed, name, yes)
    invocation.document(identity, lambda: invocation.say("Joined. `calotype sync` or `calotype run` brings the photos."))


async def _join(invocation: Invocation, ticket: Ticket, name: str, yes: bool) -> dict[str, str]:
    clock = SystemClock()
    surroundings = Surroundings(
        clock=clock,
        randomness=system_randomness,
        run_blocking=run_in_thread,
        discover=lambda: Discovery(clock=clock, randomness=system_randomness, run_blocking=run_in_thread),
    )
    try:
        library = await join_library(LibraryFolder(invocation.library), ticket, name, asking(invocation, yes), surroundings)
    except SyncError as error:
        raise UnreachableNodeError(f"The connection broke off: {error.message}.", hint="Ask for a new ticket and join again.") from error
    try:
        return {"library": library.id.hex(), "device": library.device.hex()}
    finally:
        library.close()


def asking(invocation: Invocation, yes: bool) -> AskPerson:
    """How the person is asked whether the codes are the same."""

    async def ask(code: str, name: str) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise NotAllowedError("Nobody is here to compare the codes.", hint="Run this in a terminal, or accept unseen with --yes.")
        click.echo(f"\n  {name!r} shows a code too. Here it is:  {code}\n", err=True)
        return await trio.to_thread.run_sync(lambda: click.confirm("Is it the same there?", err=True), abandon_on_cancel=True)

    return ask
