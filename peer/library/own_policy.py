"""What this device keeps: the policy in its own record (PROTOCOL.md section 6.1), read again only when the record changed."""

from __future__ import annotations

from crdt.device import view_device
from crdt.facts import Policy
from crdt.record import read
from store.database import Database
from store.ids import DeviceId, RecordId, RecordKind

EVERYTHING = Policy(keep="everything")


class OwnPolicy:
    """Call it for the policy now. Good inside and outside of transactions, and beside other processes that change it."""

    def __init__(self, database: Database, device: DeviceId) -> None:
        self._database = database
        self._record = RecordId.make(RecordKind.DEVICE, device)
        self._read: tuple[bytes, Policy] | None = None

    def __call__(self) -> Policy:
        with self._database.read() as connection:
            row = connection.execute("SELECT digest FROM record WHERE record = ?", (self._record,)).fetchone()
            if row is None:
                return EVERYTHING
            known = self._read
            if known is None or known[0] != bytes(row[0]):
                (state,) = connection.execute("SELECT state FROM record WHERE record = ?", (self._record,)).fetchone()
                known = self._read = bytes(row[0]), view_device(read(bytes(state))).policy
            return known[1]
