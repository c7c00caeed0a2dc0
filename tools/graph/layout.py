"""Where entries stand in a picture: a lane for each log, and for each branch of it; columns by causality. Pure.

A lane holds entries each of which is before the next: so a log has one, unless it has branches. Lanes of one device lie side by side. An entry's column is
the length of the longest way to it, so that what is concurrent stands at the same height, and every line leads forward.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from tools.graph.causal import CausalGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``lanes`` and ``columns`` of the entries; ``owners``: of each lane the device and the log, in the order in which lanes lie."""

    lanes: tuple[int, ...]
    columns: tuple[int, ...]
    owners: tuple[tuple[Hashable, Hashable], ...]


def lay_out(graph: CausalGraph, owners: Sequence[tuple[Hashable, Hashable]]) -> Layout:
    """``owners``: device and log of each entry. Devices and logs lie in the order in which they first appear."""
    ends: list[int] = []
    provisional: list[int] = []
    for node, owner in enumerate(owners):
        lane = next((lane for lane, end in enumerate(ends) if owners[end] == owner and graph.is_before(end, node)), len(ends))
        ends[lane : lane + 1] = [node]
        provisional.append(lane)
    of_lane = [owners[end] for end in ends]
    devices = list(dict.fromkeys(device for device, _ in of_lane))
    logs = list(dict.fromkeys(of_lane))
    order = sorted(range(len(ends)), key=lambda lane: (devices.index(of_lane[lane][0]), logs.index(of_lane[lane]), lane))
    place = {lane: number for number, lane in enumerate(order)}
    return Layout(
        lanes=tuple(place[lane] for lane in provisional),
        columns=graph.depths(),
        owners=tuple(of_lane[lane] for lane in order),
    )
