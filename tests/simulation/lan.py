"""Local networks of the simulated world: places where machines are together. A machine is at one of them, or at none."""

from __future__ import annotations

from tests.fleet.lan import Host, LocalNetwork


class Places(LocalNetwork):
    """``where``: the place of each host, by its number. Two hosts reach each other when they are at the same place, and nothing lies between."""

    def __init__(self) -> None:
        super().__init__()
        self.where: dict[int, int | None] = {}
        self.apart: set[frozenset[int]] = set()

    def joined(self, one: Host, other: Host) -> bool:
        places = self.where.get(one.number), self.where.get(other.number)
        return None not in places and places[0] == places[1] and frozenset((one.number, other.number)) not in self.apart

    def arrive(self, host: Host) -> None:
        """It is on the network now."""
        self.hosts.append(host)
        host.is_up = True
        self.tell()

    def leave(self, host: Host) -> None:
        host.is_up = False
        self.hosts.remove(host)
        self.tell()
