"""``trace``: where a photo, or a change, has got to."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation
from peer.seams import SystemClock
from tools.commands.answering import answer, inspect_options, library_id_option
from tools.looking.folder import Look, look_into
from tools.text.trace import show_trace
from tools.tracing.contacts import unmet
from tools.tracing.folders import folder_sight
from tools.tracing.model import Sight
from tools.views.trace import Traced, gather_trace, trace_document


@click.command(short_help="Where a photo, or one change, has got to.")
@click.argument("what", metavar="ASSET|LOG:SEQ")
@click.option(
    "--also", type=click.Path(path_type=Path), multiple=True, metavar="FOLDER", help="What another device's or relay's folder says, too."
)
@click.option("--ask", is_flag=True, help="Ask the relays and devices that can be reached now.")
@library_id_option
@inspect_options
def trace(invocation: Invocation, what: str, also: tuple[Path, ...], ask: bool, library_id: str) -> None:
    """Follows a photo, or one change, on its way: written, at the relay, on the other devices, with its pictures and its original; since when, and what
    hasn't happened yet, and why.

    ASSET is the beginning of a photo's id. One folder alone knows its own times, and of others what they reported or acknowledged. With --ask each node
    that answers says since when it has what; in the name of this device, whose key opens a session. Nobody is told anything, and nothing changes.
    Who can't be reached is named with the reason. Each time is by the clock of its node.

    \b
    Example: calotype-inspect trace 3f2a --ask
             calotype-inspect trace 3f2a --also /mnt/phone/Calotype
             calotype-inspect trace 9c1f:12 --library /srv/relay
    """
    look = look_into(invocation.library, partial(gather_trace, text=what), library_id=library_id)
    problems = list(look.problems)
    asking, others = _asked(look.result) if ask else (None, [])
    for folder in also:
        beside = look_into(folder.expanduser().absolute(), partial(folder_sight, subject=look.result.subject, is_this=False))
        others.append(beside.result)
        problems += [f"{folder}: {problem}" for problem in beside.problems]
    document = trace_document(look.result, others, root=invocation.library, now=SystemClock().now(), asking=asking)
    answer(invocation, Look(result=document, problems=tuple(problems)), show_trace)


def _asked(traced: Traced) -> tuple[str, list[Sight]]:
    """Why nobody was asked, or an empty text; and what everybody answered."""
    if isinstance(traced.caller, str):
        return f"Nobody was asked: {traced.caller}", []
    if not traced.contacts:
        return "Nobody was asked: this device knows no relay, and met no other device so far.", []
    import trio

    from tools.tracing.asking import ask_nodes  # the way to the network takes longer to load than all the rest

    answers = trio.run(ask_nodes, traced.caller, traced.contacts, traced.subject)
    return "", [*answers, *unmet(traced.sights, traced.contacts)]
