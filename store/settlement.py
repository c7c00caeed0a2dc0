"""When a checkpoint counts as settled, and who holds it back (PROTOCOL.md section 3.5). Pure.

A *word* is what one seen report says of one checkpoint: when, and whether it acknowledges it. Words come from the reports that a
`settled` entry embeds and from those that the node stores.

- A member is **active** at a time when some word of it isn't older than 90 days then. Who never reported isn't active: it holds nothing back.
- A checkpoint is **held back** at a time by each active member none of whose words acknowledges it.
- It is **settled** when somebody acknowledges it, all embedded reports are signed by devices that are or were members, and nobody
  holds it back at the time of the newest embedded acknowledgement, or by the node's own clock if that shows less. So neither a date in
  the future nor an old report that is shown instead of a newer one takes an active device's vote away where its reports are known.

A store keeps a verdict that was positive once, because a device that returns after years would otherwise unsettle what was settled
without it. Pruning asks again, by the node's own clock and the reports that it stores by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from store.bodies import Settled
from store.ids import MASTER, DeviceId, EntryHash
from store.log import SettledCheckpoint
from store.roster import Roster
from store.seen import SeenReport
from store.signatures import is_signed

ACTIVE_MS = 90 * 24 * 60 * 60_000
"""A device that was silent for longer holds nothing back."""

AGREEING = 2
"""Fewer devices than that are one device's word."""

OPEN_OF_AN_AUTHOR = 16
OPEN_IN_ALL = 64
"""How many `settled` entries a node goes on looking at that settle nothing (yet): the newest to arrive."""


class Word(NamedTuple):
    """What a report of ``device`` says of one checkpoint. ``time`` in milliseconds since 1970 by that device's clock."""

    device: DeviceId
    time: int
    acknowledges: bool

    @classmethod
    def of(cls, report: SeenReport, checkpoint: EntryHash) -> Word:
        return cls(report.device, report.time, report.checkpoint == checkpoint)


def active_devices(reports: Iterable[SeenReport], members: Collection[DeviceId], now: int) -> frozenset[DeviceId]:
    """The members that reported within the 90 days before ``now``."""
    return frozenset(report.device for report in reports if report.device in members and report.time >= now - ACTIVE_MS)


def held_back_by(words: Iterable[Word], members: Collection[DeviceId], *, at: int) -> frozenset[DeviceId]:
    """The members that are active at ``at`` and don't acknowledge the checkpoint that all ``words`` are about."""
    said = tuple(words)
    active = {word.device for word in said if word.time >= at - ACTIVE_MS}
    return frozenset(device for device in active - acknowledging(said) if device in members)


def words_of(body: Settled) -> tuple[Word, ...]:
    """What the embedded reports say."""
    return tuple(Word.of(report, body.checkpoint) for report in body.reports)


def acknowledging(words: Iterable[Word]) -> frozenset[DeviceId]:
    """Who acknowledges it."""
    return frozenset(word.device for word in words if word.acknowledges)


def is_settled(embedded: Collection[Word], stored: Iterable[Word], members: Collection[DeviceId], *, now: int) -> bool:
    """Whether these words settle the checkpoint that they are about. That the embedded reports are genuine is ``reports_hold``'s to say."""
    newest = max((word.time for word in embedded if word.acknowledges), default=None)
    return newest is not None and not held_back_by((*embedded, *stored), members, at=min(newest, now))


def pruning_held_back_by(
    checkpoint: SettledCheckpoint, stored: Iterable[SeenReport], members: Collection[DeviceId], *, now: int
) -> frozenset[DeviceId]:
    """The members that are active by this node's clock, and acknowledge just this checkpoint neither in what settled it nor in the report stored here.

    Asked before anything is pruned: a settlement was verified by what was known then, and perhaps by nothing but the reports embedded in it.
    As long as one device alone acknowledges it, those whose silence this node can't know hold it back too: nothing is pruned on one device's word.
    """
    said = tuple(stored)
    words = [Word.of(report, checkpoint.checkpoint) for report in said]
    agreeing = checkpoint.acknowledged_by | acknowledging(words)
    unheard = {*members} - {report.device for report in said} - agreeing if len(agreeing & {*members}) < AGREEING else set()
    return held_back_by(words, {*members} - checkpoint.acknowledged_by, at=now) | unheard


def reports_hold(body: Settled, roster: Roster) -> bool | None:
    """Whether each embedded report is of this library and signed by a device that is or was a member. ``None``: some device isn't known (yet)."""
    if any(report.library != roster.library or report.device == MASTER for report in body.reports):
        return False
    keys = [roster.known_key(report.device) for report in body.reports]
    if None in keys:
        return None
    return all(is_signed(report.statement, report.signature, key or b"") for report, key in zip(body.reports, keys, strict=True))
