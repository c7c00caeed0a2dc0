"""Who has to agree at the end, and on which entries.

Devices that took part in the last meeting, less those that are no members by the entries of all others. Two that removed each other and never met
again are each a library of their own: nobody brings one's removal to the other. So the question is asked until the answer stays: members by what the
group and its relays store; the group again by that; and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

from store.ids import EntryHash
from tests.fleet.roster_model import RosterModel
from tests.simulation.oracle.evidence import DeviceEvidence, Evidence, RelayEvidence
from tests.simulation.oracle.graph import Graph

MOST_ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class Group:
    """``devices``: those that are members and have met; ``others``: machines that live and aren't. ``relays``: those that some of ``devices`` know.
    ``graph``: of all entries that any of them has, or had and didn't lose by the world's doing."""

    devices: tuple[DeviceEvidence, ...]
    others: tuple[DeviceEvidence, ...]
    relays: tuple[RelayEvidence, ...]
    graph: Graph
    roster: RosterModel
    unknown: frozenset[EntryHash]
    """Names without bytes anywhere in the archive: it was told too late."""


def find_group(evidence: Evidence) -> Group:
    """By the rules of the roster, computed by the model of them."""
    staying = [device for device in evidence.devices if device.stays]
    group = _group_of(evidence, staying)
    for _ in range(MOST_ROUNDS):
        members = [device for device in staying if device.library.device in group.roster.members]
        if [device.name for device in members] == [device.name for device in group.devices]:
            break
        group = _group_of(evidence, members)
    return group


def _group_of(evidence: Evidence, devices: list[DeviceEvidence]) -> Group:
    keys = {node.key for device in devices for node in device.library.nodes.relays()}
    relays = tuple(relay for relay in evidence.relays if relay.key in keys)
    held = evidence.archive.held_by([*(device.name for device in devices), *(relay.name for relay in relays)])
    entries = [evidence.archive.entries[name] for name in sorted(held) if name in evidence.archive.entries]
    names = {device.name for device in devices}
    return Group(
        devices=tuple(devices),
        others=tuple(device for device in evidence.devices if device.name not in names),
        relays=relays,
        graph=Graph(entries),
        roster=RosterModel(entries),
        unknown=frozenset(held - evidence.archive.entries.keys()),
    )
