"""One timeline of what several sources say of the same nodes. Pure.

Of two sources the one that was there counts: a node's own answer, or its folder, before what another device knows of it. A time that is known exactly
counts before one by which something had happened. A folder may be a copy, and older than what others know: what a node was known to have applied is
never taken back by one, only by the node itself, whose stores may have been lost. What only hearsay tells (that a device's policy doesn't want a file)
stays as the reason of what the node itself says isn't there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from store.ids import EntryHash, FileHash
from tools.tracing.model import UNKNOWN, Sight, State, Step

K = TypeVar("K", EntryHash, FileHash)


def merged(sights: Iterable[Sight]) -> list[Sight]:
    """One sight for each node, in the order in which nodes are named first. Hearsay comes before folders; answers count last, wherever they are."""
    nodes: dict[str, Sight] = {}
    for sight in sorted(sights, key=lambda each: each.reached is True):
        known = nodes.get(sight.key)
        nodes[sight.key] = sight if known is None else _joined(known, sight)
    return list(nodes.values())


def _joined(hearsay: Sight, better: Sight) -> Sight:
    return replace(
        hearsay,
        address=better.address or hearsay.address,
        policy=hearsay.policy or better.policy,
        is_this=hearsay.is_this or better.is_this,
        reached=hearsay.reached if better.reached is None else better.reached,
        reason=better.reason or hearsay.reason,
        clock_offset=hearsay.clock_offset if better.clock_offset is None else better.clock_offset,
        correction=hearsay.correction if better.correction is None else better.correction,
        stored=_steps(hearsay.stored, better.stored, lasting=not better.reached),
        applied=_steps(hearsay.applied, better.applied, lasting=not better.reached),
        files=_steps(hearsay.files, better.files),
    )


def _steps(hearsay: Mapping[K, Step], better: Mapping[K, Step], *, lasting: bool = False) -> dict[K, Step]:
    return {key: joined_step(hearsay.get(key, UNKNOWN), better.get(key), lasting=lasting) for key in {**hearsay, **better}}


def _is_exact(step: Step) -> bool:
    return step.state is State.DONE and step.time is not None and not step.is_bound


def joined_step(hearsay: Step, better: Step | None, *, lasting: bool = False) -> Step:
    """``better``: what the node itself says, if it said anything. ``lasting``: what is done stays so."""
    if better is None or better.state is State.UNKNOWN:
        return hearsay if better is None or hearsay.state is not State.UNKNOWN else better
    if better.state is State.DONE:
        return hearsay if _is_exact(hearsay) and not _is_exact(better) else better
    if lasting and hearsay.state is State.DONE:
        return hearsay
    if hearsay.state is State.UNWANTED and better.state is State.NOT_YET:
        return replace(better, state=State.UNWANTED, reason=hearsay.reason)
    if hearsay.state is State.WAITING and better.state is State.NOT_YET:
        return hearsay  # why it isn't there yet: it is queued
    return better
