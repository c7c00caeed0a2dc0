"""Who wrote what stands in a record: from the writer inside a key to the device that a person knows."""

from __future__ import annotations

from dataclasses import dataclass

from crdt.client import client_of
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import DeviceId, LogId


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device and its name; the beginning of its id where no name has come yet."""

    id: DeviceId
    name: str


class Writers:
    """Looks up names and roster once: for one answer, not for keeping."""

    def __init__(self, library: Library) -> None:
        self._database = library.database
        self._logs = library.roster().logs
        self._names = {device: name for device, (name, _, _) in Queries(library.database).device_names().items()}

    def device_of(self, writer: str) -> KnownDevice | None:
        """The device whose entry wrote under this name; ``None`` when no applied entry did."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT past_log.log FROM client JOIN past USING (arrival) JOIN past_log ON past_log.number = past.log WHERE client = ?",
                (client_of(writer),),
            ).fetchone()
        device = None if row is None else self._logs.get(LogId(row[0]))
        return None if device is None else self.known(device)

    def known(self, device: DeviceId) -> KnownDevice:
        """The device with the name that people gave it."""
        return KnownDevice(device, self._names.get(bytes(device)) or device.short())
