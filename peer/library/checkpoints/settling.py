"""Settling a checkpoint: saying in one entry, with everybody's signed word, that all active devices have it like this."""

from __future__ import annotations

from peer.library.checkpoints.rules import Rules
from peer.library.checkpoints.table import KnownCheckpoint, Verdict, acknowledged, unsettled
from peer.library.library import Library
from store.bodies import Settled
from store.entries import EntryKind
from store.errors import RefusedError
from store.ids import DeviceId, EntryHash
from store.seen import SeenReport
from store.settlement import Word, held_back_by, is_settled


def ready(library: Library, rules: Rules) -> KnownCheckpoint | None:
    """The checkpoint that this device may settle: it acknowledges it, and so does every active member, by the reports that are here.

    At least two do, unless there is one member only: who was switched off for long takes all others for lost until it has heard of them.
    """
    name = acknowledged(library)
    checkpoint = next((each for each in unsettled(library) if each.name == name and each.verdict is Verdict.SAME), None)
    if checkpoint is None or library.is_loading:
        return None
    words = [Word.of(report, checkpoint.name) for report in _reports(library)]
    members = library.roster().devices
    agreeing = {word.device for word in words if word.acknowledges}
    is_ready = len(agreeing) >= min(rules.agreeing, len(members)) and is_settled(words, (), members, now=library.clock.now())
    return checkpoint if is_ready else None


def settle(library: Library, rules: Rules) -> EntryHash | None:
    """The `settled` entry, if there is something to settle and nobody else did meanwhile."""
    with library.database.write():
        checkpoint = ready(library, rules)
        if checkpoint is None or not library.roster().is_member(library.device):
            return None
        try:
            body = Settled(checkpoint=checkpoint.name, reports=tuple(_reports(library)))
            return library.author().control(EntryKind.SETTLED, body.encode())
        except RefusedError:
            return None  # the reports of so many devices and branches don't fit into an entry: then entries are kept


def waited_for(library: Library) -> frozenset[DeviceId]:
    """The active members that don't acknowledge yet what this device acknowledges, while that isn't settled."""
    name = acknowledged(library)
    if name is None or all(each.name != name for each in unsettled(library)):
        return frozenset()
    words = [Word.of(report, name) for report in _reports(library)]
    return held_back_by(words, library.roster().devices, at=library.clock.now()) - {library.device}


def _reports(library: Library) -> list[SeenReport]:
    """The newest of each member."""
    roster = library.roster()
    return [report for report in library.log.seen() if roster.is_member(report.device)]
