"""What a running engine answers to other commands on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

import trio

from peer.control import Reply, SendReply
from peer.engine.engine import Engine
from peer.engine.invitations import InvitationKeeper
from peer.library.library import Library
from peer.seams import RunBlocking

DEFAULT_WAIT_SECONDS = 3600.0


class LetsIn(Protocol):
    """What gives people a link by which they come in, once."""

    def login_link(self) -> str: ...


class EngineControl:
    """The handler of the control socket."""

    def __init__(
        self,
        library: Library,
        engine: Engine,
        run_blocking: RunBlocking,
        invitations: InvitationKeeper | None = None,
        *,
        gallery: LetsIn | None = None,
    ) -> None:
        """``invitations``: of a peer that stays, and can answer some; ``gallery``: where people look at photos."""
        self._library = library
        self._engine = engine
        self._run = run_blocking
        self._invitations = invitations
        self._gallery = gallery

    async def __call__(self, request: Reply, reply: SendReply) -> None:
        match request.get("do"):
            case "changed":
                await self._engine.library_changed()
            case "nodes":
                await reply({"nodes": self._engine.node_documents()})
            case "sync":
                await reply(await self._sync(request.get("wait")))
            case "invite" if self._invitations is not None:
                ticket = await self._invitations.issue(unseen=request.get("unseen") is True)
                await reply({"ticket": ticket.to_text()})
            case "gallery" if self._gallery is not None:
                await reply({"link": self._gallery.login_link()})
            case _:
                await reply({"error": "unknown request"})

    async def _sync(self, wait: object) -> dict[str, Any]:
        """Do now what would be done anyway, until nothing is left; counts are those of this while. Who says how long to ``wait`` waits for
        nodes that are away."""
        before = asdict(self._engine.progress.counts)
        await self._run(self._hurry)
        self._engine.hurry()
        await self._engine.library_changed()
        with trio.move_on_after(_seconds(wait)):
            await self._engine.until_settled(all_reached=wait is not None)
        return sync_report(self._library, self._engine, before)

    def _hurry(self) -> None:
        for node in self._library.nodes.relays():
            self._library.uploads.hurry(node.number)
        self._library.downloads.hurry()


def sync_report(library: Library, engine: Engine, before: dict[str, int]) -> dict[str, Any]:
    """The JSON of ``calotype sync``. ``converged``: with each node everything was exchanged, and nothing is queued or waiting."""
    counts = asdict(engine.progress.counts)
    states = engine.progress.nodes.values()
    lacking = any(state.lacks_here or state.lacks_there for state in states)
    left = library.uploads.count()[0] + library.downloads.count()[0] + library.waiting_count()
    return {
        "converged": engine.settled and engine.reached and not left and not lacking,
        **{name: counts[name] - before.get(name, 0) for name in counts},
        "nodes": engine.node_documents(),
    }


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 10**9 else DEFAULT_WAIT_SECONDS
